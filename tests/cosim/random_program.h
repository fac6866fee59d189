// SPDX-License-Identifier: Apache-2.0
// Random programs: every mode of every instruction, contending for banks and segments, cheap enough
// to simulate. The same configuration and options give the same program on every host.
//
// A program is: a prologue of LOADs that initialises the banks it uses; the body; with `dump`,
// STOREs of those banks to memory of their own, and a last SIGNAL with interrupt. Memory is
// `memory_image` from address 0; it already holds the code in the command ring, which has room for
// all of it, unless the ring wraps around: then the host writes an instruction when the ring has
// room for it (host.h), and no segment covers the ring.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "millrace/isa.h"
#include "model/memory/bytes.h"
#include "tests/cosim/weights.h"

namespace millrace::cosim {

struct ProgramOptions {
  uint64_t seed = 1;
  uint32_t count = 120;                  // instructions of the body, 1 to 400
  isa::Fault fault = isa::Fault::kNone;  // one instruction has it
  bool all_banks = false;                // else the program stays in a random window of banks
  bool dump = true;
  const Weights* weights = nullptr;  // of the generator's choices
};

struct Segment {
  uint32_t base = 0;
  uint32_t size = 0;
  bool read = false;
  bool write = false;
  bool operator==(const Segment&) const = default;
};

// Banks [first, first + count) of a memory.
struct BankWindow {
  uint32_t first = 0;
  uint32_t count = 0;
};

// The host lets the machine have instructions [last tail, tail), as soon as the ring has room for
// them, or only when all older ones are complete.
struct Doorbell {
  uint32_t tail = 0;
  bool wait_idle = false;
};

struct Program {
  isa::Config config;
  ProgramOptions options;
  std::vector<isa::Instruction> code;
  size_t body_begin = 0;  // code[body_begin, body_end) is the body
  size_t body_end = 0;
  std::vector<Segment> segments;  // one for each segment of the configuration
  uint32_t ring_base = 0;
  uint32_t ring_log2 = 0;
  std::vector<Doorbell> doorbells;
  std::vector<uint8_t> memory_image;
  memory::AddressRange slverr;        // refused by the bus; with any other fault than BUS empty
  BankWindow sp_window, acc_window;   // initialised; the rest of the banks is never touched
  uint32_t dump_base = 0;             // the window's scratchpad words, then its accumulator rows
  uint32_t last_signal = 0;           // value of the last SIGNAL
  std::optional<size_t> fault_index;  // of the faulting instruction, if one was asked for

  bool ring_wraps() const { return code.size() > size_t{1} << ring_log2; }
  // Where the ring holds instruction `index`.
  uint32_t slot_address(uint32_t index) const {
    return ring_base + (index & ((1u << ring_log2) - 1)) * isa::kWords * 4;
  }
  // Identifies the program in a failure message. Weights are not named.
  std::string repro() const;
};

Program random_program(const isa::Config& config, const ProgramOptions& options);

// The range that BUS programs find refused.
memory::AddressRange refused_range(const isa::Config& config);
// Makes the instructions behind the faulting one illegal: decode sees those first, and must lose
// the record to the older fault.
void spoil_after_fault(Program& program);
// Puts the first instructions of `code` into the ring of the image, as many as it holds.
void write_ring(Program& program);

// For each byte of memory_image, whether its value is defined after a fault of code[index]: the
// faulting instruction and the younger ones cannot write it, and it is not of a ring that wraps.
std::vector<bool> comparable_after_fault(const Program& program, size_t index);

}  // namespace millrace::cosim
