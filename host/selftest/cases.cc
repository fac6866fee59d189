// SPDX-License-Identifier: Apache-2.0
#include "host/selftest/cases.h"

#include <algorithm>
#include <iterator>

namespace millrace::selftest {
namespace {

bool uses(const Case& c, isa::Opcode opcode) {
  return std::ranges::any_of(c.code, [&](const isa::Instruction& words) {
    return (words[0] & 0xff) == static_cast<uint32_t>(opcode);
  });
}

}  // namespace

std::vector<Case> instruction_cases(const isa::Config& config) {
  std::vector<Case> list;
  const auto add = [&](isa::Opcode opcode, auto make) {
    for (const Variant& variant : variants(config, info_of(opcode)))
      if (std::optional<Case> made = make(config, variant)) list.push_back(std::move(*made));
  };
  add(isa::Opcode::kLoad, transfer_case);
  add(isa::Opcode::kStore, transfer_case);
  transfer_walks(config, list);
  add(isa::Opcode::kSignal, signal_case);
  // What needs fewer instructions comes first, so that the first failure names the right one:
  // VECTOR that needs no MATMUL to set up accumulators, then MATMUL, which may need VECTOR to be
  // seen.
  std::vector<Case> with_matmul;
  std::swap(list, with_matmul);
  add(isa::Opcode::kVector,
      [](const isa::Config& c, const Variant& v) { return vector_case(c, v); });
  vector_walks(config, list);
  std::swap(list, with_matmul);
  const auto second = std::ranges::stable_partition(
      with_matmul, [](const Case& c) { return !uses(c, isa::Opcode::kMatmul); });
  std::move(with_matmul.begin(), second.begin(), std::back_inserter(list));
  add(isa::Opcode::kMatmul, matmul_case);
  matmul_walks(config, list);
  std::ranges::move(second, std::back_inserter(list));
  add(isa::Opcode::kVset, vset_case);
  vset_strides(config, list);
  return list;
}

}  // namespace millrace::selftest
