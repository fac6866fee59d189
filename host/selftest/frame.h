// SPDX-License-Identifier: Apache-2.0
// A case of the instruction test: a small program around the instructions under test. It gives the
// on-chip memories known contents, runs the instructions, and stores what they wrote, with a word
// before and after.
//
// Segment 1 holds the input (read), 2 the output (read and write); 3 and up are the output again,
// skewed_by() bytes further on.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "host/kernels/program.h"
#include "millrace/isa.h"

namespace millrace::selftest {

inline constexpr int kInput = 1, kOutput = 2;
// The bus address of this offset of input and output is a multiple of 4 KiB where memory has room
// for it, so that rows across it must be split into bursts.
inline constexpr uint32_t kPageOffset = 512;

// Part of the output.
struct Dump {
  uint32_t at, bytes;  // in the output
  std::string what;    // "scratchpad word", "accumulator row", "memory byte"
  uint32_t first;      // number of the first one
  uint32_t unit;       // bytes of one
};

struct Case {
  std::string name;  // "vector op=mul"
  isa::Opcode opcode;
  std::vector<isa::Instruction> code;
  std::vector<isa::Instruction> tested;  // those of the code under test
  uint32_t from = 0, to = 0;             // bytes of the output that are looked at
  std::vector<Dump> dumps;
};

// Layout of the input: random bytes, then blocks of channel parameters.
uint32_t random_bytes(const isa::Config& config);
uint32_t input_bytes(const isa::Config& config);
uint32_t output_bytes(const isa::Config& config);
uint32_t skewed_by(const isa::Config& config, uint32_t segment);
std::vector<uint8_t> case_input(const isa::Config& config, uint64_t seed);

// Blocks of nine words each. The first four are the frame's own.
inline constexpr uint32_t kQ31Block = 4, kFp32Block = 7, kBlocks = 10;
inline constexpr uint32_t kBlockWords = 9;

// Bits of a field that the configuration has.
uint32_t legal_bits(const isa::Config& config, const isa::InstructionInfo& info,
                    const isa::Field& field);
// The words without what the configuration does not have.
isa::Instruction legal_part(const isa::Config& config, isa::Instruction words);

class Frame {
 public:
  // Loads the first banks of the scratchpad, at least four.
  Frame(const isa::Config& config, std::string name, isa::Opcode opcode, uint32_t banks = 4);
  // Channel parameters to a bank, at a word of it.
  void params(uint32_t bank, uint32_t word = 0);
  // Gives all accumulators known contents; takes scratchpad banks 0 and 1 without dma_acc.
  void accumulators();
  void test(const isa::Instruction& words);
  void set(const isa::Vset& vset);
  // Stores places of an on-chip memory: all, or the first and the last of very many. Without
  // dma_acc accumulators go through scratchpad bank 2 and the parameters in bank 3, four times a
  // row: the value's bytes from the lowest on.
  void dump(isa::Space space, const std::set<uint32_t>& places);
  // Memory that the instructions under test write themselves.
  void written(uint32_t from, uint32_t to);
  // The output up to this byte is read by the instructions under test.
  void reads_output(uint32_t to);
  Case take() { return std::move(case_); }

 private:
  struct Run {
    uint32_t first, count;
  };
  std::vector<Run> runs_of(isa::Space space, const std::set<uint32_t>& places) const;
  void add(const std::vector<isa::Instruction>& code);
  void load(const Transfer& transfer);
  void store(const Transfer& transfer);
  void dump_extracted(const std::vector<Run>& runs);

  const isa::Config& config_;
  uint32_t dim_;
  Case case_;
  uint32_t cursor_ = 0;  // of dumps in the output
};

}  // namespace millrace::selftest
