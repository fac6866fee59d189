// SPDX-License-Identifier: Apache-2.0
// The DRAM presets in exact clocks, worked by hand: the accelerator runs at the DRAM's clock, so a
// cycle is a clock. A burst accepted in cycle t reaches the DRAM controller_in clocks after t + 1.
#include <gtest/gtest.h>

#include <algorithm>

#include "model/memory/timing.h"

namespace millrace::memory {
namespace {

constexpr uint64_t kSameBank = 8 * 4096;  // DDR3: the next row of the bank

MemoryTiming memory(std::string_view text) {
  return MemoryTiming(std::get<MemorySpec>(parse_memory_spec(text)));
}

// DDR3-1600 with one clock a cycle. Beats of 8 bytes take a clock each, 4 of them a column.
class Ddr3 : public testing::Test {
 protected:
  Schedule read(uint64_t cycle, uint64_t addr, uint32_t beats = 4) {
    return ddr3.accept(Port::kData, Channel::kR, cycle, addr, beats, 8);
  }
  Schedule write(uint64_t cycle, uint64_t addr, uint32_t beats = 4) {
    return ddr3.accept(Port::kData, Channel::kB, cycle, addr, beats, 8);
  }
  MemoryTiming ddr3 = memory("ddr3-1600:800");
};

TEST_F(Ddr3, FirstAccessOpensTheRow) {
  const Schedule first = read(0, 0);
  // At the controller 1 + 8 = 9: activate; read 9 + tRCD 11 = 20; data from 20 + CL 11 = 31. The
  // first beat is complete at 32, and 8 later at the port.
  EXPECT_EQ(first.due(0), 40u);
  EXPECT_EQ(first.due(3), 43u);
}

TEST_F(Ddr3, OpenRow) {
  read(0, 0);
  EXPECT_EQ(read(100, 32).due(0), 129u);  // at 109: read; 109 + 11 + 1 + 8
  // Beats in the middle of a column wait for the bytes before them: bytes 8 to 24 of the column.
  const Schedule middle = read(200, 4096 - 24, 2);
  EXPECT_EQ(middle.due(0), 230u);
  EXPECT_EQ(middle.due(1), 231u);
}

TEST_F(Ddr3, OtherRowOfTheBank) {
  read(0, 0);
  // At 109: precharge; activate 109 + tRP 11 = 120; read 131; 131 + 20.
  EXPECT_EQ(read(100, kSameBank).due(0), 151u);
}

TEST_F(Ddr3, RowStaysOpenForTras) {
  read(0, 0);  // activate 9, read 20
  // Precharge at 9 + tRAS 28 = 37, not 20 + tRTP 6; activate 48, read 59.
  EXPECT_EQ(read(1, kSameBank).due(0), 79u);
}

TEST_F(Ddr3, RowStaysOpenForTrtp) {
  read(0, 0, 128);  // 32 columns, the last read at 20 + 31 * 4 = 144
  // Precharge at 150, activate 161, read 172.
  EXPECT_EQ(read(1, kSameBank).due(0), 192u);
}

TEST_F(Ddr3, RowStaysOpenForTwr) {
  EXPECT_EQ(write(0, 0).due(0), 40u);  // write 20, data 28 to 32, 8 later the response
  // Precharge at 32 + tWR 12 = 44, activate 55, read 66.
  EXPECT_EQ(read(1, kSameBank).due(0), 86u);
}

TEST_F(Ddr3, BanksWorkInParallel) {
  EXPECT_EQ(read(0, 0).due(0), 40u);
  // Activate 9 + tRRD 6 = 15, read 26.
  EXPECT_EQ(read(0, 4096).due(0), 46u);
  EXPECT_EQ(read(0, 2 * 4096).due(0), 52u);
}

TEST_F(Ddr3, AnOtherBankOpensDuringABurst) {
  const Schedule first = read(0, 0, 128);
  EXPECT_EQ(first.due(127), 167u);
  EXPECT_EQ(read(0, 4096).due(0), 168u);  // the bus has no gap
}

TEST_F(Ddr3, FourActivateWindow) {
  for (uint32_t bank = 0; bank < 4; ++bank) read(0, bank * 4096);  // activates 9, 15, 21, 27
  // Fifth at 9 + tFAW 32 = 41, not 33; read 52.
  EXPECT_EQ(read(0, 4 * 4096).due(0), 72u);
  // Sixth at 15 + 32 = 47.
  EXPECT_EQ(read(0, 5 * 4096).due(0), 78u);
}

TEST_F(Ddr3, ReadAfterWrite) {
  write(0, 0);  // write 20, data until 32
  // Read at 32 + tWTR 6 = 38, in the same row and in another bank.
  EXPECT_EQ(read(1, 32).due(0), 58u);
  // Seamless behind it.
  EXPECT_EQ(read(1, 64).due(0), 62u);
}

TEST_F(Ddr3, WriteAfterRead) {
  read(0, 0);  // read 20
  // Write at 20 + CL 11 + tCCD 4 + 2 - CWL 8 = 29, data 37 to 41.
  EXPECT_EQ(write(1, 32).due(0), 49u);
  EXPECT_EQ(write(1, 64).due(0), 53u);
}

TEST_F(Ddr3, ColumnsAreWhole) {
  // 8 bytes at the end of a column and 8 of the next: two columns, so the next read waits 8 clocks.
  EXPECT_EQ(read(0, 24, 2).due(0), 43u);
  EXPECT_EQ(read(0, 0).due(0), 48u);
}

TEST_F(Ddr3, RefreshClosesTheRows) {
  read(0, 0);
  EXPECT_EQ(read(6230, 0).due(0), 6259u);  // at 6239, one clock before the refresh
  // Refresh waits for tRTP of that read: precharge of all 6245, tRP 11 and tRFC 208 later 6464;
  // activate, read 6475.
  EXPECT_EQ(read(6231, 0).due(0), 6495u);
  EXPECT_EQ(read(8000, 0).due(0), 8029u);  // the row stays open after that
}

TEST_F(Ddr3, RefreshWaitsForTheBurst) {
  read(0, 0);
  read(6230, 0, 128);  // reads from 6239 to 6363
  EXPECT_EQ(read(6230, 0).due(0), 6369u + 219 + 11 + 20);
}

TEST_F(Ddr3, RefreshWaitsForEveryBank) {
  read(0, 4096);
  read(6215, 0);     // activate 6224, read 6235; may close at 6224 + tRAS 28 = 6252
  read(6215, 4096);  // read 6239; may close at 6245
  EXPECT_EQ(read(6216, 4096).due(0), 6252u + 219 + 11 + 20);
}

TEST_F(Ddr3, IdleMemoryIsRefreshedAllTheSame) {
  read(0, 0);
  // Refresh number 16 is at 99840, until 100059; at 100009: activate 100059, read 100070.
  EXPECT_EQ(read(100'000, 0).due(0), 100'090u);
  // Number 17, at 106080, is over at 106299: an access to a closed row.
  EXPECT_EQ(read(106'300, 0).due(0), 106'340u);
}

TEST(Dram, CyclesOfTheAccelerator) {
  // DDR3 at 400 MHz: 39, 28 and 50 clocks after the end of the cycle are 19.5, 14 and 25 cycles.
  MemoryTiming ddr3 = memory("ddr3-1600");
  const auto read = [&](uint64_t cycle, uint64_t addr) {
    return ddr3.accept(Port::kData, Channel::kR, cycle, addr, 4, 8);
  };
  const Schedule first = read(0, 0);
  EXPECT_EQ(first.due(0), 21u);  // clocks 41, 42, 43, 44
  EXPECT_EQ(first.due(1), 21u);
  EXPECT_EQ(first.due(2), 22u);
  EXPECT_EQ(first.due(3), 22u);
  EXPECT_EQ(read(100, 0).due(0), 115u);
  EXPECT_EQ(read(200, kSameBank).due(0), 226u);
  // At 300 MHz a cycle is 8/3 clocks: arrival at the edge after 2.67, 3 + 8; due at clock 42
  // = 15.75.
  MemoryTiming slow = memory("ddr3-1600:300");
  EXPECT_EQ(slow.accept(Port::kData, Channel::kR, 0, 0, 4, 8).due(0), 16u);
}

TEST(Dram, Lpddr4) {
  MemoryTiming lpddr4 = memory("lpddr4-2400:1200");
  const auto read = [&](uint64_t cycle, uint64_t addr) {
    return lpddr4.accept(Port::kData, Channel::kR, cycle, addr, 8, 8).due(0);
  };
  EXPECT_EQ(read(0, 0), 77u);              // at 13; 22 tRCD, 24 + 5 RL and tDQSCK, 1, 12
  EXPECT_EQ(read(1000, 0), 1055u);         // 13 + 29 + 13
  EXPECT_EQ(read(2000, 8 * 4096), 2099u);  // 22 more for tRP and for tRCD
  // A write at 3013, its data 3026 to 3034; read at 3034 + tWTR 12; 29 + 13 later.
  EXPECT_EQ(lpddr4.accept(Port::kData, Channel::kB, 3000, 8 * 4096, 8, 8).due(0), 3046u);
  EXPECT_EQ(read(3001, 8 * 4096), 3088u);
  // Read 3046; write 3046 + tRTW 27 = 3073; 13 + 8 + 12 later.
  EXPECT_EQ(lpddr4.accept(Port::kData, Channel::kB, 3001, 8 * 4096, 8, 8).due(0), 3106u);
  // Refresh 2 at 9368, tRPab 26 and tRFC 216: until 9610.
  EXPECT_EQ(read(9400, 0), 9610u + 22 + 29 + 13);
}

TEST(Dram, Hbm2) {
  MemoryTiming hbm2 = memory("hbm2:1000");
  const auto read = [&](uint64_t cycle, uint64_t addr) {
    return hbm2.accept(Port::kData, Channel::kR, cycle, addr, 2, 16).due(0);
  };
  EXPECT_EQ(read(0, 0), 58u);           // at 11; 18 tRCD, 18 RL, 1, 10
  EXPECT_EQ(read(0, 4096), 74u);        // four activates later
  EXPECT_EQ(read(1000, 0), 1040u);      // 11 + 18 + 11
  EXPECT_EQ(read(2000, 16384), 2072u);  // 14 tRP and 18 tRCD more
  // A write at 3011, its data 3018 to 3020; read at 3020 + tWTRL 9; 29 later.
  EXPECT_EQ(hbm2.accept(Port::kData, Channel::kB, 3000, 16384, 2, 16).due(0), 3030u);
  EXPECT_EQ(read(3001, 16384), 3058u);
  // Refresh 2 at 7800: precharges 12, tRP 14, tRFC 260: until 8086.
  EXPECT_EQ(read(7800, 0), 8086u + 18 + 18 + 11);
}

TEST(Dram, OrderOfAcceptance) {
  // No reordering: a row that is open waits behind one that is not.
  MemoryTiming ddr3 = memory("ddr3-1600:800");
  ddr3.accept(Port::kData, Channel::kR, 0, 0, 4, 8);
  const uint64_t conflict = ddr3.accept(Port::kFetch, Channel::kR, 100, kSameBank, 4, 8).due(3);
  ddr3.accept(Port::kFetch, Channel::kR, 100, 4096, 4, 8);
  const uint64_t open = ddr3.accept(Port::kData, Channel::kR, 100, 4096, 4, 8).due(0);
  EXPECT_GT(open, conflict);
}

// The second table of docs/reference/memory.md: 400 MHz, beats of 16 bytes.
struct Figures {
  const char* spec;
  double peak;                                            // bytes a cycle
  uint64_t open, closed, conflict;                        // cycles to the first beat
  double sequential, random_long, random_short, in_turn;  // percent of the peak
};
constexpr Figures kFigures[] = {{"ddr3-1600", 16, 16, 21, 27, 96, 94, 53, 80},
                                {"lpddr4-2400", 24, 20, 27, 34, 94, 91, 28, 69},
                                {"hbm2", 40, 17, 24, 30, 92, 81, 15, 60},
                                {"onchip", 16, 2, 2, 2, 100, 100, 100, 100}};

TEST(Dram, LatenciesOfTheManual) {
  for (const Figures& figures : kFigures) {
    MemoryTiming timing = memory(figures.spec);
    const auto latency = [&](uint64_t cycle, uint64_t addr) {
      return timing.accept(Port::kData, Channel::kR, cycle, addr, 4, 16).due(0) - cycle;
    };
    EXPECT_EQ(latency(100, 0), figures.closed) << figures.spec;
    EXPECT_EQ(latency(300, 0), figures.open) << figures.spec;
    EXPECT_EQ(latency(500, kSameBank), figures.conflict) << figures.spec;
  }
}

enum class Pattern { kSequence, kRandom, kInTurn };

// Percent of the peak that bursts of `bytes` reach with 16 of them in flight.
double share(const Figures& figures, uint32_t bytes, Pattern pattern) {
  constexpr uint32_t kBursts = 50'000;
  MemoryTiming timing = memory(figures.spec);
  uint64_t done[16] = {}, cycle = 0, state = 1, end = 0;
  for (uint32_t i = 0; i < kBursts; ++i) {
    const bool write = pattern == Pattern::kInTurn && i % 2 == 1;
    state = state * 6364136223846793005u + 1442695040888963407u;  // Knuth, MMIX
    uint64_t addr = uint64_t{i} * bytes + (write ? 1u << 25 : 0);
    if (pattern == Pattern::kRandom) addr = (state >> 33) % (1u << 26) / bytes * bytes;
    cycle = std::max(cycle + 1, done[i % 16]);
    const Schedule schedule =
        timing.accept(Port::kData, write ? Channel::kB : Channel::kR, cycle, addr, bytes / 16, 16);
    done[i % 16] = schedule.due(write ? 0 : bytes / 16 - 1);
    end = std::max(end, done[i % 16]);
  }
  const double ideal = static_cast<double>(uint64_t{kBursts} * bytes) / figures.peak;
  return 100 * ideal / static_cast<double>(end);
}

TEST(Dram, BandwidthsOfTheManual) {
  for (const Figures& figures : kFigures) {
    EXPECT_NEAR(share(figures, 1024, Pattern::kSequence), figures.sequential, 0.6) << figures.spec;
    EXPECT_NEAR(share(figures, 1024, Pattern::kRandom), figures.random_long, 0.6) << figures.spec;
    EXPECT_NEAR(share(figures, 64, Pattern::kRandom), figures.random_short, 0.6) << figures.spec;
    EXPECT_NEAR(share(figures, 1024, Pattern::kInTurn), figures.in_turn, 0.6) << figures.spec;
  }
}

}  // namespace
}  // namespace millrace::memory
