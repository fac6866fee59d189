// SPDX-License-Identifier: Apache-2.0
#include "model/ref/decode.h"

#include <algorithm>

namespace millrace::ref {
namespace {

uint32_t field_value(const isa::Field& field, const isa::Instruction& w) {
  const uint64_t mask = (uint64_t{1} << field.width) - 1;
  return static_cast<uint32_t>(w[static_cast<size_t>(field.word)] >> field.low & mask);
}

bool is_legal(const isa::Config& config, const isa::Instruction& w) {
  const isa::InstructionInfo* info = find_instruction(w[0] & 0xff);
  if (!info) return false;
  const auto& legal = info->legal[static_cast<size_t>(config.index)];
  for (size_t i = 0; i < w.size(); ++i)
    if (w[i] & ~legal[i]) return false;
  for (const isa::Field& field : info->fields) {
    const uint32_t value = field_value(field, w);
    if (!field.names.empty() && value >= field.names.size()) return false;
    if (field.name == "row_bytes" && value == 0) return false;
  }
  return true;
}

bool is_valid(const isa::Config& config, const Operand& operand) {
  const Geometry g = geometry(config, operand.space);
  return operand.base / g.rows <= operand.hi && operand.hi < g.banks;
}

bool overlap(const isa::Config& config, const Operand& a, const Operand& b) {
  if (a.space != b.space) return false;
  const uint32_t rows = geometry(config, a.space).rows;
  return a.base / rows <= b.hi && b.base / rows <= a.hi;
}

void add_source(std::vector<Operand>& list, isa::Source kind, uint32_t base, uint32_t hi) {
  if (kind == isa::Source::kSp) list.push_back({isa::Space::kSp, base, hi});
  if (kind == isa::Source::kAcc) list.push_back({isa::Space::kAcc, base, hi});
}

std::vector<Operand> operands_of(const isa::Matmul& f) {
  return {{isa::Space::kSp, f.a, f.a_hi},
          {isa::Space::kSp, f.b, f.b_hi},
          {isa::Space::kAcc, f.d, f.d_hi}};
}

std::vector<Operand> operands_of(const isa::Vector& f) {
  std::vector<Operand> list;
  add_source(list, f.src1_kind, f.src1, f.src1_hi);
  add_source(list, f.src2_kind, f.src2, f.src2_hi);
  list.push_back({f.dst_kind, f.dst, f.dst_hi});
  if (f.channel) list.push_back({isa::Space::kSp, f.param, f.param_hi});
  return list;
}

}  // namespace

Geometry geometry(const isa::Config& config, isa::Space space) {
  const bool sp = space == isa::Space::kSp;
  return {static_cast<uint32_t>(sp ? config.sp_banks : config.acc_banks),
          static_cast<uint32_t>(sp ? config.sp_rows : config.acc_rows)};
}

bool in_range(const isa::Config& config, const Operand& operand, uint32_t addr) {
  const uint32_t rows = geometry(config, operand.space).rows;
  return operand.base / rows <= addr / rows && addr / rows <= operand.hi;
}

const isa::InstructionInfo* find_instruction(uint32_t opcode) {
  for (const isa::InstructionInfo& info : isa::kInstructions)
    if (static_cast<uint32_t>(info.opcode) == opcode) return &info;
  return nullptr;
}

std::vector<Operand> operands(const isa::Instruction& w) {
  switch (static_cast<isa::Opcode>(w[0] & 0xff)) {
    case isa::Opcode::kLoad: {
      const isa::Load f = isa::Load::unpack(w);
      return {{f.space, f.dst, f.dst_hi}};
    }
    case isa::Opcode::kStore: {
      const isa::Store f = isa::Store::unpack(w);
      return {{f.space, f.src, f.src_hi}};
    }
    case isa::Opcode::kMatmul:
      return operands_of(isa::Matmul::unpack(w));
    case isa::Opcode::kVector:
      return operands_of(isa::Vector::unpack(w));
    case isa::Opcode::kVset:
    case isa::Opcode::kSignal:
      break;
  }
  return {};
}

std::optional<isa::Fault> check(const isa::Config& config, const isa::Instruction& instruction) {
  if (!is_legal(config, instruction)) return isa::Fault::kIllegal;
  const std::vector<Operand> list = operands(instruction);
  for (size_t i = 0; i < list.size(); ++i) {
    if (!is_valid(config, list[i])) return isa::Fault::kOperand;
    for (size_t j = 0; j < i; ++j)
      if (overlap(config, list[i], list[j])) return isa::Fault::kOperand;
  }
  return std::nullopt;
}

}  // namespace millrace::ref
