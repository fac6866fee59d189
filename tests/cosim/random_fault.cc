// SPDX-License-Identifier: Apache-2.0
// Faulting instructions of the program generator.
#include "tests/cosim/random_instruction.h"

namespace millrace::cosim {

using isa::Fault;
using isa::Space;

isa::Instruction InstructionGenerator::faulty(Fault fault) {
  if (fault == Fault::kIllegal) return illegal();
  if (fault != Fault::kOperand) return draw(fault);
  std::optional<isa::Instruction> w;
  while (!w) w = try_operand_fault();
  return *w;
}

isa::Instruction InstructionGenerator::illegal() {
  isa::Instruction w = draw(Fault::kNone);
  const uint32_t opcode = w[0] & 0xff;
  const isa::InstructionInfo& info = isa::kInstructions[opcode - 1];
  const bool dma = info.opcode == isa::Opcode::kLoad || info.opcode == isa::Opcode::kStore;
  if (dma && prng_.one_in(2)) {
    w[0] &= 0xffff;  // row_bytes
    return w;
  }
  if (info.opcode == isa::Opcode::kVector && prng_.one_in(2)) {
    const uint32_t reserved[] = {3u << 8, 3u << 10, 6u << 16, 7u << 16, 3u << 24};
    w[0] |= prng_.pick<uint32_t>(reserved);
    return w;
  }
  if (prng_.one_in(4)) {
    w[0] = (w[0] & ~0xffu) | (prng_.one_in(4) ? 0 : prng_.between(7, 255));
    return w;
  }
  const auto& mask = info.legal[static_cast<size_t>(config_.index)];
  while (true) {
    const size_t word = prng_.below(isa::kWords);
    const uint32_t bit = 1u << prng_.below(32);
    if (mask[word] & bit) continue;
    w[word] |= bit;
    return w;
  }
}

std::optional<isa::Instruction> InstructionGenerator::try_operand_fault() {
  isa::Instruction w = draw(Fault::kNone);
  switch (static_cast<isa::Opcode>(w[0] & 0xff)) {
    case isa::Opcode::kLoad:
    case isa::Opcode::kStore: {
      // Operand address and last bank are at the same place in both.
      const isa::Load f = isa::Load::unpack(w);
      const auto hi = bad_hi(f.space, f.dst);
      if (!hi) return std::nullopt;
      w[1] = (w[1] & ~(0xfu << 16)) | *hi << 16;
      return w;
    }
    case isa::Opcode::kMatmul: {
      isa::Matmul f = isa::Matmul::unpack(w);
      f.b = f.a;
      f.b_hi = f.a_hi;
      return f.pack();
    }
    case isa::Opcode::kVector: {
      isa::Vector f = isa::Vector::unpack(w);
      const isa::Source same = f.dst_kind == Space::kSp ? isa::Source::kSp : isa::Source::kAcc;
      if (f.src1_kind != same) return std::nullopt;
      f.dst = f.src1;
      f.dst_hi = f.src1_hi;
      return f.pack();
    }
    default:
      return std::nullopt;
  }
}

// A last bank that makes the range empty or exceeds the memory.
std::optional<uint32_t> InstructionGenerator::bad_hi(Space space, uint32_t base) {
  const Chip chip = chip_of(config_, space);
  if (chip.banks < 16 && prng_.one_in(2)) return prng_.between(chip.banks, 15);
  if (base < chip.rows) return std::nullopt;
  return prng_.below(base / chip.rows);
}

}  // namespace millrace::cosim
