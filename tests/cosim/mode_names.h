// SPDX-License-Identifier: Apache-2.0
// Names of the modes of instructions, shared by the coverage points and the generator's choices.
#pragma once

#include <array>
#include <string>

#include "millrace/isa.h"

namespace millrace::cosim {

inline constexpr std::array kSources = {isa::Source::kScalar, isa::Source::kSp, isa::Source::kAcc};

inline std::string space_name(isa::Space space) {
  return std::string(isa::kSpaceNames[static_cast<size_t>(space)]);
}
inline std::string matmul_mode(uint32_t accumulate, uint32_t transpose) {
  return "accumulate=" + std::to_string(accumulate) + " transpose=" + std::to_string(transpose);
}
inline std::string vector_sources(isa::Source src1, isa::Source src2, isa::Space dst, bool binary) {
  const auto name = [](isa::Source s) { return std::string(isa::kSourceNames[size_t(s)]); };
  return name(src1) + (binary ? "," + name(src2) : "") + ">" + space_name(dst);
}
inline std::string vector_operation(isa::Binary op) {
  return "op=" + std::string(isa::kBinaryNames[static_cast<size_t>(op)]);
}
inline std::string vector_reduction(isa::Binary op, isa::Reduce reduce) {
  return vector_operation(op) +
         " reduce=" + std::string(isa::kReduceNames[static_cast<size_t>(reduce)]);
}
inline std::string vector_quantisation(isa::Quant quant, uint32_t channel, isa::Space dst) {
  return "quant=" + std::string(isa::kQuantNames[static_cast<size_t>(quant)]) +
         " channel=" + std::to_string(channel) + " dst=" + space_name(dst);
}
// Shifts beyond 31 act as 31.
inline std::string shift_class(int32_t shift) {
  if (shift == 0) return "shift zero";
  return std::string("shift ") + (shift > 0 ? "left" : "right") +
         (shift > 31 || shift < -31 ? " beyond 31" : "");
}
inline std::string preshift_class(const char* name, uint32_t shift) {
  return std::string(name) + (shift == 0 ? "=0" : shift == 31 ? "=31" : "=some");
}

}  // namespace millrace::cosim
