// SPDX-License-Identifier: Apache-2.0
// What decode checks before an instruction executes (docs/reference/isa.md, "Operands declare
// banks", "Decode").
#pragma once

#include <optional>
#include <vector>

#include "millrace/isa.h"

namespace millrace::ref {

// An on-chip operand: its first address and the last bank it may touch.
struct Operand {
  isa::Space space;
  uint32_t base;
  uint32_t hi;
};

// Geometry of one on-chip memory.
struct Geometry {
  uint32_t banks;
  uint32_t rows;  // words (accumulators: rows) in a bank
  uint32_t size() const { return banks * rows; }
};
Geometry geometry(const isa::Config& config, isa::Space space);

// Whether `addr`, which lies in the memory, is in the operand's declared range.
bool in_range(const isa::Config& config, const Operand& operand, uint32_t addr);

// The description of an opcode; null if there is no such opcode.
const isa::InstructionInfo* find_instruction(uint32_t opcode);

// The operands that an instruction with a known opcode uses.
std::vector<Operand> operands(const isa::Instruction& instruction);

// ILLEGAL, else OPERAND, else nothing.
std::optional<isa::Fault> check(const isa::Config& config, const isa::Instruction& instruction);

}  // namespace millrace::ref
