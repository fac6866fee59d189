// SPDX-License-Identifier: Apache-2.0
// Device memory as the host reaches it: every size and alignment, both ends, blocks larger than a
// link's burst, patterns.
#include <algorithm>
#include <random>

#include "host/selftest/selftest.h"
#include "tests/conformance/suite.h"

namespace millrace::conformance {
namespace {

class Memory : public Chapter {
 protected:
  std::vector<uint8_t> random_bytes(size_t count) {
    std::vector<uint8_t> data(count);
    for (uint8_t& byte : data) byte = static_cast<uint8_t>(random_());
    return data;
  }
  void expect_bytes(uint64_t address, const std::vector<uint8_t>& wanted, const std::string& what) {
    const std::vector<uint8_t> found = host.bytes(address, wanted.size());
    const auto [f, w] = std::ranges::mismatch(found, wanted);
    if (f == found.end()) return;
    const auto at = static_cast<uint64_t>(f - found.begin());
    ADD_FAILURE() << "memory byte " << hex(address + at) << " is " << int{*f} << ", expected "
                  << int{*w} << ": " << what;
  }
  // Every size and alignment of short accesses in the 32 bytes from `start` on; the others stay.
  void check_window(uint64_t start) {
    constexpr size_t kWindow = 32;
    std::vector<uint8_t> wanted = random_bytes(kWindow);
    host.set_bytes(start, wanted);
    for (size_t size = 1; size <= 9 && !HasFailure(); ++size)
      for (size_t at = 0; at + size <= kWindow && !HasFailure(); at += (size + 6) / 4) {
        const std::vector<uint8_t> data = random_bytes(size);
        host.set_bytes(start + at, data);
        std::ranges::copy(data, wanted.begin() + static_cast<ptrdiff_t>(at));
        const std::string what =
            "after a write of " + std::to_string(size) + " bytes at " + hex(start + at);
        expect_bytes(start, wanted, what);
        expect_bytes(start + at, data, what + ", read alone");
      }
  }
  void refuses(uint64_t address, size_t count) {
    std::vector<uint8_t> data(count, 0x5a);
    const std::string what = std::to_string(count) + " bytes at " + hex(address) +
                             " of a memory of " + hex(device().mem_bytes()) + " bytes";
    EXPECT_FALSE(device().write_mem(address, data)) << "a write of " << what << " is not refused";
    EXPECT_FALSE(device().read_mem(address, data)) << "a read of " << what << " is not refused";
  }

 private:
  std::mt19937 random_{1};
};

TEST_F(Memory, SizesAndAlignments) { check_window(kData); }
TEST_F(Memory, FirstBytes) { check_window(0); }
TEST_F(Memory, LastBytes) { check_window(device().mem_bytes() - 32); }

TEST_F(Memory, NothingBeyondItsEnd) {
  const uint64_t end = device().mem_bytes();
  const std::vector<uint8_t> before = random_bytes(8);
  host.set_bytes(end - 8, before);
  const std::vector<uint8_t> first = host.bytes(0, 8);
  refuses(end, 1);
  refuses(end - 1, 2);
  refuses(end - 4, 8);
  refuses(end - 3, 4);
  refuses(end + 4096, 4);
  refuses(2 * end, 4);
  refuses(uint64_t{1} << 32, 4);
  refuses(~uint64_t{0}, 1);
  refuses(~uint64_t{0} - 3, 8);
  expect_bytes(end - 8, before, "a refused write has changed it");
  expect_bytes(0, first, "a refused write has changed it");
}

TEST_F(Memory, NoBytesAtAll) {
  for (const uint64_t address : {uint64_t{0}, uint64_t{kData} + 1, device().mem_bytes()}) {
    EXPECT_TRUE(device().write_mem(address, {})) << "a write of nothing at " << hex(address);
    EXPECT_TRUE(device().read_mem(address, {})) << "a read of nothing at " << hex(address);
  }
}

TEST_F(Memory, LargeBlocks) {
  const uint64_t room = device().mem_bytes() - kData - 8;
  const size_t size = std::min<uint64_t>(room, (20 << 10) + 3);
  const std::vector<uint8_t> block = random_bytes(size), edge = random_bytes(4);
  host.set_bytes(kData - 3, edge);  // its last byte is overwritten
  host.set_bytes(kData + size, edge);
  host.set_bytes(kData, block);
  expect_bytes(kData, block, "a large block");
  expect_bytes(kData - 3, {edge[0], edge[1], edge[2]}, "before a large block");
  expect_bytes(kData + size, edge, "behind a large block");
}

TEST_F(Memory, SurvivesAReset) {
  const std::vector<uint8_t> data = random_bytes(64);
  host.set_bytes(kData, data);
  host.soft_reset();
  expect_bytes(kData, data, "a soft reset keeps memory");
}

TEST_F(Memory, WhileTheMachineWorks) {
  if (!subject().time) GTEST_SKIP() << "a machine without time is never seen working";
  host.start_endless();
  for (int i = 0; i < 8 && !HasFailure(); ++i) {
    const std::vector<uint8_t> data = random_bytes(37);
    host.set_bytes(kData + 1, data);
    expect_bytes(kData + 1, data, "written and read while the machine works");
  }
  EXPECT_EQ(host.read(reg::kStatus) & (kIdle | kFaulted), 0u) << "it should still be working";
}

// Data lines, address lines and patterns: the step `memory` of the self-test, over as much as a
// second allows.
TEST_F(Memory, Patterns) {
  const selftest::Options options{1, true, 0, "", {}};
  selftest::Report report;
  selftest::Session session{device(), golden.device(), options, report};
  report.steps.push_back(selftest::check_link(session));  // knows how fast it is
  ASSERT_EQ(report.steps[0].failure, "");
  EXPECT_EQ(selftest::check_memory(session).failure, "");
}

}  // namespace
}  // namespace millrace::conformance
