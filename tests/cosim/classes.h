// SPDX-License-Identifier: Apache-2.0
// Classes of loop counts, strides and rows: what coverage points and the generator's choices
// distinguish.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "millrace/isa.h"

namespace millrace::cosim {

// One on-chip memory.
struct Chip {
  uint32_t banks;
  uint32_t rows;
  constexpr uint32_t size() const { return banks * rows; }
};
inline Chip chip_of(const isa::Config& config, isa::Space space) {
  if (space == isa::Space::kSp)
    return {static_cast<uint32_t>(config.sp_banks), static_cast<uint32_t>(config.sp_rows)};
  return {static_cast<uint32_t>(config.acc_banks), static_cast<uint32_t>(config.acc_rows)};
}

inline constexpr std::array<std::string_view, 4> kCountNames = {"1", "2", "many", "max"};
enum class CountClass : uint32_t { kOne, kTwo, kMany, kMax };
constexpr CountClass count_class(uint32_t count, uint32_t max) {
  if (count == max) return CountClass::kMax;
  return count == 1 ? CountClass::kOne : count == 2 ? CountClass::kTwo : CountClass::kMany;
}

// On-chip strides, the shorter way around the memory: kFar leaps about a bank or more forward.
inline constexpr std::array<std::string_view, 5> kStrideNames = {"zero", "unit", "near", "far",
                                                                 "back"};
enum class StrideClass : uint32_t { kZero, kUnit, kNear, kFar, kBack };
constexpr uint32_t far_stride(const Chip& chip) { return chip.rows - 2; }
constexpr StrideClass stride_class(uint32_t stride, const Chip& chip) {
  const uint32_t s = stride % chip.size();
  if (s == 0) return StrideClass::kZero;
  if (s == 1) return StrideClass::kUnit;
  if (s >= chip.size() / 2) return StrideClass::kBack;
  return s >= far_stride(chip) ? StrideClass::kFar : StrideClass::kNear;
}

// Strides in memory, compared with what they step over: kUnit is contiguous. kWrap steps forward
// over the end of the offsets.
inline constexpr std::array<std::string_view, 6> kMemoryStrideNames = {"zero", "unit", "overlap",
                                                                       "gap",  "back", "wrap"};
enum class MemoryStride : uint32_t { kZero, kUnit, kOverlap, kGap, kBack, kWrap };
constexpr MemoryStride memory_stride(uint32_t stride, uint64_t contiguous, int offset_bits) {
  const uint64_t half = uint64_t{1} << (offset_bits - 1);
  const uint64_t s = stride & (2 * half - 1);
  if (s == 0) return MemoryStride::kZero;
  if (s == contiguous) return MemoryStride::kUnit;
  if (s >= half) return MemoryStride::kBack;
  return s < contiguous ? MemoryStride::kOverlap : MemoryStride::kGap;
}

// Rows: shorter than a word; whole words; any other length; several bursts; across 4 KiB.
inline constexpr std::array<std::string_view, 5> kRowNames = {"short", "whole", "odd", "bursts",
                                                              "page"};
enum class RowClass : uint32_t { kShort, kWhole, kOdd, kBursts, kPage };
inline constexpr uint32_t kPage = 4096;
constexpr RowClass row_class(const isa::Config& config, uint64_t addr, uint32_t row_bytes) {
  const auto dim = static_cast<uint32_t>(config.dim);
  const uint64_t burst = uint64_t{dim} * static_cast<uint32_t>(config.dma_burst);
  const uint64_t last = addr + row_bytes - 1;
  if (addr / kPage != last / kPage) return RowClass::kPage;
  if (addr / burst != last / burst) return RowClass::kBursts;
  if (row_bytes < dim) return RowClass::kShort;
  return row_bytes % dim == 0 ? RowClass::kWhole : RowClass::kOdd;
}

}  // namespace millrace::cosim
