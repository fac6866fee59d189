// SPDX-License-Identifier: Apache-2.0
// The matrix product by the definition, for `millrace gemm --check`, and by another device, for
// --compare.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/cli/report.h"
#include "host/kernels/gemm.h"

namespace millrace::cli {

struct GemmTask {
  GemmShape shape;
  Epilogue epilogue;  // kInt32 or kScalar
  GemmLayout layout;
  std::vector<uint8_t> a, b;  // as they lie in memory
};

// `q31` of docs/reference/isa.md: MultiplyByQuantizedMultiplier of TensorFlow Lite with double
// rounding.
int32_t requantise(int32_t sum, int32_t mult, int32_t shift);

// Compares the elements of C, as it lies in memory, and adds to the report's comparison.
void check_product(const GemmTask& task, std::span<const uint8_t> c, Report& report);
// The same with the C of another device.
void compare_product(const GemmTask& task, std::span<const uint8_t> c,
                     std::span<const uint8_t> other, Report& report);

}  // namespace millrace::cli
