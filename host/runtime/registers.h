// SPDX-License-Identifier: Apache-2.0
// Reading fields of registers, for the sources of the runtime.
#pragma once

#include <cstdint>

namespace millrace {

// Cycles between two looks at the machine. Only the host's reaction depends on it.
inline constexpr uint64_t kPollCycles = 1024, kMaxPollCycles = 65536;

constexpr uint32_t reg_field(uint32_t value, int low, int bits) {
  return (value >> low) & ((uint32_t{1} << bits) - 1);
}
constexpr bool reg_bit(uint32_t value, int low) { return reg_field(value, low, 1) != 0; }

}  // namespace millrace
