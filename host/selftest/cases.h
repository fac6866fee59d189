// SPDX-License-Identifier: Apache-2.0
// The instruction test's programs, for any configuration: the same on every machine.
#pragma once

#include <optional>
#include <vector>

#include "host/selftest/frame.h"
#include "host/selftest/variants.h"

namespace millrace::selftest {

// In the order of isa::kInstructions but for SIGNAL and VSET, whose cases need others: memory
// first.
std::vector<Case> instruction_cases(const isa::Config& config);

// The parts, by file. Nothing where an instruction does not fit: a stride too long for the memory,
// or operands that would share the only bank.
std::optional<Case> transfer_case(const isa::Config& config, const Variant& variant);
std::optional<Case> matmul_case(const isa::Config& config, const Variant& variant);
std::optional<Case> vector_case(const isa::Config& config, const Variant& variant,
                                isa::Opcode tested = isa::Opcode::kVector);
std::optional<Case> vset_case(const isa::Config& config, const Variant& variant);
std::optional<Case> signal_case(const isa::Config& config, const Variant& variant);
// Each address of an instruction in every bank, and all words of the on-chip memories.
void transfer_walks(const isa::Config& config, std::vector<Case>& list);
void matmul_walks(const isa::Config& config, std::vector<Case>& list);
void vector_walks(const isa::Config& config, std::vector<Case>& list);
// VSET's strides of the second operand.
void vset_strides(const isa::Config& config, std::vector<Case>& list);

}  // namespace millrace::selftest
