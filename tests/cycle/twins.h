// SPDX-License-Identifier: Apache-2.0
// The golden model and the cycle model's values side by side: the same instruction on the same
// memories must leave the same memories, also when it stops at a fault.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "millrace/isa.h"
#include "model/cycle/values.h"
#include "model/ref/interpreter.h"
#include "tests/cosim/prng.h"

namespace millrace::cycle {

using cosim::Prng;

// How far MATMUL comes before its first BANK fault.
struct Progress {
  uint64_t tiles, rows;
};
Progress matmul_progress(const isa::Config& config, const isa::Matmul& f);
// Results of a VECTOR before its first BANK fault.
uint64_t vector_progress(const isa::Config& config, const isa::Vector& f, const isa::Vset& vset);

class Twins {
 public:
  Twins(const isa::Config& config, Kernel kernel, std::vector<uint8_t> memory)
      : config_(config),
        memory_(std::move(memory)),
        golden_memory_(memory_),
        golden_(config, golden_memory_),
        values_(config, kernel) {}

  ref::Machine& golden() { return golden_; }

  // Random contents, often extreme.
  void fill(Prng& prng);
  // After a change of the golden memories.
  void copy();
  // Executes on both. Returns whether the golden machine stopped at a fault; it has then been
  // reset.
  bool step(const isa::Instruction& w);
  // What differs; empty if nothing does.
  std::string difference();

 private:
  void load(const isa::Load& f);
  void store(const isa::Store& f);
  void signal(const isa::Signal& f);
  uint32_t bus_address(uint32_t seg, uint32_t off) const;

  isa::Config config_;
  std::vector<uint8_t> memory_, golden_memory_;
  ref::Machine golden_;
  Values values_;
  isa::Vset vset_;
};

}  // namespace millrace::cycle
