// SPDX-License-Identifier: Apache-2.0
// The golden model behind the register map: what is its own, or what the conformance suite takes
// from it. tests/conformance has the rest.
#include "sim/ref/ref_device.h"

#include <gtest/gtest.h>

#include <vector>

namespace millrace {
namespace {

constexpr uint32_t kRing = 0x1000;
constexpr uint32_t kData = 0x2000;
constexpr uint32_t kIdle = 1, kFault = 2;

class RefDeviceTest : public testing::TestWithParam<isa::Config> {
 protected:
  RefDeviceTest() : device_(GetParam(), 0x10000) {
    write(reg::kRingBase, kRing);
    write(reg::kRingLog2, 2);
    segment(1, kData, 0x1000, 3);
  }
  uint32_t read(uint32_t offset) {
    const auto value = device_.read_reg(offset);
    EXPECT_TRUE(value) << "offset " << offset;
    return value ? *value : 0xdeadbeef;
  }
  void write(uint32_t offset, uint32_t value) {
    EXPECT_TRUE(device_.write_reg(offset, value)) << "offset " << offset;
  }
  void segment(uint32_t index, uint32_t base, uint32_t size, uint32_t ctrl) {
    write(reg::kSegBase + index * reg::kSegStride, base);
    write(reg::kSegSize + index * reg::kSegStride, size);
    write(reg::kSegCtrl + index * reg::kSegStride, ctrl);
  }
  // Writes an instruction into its place in the ring of four.
  void put(uint32_t index, const isa::Instruction& w) {
    std::vector<uint8_t> bytes;
    for (uint32_t word : w)
      for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<uint8_t>(word >> 8 * i));
    EXPECT_TRUE(device_.write_mem(kRing + index % 4 * 32, bytes));
  }
  uint32_t memory(uint64_t addr) {
    std::vector<uint8_t> b(4);
    EXPECT_TRUE(device_.read_mem(addr, b));
    return b[0] | b[1] << 8 | b[2] << 16 | static_cast<uint32_t>(b[3]) << 24;
  }
  static isa::Instruction signal(uint32_t value, uint32_t irq = 0, uint32_t offset = 0) {
    return isa::Signal{.irq = irq, .seg = 1, .offset = offset, .value = value}.pack();
  }

  RefDevice device_;
};
INSTANTIATE_TEST_SUITE_P(All, RefDeviceTest, testing::ValuesIn(isa::kConfigs),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(RefDeviceTest, Identity) {
  const isa::Config& c = GetParam();
  EXPECT_EQ(read(reg::kId), 0x4D494C4Cu);
  EXPECT_EQ(read(reg::kIsaHash), c.isa_hash);
  EXPECT_EQ(read(reg::kCaps0) & 0xff, static_cast<uint32_t>(c.dim));
  EXPECT_EQ(read(reg::kCaps0) >> 24, static_cast<uint32_t>(c.acc_banks));
  EXPECT_EQ(read(reg::kCaps1), static_cast<uint32_t>(c.acc_rows << 16 | c.sp_rows));
  EXPECT_EQ(read(reg::kCaps2) & 0xff, static_cast<uint32_t>(c.segments));
  EXPECT_EQ(read(reg::kCaps2) >> 16 & 0x3f, static_cast<uint32_t>(c.offset_bits));
  EXPECT_EQ(read(reg::kCaps2) >> 30, static_cast<uint32_t>(c.vec_fp32));
  const uint32_t caps3 = read(reg::kCaps3);
  EXPECT_EQ(caps3 & 1, static_cast<uint32_t>(c.dma_acc));
  EXPECT_EQ(caps3 >> 2 & 1, static_cast<uint32_t>(c.vec_scalars));
  EXPECT_EQ(caps3 >> 8 & 0xff, static_cast<uint32_t>(c.segment_log2));
  EXPECT_EQ(caps3 >> 16 & 0xff, static_cast<uint32_t>(c.index_bits));
  EXPECT_EQ(caps3 >> 24, static_cast<uint32_t>(c.cycle_bits));
  EXPECT_EQ(device_.kind(), "ref");
  EXPECT_EQ(RefDevice(*isa::find_config("nano")).mem_bytes(), uint64_t{1} << 17);
}

TEST_P(RefDeviceTest, DeferredWorkIsDoneAsTimePasses) {
  device_.defer();
  for (uint32_t i = 0; i < 3; ++i) put(i, signal(i + 1));
  write(reg::kRingTail, 3);
  EXPECT_EQ(read(reg::kStatus), 0u);
  EXPECT_EQ(read(reg::kRingHead), 0u);
  EXPECT_TRUE(device_.advance(2));
  EXPECT_EQ(read(reg::kRingHead), 2u);
  EXPECT_EQ(memory(kData), 2u);
  EXPECT_FALSE(device_.write_reg(reg::kRingLog2, 3));  // locked
  EXPECT_TRUE(device_.advance(100));
  EXPECT_EQ(memory(kData), 3u);
  EXPECT_EQ(read(reg::kStatus), kIdle);
}

// The instruction counters wrap; the machine does not stop there.
TEST_P(RefDeviceTest, CountersKeepTheirWidth) {
  const uint32_t wrap = uint32_t{1} << 16;
  for (uint32_t i = 0; i < 4; ++i) put(i, signal(i));
  for (uint32_t tail = 0; tail < wrap; tail += 4) write(reg::kRingTail, tail + 4);
  const bool narrow = GetParam().index_bits == 16;
  EXPECT_EQ(read(reg::kRingHead), narrow ? 0 : wrap);
  EXPECT_EQ(read(reg::kStatus), kIdle);
  put(0, isa::Instruction{});
  write(reg::kRingTail, wrap + 1);
  EXPECT_EQ(read(reg::kRingTail), narrow ? 1 : wrap + 1);
  EXPECT_EQ(read(reg::kFaultIndex), narrow ? 0 : wrap);
}

TEST_P(RefDeviceTest, FaultStopsUntilReset) {
  put(0, signal(1));
  put(1, signal(2, 0, 0x1000 / 4));  // beyond the segment
  put(2, signal(3));
  write(reg::kRingTail, 3);
  EXPECT_EQ(read(reg::kStatus), kFault);
  EXPECT_EQ(read(reg::kFault), static_cast<uint32_t>(isa::Fault::kSegment) |
                                   static_cast<uint32_t>(isa::Unit::kStore) << 4);
  EXPECT_EQ(read(reg::kFaultIndex), 1u);
  EXPECT_EQ(read(reg::kFaultAddr), 0x1000u);
  EXPECT_EQ(read(reg::kIrqStatus), 2u);
  EXPECT_EQ(read(reg::kRingHead), 2u);
  EXPECT_EQ(read(reg::kSignalValue), static_cast<uint32_t>(GetParam().signal_register));
  write(reg::kRingTail, 4);  // nothing more runs
  EXPECT_EQ(read(reg::kRingHead), 2u);
  EXPECT_FALSE(device_.write_reg(reg::kRingBase, 0));
  write(reg::kIrqEnable, 3);

  write(reg::kCtrl, 1);
  EXPECT_EQ(read(reg::kStatus), kIdle);
  for (uint32_t offset : {reg::kFault, reg::kIrqStatus, reg::kIrqEnable, reg::kRingHead,
                          reg::kRingTail, reg::kSignalValue})
    EXPECT_EQ(read(offset), 0u);
  EXPECT_EQ(read(reg::kRingBase), kRing);
  EXPECT_EQ(read(reg::kRingLog2), 2u);
  EXPECT_EQ(read(reg::kSegCtrl + reg::kSegStride), 3u);
  write(reg::kRingTail, 1);
  EXPECT_EQ(read(reg::kSignalValue), static_cast<uint32_t>(GetParam().signal_register));
}

TEST_P(RefDeviceTest, FetchBeyondMemory) {
  write(reg::kRingBase, 0x10000 - 32);
  const std::vector<uint8_t> vset = {5, 0, 0, 0};
  EXPECT_TRUE(device_.write_mem(0x10000 - 32, vset));
  write(reg::kRingTail, 2);
  EXPECT_EQ(read(reg::kFault), 0x46u);
  EXPECT_EQ(read(reg::kFaultIndex), 1u);
  EXPECT_EQ(read(reg::kFaultAddr), 0x10000u);
}

TEST_P(RefDeviceTest, SlaveErrors) {
  for (uint32_t offset : {0x01Cu, 0x001u, 0x0C4u, 0x10Cu, 0x200u, 0x100u + 16 * 16})
    EXPECT_FALSE(device_.read_reg(offset)) << offset;
  for (uint32_t offset :
       {reg::kId, reg::kStatus, reg::kRingHead, reg::kFault, reg::kCycles, reg::kCaps3})
    EXPECT_FALSE(device_.write_reg(offset, 0)) << offset;
  const uint32_t beyond = reg::kSegBase + static_cast<uint32_t>(GetParam().segments) * 16;
  EXPECT_FALSE(device_.write_reg(beyond, 0));
  EXPECT_EQ(read(reg::kCtrl), 0u);
}

TEST_P(RefDeviceTest, RegistersKeepTheirWidth) {
  const bool aligned = !GetParam().dma_unaligned;
  write(reg::kRingBase, 0x103f);
  EXPECT_EQ(read(reg::kRingBase), 0x1020u);
  write(reg::kRingLog2, 17);
  EXPECT_EQ(read(reg::kRingLog2), 16u);
  write(reg::kRingLog2, 2);
  segment(2, 0xffffffff, 0xffffffff, 0xfffffffd);
  const uint32_t unit = 1u << GetParam().segment_log2;
  EXPECT_EQ(read(reg::kSegBase + 32), aligned ? 0x20000u - unit : 0xffffffffu);
  EXPECT_EQ(read(reg::kSegSize + 32), aligned ? 0x40000u - unit : 0xffffffffu);
  EXPECT_EQ(read(reg::kSegCtrl + 32), 1u);
}

}  // namespace
}  // namespace millrace
