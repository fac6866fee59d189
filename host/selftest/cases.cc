// SPDX-License-Identifier: Apache-2.0
#include "host/selftest/cases.h"

namespace millrace::selftest {

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
  add(isa::Opcode::kMatmul, matmul_case);
  matmul_walks(config, list);
  add(isa::Opcode::kVector,
      [](const isa::Config& c, const Variant& v) { return vector_case(c, v); });
  vector_walks(config, list);
  add(isa::Opcode::kVset, vset_case);
  vset_strides(config, list);
  return list;
}

}  // namespace millrace::selftest
