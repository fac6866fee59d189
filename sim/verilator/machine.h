// SPDX-License-Identifier: Apache-2.0
// A Verilated machine behind one virtual call a cycle. Pins of rtl/millrace.sv as plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sim/verilator/axi_slave.h"
#include "sim/verilator/lite_master.h"

namespace millrace::sim {

class Machine {
 public:
  struct Inputs {
    bool rst_n;
    LiteMaster::ToMachine lite;
    ReadSlave::ToMachine fetch, read;
    WriteSlave::ToMachine write;
  };
  // Completions of the cycle: for unit u bit u of `valid` and the u-th slot and fault code; `head`
  // instructions are dispatched. Of machines whose signals can be seen (observe.vlt).
  struct Completions {
    uint32_t valid = 0, slots = 0, faults = 0, head = 0;
  };
  struct Outputs {
    bool irq;
    Completions done;
    LiteMaster::FromMachine lite;
    ReadSlave::FromMachine fetch, read;
    WriteSlave::FromMachine write;
  };

  virtual ~Machine() = default;
  // Writes an FST waveform from now on, two time steps a cycle. False if the file cannot be
  // written.
  virtual bool open_wave(const std::string& path) = 0;
  // Whether cycles go into the waveform; they do at first.
  virtual void dump(bool on) = 0;
  // One clock cycle: outputs settle with the inputs, then the clock edge.
  virtual void cycle(const Inputs& in, Outputs& out) = 0;
};

// Registers, memories and unknowns start with random values drawn from `seed`.
using MachineFactory = std::unique_ptr<Machine> (*)(uint64_t seed);

}  // namespace millrace::sim
