// SPDX-License-Identifier: Apache-2.0
// The FIFO against std::deque under random push and pop; also the smallest example of a module
// bench.
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "Vfifo_test.h"
#include "verilated.h"

namespace {

constexpr size_t kDepth = 4;

void tick(Vfifo_test& dut) {
  dut.clk_i = 0;
  dut.eval();
  dut.clk_i = 1;
  dut.eval();
}

TEST(Fifo, KeepsOrderAndCapacity) {
  VerilatedContext context;
  context.randReset(2);
  context.randSeed(1);
  Vfifo_test dut(&context, "fifo");
  dut.rst_ni = 0;
  tick(dut);
  dut.rst_ni = 1;

  std::mt19937 rng(1);
  std::deque<uint16_t> expected;
  bool was_full = false;
  for (int cycle = 0; cycle < 2000; ++cycle) {
    dut.in_valid_i = rng() % 3 != 0;
    dut.out_ready_i = rng() % 2 == 0;
    dut.in_data_i = static_cast<uint16_t>(rng());
    dut.eval();
    ASSERT_EQ(dut.in_ready_o, expected.size() < kDepth) << "cycle " << cycle;
    ASSERT_EQ(dut.out_valid_o, !expected.empty()) << "cycle " << cycle;
    was_full |= expected.size() == kDepth;
    const bool push = dut.in_valid_i && dut.in_ready_o;
    if (dut.out_valid_o) {
      ASSERT_EQ(dut.out_data_o, expected.front()) << "cycle " << cycle;
      if (dut.out_ready_i) expected.pop_front();
    }
    if (push) expected.push_back(dut.in_data_i);
    tick(dut);
  }
  EXPECT_TRUE(was_full);
}

}  // namespace
