// SPDX-License-Identifier: Apache-2.0
// Fetch, decode, dispatch and start as docs/reference/timing.md has them, for programs without a
// fault, in program order: every time depends on older instructions only. (With a limit on
// bandwidth bursts compete, and only programs whose fetches all come before their data may be asked
// for.)
#pragma once

#include <span>
#include <vector>

#include "tests/timing/page_dma.h"

namespace millrace::page {

struct Times {
  Cycle dispatch = 0, start = 0;
  Course course;
  uint32_t unit = 0;  // whose queue: load, store, matmul, vector
};

class Machine {
 public:
  Machine(const isa::Config& config, Memory& memory, std::span<const Segment> segments)
      : config_(config), memory_(memory), segments_(segments.begin(), segments.end()) {}

  // `program` is in the ring from address `ring` on; the machine is idle, and the doorbell's
  // handshake is in cycle `doorbell`.
  std::vector<Times> run(Cycle doorbell, uint32_t ring, std::span<const isa::Instruction> program);
  // The cycles in which the first instruction is whole in decode, and in which it starts.
  Cycle first_complete(Cycle doorbell, uint32_t ring);
  Cycle first_start(Cycle doorbell, uint32_t ring) { return first_complete(doorbell, ring) + 1; }

 private:
  struct Use {  // of what two instructions can conflict in
    uint32_t sp = 0, acc = 0, segment = 0;
    bool reads = false, writes = false, signal = false;
  };
  Use use(const isa::Instruction& words) const;
  bool share(uint32_t a, uint32_t b) const;
  bool conflict(const Use& older, const Use& younger) const;
  uint32_t unit(const isa::Instruction& words) const;
  Course course(Dma& load, Dma& store, const isa::Instruction& words, Cycle start) const;

  const isa::Config& config_;
  Memory& memory_;
  std::vector<Segment> segments_;
};

}  // namespace millrace::page
