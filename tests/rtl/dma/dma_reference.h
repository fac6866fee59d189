// SPDX-License-Identifier: Apache-2.0
// What LOAD, STORE and SIGNAL mean (docs/reference/isa.md), element by element, including faults;
// no time. The bench compares the DMA engine with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "millrace/isa.h"

namespace millrace::dma_test {

struct Segment {
  uint32_t base = 0;
  uint32_t size = 0;
  bool read = false;
  bool write = false;
};

// Everything an instruction can change, and where the bus answers with errors.
struct State {
  uint32_t memory_base = 0;     // bus address of memory[0]
  std::vector<uint8_t> memory;  // a multiple of 4 KiB
  std::vector<uint8_t> sp;      // words of dim bytes
  std::vector<uint8_t> acc;     // rows of 4 * dim bytes
  std::vector<Segment> segments;
  uint32_t read_error_one_in = 0;   // of beats; 0: none
  uint32_t write_error_one_in = 0;  // of burst blocks; 0: none
};

struct Outcome {
  isa::Fault fault = isa::Fault::kNone;
  uint32_t addr = 0;
  bool operator==(const Outcome&) const = default;
};

// Whether the bus refuses a read beat, or a write burst by the block of DmaBurst beats it lies in.
bool read_error(const State& state, uint32_t beat_addr);
bool write_error(const State& state, const isa::Config& config, uint32_t addr);

Outcome execute(const isa::Config& config, const isa::Instruction& instruction, State& state);

}  // namespace millrace::dma_test
