// SPDX-License-Identifier: Apache-2.0
// Registers: identity, values after a reset, what is read-only, locked, unknown
// (docs/reference/registers.md).
#include <algorithm>

#include "host/selftest/selftest.h"
#include "tests/conformance/suite.h"

namespace millrace::conformance {
namespace {

constexpr uint32_t kRegisterBytes = 0x1000;  // of the register map

class Registers : public Chapter {
 protected:
  // Locked ones: the ring, and all of every segment.
  std::vector<uint32_t> locked() const {
    std::vector<uint32_t> offsets = {reg::kRingBase, reg::kRingLog2};
    for (uint32_t s = 0; s < static_cast<uint32_t>(config().segments); ++s)
      for (const uint32_t first : {reg::kSegBase, reg::kSegSize, reg::kSegCtrl})
        offsets.push_back(first + s * reg::kSegStride);
    return offsets;
  }
  // The machine is not idle: locked registers stay as they are, the others can be written.
  void expect_locked() {
    for (const uint32_t offset : locked()) {
      const uint32_t before = host.read(offset);
      host.refuses_write(offset, ~before);
      host.expect(offset, before, "a refused write has changed it");
    }
    for (const uint32_t value : {3u, 0u}) {
      host.write(reg::kIrqEnable, value);
      host.expect(reg::kIrqEnable, value, "it is not locked");
    }
  }
};

TEST_F(Registers, Identity) {
  host.expect(reg::kId, kMachineId, "'MILL'");
  host.expect(reg::kIsaHash, config().isa_hash,
              "the hash of configuration " + std::string(config().name));
  for (const uint32_t offset : {reg::kCaps0, reg::kCaps1, reg::kCaps2, reg::kCaps3})
    host.expect(offset, golden.read(offset), "what the configuration has");
  host.expect(reg::kBuildId, host.read(reg::kBuildId), "the build does not change");
  EXPECT_NE(isa::find_config(config().name), nullptr) << "config() is none of isa::kConfigs";
  EXPECT_FALSE(device().kind().empty()) << "kind() says nothing";
  EXPECT_GT(device().mem_bytes(), 0u);
}

TEST_F(Registers, AfterAReset) {
  host.segment(1, kData, kDataBytes, kReadable | kWritable);
  host.ring(2);
  host.write(reg::kIrqEnable, 3);
  host.run({signal(1, 0, 7, true)});
  host.submit({kIllegal});
  host.settle();
  host.soft_reset();
  host.expect(reg::kStatus, kIdle, "idle and nothing else");
  for (const uint32_t offset : {reg::kCtrl, reg::kIrqStatus, reg::kIrqEnable, reg::kRingTail,
                                reg::kRingHead, reg::kSignalValue, reg::kFault, reg::kFaultIndex,
                                reg::kFaultAddr, reg::kCycles, reg::kCyclesHi})
    host.expect(offset, 0, "a soft reset clears it");
  for (uint32_t offset = reg::kBusyLoad; offset <= reg::kEmptyVector; offset += 4)
    host.expect(offset, 0, "a soft reset clears all counters");
}

TEST_F(Registers, AResetKeepsSegmentsAndRing) {
  const auto last = static_cast<uint32_t>(config().segments) - 1;
  host.segment(1, kData, kDataBytes, kReadable);
  host.segment(last, kOther, 0x200, kWritable);
  host.ring(3);
  host.soft_reset();
  const std::pair<uint32_t, uint32_t> kept[] = {
      {reg::kRingBase, kRing},
      {reg::kRingLog2, 3},
      {reg::kSegBase + reg::kSegStride, kData},
      {reg::kSegSize + reg::kSegStride, kDataBytes},
      {reg::kSegCtrl + reg::kSegStride, kReadable},
      {reg::kSegBase + last * reg::kSegStride, kOther},
      {reg::kSegSize + last * reg::kSegStride, 0x200},
      {reg::kSegCtrl + last * reg::kSegStride, kWritable}};
  for (const auto& [offset, value] : kept) host.expect(offset, value, "a soft reset keeps it");
}

TEST_F(Registers, CtrlResetsByItsBitAlone) {
  host.write(reg::kIrqEnable, 3);
  for (const uint32_t value : {0u, ~1u}) {
    host.write(reg::kCtrl, value);
    host.expect(reg::kIrqEnable, 3, "writing " + hex(value) + " to CTRL is no reset");
  }
  host.expect(reg::kCtrl, 0, "CTRL reads 0");
}

// Every word of the register map: there or not, writable or not, as on the golden model.
TEST_F(Registers, ThoseOfTheManualAndNoOthers) {
  for (uint32_t offset = 0; offset < kRegisterBytes && !HasFailure(); offset += 4) {
    const bool known = static_cast<bool>(golden.device().read_reg(offset));
    if (known)
      host.read(offset);
    else
      host.refuses_read(offset);
    if (golden.device().write_reg(offset, 0))
      host.write(offset, 0);
    else
      host.refuses_write(offset, known ? ~0u : 0);
    host.settle();
  }
  host.expect(reg::kId, kMachineId, "a refused write has changed it");
  host.expect(reg::kIsaHash, config().isa_hash, "a refused write has changed it");
  host.expect(reg::kStatus, kIdle, "refused writes have done something");
}

TEST_F(Registers, BetweenAndBeyondThem) {
  for (const uint32_t offset : {0x001u, 0x002u, 0x003u, reg::kIrqEnable + 1, reg::kRingTail + 2,
                                reg::kSegBase + 3, kRegisterBytes, kRegisterBytes + reg::kIrqEnable,
                                0x10000u + reg::kIrqEnable, 0x80000000u + reg::kIrqEnable, ~3u}) {
    host.refuses_read(offset);
    host.refuses_write(offset, 3);
  }
  host.expect(reg::kIrqEnable, 0, "an access that means nothing has reached it");
}

TEST_F(Registers, DoorbellKeepsItsWidth) {
  const uint64_t wrap = uint64_t{1} << config().index_bits;
  if (wrap > UINT32_MAX) GTEST_SKIP() << "RING_TAIL has all 32 bits";
  host.write(reg::kRingTail, static_cast<uint32_t>(wrap));
  host.expect(reg::kRingTail, 0, "bits beyond index_bits read as 0");
  host.expect(reg::kStatus, kIdle, "no instruction was announced");
}

TEST_F(Registers, LockedAfterAFault) {
  host.ring(2);
  host.submit({kIllegal});
  ASSERT_EQ(host.settle() & (kIdle | kFaulted), kFaulted) << "an unknown opcode is a fault";
  expect_locked();
  host.soft_reset();
  host.write(reg::kRingLog2, 5);
  host.expect(reg::kRingLog2, 5, "after the reset it is not locked");
}

TEST_F(Registers, LockedWhileTheMachineWorks) {
  if (!subject().time) GTEST_SKIP() << "a machine without time is never seen working";
  host.segment(1, kData, kDataBytes, kReadable);
  host.start_endless();
  ASSERT_EQ(host.read(reg::kStatus) & (kIdle | kFaulted), 0u) << "it should be working";
  expect_locked();
  ASSERT_EQ(host.read(reg::kStatus) & (kIdle | kFaulted), 0u) << "it should still be working";
}

// Walking ones and zeros, a value of its own in each segment, many reads in a row: the step `link`
// of the self-test.
TEST_F(Registers, HoldWhatIsWritten) {
  const selftest::Options options{1, true, 0, "", {}};
  selftest::Report report;
  selftest::Session session{device(), golden.device(), options, report};
  EXPECT_EQ(selftest::check_link(session).failure, "");
}

}  // namespace
}  // namespace millrace::conformance
