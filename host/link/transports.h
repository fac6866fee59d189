// SPDX-License-Identifier: Apache-2.0
// Byte streams of the operating system: serial ports, pseudo-terminals and TCP. A stream belongs to
// one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <system_error>

#include "host/link/byte_stream.h"

namespace millrace::link {

inline constexpr uint32_t kDefaultBaud = 115200;

// The port raw, 8N1, without flow control. `name` is for messages.
Result<std::unique_ptr<ByteStream>> open_serial(const std::string& name, const std::string& path,
                                                uint32_t baud);
// Why a port could not be opened, and what to do.
Error explain_serial(const std::string& name, std::errc what);

// A new pseudo-terminal, raw; its name() is the path of the other end. It outlives those who open
// that.
Result<std::unique_ptr<ByteStream>> open_pty();

Result<std::unique_ptr<ByteStream>> connect_tcp(const std::string& name, const std::string& host,
                                                const std::string& port, Duration timeout);

class TcpListener {
 public:
  virtual ~TcpListener() = default;
  // Port 0: the system chooses one.
  static Result<std::unique_ptr<TcpListener>> bind(const std::string& host,
                                                   const std::string& port);
  virtual uint16_t port() const = 0;
  // Null if nobody came in time.
  virtual Result<std::unique_ptr<ByteStream>> accept(Duration timeout) = 0;
};

}  // namespace millrace::link
