// SPDX-License-Identifier: Apache-2.0
// Random programs: every mode of every instruction, contending for banks and segments, cheap enough
// to simulate. The same configuration and options give the same program on every host.
//
// A program is: a prologue of LOADs that initialises the banks it uses; the body; with `dump`,
// STOREs of those banks to memory of their own, and a last SIGNAL with interrupt. Memory is
// `memory_image` from address 0; it already holds the code in the command ring, which has room for
// all of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "millrace/isa.h"

namespace millrace::cosim {

struct ProgramOptions {
  uint64_t seed = 1;
  uint32_t count = 120;                  // instructions of the body, 1 to 400
  isa::Fault fault = isa::Fault::kNone;  // kIllegal to kPermission: one instruction has it
  bool all_banks = false;                // else the program stays in a random window of banks
  bool dump = true;
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

struct Program {
  isa::Config config;
  ProgramOptions options;
  std::vector<isa::Instruction> code;
  size_t body_begin = 0;  // code[body_begin, body_end) is the body
  size_t body_end = 0;
  std::vector<Segment> segments;  // one for each segment of the configuration
  uint32_t ring_base = 0;
  uint32_t ring_log2 = 0;
  std::vector<uint8_t> memory_image;
  BankWindow sp_window, acc_window;   // initialised; the rest of the banks is never touched
  uint32_t dump_base = 0;             // the window's scratchpad words, then its accumulator rows
  uint32_t last_signal = 0;           // value of the last SIGNAL
  std::optional<size_t> fault_index;  // of the faulting instruction, if one was asked for

  // Identifies the program in a failure message.
  std::string repro() const;
};

Program random_program(const isa::Config& config, const ProgramOptions& options);

// For each byte of memory_image, whether its value is defined after a fault of code[index]: the
// faulting instruction and the younger ones cannot write it.
std::vector<bool> comparable_after_fault(const Program& program, size_t index);

}  // namespace millrace::cosim
