// SPDX-License-Identifier: Apache-2.0
// Reads and writes on a data port: exact cycles, data, responses and hazards.
#include <gtest/gtest.h>

#include <string>

#include "tests/sim/data_port.h"

namespace millrace::sim {
namespace {

TEST(AxiRead, BeatsComeAtLatencyAndBandwidth) {
  DataPort port({.latency = 10, .bytes_per_cycle = 2});
  const uint64_t accepted = port.ask(0x100, 3);
  port.idle(30);
  ASSERT_EQ(port.beats.size(), 3u);
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(port.beats[i].cycle, accepted + 10 + 2 * i);
    EXPECT_EQ(port.beats[i].value, port.word(0x100 + 4 * i));
    EXPECT_EQ(port.beats[i].resp, kOkay);
    EXPECT_EQ(port.beats[i].last, i == 2);
  }
  EXPECT_EQ(port.violation(), "");
}

TEST(AxiRead, IdealGivesABeatACycleInOrder) {
  DataPort port;
  const uint64_t first = port.ask(0x100, 4);
  const uint64_t second = port.ask(0x200, 2);
  EXPECT_EQ(second, first + 1);
  port.idle(10);
  ASSERT_EQ(port.beats.size(), 6u);
  for (uint32_t i = 0; i < 6; ++i) EXPECT_EQ(port.beats[i].cycle, first + 1 + i);
  EXPECT_EQ(port.beats[4].value, port.word(0x200));
}

TEST(AxiRead, WaitsForReady) {
  DataPort port;
  port.r.rready = false;
  const uint64_t accepted = port.ask(0x40, 2);
  port.idle(5);
  EXPECT_TRUE(port.to_r.rvalid);
  EXPECT_TRUE(port.beats.empty());
  port.r.rready = true;
  port.idle(3);
  ASSERT_EQ(port.beats.size(), 2u);
  EXPECT_EQ(port.beats[0].cycle, accepted + 6);
  EXPECT_EQ(port.beats[0].value, port.word(0x40));
}

// One DRAM clock a cycle; rows of 4 KiB in eight banks. The clocks are explained in dram_test.cc.
TEST(AxiDram, TimesDependOnTheAddress) {
  DataPort port({.preset = memory::Preset::kDdr3, .core_mhz = 800});
  const auto read = [&](uint32_t addr) {
    const uint64_t accepted = port.ask(addr, 1);
    port.idle(80);
    return port.beats.back().cycle - accepted;
  };
  const auto write = [&](uint32_t addr) {
    const uint64_t accepted = port.address(addr, 1) + 1;
    EXPECT_EQ(port.beat(0, true), accepted);
    port.idle(80);
    return port.responses.back().cycle - accepted;
  };
  EXPECT_EQ(read(0x40), 40u);    // closed
  EXPECT_EQ(read(0x80), 29u);    // open
  EXPECT_EQ(read(0x8000), 51u);  // another row of the bank
  EXPECT_EQ(write(0x8040), 29u);
  EXPECT_EQ(write(0x0), 51u);
  EXPECT_EQ(write(0x1000), 40u);  // another bank
  EXPECT_EQ(read(0x1ffc), 32u);   // the end of a column of 32 bytes
  EXPECT_EQ(port.violation(), "");
}

TEST(AxiWrite, RespondsAtLatencyAndThenTheBytesAreThere) {
  DataPort port({.latency = 6});
  const uint32_t before = port.word(0x84);
  port.address(0x80, 2);
  port.beat(0x11223344, false);
  const uint64_t last = port.beat(0xaabbccdd, true, 0b0110);
  port.idle(5);
  EXPECT_EQ(port.word(0x84), before);
  port.idle(5);
  ASSERT_EQ(port.responses.size(), 1u);
  EXPECT_EQ(port.responses[0].cycle, last + 6);
  EXPECT_EQ(port.responses[0].resp, kOkay);
  EXPECT_EQ(port.word(0x80), 0x11223344u);
  EXPECT_EQ(port.word(0x84), (before & 0xff0000ff) | 0x00bbcc00);
  EXPECT_EQ(port.violation(), "");
}

TEST(AxiWrite, DataMayComeBeforeItsAddress) {
  DataPort port({.latency = 3});
  port.beat(1, false);
  port.beat(2, true);
  port.beat(3, true);  // of the next burst
  port.idle(4);
  EXPECT_TRUE(port.responses.empty());
  const uint64_t first = port.address(0x20, 2);
  const uint64_t second = port.address(0x40, 1);
  port.idle(6);
  ASSERT_EQ(port.responses.size(), 2u);
  EXPECT_EQ(port.responses[0].cycle, first + 3);
  EXPECT_EQ(port.responses[1].cycle, second + 3);
  EXPECT_EQ(port.word(0x20), 1u);
  EXPECT_EQ(port.word(0x24), 2u);
  EXPECT_EQ(port.word(0x40), 3u);
  EXPECT_EQ(port.violation(), "");
}

TEST(AxiErrors, OutsideTheMemoryIsDecerrAndTheInjectedRangeSlverr) {
  DataPort port({}, {.first = 0x204, .bytes = 2});
  port.ask(0x200, 3);
  port.ask(65536 - 4, 1);
  port.ask(65536, 1);
  port.idle(8);
  ASSERT_EQ(port.beats.size(), 5u);
  EXPECT_EQ(port.beats[0].resp, kOkay);
  EXPECT_EQ(port.beats[1].resp, kSlverr);
  EXPECT_EQ(port.beats[1].value, 0u);
  EXPECT_EQ(port.beats[2].resp, kOkay);
  EXPECT_EQ(port.beats[3].resp, kOkay);
  EXPECT_EQ(port.beats[4].resp, kDecerr);

  const uint32_t before = port.word(0x204);
  port.address(0x200, 2);
  port.beat(5, false);
  port.beat(6, true);
  port.address(0x80000000, 1);
  port.beat(7, true);
  port.address(0x204, 2);  // the good beat after the bad one does not hide it
  port.beat(8, false);
  port.beat(9, true);
  port.idle(4);
  ASSERT_EQ(port.responses.size(), 3u);
  EXPECT_EQ(port.responses[2].resp, kSlverr);
  EXPECT_EQ(port.word(0x208), 9u);
  EXPECT_EQ(port.responses[0].resp, kSlverr);
  EXPECT_EQ(port.responses[1].resp, kDecerr);
  EXPECT_EQ(port.word(0x200), 5u);
  EXPECT_EQ(port.word(0x204), before);
  EXPECT_EQ(port.violation(), "");
}

// A read that overlaps a write in flight, in either order, gets the written bytes inverted and the
// others as they are.
TEST(AxiHazard, ReadAskedBeforeTheWriteWasAnswered) {
  DataPort port({.latency = 8});
  port.address(0x80, 1);
  port.beat(0x01020304, true, 0b0011);
  port.ask(0x80, 1);
  port.idle(20);
  ASSERT_EQ(port.beats.size(), 1u);
  EXPECT_EQ(port.beats[0].value, port.word(0x80) ^ 0x0000ffff);
}

TEST(AxiHazard, WriteHandedOverBeforeTheReadWasAnswered) {
  DataPort port({.latency = 8});
  const uint32_t before = port.word(0x80);
  port.ask(0x7c, 2);
  port.address(0x80, 1);
  port.beat(0x01020304, true, 0b0100);
  port.idle(20);
  ASSERT_EQ(port.beats.size(), 2u);
  EXPECT_EQ(port.beats[0].value, port.word(0x7c));
  EXPECT_EQ(port.beats[1].value, before ^ 0x00ff0000);
}

TEST(AxiHazard, WriteAnsweredWhileTheReadWaited) {
  DataPort port({.latency = 4});
  port.r.rready = false;
  port.ask(0x7c, 2);
  port.address(0x80, 1);
  port.beat(0x01020304, true);
  port.idle(20);
  ASSERT_EQ(port.responses.size(), 1u);
  port.r.rready = true;
  port.idle(4);
  ASSERT_EQ(port.beats.size(), 2u);
  EXPECT_EQ(port.beats[0].value, port.word(0x7c));
  EXPECT_EQ(port.beats[1].value, ~0x01020304u);
}

TEST(AxiHazard, NoneWhenTheWriteWasAnsweredOrTheReadDone) {
  DataPort port({.latency = 8});
  const uint32_t before = port.word(0x80);
  port.ask(0x80, 1);
  port.idle(8);
  port.address(0x80, 1);
  port.beat(0x01020304, true);
  port.idle(8);
  ASSERT_EQ(port.responses.size(), 1u);
  port.ask(0x80, 1);
  port.idle(10);
  ASSERT_EQ(port.beats.size(), 2u);
  EXPECT_EQ(port.beats[0].value, before);
  EXPECT_EQ(port.beats[1].value, 0x01020304u);
}

// Under random stalls everything arrives, in order, and no cycle of the memory's depends on the
// machine's.
TEST(AxiRandom, StallsDelayAndLoseNothing) {
  DataPort port({.latency = 5, .bytes_per_cycle = 3, .stall_percent = 60, .seed = 11});
  for (uint32_t i = 0; i < 50; ++i) {
    port.address(0x1000 + 16 * i, 2);
    port.beat(i, false);
    port.beat(i + 1000, true);
  }
  port.idle(2000);
  ASSERT_EQ(port.responses.size(), 50u);
  for (uint32_t i = 0; i < 50; ++i) port.ask(0x1000 + 16 * i, 2);
  port.idle(2000);
  ASSERT_EQ(port.beats.size(), 100u);
  for (uint32_t i = 0; i < 50; ++i) {
    EXPECT_EQ(port.beats[2 * i].value, i);
    EXPECT_EQ(port.beats[2 * i + 1].value, i + 1000);
  }
  EXPECT_EQ(port.violation(), "");
}

}  // namespace
}  // namespace millrace::sim
