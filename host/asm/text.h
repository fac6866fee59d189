// SPDX-License-Identifier: Apache-2.0
// One instruction as text: `mnemonic field=value ...`, generated from isa::kInstructions. Fields
// that are not named have their default: 1 for counts (stored as N - 1), else 0. Values are decimal
// or 0x hexadecimal; enumerations also by name; a signed field also takes its bit pattern in
// hexadecimal. What no mnemonic expresses is `.word w0 w1 ... w7`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/driver/result.h"
#include "millrace/isa.h"

namespace millrace {

// The instruction's entry in isa::kInstructions by opcode or by name; nullptr if there is none.
const isa::InstructionInfo* find_instruction(uint32_t opcode);
const isa::InstructionInfo* find_instruction(std::string_view name);

// Text that assembles back to the same words. With a configuration, bits that it does not allow
// lead to the `.word` form, because assemble_instruction() refuses them.
std::string disassemble(const isa::Instruction& words, const isa::Config* config = nullptr);

// Assembles one instruction (mnemonic or `.word`) without comment. With a configuration, values
// that it has no bits for are Errors; the `.word` form takes any bits.
Result<isa::Instruction> assemble_instruction(std::string_view text,
                                              const isa::Config* config = nullptr);

// Words separated by blanks.
std::vector<std::string_view> split_blanks(std::string_view text);

// A whole decimal or 0x hexadecimal number, optionally negative, of at most 64 bits.
Result<int64_t> parse_number(std::string_view text);

}  // namespace millrace
