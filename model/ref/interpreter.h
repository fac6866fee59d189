// SPDX-License-Identifier: Apache-2.0
// The golden model: executes one instruction after the other as docs/reference/isa.md says. It
// knows no time.
//
// A fault stops at exactly the element that the manual names: everything before it has executed.
// The bus of this model is a span of memory that starts at address 0; an access beyond it is a BUS
// fault at the bus address of the word. Faults that a real bus injects are unknown here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "millrace/isa.h"
#include "model/ref/decode.h"

namespace millrace::ref {

struct Segment {
  uint32_t base = 0;  // bus address of the first byte
  uint64_t size = 0;  // bytes
  bool read = false;
  bool write = false;
  bool operator==(const Segment&) const = default;
};

struct Fault {
  isa::Fault code = isa::Fault::kNone;
  isa::Unit unit = isa::Unit::kLoad;
  uint32_t index = 0;  // of the instruction since reset
  uint32_t addr = 0;   // docs/reference/registers.md, FAULT_ADDR
  bool operator==(const Fault&) const = default;
};

class Machine {
 public:
  static constexpr int kMaxDim = 32;

  // The memory must outlive the machine. On-chip memories start as zeros, which programs may not
  // rely on.
  Machine(const isa::Config& config, std::span<uint8_t> memory);

  // Executes one instruction. After a fault the machine takes no more instructions until reset().
  std::optional<Fault> step(const isa::Instruction& instruction);

  // Everything but segments and on-chip memories, whose contents a program may not rely on.
  void reset();

  void set_segment(size_t index, const Segment& segment) { segments_.at(index) = segment; }
  const Segment& segment(size_t index) const { return segments_.at(index); }

  const isa::Config& config() const { return config_; }
  // Words of dim lanes, one after the other.
  std::span<int8_t> scratchpad() { return sp_; }
  std::span<int32_t> accumulators() { return acc_; }
  const isa::Vset& vset() const { return vset_; }
  uint32_t executed() const { return executed_; }  // instructions since reset that decode let pass
  uint32_t signal_value() const { return signal_value_; }
  uint64_t matmul_steps() const { return matmul_steps_; }
  // Whether a SIGNAL raised the interrupt since the last call.
  bool take_irq();

 private:
  // Why and where an instruction stopped.
  struct Stop {
    isa::Fault code;
    uint32_t addr;
  };
  using Outcome = std::optional<Stop>;
  using Row = std::array<int32_t, kMaxDim>;
  // Channel parameters of the current iteration of loop 3.
  struct Channel {
    Row bias, mult, shift;
  };
  // One tile of B: column n is values[n], K-contiguous.
  struct Tile {
    std::array<std::array<int16_t, kMaxDim>, kMaxDim> values;
  };

  Outcome execute(const isa::Instruction& instruction);
  Outcome load(const isa::Load& f);
  Outcome store(const isa::Store& f);
  Outcome signal(const isa::Signal& f);
  Outcome matmul(const isa::Matmul& f);
  Outcome vector(const isa::Vector& f);

  Outcome check_segment(uint32_t seg, uint32_t off, uint64_t bytes, bool write) const;
  Outcome check_bank(const Operand& operand, uint32_t addr) const;
  Outcome check_bus(uint32_t addr, size_t bytes) const;
  uint32_t segment_offset(uint32_t off) const;
  uint32_t bus_address(uint32_t seg, uint32_t off) const;
  uint32_t chip_address(isa::Space space, uint32_t addr) const;

  std::array<uint8_t, kMaxDim> read_word(isa::Space space, uint32_t addr, uint32_t quarter) const;
  void write_word(isa::Space space, uint32_t addr, uint32_t quarter,
                  const std::array<uint8_t, kMaxDim>& word);

  Outcome load_tile(const isa::Matmul& f, uint32_t base, Tile& tile) const;
  Outcome stream_tile(const isa::Matmul& f, uint32_t a, uint32_t d, const Tile& tile, bool add);
  void multiply_row(uint32_t x, uint32_t y, const Tile& tile, bool add);

  Outcome read_channel(const isa::Vector& f, uint32_t i3, Channel& channel) const;
  Outcome reduce(const isa::Vector& f, uint32_t i2, uint32_t i3, Row& result) const;
  Outcome read_source(const Operand& operand, isa::Source kind, uint32_t addr, Row& row) const;
  void write_result(const isa::Vector& f, uint32_t addr, const Row& row, const Channel& channel);

  const isa::Config config_;
  const size_t dim_;
  std::span<uint8_t> memory_;
  std::vector<int8_t> sp_;
  std::vector<int32_t> acc_;
  std::vector<Segment> segments_;
  isa::Vset vset_;
  uint32_t executed_ = 0;
  bool stopped_ = false;
  uint32_t signal_value_ = 0;
  bool irq_ = false;
  uint64_t matmul_steps_ = 0;
};

}  // namespace millrace::ref
