// SPDX-License-Identifier: Apache-2.0
// Random bursts: the DRAM presets against the slow reference, and what holds for every memory.
#include <gtest/gtest.h>

#include <random>

#include "model/memory/timing.h"
#include "tests/sim/dram_reference.h"

namespace millrace::memory {
namespace {

MemoryTiming memory(const std::string& text) {
  return MemoryTiming(std::get<MemorySpec>(parse_memory_spec(text)));
}

struct Burst {
  Port port;
  bool write;
  uint64_t cycle, addr;
  uint32_t beats, beat_bytes;
};

// Bursts in the order of acceptance: bunches and pauses, few rows and many, none across 4 KiB.
class Bursts {
 public:
  explicit Bursts(uint64_t seed) : random_(seed) {}
  Burst next() {
    if (below(100) == 0) change();
    const bool write = below(100) < writes_;
    burst_.cycle += below(gap_ + 1);
    // In one cycle a port's read counts before its write.
    if (burst_.write && !write && burst_.cycle == last_) ++burst_.cycle;
    last_ = burst_.cycle;
    burst_.port = Port::kData;
    burst_.write = write;
    burst_.beat_bytes = 4u << below(4);
    burst_.beats = below(3) == 0 ? 1 : static_cast<uint32_t>(below(longest_)) + 1;
    const uint64_t room = 4096 - burst_.beats * burst_.beat_bytes;
    const uint64_t offset = below(room + 1) / burst_.beat_bytes * burst_.beat_bytes;
    burst_.addr = below(rows_) * 4096 + offset;
    return burst_;
  }

 private:
  uint64_t below(uint64_t n) { return random_() % n; }
  void change() {
    static constexpr uint64_t kGaps[] = {0, 3, 30, 300, 5000};
    static constexpr uint64_t kRows[] = {1, 4, 9, 64, 4096};
    static constexpr uint64_t kWrites[] = {0, 10, 50, 100};
    static constexpr uint64_t kLongest[] = {2, 16, 64};
    longest_ = kLongest[below(3)];
    gap_ = kGaps[below(5)];
    rows_ = kRows[below(5)];
    writes_ = kWrites[below(4)];
  }

  std::mt19937_64 random_;
  Burst burst_{};
  uint64_t gap_ = 10, rows_ = 16, writes_ = 30, longest_ = 64, last_ = 0;
};

Schedule accept(MemoryTiming& timing, const Burst& b) {
  return timing.accept(b.port, b.write ? Channel::kB : Channel::kR, b.cycle, b.addr, b.beats,
                       b.beat_bytes);
}

TEST(DramRandom, EqualsTheReference) {
  for (const Datasheet& sheet : kDatasheets) {
    for (uint64_t mhz : {100, 333, 400, 1200, 2500}) {
      const std::string spec = std::string(sheet.name) + ":" + std::to_string(mhz);
      const uint64_t seed = 40 + mhz;
      MemoryTiming timing = memory(spec);
      ReferenceDram reference(sheet, mhz);
      Bursts bursts(seed);
      for (int i = 0; i < 1500; ++i) {
        const Burst b = bursts.next();
        const Schedule schedule = accept(timing, b);
        const std::vector<uint64_t> due =
            reference.accept(b.write, b.cycle, b.addr, b.beats, b.beat_bytes);
        for (uint32_t beat = 0; beat < due.size(); ++beat)
          ASSERT_EQ(schedule.due(beat), due[beat])
              << spec << ", seed " << seed << ", burst " << i << ", beat " << beat;
      }
    }
  }
}

// No more bytes are due in any time than the bus moves, whatever the order; none before the ideal
// memory's; due() does not fall within a burst.
TEST(DramRandom, BusIsNotOversubscribed) {
  for (const Datasheet& sheet : kDatasheets) {
    const uint64_t seed = 7;
    MemoryTiming timing = memory(std::string(sheet.name));
    Bursts bursts(seed);
    // Bytes a cycle of 400 MHz, and the bus's position at the end of the reads before, in bytes.
    const uint64_t rate = sheet.bus_bytes * sheet.mhz / 400;
    uint64_t end = 0;
    for (int i = 0; i < 100'000; ++i) {
      const Burst b = bursts.next();
      const Schedule schedule = accept(timing, b);
      ASSERT_GT(schedule.due(0), b.cycle);
      if (b.write) continue;
      for (uint32_t beat = 0; beat < b.beats; ++beat) {
        ASSERT_GE(schedule.due(beat), schedule.due(beat == 0 ? 0 : beat - 1));
        end += b.beat_bytes;
        // What is due in a cycle has been moved by its start.
        ASSERT_LE(end, schedule.due(beat) * rate) << sheet.name << ", seed " << seed << ", " << i;
        // Idle time of the bus is lost: less than a cycle can be saved up.
        if (schedule.due(beat) >= 1) end = std::max(end, (schedule.due(beat) - 1) * rate);
      }
    }
  }
}

TEST(DramRandom, SameBurstsSameTimes) {
  MemoryTiming a = memory("hbm2"), b = memory("hbm2");
  Bursts bursts(3);
  for (int i = 0; i < 1000; ++i) {
    const Burst burst = bursts.next();
    ASSERT_EQ(accept(a, burst).due(burst.beats - 1), accept(b, burst).due(burst.beats - 1));
    ASSERT_TRUE(a.ready(burst.port, Channel::kR, burst.cycle));
    ASSERT_EQ(a.next_ready(burst.port, Channel::kR, burst.cycle), burst.cycle);
  }
}

}  // namespace
}  // namespace millrace::memory
