// SPDX-License-Identifier: Apache-2.0
// The memory specification and the rules of docs/reference/memory.md, in exact cycles.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "model/memory/spec.h"
#include "model/memory/timing.h"

namespace millrace::memory {
namespace {

MemorySpec spec(std::string_view text) {
  const auto parsed = parse_memory_spec(text);
  if (const auto* error = std::get_if<std::string>(&parsed)) {
    ADD_FAILURE() << *error;
    return {};
  }
  return std::get<MemorySpec>(parsed);
}

TEST(MemorySpec, Accepts) {
  EXPECT_EQ(spec("ideal"), (MemorySpec{1, 0, 0, 0}));
  EXPECT_EQ(spec("fixed:40:8"), (MemorySpec{40, 8, 0, 0}));
  EXPECT_EQ(spec("random:7"), (MemorySpec{16, 0, 25, 7}));
  EXPECT_EQ(spec("random:7:3"), (MemorySpec{3, 0, 25, 7}));
  EXPECT_EQ(spec("random:7:3:16"), (MemorySpec{3, 16, 25, 7}));
  EXPECT_EQ(spec("random:7:3:16:0"), (MemorySpec{3, 16, 0, 7}));
  EXPECT_EQ(spec("onchip"), (MemorySpec{.preset = Preset::kOnchip}));
  EXPECT_EQ(spec("ddr3-1600"), (MemorySpec{.preset = Preset::kDdr3, .core_mhz = 400}));
  EXPECT_EQ(spec("lpddr4-2400:1"), (MemorySpec{.preset = Preset::kLpddr4, .core_mhz = 1}));
  EXPECT_EQ(spec("hbm2:4000"), (MemorySpec{.preset = Preset::kHbm2, .core_mhz = 4000}));
  EXPECT_EQ(spec("fixed:1000000:65536"), (MemorySpec{1000000, 65536, 0, 0}));
}

TEST(MemorySpec, RoundTrips) {
  for (const char* text :
       {"ideal", "fixed:40:8", "fixed:2:0", "random:7:16:0:25", "random:3:1:4:95", "onchip",
        "ddr3-1600:400", "lpddr4-2400:33", "hbm2:1000"})
    EXPECT_EQ(to_string(spec(text)), text);
}

TEST(MemorySpec, RefusesWithTheUsage) {
  for (const char* text : {"",
                           "idle",
                           "ideal:1",
                           "fixed",
                           "fixed:1",
                           "fixed:1:2:3",
                           "fixed:0:8",
                           "fixed:1000001:8",
                           "fixed:1:65537",
                           "fixed:x:8",
                           "fixed:-1:8",
                           "fixed: 1:8",
                           "fixed:1:",
                           "random",
                           "random:",
                           "random:1:2:3:96",
                           "random:1:2:3:4:5",
                           "random:99999999999999999999",
                           "random:1:1:1:4294967296",
                           "onchip:1",
                           "ddr3",
                           "ddr3-1600:",
                           "ddr3-1600:0",
                           "ddr3-1600:4001",
                           "ddr3-1600:400:1",
                           "lpddr4-2400:fast",
                           "hbm2:4294967696"}) {
    const auto parsed = parse_memory_spec(text);
    const auto* error = std::get_if<std::string>(&parsed);
    ASSERT_NE(error, nullptr) << text;
    EXPECT_NE(error->find("memory '" + std::string(text) + "'"), std::string::npos) << *error;
    EXPECT_NE(error->find("use ideal, fixed:"), std::string::npos) << *error;
  }
}

TEST(MemoryTiming, IdealAnswersInTheNextCycle) {
  MemoryTiming timing(spec("ideal"));
  const Schedule read = timing.accept(Port::kData, Channel::kR, 10, 0, 4, 16);
  EXPECT_EQ(read.due(0), 11u);
  EXPECT_EQ(read.due(3), 11u);
  EXPECT_EQ(timing.accept(Port::kData, Channel::kB, 10, 0, 4, 16).due(0), 11u);
}

TEST(MemoryTiming, BandwidthBelowTheBeat) {
  MemoryTiming timing(spec("fixed:5:8"));
  const Schedule first = timing.accept(Port::kData, Channel::kR, 100, 0, 3, 16);  // 2 cycles a beat
  EXPECT_EQ(first.due(0), 105u);
  EXPECT_EQ(first.due(1), 107u);
  EXPECT_EQ(first.due(2), 109u);
  // Queued behind the first one, which occupies the bus until 111.
  EXPECT_EQ(timing.accept(Port::kData, Channel::kR, 101, 0, 1, 16).due(0), 111u);
  // After a pause the latency counts again.
  EXPECT_EQ(timing.accept(Port::kData, Channel::kR, 200, 0, 1, 16).due(0), 205u);
}

TEST(MemoryTiming, BandwidthIsExactWhereItDoesNotDivide) {
  MemoryTiming timing(spec("fixed:1:3"));
  const Schedule read = timing.accept(Port::kFetch, Channel::kR, 0, 0, 8, 4);
  for (uint32_t i = 0; i < 8; ++i) EXPECT_EQ(read.due(i), (3 + 4 * i) / 3);
  EXPECT_EQ(timing.accept(Port::kFetch, Channel::kR, 0, 0, 1, 4).due(0), (3u + 32u) / 3u);
}

TEST(MemoryTiming, ReadsWritesAndPortsShareTheBus) {
  MemoryTiming timing(spec("fixed:4:4"));
  EXPECT_EQ(timing.accept(Port::kFetch, Channel::kR, 0, 0, 8, 4).due(0), 4u);   // bus 4 to 12
  EXPECT_EQ(timing.accept(Port::kData, Channel::kR, 0, 0, 2, 16).due(0), 12u);  // bus 12 to 20
  EXPECT_EQ(timing.accept(Port::kData, Channel::kB, 0, 0, 1, 16).due(0), 20u);  // bus 20 to 24
  EXPECT_EQ(timing.accept(Port::kData, Channel::kR, 1, 0, 1, 16).due(0), 24u);
}

TEST(MemoryTiming, OnChipMovesABeatACycle) {
  MemoryTiming timing(spec("onchip"));
  const Schedule read = timing.accept(Port::kFetch, Channel::kR, 10, 0, 4, 4);
  EXPECT_EQ(read.due(0), 12u);
  EXPECT_EQ(read.due(3), 15u);
  // One port for everything, whatever the width: after the four reads, the beats of this write.
  EXPECT_EQ(timing.accept(Port::kData, Channel::kB, 10, 64, 3, 16).due(0), 16u);
  EXPECT_EQ(timing.accept(Port::kData, Channel::kR, 11, 64, 1, 16).due(0), 19u);
  EXPECT_EQ(timing.accept(Port::kData, Channel::kR, 30, 64, 1, 16).due(0), 32u);
}

// A seed means the same stalls for ever: failing runs are repeated by it.
TEST(MemoryTiming, StallsOfASeedAreFixed) {
  const MemoryTiming timing(spec("random:7"));
  std::vector<uint64_t> stalls;
  for (uint64_t t = 0; stalls.size() < 8; ++t)
    if (!timing.ready(Port::kData, Channel::kR, t)) stalls.push_back(t);
  EXPECT_EQ(stalls, (std::vector<uint64_t>{5, 11, 15, 16, 21, 22, 32, 33}));
}

TEST(MemoryTiming, StallsAreAPureFunctionWithTheGivenShare) {
  const MemoryTiming a(spec("random:1:1:0:30"));
  MemoryTiming b(spec("random:1:1:0:30"));
  b.accept(Port::kData, Channel::kR, 0, 0, 4, 16);
  constexpr uint64_t kCycles = 100'000;
  for (Port port : {Port::kFetch, Port::kData, Port::kHost}) {
    for (Channel channel : {Channel::kAr, Channel::kR, Channel::kAw, Channel::kW, Channel::kB}) {
      uint64_t stalls = 0;
      for (uint64_t t = 0; t < kCycles; ++t) {
        stalls += !a.ready(port, channel, t);
        ASSERT_EQ(a.ready(port, channel, t), b.ready(port, channel, t));
      }
      const double sigma = std::sqrt(0.3 * 0.7 / kCycles);
      EXPECT_NEAR(static_cast<double>(stalls) / kCycles, 0.3, 5 * sigma);
    }
  }
}

TEST(MemoryTiming, StallsDifferBetweenSeedsPortsAndChannels) {
  const MemoryTiming a(spec("random:1"));
  const MemoryTiming b(spec("random:2"));
  int seeds = 0, ports = 0, channels = 0;
  for (uint64_t t = 0; t < 1000; ++t) {
    const bool here = a.ready(Port::kData, Channel::kR, t);
    seeds += here != b.ready(Port::kData, Channel::kR, t);
    ports += here != a.ready(Port::kFetch, Channel::kR, t);
    channels += here != a.ready(Port::kData, Channel::kW, t);
  }
  // Independent streams of 25 % differ in 37.5 % of the cycles.
  for (int differing : {seeds, ports, channels}) EXPECT_NEAR(differing, 375, 75);
}

TEST(MemoryTiming, NextReadyIsTheFirstReadyCycle) {
  const MemoryTiming timing(spec("random:3:1:0:95"));
  for (uint64_t t = 0; t < 500; ++t) {
    uint64_t expected = t;
    while (!timing.ready(Port::kData, Channel::kW, expected)) ++expected;
    EXPECT_EQ(timing.next_ready(Port::kData, Channel::kW, t), expected);
  }
  EXPECT_EQ(MemoryTiming(spec("fixed:9:1")).next_ready(Port::kData, Channel::kW, 77), 77u);
}

}  // namespace
}  // namespace millrace::memory
