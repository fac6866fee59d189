// SPDX-License-Identifier: Apache-2.0
// Machines outside this process as the user names them: serial:///dev/PORT[?baud=N] and
// tcp://HOST:PORT.
#pragma once

#include <memory>
#include <string>

#include "host/link/link_device.h"

namespace millrace::link {

// Whether this names a machine outside, well or badly, and not a kind of device.
bool is_address(const std::string& text);

struct HostAndPort {
  std::string host, port;
};
// HOST:PORT, [HOST]:PORT for a host with colons.
Result<HostAndPort> parse_host(const std::string& text);

Result<std::unique_ptr<ByteStream>> open_stream(const std::string& address);
Result<std::unique_ptr<LinkDevice>> open_link(const std::string& address,
                                              const Options& options = {});

}  // namespace millrace::link
