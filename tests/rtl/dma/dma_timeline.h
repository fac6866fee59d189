// SPDX-License-Identifier: Apache-2.0
// When the DMA engine does what, as recurrences over bursts: the timing contract of rtl/dma/dma.sv
// on a memory that never stalls and answers `latency` cycles after an address (reads) or a last
// beat (writes).
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "millrace/isa.h"
#include "tests/rtl/dma/dma_reference.h"

namespace millrace::dma_test {

class Timeline {
 public:
  // `serial`: an engine for both directions.
  Timeline(const isa::Config& config, const std::vector<Segment>& segments, bool serial,
           uint32_t latency)
      : config_(config), segments_(segments), serial_(serial), latency_(latency) {}

  // Adds the next instruction; dispatch offers it as soon as it may. Returns the cycle of its done.
  uint64_t add(const isa::Instruction& instruction);

 private:
  struct Row {
    uint32_t addr;
    uint32_t first_bad;  // first word outside its banks, or none
  };

  bool load() const { return opcode_ == isa::Opcode::kLoad; }
  uint32_t dim() const { return static_cast<uint32_t>(config_.dim); }
  std::vector<Row> rows(const isa::Load& op, bool* faults) const;
  uint32_t first_bad(const isa::Load& op, uint32_t chip) const;
  void start();
  void burst(const Row& row, uint32_t from, uint32_t beats);
  void read_beats(uint32_t beats, uint64_t offered);
  void write_beats(uint32_t beats, uint64_t offered, uint32_t bad_beat);

  const isa::Config& config_;
  const std::vector<Segment>& segments_;
  const bool serial_;
  const uint32_t latency_;

  isa::Opcode opcode_{};
  bool bad_ = false;              // the store has met its first bad word
  uint64_t op_valid_ = 0;         // the instruction is offered
  uint64_t launch_ = 0;           // its next row may be taken
  uint64_t response_ = 0;         // last read beat or write response so far
  uint64_t idle_ = 0;             // first cycle with nothing in flight
  uint64_t free_ = 0;             // first cycle after the done of all older instructions
  uint64_t slot_ = 0;             // last write beat issued
  uint64_t word_ = 0;             // last word written on chip
  std::deque<uint64_t> retired_;  // last response of each burst
  std::deque<uint64_t> popped_;   // instruction leaves the data side
};

}  // namespace millrace::dma_test
