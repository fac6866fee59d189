// SPDX-License-Identifier: Apache-2.0
// The manual's semantics of VECTOR and VSET on plain arrays, and the unit's time as stated in its
// headers: the reference of the module bench. Written apart from model/ref; fp32 uses the host's
// own float arithmetic.
#pragma once

#include <cstdint>
#include <vector>

#include "millrace/isa.h"

namespace millrace::bench {

int32_t q31(int32_t t, int32_t mult, int32_t shift);
int32_t fp32_scale(int32_t t, int32_t mult);

struct Outcome {
  isa::Fault fault = isa::Fault::kNone;
  uint32_t addr = 0;
  uint64_t release = 0;  // cycles from the one that sees the instruction to its op_ready
  uint64_t done = 0;     // and to its done_valid
};

struct Memories {
  std::vector<int8_t> sp;    // word-major
  std::vector<int32_t> acc;  // row-major
  bool operator==(const Memories&) const = default;
};

// Executes one instruction; `vset` is the unit's state.
Outcome execute(const isa::Config& config, Memories& mem, const isa::Vset& vset,
                const isa::Vector& v);
Outcome vset_outcome(const isa::Config& config);

}  // namespace millrace::bench
