// SPDX-License-Identifier: Apache-2.0
// What simulated devices say of accesses that they refuse.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/driver/result.h"

namespace millrace::sim {

// What devices with a clock have in common: cycles of reset before the first one a host sees, and
// cycles between two looks at STATUS while it waits.
inline constexpr uint64_t kResetCycles = 4;
inline constexpr uint64_t kPollInterval = 64;

inline std::string hex(uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  do text.insert(text.begin(), kDigits[value & 15]);
  while (value >>= 4);
  return "0x" + text;
}

inline Error out_of_memory(std::string_view what, uint64_t addr, uint64_t bytes, uint64_t size) {
  return input_error(std::string(what) + " of " + std::to_string(bytes) + " bytes at " + hex(addr) +
                     " is outside the device memory of " + std::to_string(size) + " bytes");
}

inline Status check_register(uint32_t offset, std::string_view what) {
  if (offset % 4 == 0 && offset <= 0xfff) return {};
  return input_error(std::string(what) + " of register " + hex(offset) + ": not a register offset");
}

// The machine answered SLVERR.
inline Error refused_read(uint32_t offset) {
  return failure("read of register " + hex(offset) + " answered SLVERR: no such register");
}
inline Error refused_write(uint32_t offset) {
  return failure("write of register " + hex(offset) +
                 " answered SLVERR: read-only, locked while the machine is not idle, or no such "
                 "register");
}

}  // namespace millrace::sim
