// SPDX-License-Identifier: Apache-2.0
// Time: what advance() promises (docs/developer/conformance.md).
#include <chrono>

#include "tests/conformance/suite.h"

namespace millrace::conformance {
namespace {

constexpr uint64_t kForever = uint64_t{1} << 40;  // cycles
constexpr uint32_t kLook = 300;                   // cycles that a look at a register may take

class Time : public WorkingChapter {
 protected:
  void pass(uint64_t cycles) {
    const auto start = std::chrono::steady_clock::now();
    const Status status = device().advance(cycles);
    EXPECT_TRUE(status) << status.error().message;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20))
        << "advance(" << cycles << ") does not return early";
  }
};

TEST_F(Time, ReturnsEarlyOnAnIdleMachine) {
  pass(0);
  pass(1);
  pass(kForever);
  host.expect(reg::kStatus, kIdle, "nothing has happened");
}

TEST_F(Time, ReturnsEarlyOnAStoppedMachine) {
  host.submit({kIllegal});
  host.settle();
  pass(kForever);
  host.expect(reg::kStatus, kFaulted, "it waits for a reset");
}

// A machine without time may return after anything it has done.
TEST_F(Time, ReturnsWhenTheWorkIsDone) {
  host.submit({load(config(), 1, 0), store(config(), 1, 4 * dim()), signal(1, 0, 9)});
  for (int i = 0; i < (subject().time ? 1 : 4); ++i) pass(kForever);
  EXPECT_EQ(host.word(kData), 9u) << "the program has not run";
  host.expect(reg::kStatus, kIdle, "the work is done");
}

TEST_F(Time, ReturnsWhenTheMachineIsStopped) {
  host.submit({signal(1, 0, 9), kIllegal});
  for (int i = 0; i < (subject().time ? 1 : 4); ++i) pass(kForever);
  host.expect(reg::kStatus, kFaulted, "stopped by the fault");
  EXPECT_EQ(host.word(kData), 9u);
}

TEST_F(Time, PassesAsLongAsTheMachineWorks) {
  if (!subject().time) GTEST_SKIP() << "a machine without time";
  host.start_endless();
  const uint32_t before = host.read(reg::kCycles);
  pass(5000);
  const uint32_t passed = host.read(reg::kCycles) - before;
  EXPECT_GE(passed, 5000u) << "advance(5000) returned early although the machine works";
}

TEST_F(Time, PassesNoFurtherThanAsked) {
  if (!subject().time) GTEST_SKIP() << "a machine without time";
  if (subject().outside) GTEST_SKIP() << "the time of a machine outside passes by itself";
  host.start_endless();
  for (const uint32_t cycles : {0u, 1u, 50u, 5000u}) {
    const uint32_t before = host.read(reg::kCycles);
    pass(cycles);
    EXPECT_LE(host.read(reg::kCycles) - before, cycles + kLook) << "advance(" << cycles << ")";
  }
}

}  // namespace
}  // namespace millrace::conformance
