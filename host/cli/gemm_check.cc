// SPDX-License-Identifier: Apache-2.0
// See gemm_check.h.
#include "host/cli/gemm_check.h"

#include <algorithm>
#include <limits>
#include <string>

namespace millrace::cli {
namespace {

// One row of sums; wraps modulo 2^32 as the device does.
void row_of_sums(const GemmTask& task, size_t row, std::vector<int32_t>& sums) {
  const uint8_t* const a = task.a.data() + row * task.layout.a_pitch;
  for (size_t n = 0; n < sums.size(); ++n) {
    const uint8_t* const b = task.b.data() + n * task.layout.b_pitch;
    uint32_t sum = 0;
    for (size_t k = 0; k < static_cast<size_t>(task.shape.k); ++k)
      sum += static_cast<uint32_t>(static_cast<int8_t>(a[k]) * static_cast<int8_t>(b[k]));
    sums[n] = static_cast<int32_t>(sum);
  }
}

int32_t read_element(const GemmTask& task, std::span<const uint8_t> c, size_t row, size_t column) {
  const size_t start = row * task.layout.c_pitch;
  if (task.epilogue.kind != Epilogue::Kind::kInt32) return static_cast<int8_t>(c[start + column]);
  uint32_t value = 0;
  for (size_t byte = 4; byte-- > 0;) value = value << 8 | c[start + 4 * column + byte];
  return static_cast<int32_t>(value);
}

int32_t expected(const GemmTask& task, int32_t sum) {
  const Epilogue& e = task.epilogue;
  if (e.kind == Epilogue::Kind::kInt32) return sum;
  return std::clamp(requantise(sum, e.mult, e.shift) + e.zero_point, e.clamp_lo, e.clamp_hi);
}

// Every element, against wanted(row, column).
template <typename Wanted>
void check_elements(const GemmTask& task, std::span<const uint8_t> c, Wanted wanted,
                    Report& report) {
  uint64_t mismatches = 0;
  for (size_t m = 0; m < static_cast<size_t>(task.shape.m); ++m) {
    for (size_t n = 0; n < static_cast<size_t>(task.shape.n); ++n) {
      const int32_t right = wanted(m, n), found = read_element(task, c, m, n);
      if (found == right) continue;
      if (mismatches++ == 0 && report.first_mismatch.empty())
        report.first_mismatch = "C[" + std::to_string(m) + "][" + std::to_string(n) + "] is " +
                                std::to_string(found) + ", not " + std::to_string(right);
    }
  }
  report.mismatches = report.mismatches.value_or(0) + mismatches;
  report.compared = report.compared.value_or(0) +
                    static_cast<uint64_t>(task.shape.m) * static_cast<uint64_t>(task.shape.n);
}

}  // namespace

int32_t requantise(int32_t sum, int32_t mult, int32_t shift) {
  const int left = std::clamp(shift, 0, 31);
  const int right = std::clamp(-shift, 0, 31);
  const auto x = static_cast<int32_t>(static_cast<uint32_t>(sum) << left);
  constexpr int32_t kLowest = std::numeric_limits<int32_t>::min();
  constexpr int64_t kHighest = std::numeric_limits<int32_t>::max();
  const int64_t product = int64_t{x} * mult;
  const int64_t nudge = product >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30);
  const int64_t high =
      x == kLowest && mult == kLowest ? kHighest : (product + nudge) / (int64_t{1} << 31);
  const int64_t mask = (int64_t{1} << right) - 1;
  const int64_t threshold = (mask >> 1) + (high < 0 ? 1 : 0);
  return static_cast<int32_t>((high >> right) + ((high & mask) > threshold ? 1 : 0));
}

void check_product(const GemmTask& task, std::span<const uint8_t> c, Report& report) {
  std::vector<int32_t> sums(static_cast<size_t>(task.shape.n));
  const auto wanted = [&](size_t row, size_t column) {
    if (column == 0) row_of_sums(task, row, sums);
    return expected(task, sums[column]);
  };
  check_elements(task, c, wanted, report);
}

void compare_product(const GemmTask& task, std::span<const uint8_t> c,
                     std::span<const uint8_t> other, Report& report) {
  const auto wanted = [&](size_t row, size_t column) {
    return read_element(task, other, row, column);
  };
  check_elements(task, c, wanted, report);
}

}  // namespace millrace::cli
