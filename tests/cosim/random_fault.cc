// SPDX-License-Identifier: Apache-2.0
// Faulting instructions of the program generator.
#include <algorithm>

#include "model/cycle/reach.h"
#include "tests/cosim/random_instruction.h"

namespace millrace::cosim {

using isa::Fault;
using isa::Space;

std::optional<std::string> InstructionGenerator::point_of(const isa::Instruction& words) const {
  return fault_point({config_, s_.segments, vset_, s_.slverr}, words);
}

// With weights a point of this code is chosen, and tried for.
isa::Instruction InstructionGenerator::faulty(Fault fault) {
  constexpr int kTries = 100;
  const std::string code(isa::kFaultNames[static_cast<size_t>(fault)]);
  std::vector<std::string> points;
  std::vector<uint32_t> shares;
  for (const std::string& point : fault_points(config_)) {
    if (!chooser_.steered() || !point.starts_with(code + " ")) continue;
    points.push_back(point);
    shares.push_back(chooser_.weight("fault/" + point));
  }
  const std::string wanted = points.empty() ? "" : points[chooser_.pick(shares)];
  isa::Instruction w = natural_fault(fault);
  for (int i = 0; i < kTries && !wanted.empty() && point_of(w) != wanted; ++i)
    w = natural_fault(fault);
  return w;
}

isa::Instruction InstructionGenerator::natural_fault(Fault fault) {
  std::optional<isa::Instruction> w;
  switch (fault) {
    case Fault::kIllegal:
      return illegal();
    case Fault::kOperand:
      while (!w) w = try_operand_fault();
      return *w;
    case Fault::kBus:
      while (true) {
        w = draw(fault);
        const auto point = point_of(*w);
        if (point && point->starts_with("bus ")) return *w;
      }
    case Fault::kBank: {
      constexpr isa::Opcode kUnits[] = {isa::Opcode::kMatmul, isa::Opcode::kVector};
      const uint32_t i = chooser_.pick(
          "context/",
          {{"any unit", 14}, {"matmul younger running", 1}, {"vector younger running", 1}});
      return i == 0 ? draw(fault) : late_fault(kUnits[i - 1]);
    }
    default:
      return draw(fault);
  }
}

// Steps of a MATMUL or VECTOR before its fault.
uint64_t InstructionGenerator::steps_of(const isa::Instruction& w) const {
  if (static_cast<isa::Opcode>(w[0] & 0xff) == isa::Opcode::kMatmul) {
    const isa::Matmul f = isa::Matmul::unpack(w);
    const cycle::MatmulReach r = cycle::reach(config_, f);
    return r.tiles * std::max(f.n_oy * f.n_ox, dim_of(config_)) + r.rows;
  }
  const isa::Vector f = isa::Vector::unpack(w);
  return cycle::reach(config_, f, vset_).results * f.n0 * f.n1;
}

// A BANK fault that comes not too early, so that younger instructions have begun.
isa::Instruction InstructionGenerator::late_fault(isa::Opcode opcode) {
  constexpr int kTries = 3;
  isa::Instruction best{};
  uint64_t most = 0;
  for (int i = 0; i < kTries || most == 0; ++i) {
    const auto w = attempt(opcode, prng_.between(i < kTries ? 50 : 1, 400), Fault::kBank);
    if (!w || (i < kTries && steps_of(*w) <= most)) continue;
    most = std::max(steps_of(*w), uint64_t{1});
    best = *w;
  }
  return best;
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

namespace {

// Words 1 to 4 of an instruction that name operands: base in bits 15:0, last bank in 19:16.
uint32_t operand_words(isa::Opcode opcode) {
  switch (opcode) {
    case isa::Opcode::kLoad:
    case isa::Opcode::kStore:
      return 1;
    case isa::Opcode::kMatmul:
      return 3;
    case isa::Opcode::kVector:
      return 4;
    default:
      return 0;
  }
}

}  // namespace

// Draws an operand's bank range anew, or gives it that of another one, until the instruction has
// just this fault.
std::optional<isa::Instruction> InstructionGenerator::try_operand_fault() {
  isa::Instruction w = draw(Fault::kNone);
  const uint32_t n = operand_words(static_cast<isa::Opcode>(w[0] & 0xff));
  if (n == 0) return std::nullopt;
  const uint32_t which = prng_.between(1, n);
  if (n > 1 && prng_.one_in(2)) {
    const uint32_t other = prng_.between(1, n);
    const uint32_t low = w[other] & 0xfffff;
    w[which] = (w[which] & ~0xfffffu) | low;
  } else {
    w[which] = (w[which] & ~(0xfu << 16)) | prng_.below(16) << 16;
  }
  const auto point = point_of(w);
  if (!point || !point->starts_with("operand ")) return std::nullopt;
  return w;
}

std::string InstructionGenerator::unit_of_fault(const isa::Instruction& words) const {
  const std::optional<std::string> point = point_of(words);
  if (point && (point->starts_with("illegal") || point->starts_with("operand"))) return "fetch";
  const auto opcode = static_cast<isa::Opcode>(words[0] & 0xff);
  return opcode == isa::Opcode::kSignal ? "store" : opcode_name(opcode);
}

isa::Instruction InstructionGenerator::beside(const isa::Instruction& other, uint32_t limit,
                                              bool conflict) {
  constexpr int kTries = 60;
  isa::Instruction w = draw(Fault::kNone);
  if (unit_of_fault(other) == "fetch") return w;
  const Footprint p = footprint(config_, other);
  for (int i = 0; i < kTries; ++i) {
    const isa::Opcode opcode = draw_opcode(Fault::kNone);
    if (opcode == isa::Opcode::kVset || opcode == isa::Opcode::kSignal) continue;
    if (queue_of(config_, opcode) == queue_of(config_, p.opcode)) continue;
    w = draw(opcode, limit);
    const bool none = conflicts(p, footprint(config_, w), shares(config_, s_.segments, w)).empty();
    if (none != conflict) break;
  }
  execute(w);
  return w;
}

}  // namespace millrace::cosim
