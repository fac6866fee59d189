// SPDX-License-Identifier: Apache-2.0
// A serial port that another program on this computer can open.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace millrace::sim {

class PseudoTerminal {
 public:
  // Nothing if the system has none; errno says why.
  static std::optional<PseudoTerminal> open();
  PseudoTerminal(PseudoTerminal&& other) noexcept;
  PseudoTerminal& operator=(PseudoTerminal&&) = delete;
  ~PseudoTerminal();

  const std::string& path() const { return path_; }  // "/dev/pts/N"
  // Whether somebody has it open now. Waits up to `milliseconds` for a byte or for this to change
  // for the better.
  bool connected(int milliseconds);
  // Bytes that have come, without waiting; how many.
  size_t read(std::span<uint8_t> into);
  // As many of the bytes as fit now; how many.
  size_t write(std::span<const uint8_t> bytes);

 private:
  PseudoTerminal(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_;
  std::string path_;
};

}  // namespace millrace::sim
