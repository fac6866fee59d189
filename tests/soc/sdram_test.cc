// SPDX-License-Identifier: Apache-2.0
// The memory of SDRAM at its AXI ports and at the pins of the chip, at 50 and at 100 MHz.
#include <gtest/gtest.h>

#include "Vsdram_100.h"
#include "Vsdram_50.h"
#include "tests/soc/sdram_bench.h"

namespace millrace::soc {
namespace {

constexpr uint32_t kPage = 4096;  // a row of every bank
constexpr uint64_t kBoot = 280;   // microseconds from reset to the first access, at most

template <typename Top>
constexpr double kClock = std::is_same_v<Top, Vsdram_50> ? 50e3 : 100e3;

template <typename Top>
class Sdram : public testing::Test {
 protected:
  using Bench = SdramBench<Top>;
  static constexpr uint64_t us(uint64_t t) { return t * static_cast<uint64_t>(kClock<Top> / 1000); }

  void TearDown() override {
    for (const std::string& what : bench.chip.violations()) ADD_FAILURE() << what;
  }
  uint32_t pick(uint32_t count) { return static_cast<uint32_t>(bench.random() % count); }
  // A burst within a block of 256 bytes.
  Burst burst_in(uint32_t page, uint32_t most = 32) {
    const uint32_t from = pick(32), beats = 1 + pick(std::min(32 - from, most));
    return {.address = page + 256 * pick(16) + 8 * from, .beats = beats};
  }
  Burst with_data(Burst burst, bool all) {
    for (uint32_t i = 0; i < burst.beats; ++i) {
      burst.data.push_back(bench.random());
      const bool whole = all || pick(3) != 0;
      burst.strobes.push_back(whole ? 0xff : static_cast<uint8_t>(bench.random()));
    }
    return burst;
  }
  void boot() {
    bench.run(us(kBoot));
    bench.fill(0);
    bench.fill(kPage);
  }
  // Cycles a burst of `beats` takes when many follow each other.
  double cycles_each(uint64_t bursts, uint64_t start) const {
    return static_cast<double>(std::max(bench.beat_read, bench.responded) - start) /
           static_cast<double>(bursts);
  }

  Bench bench{kClock<Top>, 1};
};
class Names {
 public:
  template <typename T>
  static std::string GetName(int) {
    return std::to_string(static_cast<int>(kClock<T> / 1000)) + "MHz";
  }
};
using Tops = testing::Types<Vsdram_50, Vsdram_100>;
TYPED_TEST_SUITE(Sdram, Tops, Names);

TYPED_TEST(Sdram, TheFirstAccessWaitsForTheChip) {
  this->bench.fill(0);
  this->bench.host_read(0);
  EXPECT_GT(this->bench.cycles(), this->us(260));
  EXPECT_LT(this->bench.cycles(), this->us(kBoot));
}

// Everything at once: bursts of all ports and lengths, with strobes, in few pages of all banks.
TYPED_TEST(Sdram, RandomTraffic) {
  auto& bench = this->bench;
  this->boot();
  for (int round = 0; round < 24; ++round) {
    uint32_t pages[3] = {0, (1u << 25) - kPage, kPage * this->pick(8000)};
    if (pages[2] == 0) pages[2] = kPage;
    for (const uint32_t page : pages) bench.fill(page);
    const uint32_t host_page = pages[2] + kPage < (1u << 25) - kPage ? pages[2] + kPage : kPage;
    bench.fill(host_page);
    bench.address_percent = round % 3 == 0 ? 100 : round % 3 == 1 ? 30 : 2;
    bench.beat_percent = round % 2 ? 100 : round % 4 ? 40 : 5;
    const uint32_t most = round % 4 < 2 ? 32 : 2;
    for (int i = 0; i < 100; ++i) {
      bench.reads.push_back(this->burst_in(pages[this->pick(3)], most));
      bench.writes.push_back(this->with_data(this->burst_in(pages[this->pick(3)], most), false));
      if (i % 2)
        bench.fetches.push_back({.address = pages[this->pick(3)] + 32 * this->pick(kPage / 32)});
    }
    // The host has words of its own: what it does is not ordered with bursts.
    while (!bench.idle() && !this->HasFailure()) {
      const uint32_t at = host_page + 4 * this->pick(kPage / 4);
      if (this->pick(2))
        bench.host_write(at, static_cast<uint32_t>(bench.random()));
      else
        bench.host_read(at);
      bench.run(this->pick(400));
    }
    bench.run(20);
    for (const uint32_t page : pages) bench.compare(page);
    bench.compare(host_page);
    // Now that all is quiet, each reads what the others wrote.
    for (int i = 0; i < 20; ++i) bench.host_read(pages[this->pick(3)] + 4 * this->pick(kPage / 4));
    for (int i = 0; i < 5; ++i) bench.reads.push_back(this->burst_in(host_page));
    bench.drain();
    ASSERT_FALSE(this->HasFailure()) << "round " << round;
  }
}

// A read that is accepted after a write has its data, whenever the beats of the write come.
TYPED_TEST(Sdram, ReadsFollowWrites) {
  auto& bench = this->bench;
  this->boot();
  bench.beat_percent = 10;
  for (int i = 0; i < 300; ++i) {
    const Burst write = this->with_data(this->burst_in(0, 4), true);
    bench.writes.push_back(write);
    bench.reads.push_back({.address = write.address, .beats = write.beats});
  }
  bench.drain();
}

TYPED_TEST(Sdram, RefreshUnderFullLoad) {
  auto& bench = this->bench;
  this->boot();
  const uint64_t refreshes = bench.chip.refreshes(), start = bench.cycles();
  for (int i = 0; i < 600; ++i) {
    bench.reads.push_back({.address = 256u * (static_cast<uint32_t>(i) % 32), .beats = 32});
    bench.writes.push_back(this->with_data({.address = 256u * this->pick(32), .beats = 32}, true));
  }
  while (bench.reads_done + bench.writes_done < 600) bench.cycle();
  EXPECT_NEAR(static_cast<double>(bench.reads_done), 300, 20);  // they take turns
  bench.drain();
  const double us = static_cast<double>(bench.cycles() - start) / (kClock<TypeParam> / 1000);
  const auto done = static_cast<double>(bench.chip.refreshes() - refreshes);
  EXPECT_GE(done, us / 7.8125 - 1);
  EXPECT_LE(done, us / 7.8 + 1);
}

// The host has its turn after the two bursts that the memory has accepted.
TYPED_TEST(Sdram, TheHostUnderFullLoad) {
  auto& bench = this->bench;
  this->boot();
  for (int i = 0; i < 400; ++i) {
    bench.reads.push_back({.address = 256 * this->pick(1 << 16), .beats = 32});
    bench.writes.push_back(
        this->with_data({.address = (1u << 24) + 256 * this->pick(1 << 16), .beats = 32}, true));
  }
  bench.fill(0);
  while (!bench.idle()) {
    bench.host_read(4 * this->pick(2));
    bench.run(this->pick(300));
  }
  std::printf("longest wait of the host: %lu cycles\n", bench.host_longest);
  EXPECT_LE(bench.host_longest, 320u);
}

// A write whose beats do not come keeps nothing from being refreshed, and its row is not lost to a
// burst behind it.
TYPED_TEST(Sdram, RefreshWhileAWriteWaits) {
  auto& bench = this->bench;
  this->boot();
  bench.writes.push_back(this->with_data({.address = 8, .beats = 20}, true));
  bench.run(60);
  bench.beat_percent = 0;
  bench.reads.push_back({.address = kPage, .beats = 1});  // of another row
  const uint64_t refreshes = bench.chip.refreshes(), activates = bench.chip.activates();
  bench.run(this->us(100));
  EXPECT_GE(bench.chip.refreshes() - refreshes, 12u);
  EXPECT_LE(bench.chip.activates() - activates, bench.chip.refreshes() - refreshes);
  EXPECT_EQ(bench.writes_done, 0u);
  bench.beat_percent = 100;
  bench.drain();
  bench.run(10);
  bench.compare(0);
}

TYPED_TEST(Sdram, ResetInABurst) {
  auto& bench = this->bench;
  for (int round = 0; round < 8; ++round) {
    this->boot();
    bench.fill(2 * kPage);
    for (int i = 0; i < 4; ++i) {
      bench.writes.push_back(this->with_data(this->burst_in(0), true));
      bench.reads.push_back(this->burst_in(kPage));
    }
    bench.run(20 + this->pick(200));
    bench.reset();
    bench.run(this->us(kBoot));
    bench.compare(2 * kPage);  // nothing is written elsewhere
    bench.fill(0);
    for (int i = 0; i < 10; ++i) {
      bench.writes.push_back(this->with_data(this->burst_in(0), false));
      bench.reads.push_back(this->burst_in(0));
    }
    bench.drain();
    bench.run(10);
    bench.compare(0);
    ASSERT_FALSE(this->HasFailure()) << "round " << round;
  }
}

TYPED_TEST(Sdram, Latency) {
  auto& bench = this->bench;
  this->boot();
  const auto read = [&](uint32_t address) {
    // Not while a refresh is about.
    const uint64_t refreshes = bench.chip.refreshes();
    while (bench.chip.refreshes() == refreshes) bench.cycle();
    bench.run(20);
    if (address) {
      bench.reads.push_back({.address = 0});
      bench.drain();
      bench.run(20);
    }
    bench.reads.push_back({.address = address});
    bench.drain();
    return bench.beat_read - bench.read_accepted;
  };
  const uint64_t closed = read(0), open = read(8), other = read(kPage);
  std::printf("cycles from AR to R: %lu, row closed %lu, another row open %lu\n", open, closed,
              other);
  const uint64_t slow = kClock<TypeParam> > 50e3;
  EXPECT_EQ(open, 9u);
  EXPECT_EQ(closed, 10u + slow);
  EXPECT_EQ(other, 12u + 2 * slow);
}

TYPED_TEST(Sdram, Bandwidth) {
  auto& bench = this->bench;
  this->boot();
  const auto measure = [&](const char* what, uint32_t beats, uint32_t step, bool reads, bool writes,
                           double least) {
    const int count = 256 / static_cast<int>(beats) + 64;
    for (int i = 0; i < count; ++i) {
      const uint32_t address = step * static_cast<uint32_t>(i) % (1u << 22);
      if (reads) bench.reads.push_back({.address = address, .beats = beats});
      if (writes)
        bench.writes.push_back(
            this->with_data({.address = (1u << 23) + address, .beats = beats}, true));
    }
    const uint64_t start = bench.cycles();
    bench.drain();
    const int bursts = count * (reads + writes);
    const double each = this->cycles_each(static_cast<uint64_t>(bursts), start);
    const double rate = 8 * beats / each;
    std::printf("%-40s %5.2f bytes a cycle, %5.1f cycles a burst\n", what, rate, each);
    EXPECT_GE(rate, least) << what;
  };
  measure("reads of 32 beats, successive", 32, 256, true, false, 1.93);
  measure("writes of 32 beats, successive", 32, 256, false, true, 1.93);
  measure("reads and writes of 32 beats in turn", 32, 256, true, true, 1.85);
  measure("reads of 32 beats, a row of a bank each", 32, 4096, true, false, 1.75);
  measure("reads of 8 beats, a row of a bank each", 8, 4096, true, false, 1.3);
  measure("reads of 1 beat, successive", 1, 8, true, false, 1.85);
  measure("writes of 1 beat, successive", 1, 8, false, true, 1.85);
  measure("reads of 1 beat, a bank each", 1, 1024, true, false, 0.7);
}

}  // namespace
}  // namespace millrace::soc
