// SPDX-License-Identifier: Apache-2.0
// Fixture of the interpreter tests: a golden machine of each configuration over 64 KiB of memory.
// Segment 0 covers all of it for reading and writing, 1 only for reading, 2 only for writing, 3 is
// a small one: 64 bytes at kSmallBase, reading and writing.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/ref/interpreter.h"

namespace millrace::ref {

class MachineTest : public testing::TestWithParam<isa::Config> {
 protected:
  static constexpr uint32_t kMemory = 0x10000;
  static constexpr uint32_t kSmallBase = 0x8000;
  static constexpr uint32_t kSmallSize = 64;

  MachineTest() : memory_(kMemory), machine_(GetParam(), memory_) {
    machine_.set_segment(0, {0, kMemory, true, true});
    machine_.set_segment(1, {0, kMemory, true, false});
    machine_.set_segment(2, {0, kMemory, false, true});
    machine_.set_segment(3, {kSmallBase, kSmallSize, true, true});
  }

  const isa::Config& config() const { return machine_.config(); }
  uint32_t dim() const { return static_cast<uint32_t>(config().dim); }
  uint32_t sp_rows() const { return static_cast<uint32_t>(config().sp_rows); }
  uint32_t sp_words() const { return static_cast<uint32_t>(config().sp_words()); }
  uint32_t acc_rows() const { return static_cast<uint32_t>(config().acc_rows); }
  uint32_t acc_words() const { return static_cast<uint32_t>(config().acc_words()); }
  uint32_t last_sp_bank() const { return static_cast<uint32_t>(config().sp_banks) - 1; }
  uint32_t last_acc_bank() const { return static_cast<uint32_t>(config().acc_banks) - 1; }
  uint32_t offset_mask() const {
    return static_cast<uint32_t>((uint64_t{1} << config().offset_bits) - 1);
  }

  int8_t& sp(uint32_t word, uint32_t lane) { return machine_.scratchpad()[word * dim() + lane]; }
  int32_t& acc(uint32_t row, uint32_t lane) { return machine_.accumulators()[row * dim() + lane]; }
  void fill_sp(uint32_t word, int8_t value) {
    for (uint32_t n = 0; n < dim(); ++n) sp(word, n) = value;
  }
  void fill_acc(uint32_t row, int32_t value) {
    for (uint32_t n = 0; n < dim(); ++n) acc(row, n) = value;
  }
  // Memory byte i = i + 1 modulo 256.
  void count_memory() {
    for (uint32_t i = 0; i < kMemory; ++i) memory_[i] = static_cast<uint8_t>(i + 1);
  }

  template <typename T>
  void run(const T& fields) {
    const auto fault = machine_.step(fields.pack());
    ASSERT_FALSE(fault) << "fault " << static_cast<uint32_t>(fault->code) << " at " << fault->addr;
  }
  template <typename T>
  void expect_fault(const T& fields, isa::Fault code, isa::Unit unit, uint32_t addr) {
    expect_fault(fields.pack(), code, unit, addr);
  }
  void expect_fault(const isa::Instruction& w, isa::Fault code, isa::Unit unit, uint32_t addr) {
    const uint32_t index = machine_.executed();
    const auto fault = machine_.step(w);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->code, code);
    EXPECT_EQ(fault->unit, unit);
    EXPECT_EQ(fault->index, index);
    EXPECT_EQ(fault->addr, addr);
    machine_.reset();
  }

  std::vector<uint8_t> memory_;
  Machine machine_;
};

inline std::string config_name(const testing::TestParamInfo<isa::Config>& info) {
  return std::string(info.param.name);
}

// Skips a test that needs a feature which the configuration lacks.
#define MILLRACE_NEEDS(feature) \
  if (!config().feature) GTEST_SKIP() << "no " #feature

}  // namespace millrace::ref
