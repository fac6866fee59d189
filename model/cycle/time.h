// SPDX-License-Identifier: Apache-2.0
// Words that all timing of the cycle model shares. Cycle t is the interval before the clock edge
// that ends it (docs/reference/timing.md).
#pragma once

#include <cstdint>

#include "millrace/isa.h"

namespace millrace::cycle {

using Cycle = uint64_t;
inline constexpr Cycle kNever = UINT64_MAX;  // not known yet, or does not happen

// Execution units with a queue each, in the order of isa::Unit.
inline constexpr uint32_t kUnits = 4;
inline constexpr uint32_t kLoad = 0, kStore = 1, kMatmul = 2, kVector = 3;

// Of RING_TAIL, RING_HEAD and FAULT_INDEX.
constexpr uint32_t index_mask(const isa::Config& config) {
  return UINT32_MAX >> (32 - config.index_bits);
}

// How an instruction ends: without a fault, or with its code and the address of the record.
struct Stop {
  isa::Fault code = isa::Fault::kNone;
  uint32_t addr = 0;
  explicit operator bool() const { return code != isa::Fault::kNone; }
  bool operator==(const Stop&) const = default;
};

// What one instruction did, from dispatch to completion.
struct Passage {
  isa::Instruction words{};
  uint32_t index = 0;  // since reset
  uint32_t unit = 0;   // whose queue it was in
  Cycle dispatched = 0, started = 0, done = 0;
  isa::Fault fault = isa::Fault::kNone;
};

// One instruction's completion, for comparisons with the RTL.
struct Retirement {
  Cycle cycle = 0;
  uint32_t unit = 0;   // whose queue it was in; with dma_shared every LOAD is in the store unit's
  uint32_t index = 0;  // since reset, as wide as RING_HEAD
  isa::Fault fault = isa::Fault::kNone;
  bool operator==(const Retirement&) const = default;
};

}  // namespace millrace::cycle
