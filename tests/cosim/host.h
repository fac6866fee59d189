// SPDX-License-Identifier: Apache-2.0
// The host's part of a random program: the same register and memory accesses for every Device.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "host/driver/device.h"
#include "tests/cosim/random_program.h"

namespace millrace::cosim {

// What a program leaves behind.
struct Outcome {
  uint32_t status = 0, fault = 0, fault_index = 0, fault_addr = 0, signal_value = 0, head = 0,
           irq = 0;
  // Of a machine that counts: CYCLES, and for each unit the cycles of all causes together.
  uint64_t cycles = 0;
  std::array<uint64_t, 4> causes{};
  std::vector<uint8_t> memory;
  bool faulted() const { return status >> reg::kStatusFaultLow & 1; }
  isa::Fault code() const {
    return static_cast<isa::Fault>(fault >> reg::kFaultCodeLow & ((1u << reg::kFaultCodeBits) - 1));
  }
  isa::Unit unit() const {
    return static_cast<isa::Unit>(fault >> reg::kFaultUnitLow & ((1u << reg::kFaultUnitBits) - 1));
  }
};

// A soft reset, until the machine is idle again.
Status soft_reset(Device& device);
// Resets, writes memory, ring and segments, and rings the first doorbell.
Status start(Device& device, const Program& program);
// start(), the other doorbells, and the end of the program, or a fault.
Result<Outcome> run(Device& device, const Program& program);

}  // namespace millrace::cosim
