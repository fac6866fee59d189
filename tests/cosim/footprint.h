// SPDX-License-Identifier: Apache-2.0
// What an instruction declares to read and to write, and how it conflicts with an older one
// (docs/reference/isa.md): the names of hazards.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "millrace/isa.h"
#include "tests/cosim/random_program.h"

namespace millrace::cosim {

inline constexpr uint32_t kNoSegment = ~0u;

// Bit b of a mask: bank b.
struct Footprint {
  isa::Opcode opcode{};
  uint32_t sp_read = 0, sp_write = 0, acc_read = 0, acc_write = 0;
  uint32_t seg_read = kNoSegment, seg_write = kNoSegment;
};
// Of an instruction without decode fault.
Footprint footprint(const isa::Config& config, const isa::Instruction& words);

// "load", ..., by opcode.
std::string opcode_name(isa::Opcode opcode);
// The queue that an instruction waits in: 0 load, 1 store, 2 matmul, 3 vector.
uint32_t queue_of(const isa::Config& config, isa::Opcode opcode);

// What makes `younger` wait for `older`: "sp RAW", "acc WAR", "segment RAW", "alias RAW", "order"
// (SIGNAL after everything). `shares`: bit i set if segment i shares memory with the younger one's.
// Two stores do not wait for each other.
std::vector<std::string> conflicts(const Footprint& older, const Footprint& younger,
                                   uint32_t shares);

// Bit i set if segment i shares memory with that of the instruction; 0 without one.
uint32_t shares(const isa::Config& config, std::span<const Segment> segments,
                const isa::Instruction& words);

}  // namespace millrace::cosim
