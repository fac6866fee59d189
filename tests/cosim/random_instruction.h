// SPDX-License-Identifier: Apache-2.0
// Random instructions in the surroundings of a program: its segments, its bank windows and the
// state that the VSETs so far have left.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "millrace/isa.h"
#include "tests/cosim/fault_points.h"
#include "tests/cosim/footprint.h"
#include "tests/cosim/placement.h"
#include "tests/cosim/prng.h"
#include "tests/cosim/random_program.h"

namespace millrace::cosim {

// Well-formed channel parameters in memory: blocks of nine words; offset in segment 0.
struct ParamTable {
  uint32_t offset = 0;
  uint32_t blocks = 0;
};

struct Surroundings {
  isa::Config config;
  std::vector<Segment> segments;
  Windows windows;
  ParamTable q31_table, fp32_table;
  uint32_t image_bytes = 0;                   // memory that programs without BUS fault may use
  std::optional<uint32_t> around_segment{};   // reaches around the end of the address space
  std::optional<uint32_t> refused_segment{};  // only BUS faults use it
  bool refused_fetch = false;                 // the BUS fault is that of the fetch
  memory::AddressRange slverr{};
};

inline uint32_t dim_of(const isa::Config& c) { return static_cast<uint32_t>(c.dim); }
// Largest DMA or vector loop count; 1 without the feature.
inline uint32_t most(const isa::Config& c, int feature) { return feature ? 1u << c.count_bits : 1; }
// Width of an address of either on-chip memory.
inline int chip_bits(const isa::Config& c) { return std::max(c.sp_addr_bits, c.acc_addr_bits); }

class InstructionGenerator {
 public:
  InstructionGenerator(const Surroundings& surroundings, Prng& prng, const Weights* weights);

  // One legal instruction, or two: a LOAD of channel parameters and the VECTOR that takes them; an
  // instruction and a younger one that waits for it.
  std::vector<isa::Instruction> next();
  // One instruction with exactly this fault. With weights, a point is chosen and tried for first.
  isa::Instruction faulty(isa::Fault fault);
  // The unit that reports it, "fetch" for a fault of decode.
  std::string unit_of_fault(const isa::Instruction& words) const;
  // A legal instruction of another unit that has, if that works out, a conflict with `other` or
  // none.
  isa::Instruction beside(const isa::Instruction& other, uint32_t limit, bool conflict);

 private:
  // Two instructions in a row that a coverage point asks for.
  struct Goal {
    std::string point;
    isa::Opcode older, younger;
    std::string conflict;  // empty: none wanted
  };

  // A try gives nothing when its draws do not work out; a smaller limit of steps makes that rarer.
  // With kBank, kSegment, kPermission or kBus the instruction has that fault and no other.
  std::optional<isa::Load> try_dma(bool store, uint32_t limit, isa::Fault fault);
  std::optional<isa::Matmul> try_matmul(uint32_t limit, isa::Fault fault);
  std::optional<isa::Vector> try_vector(uint32_t limit, isa::Fault fault);
  std::optional<isa::Signal> try_signal(isa::Fault fault);
  isa::Vset vset();
  std::optional<isa::Instruction> attempt(isa::Opcode opcode, uint32_t limit, isa::Fault fault);
  isa::Opcode draw_opcode(isa::Fault fault);
  // Tries until one works out.
  isa::Instruction draw(isa::Fault fault);
  isa::Instruction draw(isa::Opcode opcode, uint32_t limit);
  void execute(const isa::Instruction& words);

  // How a row of a LOAD or STORE is wanted.
  struct RowWish {
    RowClass which = RowClass::kWhole;
    bool chip_around = false;  // over the end of the on-chip memory
    bool memory_around = false;
  };
  std::string dma_prefix() const { return dma_store_ ? "store/" : "load/"; }
  RowWish draw_row(isa::Load& f, uint32_t limit);
  bool draw_dma_shape(isa::Load& f, uint32_t limit, RowWish& wish);
  bool draw_memory_strides(isa::Load& f, RowWish& wish);
  bool place_dma(isa::Load& f, const RowWish& wish, isa::Fault fault);
  bool place_around(isa::Load& f);
  void draw_matmul_shape(isa::Matmul& f, uint32_t limit);
  bool draw_again(isa::Matmul& f);
  bool place_matmul(isa::Matmul& f, isa::Fault fault);
  void draw_vector_modes(isa::Vector& f);
  void draw_operation(isa::Vector& f);
  void draw_vector_shape(isa::Vector& f, uint32_t limit);
  bool place_vector(isa::Vector& f, isa::Fault fault);
  void draw_scaling(isa::Vset& f);
  std::optional<isa::Instruction> channel_load(const isa::Vector& f);
  std::optional<uint32_t> draw_segment(bool write, isa::Fault fault);
  uint32_t draw_limit();
  uint32_t offset_bits() { return prng_.bits() & offset_mask(); }
  uint32_t offset_mask() const;

  // Pairs that the weights ask for, by their points.
  void list_goals(const Weights& weights);
  std::vector<isa::Instruction> pursue(const Goal& goal);

  std::optional<std::string> point_of(const isa::Instruction& words) const;
  isa::Instruction natural_fault(isa::Fault fault);
  uint64_t steps_of(const isa::Instruction& words) const;
  isa::Instruction late_fault(isa::Opcode opcode);
  isa::Instruction illegal();
  std::optional<isa::Instruction> try_operand_fault();

  const Surroundings& s_;
  const isa::Config& config_;
  Prng& prng_;
  Chooser chooser_;
  isa::Vset vset_;
  bool dma_store_ = false;  // of the LOAD or STORE that is drawn
  std::vector<Goal> goals_;
  std::vector<uint32_t> goal_shares_;
};

}  // namespace millrace::cosim
