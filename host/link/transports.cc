// SPDX-License-Identifier: Apache-2.0
// See transports.h. The only file that knows Asio.
#include "host/link/transports.h"

#define ASIO_STANDALONE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <asio.hpp>

namespace millrace::link {
namespace {

using asio::ip::tcp;

Error system_error(const std::string& name, const std::error_code& code) {
  return input_error(name + ": " + code.message());
}

// Runs what was started until it is done; after `timeout` it is cancelled.
template <typename Port>
void finish(asio::io_context& context, Port& port, Duration timeout) {
  context.restart();
  context.run_for(timeout);
  if (context.stopped()) return;
  std::error_code ignored;
  port.cancel(ignored);
  context.run();
}

template <typename Port>
class PortStream : public ByteStream {
 public:
  // A byte takes ten bits at `baud`; 0: the line is as fast as one likes.
  PortStream(std::string name, std::unique_ptr<asio::io_context> context, Port port, uint32_t baud)
      : name_(std::move(name)), context_(std::move(context)), port_(std::move(port)), baud_(baud) {}

  const std::string& name() const override { return name_; }

  Status write(std::span<const uint8_t> bytes, Duration timeout) override {
    std::error_code error;
    asio::async_write(port_, asio::buffer(bytes.data(), bytes.size()),
                      [&](const std::error_code& code, size_t) { error = code; });
    finish(*context_, port_, timeout);
    if (error == asio::error::operation_aborted)
      return failure(name_ + ": takes no bytes; the other side is stuck");
    if (error) return lost(error);
    return {};
  }

  Result<size_t> read(std::span<uint8_t> out, Duration timeout) override {
    std::error_code error;
    size_t count = 0;
    port_.async_read_some(asio::buffer(out.data(), out.size()),
                          [&](const std::error_code& code, size_t bytes) {
                            error = code;
                            count = bytes;
                          });
    finish(*context_, port_, timeout);
    if (error && error != asio::error::operation_aborted) return lost(error);
    return count;
  }

  Duration transfer_time(size_t bytes) const override {
    constexpr int64_t kBits = 10, kMicroseconds = 1'000'000;
    if (baud_ == 0) return Duration::zero();
    return std::chrono::microseconds(static_cast<int64_t>(bytes) * kBits * kMicroseconds / baud_);
  }

 private:
  Error lost(const std::error_code& code) const {
    if (code == asio::error::eof || code == asio::error::connection_reset ||
        code == asio::error::broken_pipe || code.value() == EIO)
      return failure(name_ + ": closed by the other side, or unplugged");
    return failure(name_ + ": the line is lost: " + code.message());
  }

  std::string name_;
  std::unique_ptr<asio::io_context> context_;
  Port port_;
  uint32_t baud_;
};

Status configure(const std::string& name, asio::serial_port& port, uint32_t baud) {
  using Serial = asio::serial_port_base;
  std::error_code code;
  port.set_option(Serial::character_size(8), code);
  if (!code) port.set_option(Serial::parity(Serial::parity::none), code);
  if (!code) port.set_option(Serial::stop_bits(Serial::stop_bits::one), code);
  if (!code) port.set_option(Serial::flow_control(Serial::flow_control::none), code);
  if (code) return explain_serial(name, std::errc(code.value()));
  Serial::baud_rate rate(baud);
  port.set_option(rate, code);
  if (!code) port.get_option(rate, code);
  if (code || rate.value() != baud || baud == 0)
    return input_error(name + ": the port does not take " + std::to_string(baud) +
                       " baud; take the rate the board was built for, such as 115200 or 1000000");
  // Two programs on one port would take each other's answers.
  ::ioctl(port.native_handle(), TIOCEXCL);
  ::tcflush(port.native_handle(), TCIOFLUSH);
  return {};
}

class Listener : public TcpListener {
 public:
  std::error_code open(const tcp::endpoint& endpoint) {
    std::error_code code;
    acceptor_.open(endpoint.protocol(), code);
    if (!code) acceptor_.set_option(tcp::acceptor::reuse_address(true), code);
    if (!code) acceptor_.bind(endpoint, code);
    if (!code) acceptor_.listen(asio::socket_base::max_listen_connections, code);
    return code;
  }

  uint16_t port() const override { return acceptor_.local_endpoint().port(); }

  Result<std::unique_ptr<ByteStream>> accept(Duration timeout) override {
    tcp::socket socket(context_);
    tcp::endpoint peer;
    std::error_code error;
    acceptor_.async_accept(socket, peer, [&](const std::error_code& code) { error = code; });
    finish(context_, acceptor_, timeout);
    if (error == asio::error::operation_aborted) return {std::unique_ptr<ByteStream>()};
    if (error) return system_error("accepting connections", error);
    socket.set_option(tcp::no_delay(true), error);
    const std::string name =
        "tcp://" + peer.address().to_string() + ":" + std::to_string(peer.port());
    auto context = std::make_unique<asio::io_context>();  // waits for this stream only
    tcp::socket own(*context, peer.protocol(), socket.release());
    return {std::make_unique<PortStream<tcp::socket>>(name, std::move(context), std::move(own), 0)};
  }

 private:
  asio::io_context context_;
  tcp::acceptor acceptor_{context_};
};

}  // namespace

// ---- Serial ports.

Error explain_serial(const std::string& name, std::errc what) {
  if (what == std::errc::no_such_file_or_directory)
    return input_error(name +
                       ": no such port; is the board plugged in? ls /dev/ttyUSB* "
                       "/dev/ttyACM* shows the ports");
  if (what == std::errc::permission_denied)
    return input_error(name +
                       ": permission denied; become a member of the group dialout (adduser "
                       "USER dialout, then log in again)");
  if (what == std::errc::device_or_resource_busy)
    return input_error(name + ": in use by another program; end that first");
  if (what == std::errc::inappropriate_io_control_operation ||
      what == std::errc::invalid_argument || what == std::errc::is_a_directory)
    return input_error(name + ": not a serial port");
  return system_error(name, std::make_error_code(what));
}

Result<std::unique_ptr<ByteStream>> open_serial(const std::string& name, const std::string& path,
                                                uint32_t baud) {
  auto context = std::make_unique<asio::io_context>();
  asio::serial_port port(*context);
  std::error_code code;
  port.open(path, code);
  if (code) return explain_serial(name, std::errc(code.value()));
  if (const Status status = configure(name, port, baud); !status) return status.error();
  return {std::make_unique<PortStream<asio::serial_port>>(name, std::move(context), std::move(port),
                                                          baud)};
}

Result<std::unique_ptr<ByteStream>> open_pty() {
  auto context = std::make_unique<asio::io_context>();
  const auto last_error = [] { return std::error_code(errno, std::system_category()); };
  asio::posix::stream_descriptor near(*context);
  // Held open: without anyone at the other end, reading would fail.
  struct Held {
    int fd = -1;
    ~Held() { ::close(fd); }
  };
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0) return system_error("pseudo-terminal", last_error());
  near.assign(master);
  char path[64];
  if (::grantpt(master) != 0 || ::unlockpt(master) != 0 ||
      ::ptsname_r(master, path, sizeof path) != 0)
    return system_error("pseudo-terminal", last_error());
  auto held = std::make_shared<Held>();
  held->fd = ::open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  termios raw{};
  if (held->fd < 0 || ::tcgetattr(held->fd, &raw) != 0)
    return system_error("pseudo-terminal", last_error());
  ::cfmakeraw(&raw);
  if (::tcsetattr(held->fd, TCSANOW, &raw) != 0)
    return system_error("pseudo-terminal", last_error());
  class Pty : public PortStream<asio::posix::stream_descriptor> {
   public:
    Pty(std::string path, std::unique_ptr<asio::io_context> context,
        asio::posix::stream_descriptor near, std::shared_ptr<Held> held)
        : PortStream(std::move(path), std::move(context), std::move(near), 0),
          held_(std::move(held)) {}

   private:
    std::shared_ptr<Held> held_;
  };
  return {std::make_unique<Pty>(path, std::move(context), std::move(near), std::move(held))};
}

// ---- TCP.

Result<std::unique_ptr<ByteStream>> connect_tcp(const std::string& name, const std::string& host,
                                                const std::string& port, Duration timeout) {
  auto context = std::make_unique<asio::io_context>();
  std::error_code code;
  const auto found = tcp::resolver(*context).resolve(host, port, code);
  if (code) return input_error(name + ": unknown host or port: " + code.message());
  tcp::socket socket(*context);
  asio::async_connect(socket, found,
                      [&](const std::error_code& error, const tcp::endpoint&) { code = error; });
  finish(*context, socket, timeout);
  if (code == asio::error::connection_refused)
    return input_error(name + ": connection refused; is `millrace serve` running there?");
  if (code == asio::error::operation_aborted)
    return input_error(name + ": no connection in time; is the host reachable?");
  if (code) return system_error(name, code);
  socket.set_option(tcp::no_delay(true), code);
  return {
      std::make_unique<PortStream<tcp::socket>>(name, std::move(context), std::move(socket), 0)};
}

Result<std::unique_ptr<TcpListener>> TcpListener::bind(const std::string& host,
                                                       const std::string& port) {
  asio::io_context context;
  std::error_code code;
  const auto found = tcp::resolver(context).resolve(host, port, tcp::resolver::passive, code);
  const std::string name = "cannot listen on " + host + ":" + port;
  if (code || found.empty()) return system_error(name, code);
  auto listener = std::make_unique<Listener>();
  if (const std::error_code failed = listener->open(*found.begin()))
    return system_error(name, failed);
  return {std::move(listener)};
}

}  // namespace millrace::link
