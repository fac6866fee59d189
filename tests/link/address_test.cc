// SPDX-License-Identifier: Apache-2.0
// Addresses and ports that do not work: one line that says what to do.
#include "host/link/address.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "host/link/transports.h"

namespace millrace::link {
namespace {

// Opening fails as bad input, with a message that names the address and contains `part`.
void refuses(const std::string& address, const std::string& part) {
  const auto device = open_link(address, {.answer = std::chrono::milliseconds(50), .attempts = 2});
  ASSERT_FALSE(device) << address;
  const Error& error = device.error();
  EXPECT_EQ(error.kind, Error::Kind::kInput) << error.message;
  EXPECT_NE(error.message.find(part), std::string::npos) << error.message;
  EXPECT_EQ(error.message.find('\n'), std::string::npos);
}

TEST(Address, TellsAddressesFromKinds) {
  EXPECT_TRUE(is_address("serial:///dev/ttyUSB1"));
  EXPECT_TRUE(is_address("usb://"));
  EXPECT_FALSE(is_address("cycle"));
  EXPECT_FALSE(is_address("/dev/ttyUSB1"));
}

TEST(Address, Hosts) {
  const auto plain = parse_host("localhost:70"), six = parse_host("[::1]:0");
  ASSERT_TRUE(plain && six);
  EXPECT_EQ(plain->host, "localhost");
  EXPECT_EQ(plain->port, "70");
  EXPECT_EQ(six->host, "::1");
  for (const char* bad : {"", "localhost", ":70", "localhost:", "localhost:x", "localhost:65536"})
    EXPECT_FALSE(parse_host(bad)) << bad;
}

TEST(Address, BadOnesAreRefused) {
  refuses("usb://1", "those are serial:///dev/PORT[?baud=N] and tcp://HOST:PORT");
  refuses("tcp://localhost", "'localhost' is not HOST:PORT");
  refuses("tcp://localhost:99999", "'99999' is not a number up to 65535");
  refuses("tcp://no.such.host.invalid:70", "unknown host or port");
  refuses("serial://ttyUSB1", "as in serial:///dev/ttyUSB1");
  refuses("serial:///dev/ttyUSB1?parity=even", "unknown option 'parity=even'");
  refuses("serial:///dev/ttyUSB1?baud=fast", "'fast' is not a number");
}

TEST(Address, PortsThatCannotBeOpened) {
  refuses("serial:///dev/none", "serial:///dev/none: no such port; is the board plugged in?");
  refuses("serial:///etc/hostname", "not a serial port");
  refuses("serial:///dev", "not a serial port");
  const auto text = [](std::errc code) { return explain_serial("serial:///dev/x", code).message; };
  EXPECT_NE(text(std::errc::permission_denied).find("member of the group dialout"),
            std::string::npos);
  EXPECT_NE(text(std::errc::device_or_resource_busy).find("in use by another program"),
            std::string::npos);
  EXPECT_NE(text(std::errc::io_error).find("Input/output error"), std::string::npos);
}

// The same by the real open(), which root is never refused.
TEST(Address, PortsOfOthersAreRefused) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("millrace_port_" + std::to_string(getpid())));
  std::fclose(std::fopen(path.c_str(), "w"));
  std::filesystem::permissions(path, std::filesystem::perms::none);
  const bool root = geteuid() == 0;
  refuses("serial://" + path, root ? "not a serial port" : "permission denied");
  if (root && seteuid(65534) == 0) {  // as somebody else
    refuses("serial://" + path, "permission denied");
    ASSERT_EQ(seteuid(0), 0);
  }
  std::filesystem::remove(path);
}

TEST(Address, BaudRatesThatThePortDoesNotTake) {
  const auto pty = open_pty();
  ASSERT_TRUE(pty) << pty.error().message;
  refuses("serial://" + (*pty)->name() + "?baud=12345", "does not take 12345 baud");
  refuses("serial://" + (*pty)->name() + "?baud=0", "does not take 0 baud");
  for (const char* good : {"", "?baud=9600", "?baud=1000000", "?baud=3000000"})
    EXPECT_TRUE(open_stream("serial://" + (*pty)->name() + good)) << good;
}

TEST(Address, NobodyThere) {
  auto listener = TcpListener::bind("127.0.0.1", "0");
  ASSERT_TRUE(listener) << listener.error().message;
  const std::string address = "tcp://127.0.0.1:" + std::to_string((*listener)->port());
  const auto taken = TcpListener::bind("127.0.0.1", std::to_string((*listener)->port()));
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().message.find("in use"), std::string::npos) << taken.error().message;
  // Somebody who says nothing: no bad input, but a machine that fails.
  const auto silent = open_link(address, {.answer = std::chrono::milliseconds(20), .attempts = 2});
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().kind, Error::Kind::kFailure);
  EXPECT_NE(silent.error().message.find("nothing heard"), std::string::npos)
      << silent.error().message;
  listener->reset();
  refuses(address, "connection refused; is `millrace serve` running there?");
}

}  // namespace
}  // namespace millrace::link
