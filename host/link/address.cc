// SPDX-License-Identifier: Apache-2.0
// See address.h.
#include "host/link/address.h"

#include <algorithm>
#include <charconv>

#include "host/link/transports.h"

namespace millrace::link {
namespace {

constexpr std::string_view kSerial = "serial://", kTcp = "tcp://", kBaud = "baud=";
constexpr Duration kConnectTime = std::chrono::seconds(5);

Result<uint32_t> parse_number(const std::string& text, std::string_view digits, uint32_t most) {
  uint32_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end || number > most)
    return input_error(text + ": '" + std::string(digits) + "' is not a number up to " +
                       std::to_string(most));
  return number;
}

Result<std::unique_ptr<ByteStream>> open_port(const std::string& address) {
  const std::string_view rest = std::string_view(address).substr(kSerial.size());
  const size_t mark = rest.find('?');
  const std::string path(rest.substr(0, mark));
  uint32_t baud = kDefaultBaud;
  if (mark != std::string_view::npos) {
    const std::string_view option = rest.substr(mark + 1);
    if (!option.starts_with(kBaud))
      return input_error(address + ": unknown option '" + std::string(option) + "'; it has baud=N");
    const Result<uint32_t> number = parse_number(address, option.substr(kBaud.size()), 100'000'000);
    if (!number) return number.error();
    baud = *number;
  }
  if (path.empty() || path[0] != '/')
    return input_error(address + ": a port is serial:// and a path, as in serial:///dev/ttyUSB1");
  return open_serial(address, path, baud);
}

}  // namespace

bool is_address(const std::string& text) { return text.find("://") != std::string::npos; }

Result<HostAndPort> parse_host(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size())
    return input_error("'" + text + "' is not HOST:PORT, as in 127.0.0.1:7000");
  HostAndPort found{text.substr(0, colon), text.substr(colon + 1)};
  const Result<uint32_t> number = parse_number(text, found.port, 65535);
  if (!number) return number.error();
  if (found.host.front() == '[' && found.host.back() == ']')
    found.host = found.host.substr(1, found.host.size() - 2);
  return found;
}

Result<std::unique_ptr<ByteStream>> open_stream(const std::string& address) {
  if (address.starts_with(kSerial)) return open_port(address);
  if (!address.starts_with(kTcp))
    return input_error(
        "'" + address +
        "' is no machine outside this process; those are serial:///dev/PORT[?baud=N] "
        "and tcp://HOST:PORT");
  const Result<HostAndPort> place = parse_host(address.substr(kTcp.size()));
  if (!place) return place.error();
  return connect_tcp(address, place->host, place->port, kConnectTime);
}

Result<std::unique_ptr<LinkDevice>> open_link(const std::string& address, const Options& options) {
  Result<std::unique_ptr<ByteStream>> stream = open_stream(address);
  if (!stream) return stream.error();
  return LinkDevice::open(std::move(*stream), options);
}

}  // namespace millrace::link
