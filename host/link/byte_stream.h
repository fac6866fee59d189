// SPDX-License-Identifier: Apache-2.0
// A line that carries bytes both ways: a serial port, a TCP connection, or a test's. It promises
// nothing about them: they may be lost, changed, doubled or late. An Error means that the line is
// gone.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <thread>

#include "host/driver/result.h"

namespace millrace::link {

using Duration = std::chrono::steady_clock::duration;
using TimePoint = std::chrono::steady_clock::time_point;

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // As the user named it, for messages.
  virtual const std::string& name() const = 0;
  // Hands all bytes over; at most `timeout` later it gives up with an Error.
  virtual Status write(std::span<const uint8_t> bytes, Duration timeout) = 0;
  // The bytes that are there, at least one and at most out.size(); 0 if none came in time.
  virtual Result<size_t> read(std::span<uint8_t> out, Duration timeout) = 0;
  // Time that so many bytes take on the line.
  virtual Duration transfer_time(size_t bytes) const = 0;
  // Time as this line knows it: a test's line need not wait.
  virtual TimePoint now() const { return std::chrono::steady_clock::now(); }
  virtual void sleep(Duration duration) { std::this_thread::sleep_for(duration); }
};

}  // namespace millrace::link
