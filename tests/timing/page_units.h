// SPDX-License-Identifier: Apache-2.0
// The closed forms of docs/reference/timing.md for MATMUL, VECTOR and VSET, written as on the page.
// `c` is the cycle in which the instruction starts.
#pragma once

#include <cstdint>

#include "millrace/isa.h"

namespace millrace::page {

using Cycle = uint64_t;

struct Course {
  Cycle pop = 0;   // leaves its queue
  Cycle done = 0;  // completes
};

Cycle matmul_tiles(const isa::Matmul& op);
Cycle matmul_rows(const isa::Matmul& op);
Course matmul(const isa::Config& config, const isa::Matmul& op, Cycle c);
// Fault in row `row` of tile `tile`; in the tile's B: row 0.
Course matmul_fault(const isa::Config& config, const isa::Matmul& op, Cycle c, Cycle tile,
                    Cycle row);

Course vset(const isa::Config& config, Cycle c);
Course vector(const isa::Config& config, const isa::Vector& op, Cycle c);
// Fault in step `step` of iteration `i3` of loop 3, or in parameter word `word` before it.
Course vector_step_fault(const isa::Config& config, const isa::Vector& op, Cycle c, Cycle i3,
                         Cycle step);
Course vector_param_fault(const isa::Config& config, const isa::Vector& op, Cycle c, Cycle i3,
                          Cycle word);

}  // namespace millrace::page
