// SPDX-License-Identifier: Apache-2.0
// Random instructions in the surroundings of a program: its segments, its bank windows and the
// state that the VSETs so far have left.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "millrace/isa.h"
#include "tests/cosim/placement.h"
#include "tests/cosim/prng.h"
#include "tests/cosim/random_program.h"

namespace millrace::cosim {

// Well-formed channel parameters in memory: blocks of nine words, in segment 0.
struct ParamTable {
  uint32_t offset = 0;
  uint32_t blocks = 0;
};

struct Surroundings {
  isa::Config config;
  std::vector<Segment> segments;
  Windows windows;
  ParamTable q31_table, fp32_table;
};

inline uint32_t dim_of(const isa::Config& c) { return static_cast<uint32_t>(c.dim); }
// Largest DMA or vector loop count; 1 without the feature.
inline uint32_t most(const isa::Config& c, int feature) { return feature ? 1u << c.count_bits : 1; }
// Width of an address of either on-chip memory.
inline int chip_bits(const isa::Config& c) { return std::max(c.sp_addr_bits, c.acc_addr_bits); }

class InstructionGenerator {
 public:
  InstructionGenerator(const Surroundings& surroundings, Prng& prng)
      : s_(surroundings), config_(s_.config), prng_(prng) {}

  // One legal instruction, or a LOAD of channel parameters and the VECTOR that takes them.
  std::vector<isa::Instruction> next();
  // One instruction with exactly this fault, kIllegal to kPermission.
  isa::Instruction faulty(isa::Fault fault);

 private:
  // A try gives nothing when its draws do not work out; a smaller limit of steps makes that rarer.
  // With kBank, kSegment or kPermission the instruction has that fault and no other.
  std::optional<isa::Load> try_dma(bool store, uint32_t limit, isa::Fault fault);
  std::optional<isa::Matmul> try_matmul(uint32_t limit, isa::Fault fault);
  std::optional<isa::Vector> try_vector(uint32_t limit, isa::Fault fault);
  std::optional<isa::Signal> try_signal(isa::Fault fault);
  isa::Vset vset();
  std::optional<isa::Instruction> attempt(isa::Opcode opcode, uint32_t limit, isa::Fault fault);
  isa::Opcode draw_opcode(isa::Fault fault);
  // Tries until one works out.
  isa::Instruction draw(isa::Fault fault);

  void draw_dma_shape(isa::Load& f, uint32_t limit, uint32_t segment_size);
  bool place_dma(isa::Load& f, uint32_t segment_size, isa::Fault fault);
  void draw_matmul_shape(isa::Matmul& f, uint32_t limit);
  bool place_matmul(isa::Matmul& f, isa::Fault fault);
  void draw_vector_modes(isa::Vector& f);
  void draw_vector_shape(isa::Vector& f, uint32_t limit);
  bool place_vector(isa::Vector& f, isa::Fault fault);
  std::optional<isa::Instruction> channel_load(const isa::Vector& f);
  std::optional<uint32_t> draw_segment(bool write, bool permitted);
  uint32_t draw_limit();
  uint32_t offset_bits() { return prng_.bits() & offset_mask(); }
  uint32_t offset_mask() const;

  isa::Instruction illegal();
  std::optional<isa::Instruction> try_operand_fault();
  std::optional<uint32_t> bad_hi(isa::Space space, uint32_t base);

  const Surroundings& s_;
  const isa::Config& config_;
  Prng& prng_;
  isa::Vset vset_;
};

}  // namespace millrace::cosim
