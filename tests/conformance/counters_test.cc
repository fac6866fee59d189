// SPDX-License-Identifier: Apache-2.0
// Counters: CYCLES and the causes of every cycle (docs/reference/registers.md).
#include "tests/conformance/suite.h"

namespace millrace::conformance {
namespace {

class Counters : public WorkingChapter {
 protected:
  void SetUp() override {
    WorkingChapter::SetUp();
    if (HasFatalFailure()) return;
    host.soft_reset();  // comparing segments takes cycles
  }
  uint64_t cycles() {
    const uint64_t low = host.read(reg::kCycles);
    return uint64_t{host.read(reg::kCyclesHi)} << 32 | low;
  }
  std::vector<isa::Instruction> program() const {
    return {load(config(), 1, 0), store(config(), 1, 4 * dim()), matmul().pack(), signal(1, 0, 1)};
  }
  // 6 rows of 2 tiles each.
  isa::Matmul matmul() const {
    isa::Matmul f;
    f.b = static_cast<uint32_t>(config().sp_rows);
    f.b_hi = 1;
    f.n_ox = 3;
    f.n_oy = 2;
    f.n_ct = 2;
    return f;
  }
  uint32_t causes(uint32_t unit) {
    uint32_t sum = host.read(reg::kBusyLoad + 4 * unit);
    for (uint32_t v = 0; v < 4; ++v) sum += host.read(reg::kEmptyLoad + 4 * (4 * unit + v));
    return sum;
  }
};

TEST_F(Counters, AMachineWithoutTimeCountsNoCycles) {
  if (subject().time) GTEST_SKIP() << "this one has time";
  host.run(program());
  EXPECT_EQ(cycles(), 0u);
  for (uint32_t unit = 0; unit < 4; ++unit) EXPECT_EQ(causes(unit), 0u);
}

TEST_F(Counters, CountWorkOnly) {
  if (!subject().time) GTEST_SKIP() << "a machine without time";
  EXPECT_EQ(cycles(), 0u) << "nothing has run since the reset";
  ASSERT_TRUE(device().advance(100000));
  EXPECT_EQ(cycles(), 0u) << "an idle machine counts nothing";
  host.run(program());
  const uint64_t after = cycles();
  EXPECT_GE(after, 12u) << "the products alone take that long";
  ASSERT_TRUE(device().advance(100000));
  EXPECT_EQ(cycles(), after) << "an idle machine counts nothing";
  host.run(program());
  EXPECT_GT(cycles(), after) << "it goes on from where it was";
  host.soft_reset();
  EXPECT_EQ(cycles(), 0u) << "a reset clears it";
}

TEST_F(Counters, NeverGoBack) {
  if (!subject().time) GTEST_SKIP() << "a machine without time";
  host.start_endless();
  uint32_t before = host.read(reg::kCycles);
  for (int i = 0; i < 20 && !HasFailure(); ++i) {
    ASSERT_TRUE(device().advance(200));
    const uint32_t now = host.read(reg::kCycles);
    EXPECT_LT(now - before, 1u << 31) << "from " << before << " to " << now;
    EXPECT_NE(now, before) << "the machine works and CYCLES stands still";
    before = now;
  }
}

TEST_F(Counters, StopAtAFault) {
  if (!subject().time) GTEST_SKIP() << "a machine without time";
  host.submit({signal(1, 0, 1), kIllegal});
  host.settle();
  const uint64_t stopped = cycles();
  EXPECT_GT(stopped, 0u);
  ASSERT_TRUE(device().advance(10000));
  EXPECT_EQ(cycles(), stopped);
}

TEST_F(Counters, EveryCycleHasOneCause) {
  if (!config().counters) GTEST_SKIP() << "the configuration has no counters of units";
  if (!subject().time) GTEST_SKIP() << "a machine without time";
  host.run(program());
  for (uint32_t unit = 0; unit < 4; ++unit)
    EXPECT_EQ(causes(unit), host.read(reg::kCycles)) << isa::kUnitNames[unit];
  for (uint32_t unit = 0; unit < 3; ++unit)
    EXPECT_GT(host.read(reg::kBusyLoad + 4 * unit), 0u) << isa::kUnitNames[unit];
  host.expect(reg::kBusyVector, 0, "no VECTOR has run");
  EXPECT_LE(host.read(reg::kMemoryLoad), host.read(reg::kBusyLoad));
  EXPECT_LE(host.read(reg::kMemoryStore), host.read(reg::kBusyStore));
}

TEST_F(Counters, ReadZeroWithoutThem) {
  if (config().counters) GTEST_SKIP() << "the configuration has counters of units";
  host.run(program());
  for (uint32_t offset = reg::kBusyLoad; offset <= reg::kEmptyVector; offset += 4)
    host.expect(offset, 0, "the configuration has none");
}

TEST_F(Counters, ProductsAreCounted) {
  if (!config().counters) GTEST_SKIP() << "the configuration has no counters of units";
  host.run(program());
  host.expect(reg::kMatmulSteps, 12, "6 rows of 2 tiles");
  host.run({matmul().pack()});
  host.expect(reg::kMatmulSteps, 24, "and once more");
}

}  // namespace
}  // namespace millrace::conformance
