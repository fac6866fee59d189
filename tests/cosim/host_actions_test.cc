// SPDX-License-Identifier: Apache-2.0
// What a host does while the machine runs: RTL and cycle model in lockstep under doorbells, resets,
// register writes and looks at any time. The small cases by name were differences once.
//
// MILLRACE_SEED and MILLRACE_PROGRAMS choose the first seed and how many there are.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "sim/lockstep/lockstep_device.h"
#include "tests/cosim/prng.h"
#include "tests/cosim/random_program.h"

namespace millrace {
namespace {

constexpr uint32_t kRing = 0x1000;
const isa::Instruction kIllegal = {0xff};

// A pair of machines whose first difference is kept; nothing happens after it.
class Pair {
 public:
  Pair(std::string_view config, std::string_view memory, memory::AddressRange slverr = {},
       uint64_t seed = 1) {
    sim::SimOptions options;
    options.memory = std::get<memory::MemorySpec>(memory::parse_memory_spec(memory));
    options.slverr = slverr;
    options.seed = seed;
    auto opened = sim::LockstepDevice::open(config, options);
    if (opened)
      device_ = std::move(*opened);
    else
      missing_ = opened.error().message;
  }
  const std::string& missing() const { return missing_; }  // not in this build
  bool differs() const { return device_->difference_cycle().has_value(); }

  void write(uint32_t offset, uint32_t value) {
    if (!differs()) note(device_->write_reg(offset, value));
  }
  uint32_t read(uint32_t offset) {
    if (differs()) return 0;
    const Result<uint32_t> value = device_->read_reg(offset);
    if (!value) note(value.error());
    return value ? *value : 0;
  }
  void run(uint64_t cycles) {
    if (!differs()) note(device_->run(cycles));
  }
  void advance(uint64_t cycles) {
    if (!differs()) note(device_->advance(cycles));
  }
  void segment(uint32_t number, uint32_t base, uint32_t size, uint32_t permissions) {
    write(reg::kSegBase + number * reg::kSegStride, base);
    write(reg::kSegSize + number * reg::kSegStride, size);
    write(reg::kSegCtrl + number * reg::kSegStride, permissions);
  }
  void bytes(uint64_t at, std::span<const uint8_t> data) { note(device_->write_mem(at, data)); }
  // Instructions into a ring of 2^log2 from kRing on.
  void ring(uint32_t log2, const std::vector<isa::Instruction>& code) {
    write(reg::kRingBase, kRing);
    write(reg::kRingLog2, log2);
    std::vector<uint8_t> data;
    for (const isa::Instruction& words : code)
      for (const uint32_t word : words)
        for (int byte = 0; byte < 4; ++byte) data.push_back(static_cast<uint8_t>(word >> 8 * byte));
    bytes(kRing, data);
  }
  // Not of memory: banks that nothing has filled, or that a reset has left half way, may be stored.
  void same(const std::string& what) { EXPECT_FALSE(differs()) << what << ": " << difference_; }

 private:
  // Accesses may fail, but on both sides.
  void note(const Status& status) {
    if (!status && differs()) difference_ = status.error().message;
  }

  std::unique_ptr<sim::LockstepDevice> device_;
  std::string missing_, difference_;
};

#define SKIP_WITHOUT(pair) \
  if (!(pair).missing().empty()) GTEST_SKIP() << (pair).missing()

// ---- Small cases.

TEST(HostActions, ResetDropsAPlannedBurstOfAStore) {
  for (int after = 20; after < 80; ++after) {
    Pair pair("base", "random:3:8:0:80");
    SKIP_WITHOUT(pair);
    pair.segment(1, 0x2000, 0x80, 3);  // the third row lies outside
    pair.ring(4, {isa::Store{.seg = 1, .row_bytes = 16, .rows = 3, .mem_row = 0x40}.pack()});
    pair.write(reg::kRingTail, 1);
    pair.run(static_cast<uint64_t>(after));
    pair.write(reg::kCtrl, 1);
    pair.run(400);
    pair.same("reset after " + std::to_string(after));
  }
}

TEST(HostActions, DecodeFaultWhileAResetWaits) {
  Pair pair("base", "fixed:40:0");
  SKIP_WITHOUT(pair);
  pair.ring(4, {kIllegal, isa::Vset{}.pack(), isa::Vset{}.pack()});
  pair.write(reg::kRingTail, 3);
  pair.write(reg::kCtrl, 1);
  for (int i = 0; i < 60; ++i) {
    pair.read(reg::kFault);
    pair.read(reg::kStatus);
  }
  pair.same("fault");
}

TEST(HostActions, TailThatGoesBack) {
  Pair pair("base", "fixed:200:0");
  SKIP_WITHOUT(pair);
  pair.ring(4, std::vector<isa::Instruction>(16, isa::Vset{}.pack()));
  pair.write(reg::kRingTail, 9);  // one more than the prefetch buffer holds
  pair.run(30);
  pair.write(reg::kRingTail, 8);
  pair.run(2000);
  EXPECT_EQ(pair.read(reg::kRingHead), 8u);
  pair.same("tail");
}

TEST(HostActions, InterruptOutput) {
  const isa::Instruction signal = isa::Signal{.irq = 1, .seg = 1, .value = 5}.pack();
  for (const isa::Instruction& last : {kIllegal, signal})
    for (uint64_t cycles = 0; cycles < 80; cycles += 3) {
      Pair pair("base", "fixed:10:0");
      SKIP_WITHOUT(pair);
      pair.segment(1, 0x2000, 64, 3);
      pair.ring(4, {last});
      pair.write(reg::kIrqEnable, 3);
      pair.write(reg::kRingTail, 1);
      pair.run(cycles);
      pair.advance(200);
      pair.same("interrupt, looked at after " + std::to_string(cycles));
    }
}

TEST(HostActions, LookAnsweredInsideRun) {
  for (const bool wait : {false, true}) {
    Pair pair("base", "fixed:200:0");
    SKIP_WITHOUT(pair);
    pair.ring(4, {isa::Vset{}.pack()});
    pair.write(reg::kRingTail, 1);
    pair.advance(1);
    pair.run(10);
    if (wait)
      pair.advance(1);
    else
      pair.read(reg::kStatus);
    pair.same("look");
  }
}

TEST(HostActions, SegmentsNeverWritten) {
  for (uint64_t seed = 1; seed < 12; ++seed) {
    Pair pair("base", "fixed:40:0", {}, seed);
    SKIP_WITHOUT(pair);
    pair.segment(1, 0x2000, 0xffff0000u, 3);
    pair.ring(4, {isa::Store{.seg = 1, .row_bytes = 16, .rows = 3, .mem_row = 0x40}.pack(),
                  isa::Load{.seg = 2, .row_bytes = 16, .dst = 2048, .dst_hi = 2}.pack()});
    pair.write(reg::kRingTail, 2);
    pair.run(400);
    for (uint32_t i = 0; i < 4; ++i) pair.read(reg::kSegSize + i * reg::kSegStride);
    pair.same("power-on seed " + std::to_string(seed));
  }
}

TEST(HostActions, IndexWrapsOnNano) {
  Pair pair("nano", "ideal");
  SKIP_WITHOUT(pair);
  std::vector<isa::Instruction> code(64, isa::Vset{}.pack());
  pair.ring(6, code);
  uint32_t tail = 0;
  for (int i = 0; i < 2060; ++i) {
    pair.write(reg::kRingTail, tail += 32);
    pair.advance(600);
    if (i % 100 == 0) pair.read(reg::kRingHead);
  }
  code[5][7] = 1;  // illegal
  pair.ring(6, code);
  pair.write(reg::kRingTail, tail + 64);
  pair.advance(3000);
  pair.read(reg::kFaultIndex);
  pair.same("index");
}

// ---- Anything at any time.

class Host {
 public:
  Host(const isa::Config& config, uint64_t seed) : config_(config), prng_(seed), seed_(seed) {}

  void run() {
    const std::string text = std::to_string(seed_);
    const std::string memories[] = {"ideal",       "fixed:40:16",
                                    "fixed:200:0", "random:" + text,
                                    "ddr3-1600",   "random:" + text + ":3:8:60",
                                    "onchip",      "random:" + text + ":30:0:85"};
    const std::string memory = prng_.pick<std::string>(memories);
    Pair pair(config_.name, memory,
              prng_.one_in(3) ? cosim::refused_range(config_) : memory::AddressRange{});
    SKIP_WITHOUT(pair);
    set_up(pair);
    for (int i = 0; i < 200 && !pair.differs(); ++i) act(pair);
    pair.same(std::string(config_.name) + ", memory " + memory + ", MILLRACE_SEED=" + text);
  }

 private:
  // Memory, segments and ring of a random program.
  void set_up(Pair& pair) {
    cosim::ProgramOptions options;
    options.seed = prng_.next();
    options.fault =
        prng_.one_in(2) ? isa::Fault::kNone : static_cast<isa::Fault>(prng_.between(1, 6));
    const cosim::Program program = random_program(config_, options);
    pair.bytes(0, program.memory_image);
    for (uint32_t i = 0; i < program.segments.size(); ++i) pair.segment(i, 0, 0, 0);
    pair.write(reg::kRingBase, program.ring_base);
    pair.write(reg::kRingLog2, program.ring_log2);
    for (uint32_t i = 0; i < program.segments.size(); ++i) {
      const cosim::Segment& s = program.segments[i];
      pair.segment(i, s.base, s.size, (s.read ? 1u : 0u) | (s.write ? 2u : 0u));
    }
    tail_ = 0;
  }

  void act(Pair& pair) {
    switch (prng_.below(12)) {
      case 0:
      case 1:
        pair.write(reg::kRingTail, tail_ += prng_.below(12));
        break;
      case 2:
        if (prng_.one_in(6)) pair.write(reg::kRingTail, tail_ -= prng_.below(3));
        break;
      case 3:
      case 4:
        pair.run(prng_.below(prng_.one_in(3) ? 400 : 12));
        break;
      case 5:
        pair.advance(prng_.below(200));
        break;
      case 6:
        pair.write(reg::kIrqStatus, prng_.below(4));
        break;
      case 7:
        pair.write(reg::kIrqEnable, prng_.below(4));
        break;
      case 8:
        if (prng_.one_in(4)) reset(pair);
        break;
      case 9:  // refused while work is in flight
        if (prng_.one_in(5))
          pair.write(reg::kSegBase + reg::kSegStride * prng_.below(4) + 4 * prng_.below(3),
                     0x100 * prng_.below(0x80));
        break;
      default:
        pair.read(prng_.one_in(2) ? reg::kCycles + 4 * prng_.below(26) : 4 * prng_.below(0x90));
    }
  }

  void reset(Pair& pair) {
    pair.write(reg::kCtrl, 1);
    tail_ = 0;
    if (prng_.one_in(3)) pair.write(reg::kCtrl, 1);
    if (prng_.one_in(2)) return;
    constexpr uint32_t kResetting = 1u << reg::kStatusResettingLow;
    while (!pair.differs() && (pair.read(reg::kStatus) & kResetting) != 0) {
    }
    if (prng_.one_in(2)) set_up(pair);
  }

  const isa::Config& config_;
  cosim::Prng prng_;
  const uint64_t seed_;
  uint32_t tail_ = 0;
};

class AnyTime : public testing::TestWithParam<const char*> {};
TEST_P(AnyTime, RtlEqualsCycleModel) {
  const char* first = std::getenv("MILLRACE_SEED");
  const char* count = std::getenv("MILLRACE_PROGRAMS");
  const uint64_t from = first ? std::strtoull(first, nullptr, 0) : 1;
  const uint64_t seeds = count ? std::strtoull(count, nullptr, 0) : 40;
  for (uint64_t seed = from; seed < from + seeds && !HasFailure() && !IsSkipped(); ++seed)
    Host(*isa::find_config(GetParam()), seed).run();
}
INSTANTIATE_TEST_SUITE_P(Configs, AnyTime, testing::Values("nano", "small", "base"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace millrace
