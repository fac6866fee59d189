// SPDX-License-Identifier: Apache-2.0
// Faults: the record of every code, what has run and what has not, recovery (docs/reference/isa.md,
// Faults).
#include "tests/conformance/random.h"
#include "tests/conformance/suite.h"

namespace millrace::conformance {
namespace {

using isa::Fault;
using isa::Unit;

class Faults : public WorkingChapter {
 protected:
  void SetUp() override {
    WorkingChapter::SetUp();
    if (HasFatalFailure()) return;
    host.ring(4);
    host.set_bytes(kData, std::vector<uint8_t>(kDataBytes, 0));
  }
  Record stopped_by(std::initializer_list<isa::Instruction> code) {
    host.submit(code);
    host.settle();
    return host.record();
  }
};

// Every kind of mistake in every instruction: the step `faults` of the self-test compares the
// record with the golden model's, and looks for what is older, and for recovery.
TEST_F(Faults, RecordsOfEveryMistake) {
  selftest::Report report;
  expect_passes(selftest::check_faults, report);
}

TEST_F(Faults, WhatIsOlderIsComplete) {
  const uint32_t at = kDataBytes;  // behind the segment
  EXPECT_EQ(stopped_by({signal(1, 0, 1, true), signal(1, 4, 2), signal(1, at, 3)}),
            (Record{Fault::kSegment, Unit::kStore, 2, at}));
  EXPECT_EQ(host.words(kData, 2), (std::vector<uint32_t>{1, 2}));
  host.expect(reg::kSignalValue, config().signal_register ? 2 : 0, "the last one completed");
  host.expect(reg::kStatus, kFaulted, "stopped, not idle");
}

TEST_F(Faults, NothingRunsBehindAnIllegalInstruction) {
  EXPECT_EQ(stopped_by({signal(1, 0, 1), kIllegal, signal(1, 4, 2), signal(1, 8, 3)}),
            (Record{Fault::kIllegal, Unit::kFetch, 1, 0}));
  EXPECT_EQ(host.words(kData, 3), (std::vector<uint32_t>{1, 0, 0}));
  host.expect(reg::kRingHead, 1, "the instruction was not dispatched");
}

TEST_F(Faults, TheFirstOneIsRecorded) {
  const uint32_t at = kDataBytes;
  EXPECT_EQ(stopped_by({load(config(), 1, at), kIllegal, signal(1, at + 4, 3)}),
            (Record{Fault::kSegment, Unit::kLoad, 0, at}));
}

TEST_F(Faults, StayUntilAReset) {
  const Record wanted{Fault::kIllegal, Unit::kFetch, 0, 0};
  EXPECT_EQ(stopped_by({kIllegal}), wanted);
  host.submit({signal(1, 0, 1)});
  ASSERT_TRUE(device().advance(1000));
  EXPECT_EQ(host.record(), wanted);
  EXPECT_EQ(host.word(kData), 0u) << "a stopped machine has run an instruction";
  host.write(reg::kIrqStatus, ~0u);
  EXPECT_EQ(host.record(), wanted) << "the record is not an interrupt";
  host.soft_reset();
  EXPECT_EQ(host.record(), Record{});
  host.expect(reg::kFault, 0, "a reset clears it");
  host.run({signal(1, 4, 2)});
  EXPECT_EQ(host.word(kData + 4), 2u) << "the machine works again";
}

TEST_F(Faults, ManyInARow) {
  for (uint32_t i = 0; i < 12 && !HasFailure(); ++i) {
    const uint32_t at = kDataBytes + 4 * i * dim();
    EXPECT_EQ(stopped_by({signal(1, 4 * i, i + 1), load(config(), 1, at)}),
              (Record{Fault::kSegment, Unit::kLoad, 1, at}));
    EXPECT_EQ(host.word(kData + 4 * i), i + 1);
    host.soft_reset();
  }
}

TEST_F(Faults, AddressesBeyondMemory) {
  if (!subject().refuses) GTEST_SKIP() << "no address of this bus is refused";
  const uint64_t end = device().mem_bytes();
  const auto base = static_cast<uint32_t>(end);
  host.segment(1, base, 0x1000, kReadable | kWritable);
  EXPECT_EQ(stopped_by({load(config(), 1, 0)}), (Record{Fault::kBus, Unit::kLoad, 0, base}));
  host.soft_reset();
  EXPECT_EQ(stopped_by({store(config(), 1, 0)}), (Record{Fault::kBus, Unit::kStore, 0, base}));
  host.soft_reset();
  host.ring(1, base - 4 * isa::kWords);  // the second instruction lies beyond
  const std::vector<uint8_t> vset = {static_cast<uint8_t>(isa::Opcode::kVset), 0, 0, 0};
  host.set_bytes(end - 4 * isa::kWords, std::vector<uint8_t>(4 * isa::kWords, 0));
  host.set_bytes(end - 4 * isa::kWords, vset);
  host.write(reg::kRingTail, 2);
  host.settle();
  EXPECT_EQ(host.record(), (Record{Fault::kBus, Unit::kFetch, 1, base}));
}

// A fault of each code in the middle of random programs, against the golden model.
TEST_F(Faults, InRandomPrograms) {
  for (const Fault code :
       {Fault::kIllegal, Fault::kOperand, Fault::kBank, Fault::kSegment, Fault::kPermission})
    for (uint64_t seed = 1; seed <= 3; ++seed) check_random_program(subject(), seed, code);
}

}  // namespace
}  // namespace millrace::conformance
