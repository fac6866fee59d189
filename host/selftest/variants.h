// SPDX-License-Identifier: Apache-2.0
// Which instructions the test tries: every value of every mode, and typical and extreme values of
// every count, stride, place and number, one field at a time, from the tables of the instruction
// set; and all combinations of modes that work together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/selftest/frame.h"
#include "millrace/isa.h"

namespace millrace::selftest {

// What a field is for. Addresses and declared banks are set by where the case is placed; the rest
// of the test for them is a walk through all banks.
enum class Role {
  kMode,
  kCount,
  kStride,
  kMemoryStride,
  kAddress,
  kBank,
  kSegment,
  kPlace,
  kNumber
};
Role role_of(const isa::InstructionInfo& info, const isa::Field& field);

// The count of the loop that a stride belongs to; empty: the count is fixed (b_col). The strides of
// the second operand are in VSET, their counts in VECTOR.
std::string_view count_of_stride(std::string_view stride);

const isa::Field* find_field(const isa::InstructionInfo& info, std::string_view name);
// The bits of a field: counts are stored as N - 1.
uint32_t get_field(const isa::InstructionInfo& info, const isa::Instruction& words,
                   std::string_view name);
void set_field(const isa::InstructionInfo& info, isa::Instruction& words, std::string_view name,
               uint32_t bits);
const isa::InstructionInfo& info_of(isa::Opcode opcode);

struct Variant {
  std::string name;        // "matmul n_ox=16"
  std::string_view field;  // under test; empty: a combination of modes
  isa::Instruction words{};
  isa::Vset vset;  // before it
};

// For LOAD, STORE, MATMUL, VECTOR and SIGNAL, and for the numbers of VSET (then `words` is it).
std::vector<Variant> variants(const isa::Config& config, const isa::InstructionInfo& info);
// The instruction that they vary, and the state before it.
isa::Instruction plain(const isa::Config& config, isa::Opcode opcode);
isa::Vset plain_vset();

// The value of a field of a stride for VSET's strides of the second operand, by name.
struct NamedValue {
  std::string name;
  uint32_t value;
};
std::vector<NamedValue> stride_values(const isa::Config& config, uint32_t legal, isa::Space space);
// Sets the counts around a stride of this name to what lets it stay in a bank.
void turn_only(const isa::InstructionInfo& info, isa::Instruction& words, std::string_view count,
               const std::string& stride_name);

}  // namespace millrace::selftest
