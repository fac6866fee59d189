// SPDX-License-Identifier: Apache-2.0
// Closed forms of docs/reference/timing.md: when an instruction that starts in a known cycle leaves
// its queue and when it is done. LOAD, STORE and SIGNAL depend on the memory: load_engine.h,
// store_engine.h.
#pragma once

#include "model/cycle/reach.h"
#include "model/cycle/time.h"

namespace millrace::cycle {

struct Course {
  Cycle popped = 0;  // the queue's head is free
  Cycle done = 0;
};

Course matmul_course(const isa::Config& config, const isa::Matmul& op, const MatmulReach& reach,
                     Cycle start);
// K-vectors of A multiplied in the cycles before `now`.
uint64_t matmul_steps(const isa::Config& config, const isa::Matmul& op, const MatmulReach& reach,
                      Cycle start, Cycle now);
Course vector_course(const isa::Config& config, const isa::Vector& op, const VectorReach& reach,
                     Cycle start);
Course vset_course(const isa::Config& config, Cycle start);

}  // namespace millrace::cycle
