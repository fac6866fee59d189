// SPDX-License-Identifier: Apache-2.0
// Where the loops of an instruction go in an on-chip memory, and how to keep them inside a window.
#pragma once

#include <cstdint>
#include <set>
#include <span>

#include "millrace/isa.h"

namespace millrace::selftest {

// A loop: its count and the stride in its field, modulo the size of the memory.
struct Axis {
  uint32_t count;
  uint32_t stride;
};

// One on-chip memory.
struct Chip {
  uint32_t banks, rows;
  uint32_t size() const { return banks * rows; }
};
inline Chip chip_of(const isa::Config& config, isa::Space space) {
  const bool sp = space == isa::Space::kSp;
  return {static_cast<uint32_t>(sp ? config.sp_banks : config.acc_banks),
          static_cast<uint32_t>(sp ? config.sp_rows : config.acc_rows)};
}

// The stride the short way around: the upper half counts backwards.
int64_t signed_stride(uint32_t stride, uint64_t size);

// Lowest and highest place relative to the base, the words that each visit takes included.
struct Reach {
  int64_t low = 0, high = 0;
  uint64_t places() const { return static_cast<uint64_t>(high - low + 1); }
};
Reach reach_of(std::span<const Axis> axes, uint64_t size, uint32_t words = 1);

// Sets strides to 0, the longest way first, until the loops fit into `room` places.
void shrink(std::span<Axis> axes, uint64_t size, uint64_t room);

// Where the loops begin in a window of `room` places: not at its start where there is room for
// less, so that their data is not what lies at the beginning.
uint32_t begin_of(const Reach& reach, uint64_t room, uint32_t off);

// All places, `words` a visit.
std::set<uint32_t> places_of(uint32_t base, std::span<const Axis> axes, uint64_t size,
                             uint32_t words = 1);

}  // namespace millrace::selftest
