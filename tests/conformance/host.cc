// SPDX-License-Identifier: Apache-2.0
// See host.h.
#include "tests/conformance/host.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <ostream>

#include "host/kernels/math.h"

namespace millrace::conformance {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kStep = 1024;               // cycles between two looks
constexpr std::chrono::seconds kPatience{30};  // with a machine that does not come to rest
constexpr uint32_t kScan = 1u << reg::kStatusScanLow;
constexpr uint32_t kResetting = 1u << reg::kStatusResettingLow;
constexpr uint32_t kInstructionBytes = 4 * isa::kWords;

struct Named {
  uint32_t offset;
  const char* name;
};
constexpr Named kNames[] = {{reg::kId, "ID"},
                            {reg::kIsaHash, "ISA_HASH"},
                            {reg::kBuildId, "BUILD_ID"},
                            {reg::kCaps0, "CAPS0"},
                            {reg::kCaps1, "CAPS1"},
                            {reg::kCaps2, "CAPS2"},
                            {reg::kCaps3, "CAPS3"},
                            {reg::kCtrl, "CTRL"},
                            {reg::kStatus, "STATUS"},
                            {reg::kIrqStatus, "IRQ_STATUS"},
                            {reg::kIrqEnable, "IRQ_ENABLE"},
                            {reg::kRingBase, "RING_BASE"},
                            {reg::kRingLog2, "RING_LOG2"},
                            {reg::kRingTail, "RING_TAIL"},
                            {reg::kRingHead, "RING_HEAD"},
                            {reg::kSignalValue, "SIGNAL_VALUE"},
                            {reg::kFault, "FAULT"},
                            {reg::kFaultIndex, "FAULT_INDEX"},
                            {reg::kFaultAddr, "FAULT_ADDR"},
                            {reg::kCycles, "CYCLES"},
                            {reg::kCyclesHi, "CYCLES_HI"},
                            {reg::kMatmulSteps, "MATMUL_STEPS"}};

template <size_t N>
std::string name_of(const std::array<std::string_view, N>& names, uint32_t value) {
  return value < N ? std::string(names[value]) : std::to_string(value);
}

}  // namespace

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%08llx", static_cast<unsigned long long>(value));
  return text;
}

std::string register_name(uint32_t offset) {
  for (const Named& n : kNames)
    if (n.offset == offset) return n.name;
  constexpr const char* kOfSegment[] = {"SEG_BASE", "SEG_SIZE", "SEG_CTRL"};
  const uint32_t which = offset % reg::kSegStride / 4;
  if (offset >= reg::kSegBase && offset < reg::kSegBase + 16 * reg::kSegStride && which < 3)
    return kOfSegment[which] + ("[" + std::to_string((offset - reg::kSegBase) / reg::kSegStride)) +
           "]";
  return "at " + hex(offset);
}

std::ostream& operator<<(std::ostream& out, const Record& r) {
  if (r.code == isa::Fault::kNone) return out << "no fault";
  return out << "fault " << name_of(isa::kFaultNames, static_cast<uint32_t>(r.code)) << " in unit "
             << name_of(isa::kUnitNames, static_cast<uint32_t>(r.unit)) << ", instruction "
             << r.index << ", address " << hex(r.address);
}

// ---- Registers.

uint32_t Host::read(uint32_t offset) {
  const Result<uint32_t> value = device_.read_reg(offset);
  EXPECT_TRUE(value) << "reading register " << register_name(offset) << ": "
                     << value.error().message;
  return value ? *value : 0;
}

void Host::write(uint32_t offset, uint32_t value) {
  const Status status = device_.write_reg(offset, value);
  EXPECT_TRUE(status) << "writing " << hex(value) << " to register " << register_name(offset)
                      << ": " << status.error().message;
}

void Host::refuses_read(uint32_t offset) {
  const Result<uint32_t> value = device_.read_reg(offset);
  EXPECT_FALSE(value) << "a read of the register " << register_name(offset)
                      << " is not refused but gives " << hex(*value);
}

void Host::refuses_write(uint32_t offset, uint32_t value) {
  EXPECT_FALSE(device_.write_reg(offset, value))
      << "a write of " << hex(value) << " to the register " << register_name(offset)
      << " is not refused";
}

void Host::expect(uint32_t offset, uint32_t wanted, const std::string& why) {
  const uint32_t found = read(offset);
  EXPECT_TRUE(found == wanted) << "register " << register_name(offset) << " reads " << hex(found)
                               << ", expected " << hex(wanted) << ": " << why;
}

// ---- Memory.

std::vector<uint8_t> Host::bytes(uint64_t address, size_t count) {
  std::vector<uint8_t> data(count);
  const Status status = device_.read_mem(address, data);
  EXPECT_TRUE(status) << "reading " << count << " bytes of memory at " << hex(address) << ": "
                      << status.error().message;
  return data;
}

void Host::set_bytes(uint64_t address, std::span<const uint8_t> data) {
  const Status status = device_.write_mem(address, data);
  EXPECT_TRUE(status) << "writing " << data.size() << " bytes of memory at " << hex(address) << ": "
                      << status.error().message;
}

std::vector<uint32_t> Host::words(uint64_t address, size_t count) {
  const std::vector<uint8_t> data = bytes(address, 4 * count);
  std::vector<uint32_t> result(count);
  for (size_t i = 0; i < data.size(); ++i) result[i / 4] |= uint32_t{data[i]} << i % 4 * 8;
  return result;
}

uint32_t Host::word(uint64_t address) { return words(address, 1)[0]; }

void Host::set_word(uint64_t address, uint32_t value) {
  std::array<uint8_t, 4> data;
  for (uint32_t i = 0; i < 4; ++i) data[i] = static_cast<uint8_t>(value >> 8 * i);
  set_bytes(address, data);
}

// ---- Running.

uint32_t Host::settle() {
  const Clock::time_point end = Clock::now() + kPatience;
  while (true) {
    const uint32_t status = read(reg::kStatus);
    const bool working = (status & (kIdle | kFaulted)) == 0 || (status & (kScan | kResetting)) != 0;
    if (!working || ::testing::Test::HasFailure()) return status;
    const Status passed = device_.advance(kStep);
    EXPECT_TRUE(passed) << "letting time pass: " << passed.error().message;
    EXPECT_LT(Clock::now(), end) << "the machine does not come to rest: STATUS " << hex(status);
    if (::testing::Test::HasFailure()) return status;
  }
}

void Host::soft_reset() {
  write(reg::kCtrl, 1u << reg::kCtrlResetLow);
  tail_ = 0;
  const uint32_t status = settle();
  EXPECT_EQ(status & (kIdle | kFaulted), kIdle) << "after a soft reset STATUS is " << hex(status);
}

bool Host::reset_all() {
  soft_reset();
  for (uint32_t s = 0; s < u32(config().segments); ++s) segment(s, 0, 0, 0);
  ring(0, 0);
  return !::testing::Test::HasFailure();
}

void Host::segment(uint32_t number, uint32_t base, uint32_t size, uint32_t permissions) {
  const uint32_t at = number * reg::kSegStride;
  const std::pair<uint32_t, uint32_t> writes[] = {{reg::kSegCtrl, 0},
                                                  {reg::kSegBase, base},
                                                  {reg::kSegSize, size},
                                                  {reg::kSegCtrl, permissions}};
  for (const auto& [offset, value] : writes) {
    write(offset + at, value);
    settle();
  }
}

void Host::ring(uint32_t log2, uint32_t base) {
  write(reg::kRingBase, base);
  settle();
  write(reg::kRingLog2, log2);
  settle();
  ring_base_ = base;
  ring_log2_ = log2;
}

void Host::put(uint32_t index, const isa::Instruction& words) {
  std::array<uint8_t, kInstructionBytes> data;
  for (size_t i = 0; i < data.size(); ++i)
    data[i] = static_cast<uint8_t>(words[i / 4] >> i % 4 * 8);
  set_bytes(ring_base_ + (index & ((1u << ring_log2_) - 1)) * kInstructionBytes, data);
}

void Host::submit(std::span<const isa::Instruction> code) {
  for (const isa::Instruction& words : code) put(tail_++, words);
  write(reg::kRingTail, tail_);
}

void Host::run(std::span<const isa::Instruction> code) {
  submit(code);
  const uint32_t status = settle();
  EXPECT_FALSE(status & kFaulted) << "the program is stopped by a " << record();
}

Record Host::record() {
  if (!(read(reg::kStatus) & kFaulted)) return {};
  const uint32_t fault = read(reg::kFault);
  const auto field = [&](int low, int bits) { return fault >> low & ((1u << bits) - 1); };
  return {static_cast<isa::Fault>(field(reg::kFaultCodeLow, reg::kFaultCodeBits)),
          static_cast<isa::Unit>(field(reg::kFaultUnitLow, reg::kFaultUnitBits)),
          read(reg::kFaultIndex), read(reg::kFaultAddr)};
}

// One long MATMUL in a ring of one instruction, as often as RING_TAIL can say.
void Host::start_endless() {
  isa::Matmul f;
  f.b = u32(config().sp_rows);
  f.b_hi = 1;
  f.n_ox = f.n_oy = 64;
  f.n_ct = 4;
  f.d_hi = u32(config().acc_banks) - 1;
  ring(0);
  put(0, f.pack());
  write(reg::kRingTail, static_cast<uint32_t>((uint64_t{1} << config().index_bits) - 1));
}

// ---- Instructions.

isa::Instruction load(const isa::Config& config, uint32_t segment, uint32_t offset) {
  isa::Load f;
  f.seg = segment;
  f.row_bytes = u32(config.dim);
  f.offset = offset;
  return f.pack();
}

isa::Instruction store(const isa::Config& config, uint32_t segment, uint32_t offset) {
  isa::Store f;
  f.seg = segment;
  f.row_bytes = u32(config.dim);
  f.offset = offset;
  return f.pack();
}

isa::Instruction signal(uint32_t segment, uint32_t offset, uint32_t value, bool irq) {
  isa::Signal f;
  f.irq = irq;
  f.seg = segment;
  f.offset = offset / 4;
  f.value = value;
  return f.pack();
}

}  // namespace millrace::conformance
