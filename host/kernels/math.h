// SPDX-License-Identifier: Apache-2.0
// Small integer helpers of the kernels and the compiler.
#pragma once

#include <cassert>
#include <cstdint>

namespace millrace {

// a / b rounded up; a >= 0, b > 0.
constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }
constexpr uint64_t ceil_div(uint64_t a, uint64_t b) { return (a + b - 1) / b; }
// a rounded up to a multiple of b.
constexpr int round_up(int a, int b) { return ceil_div(a, b) * b; }
constexpr uint64_t round_up(uint64_t a, uint64_t b) { return ceil_div(a, b) * b; }
// A count or address that is known not to be negative.
inline uint32_t u32(int value) {
  assert(value >= 0);
  return static_cast<uint32_t>(value);
}

}  // namespace millrace
