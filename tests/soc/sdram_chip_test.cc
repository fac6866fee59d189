// SPDX-License-Identifier: Apache-2.0
// The model of the SDRAM notices every command that comes too early, too late or out of order.
#include "sim/board/sdram_chip.h"

#include <gtest/gtest.h>

namespace millrace::sim {
namespace {

// Drives a chip by hand, at 100 MHz: 10 ns a cycle.
class SdramChipTest : public testing::Test {
 protected:
  SdramChip chip{100e3};

  void nop(int cycles = 1) {
    for (int i = 0; i < cycles; ++i) chip.edge({.dqm = started_ ? 0u : 3u});
  }
  void activate(uint32_t ba, uint32_t row = 1) {
    chip.edge({.ras_n = false, .ba = ba, .a = row, .dqm = 0});
  }
  void read(uint32_t ba, uint32_t column = 0) {
    chip.edge({.cas_n = false, .ba = ba, .a = column, .dqm = 0});
  }
  // With its four columns of data.
  void write(uint32_t ba, uint16_t value = 7, uint32_t dqm = 0) {
    SdramPins pins{.cas_n = false, .we_n = false, .ba = ba, .dqm = dqm, .oe = true, .dq = value};
    chip.edge(pins);
    pins.cas_n = pins.we_n = true;
    for (int i = 0; i < 3; ++i) chip.edge(pins);
  }
  void precharge(uint32_t ba) { chip.edge({.ras_n = false, .we_n = false, .ba = ba, .dqm = 0}); }
  void precharge_all() {
    chip.edge({.ras_n = false, .we_n = false, .a = 1024, .dqm = started_ ? 0u : 3u});
    started_ = true;
  }
  void refresh() { chip.edge({.ras_n = false, .cas_n = false, .dqm = 0}); }
  void mode(uint32_t value = 0x22) {
    chip.edge({.ras_n = false, .cas_n = false, .we_n = false, .a = value, .dqm = 0});
  }
  void start(int refreshes = 8, int after = 1) {
    nop(20'000);
    precharge_all();
    nop(2);
    for (int i = 0; i < refreshes; ++i) refresh(), nop(6);
    mode();
    nop(after);
  }
  // What the chip said, without the edge.
  std::string said() const {
    std::string all;
    for (const std::string& what : chip.violations()) all += what.substr(what.find(": ") + 2) + ";";
    return all;
  }

 private:
  bool started_ = false;
};

// The shortest distances.
TEST_F(SdramChipTest, TakesWhatIsAllowed) {
  start();
  activate(0), nop();
  activate(1), nop(2);
  write(0), write(1), read(0), nop(3), read(1), nop(6);
  write(1), nop();
  precharge_all(), nop(2);
  refresh(), nop(6);
  activate(0), nop(4);
  precharge(0), nop(2);
  activate(0);
  EXPECT_EQ(said(), "");
}

TEST_F(SdramChipTest, DataComesTwoEdgesAfterARead) {
  start();
  chip.word(1 << 12) = 0xaaaa;
  chip.word((1 << 12) + 6) = 0xbbbb;
  activate(0), nop(2);
  read(0), nop();
  EXPECT_EQ(chip.dq(), 0xaaaa);
  nop(3);
  EXPECT_EQ(chip.dq(), 0xbbbb);
  nop(3);
  write(0, 0x1234, 2);
  EXPECT_EQ(chip.word(1 << 12), 0xaa34);
  EXPECT_EQ(said(), "");
}

TEST_F(SdramChipTest, PowerUp) {
  nop(19'990);
  precharge_all(), nop(2);
  EXPECT_EQ(said(), "command within 200 us of power-up;");
}
TEST_F(SdramChipTest, PowerUpWithoutPrecharge) {
  nop(20'000);
  refresh();
  EXPECT_NE(said().find("not precharged at power-up;"), std::string::npos);
}
TEST_F(SdramChipTest, PowerUpWithoutRefreshes) {
  start(7);
  EXPECT_EQ(said(), "mode before eight refreshes;");
}
TEST_F(SdramChipTest, AccessBeforeTheMode) {
  nop(20'000);
  precharge_all(), nop(2);
  activate(0);
  EXPECT_EQ(said(), "access before initialisation;");
}
TEST_F(SdramChipTest, OtherMode) {
  nop(20'000);
  precharge_all(), nop(2);
  for (int i = 0; i < 8; ++i) refresh(), nop(6);
  mode(0x33), nop();
  EXPECT_EQ(said(), "not this mode: bursts of 4, CAS latency 2;");
}

class SdramRules : public SdramChipTest {
 protected:
  void expect(const char* what) { EXPECT_EQ(said(), std::string(what) + ";"); }
};
TEST_F(SdramRules, Mrd) { start(8, 0), activate(0), expect("tMRD"); }
TEST_F(SdramRules, Rcd) { start(), activate(0), nop(), read(0), expect("tRCD"); }
TEST_F(SdramRules, Ras) { start(), activate(0), nop(3), precharge(0), expect("tRAS"); }
TEST_F(SdramRules, Rp) {
  start(), activate(0), nop(4), precharge(0), nop(), activate(0), expect("tRP");
}
TEST_F(SdramRules, RpBeforeRefresh) {
  start(), activate(0), nop(4), precharge(0), nop(), refresh(), expect("tRP before refresh");
}
TEST_F(SdramRules, Rrd) { start(), activate(0), activate(1), expect("tRRD"); }
TEST_F(SdramRules, Rfc) { start(), refresh(), nop(5), activate(0), expect("tRFC"); }
TEST_F(SdramRules, Wr) { start(), activate(0), nop(2), write(0), precharge(0), expect("tWR"); }
TEST_F(SdramRules, OpenTwice) {
  start(), activate(0), nop(6), activate(0, 2), expect("activate of an open bank");
}
TEST_F(SdramRules, ClosedBank) { start(), read(2), expect("column command to a closed bank"); }
TEST_F(SdramRules, RefreshOfAnOpenBank) {
  start(), activate(3), nop(6), refresh(), expect("refresh with an open bank");
}
TEST_F(SdramRules, ReadCutByARead) {
  start(), activate(0), nop(2), read(0), nop(2), read(0);
  expect("burst cut by a column command");
}
TEST_F(SdramRules, ReadCutByAPrecharge) {
  start(), activate(0), nop(2), read(0), nop(2), precharge(0);
  expect("burst cut by a precharge");
}
TEST_F(SdramRules, AutoPrecharge) {
  start(), activate(0), nop(2), read(0, 1024), expect("auto precharge or no such column");
}
TEST_F(SdramRules, BothDrive) {
  start(), activate(0), nop(2), read(0), nop(5), write(0), expect("both drive dq");
}
TEST_F(SdramRules, NobodyDrives) {
  start(), activate(0), nop(2);
  chip.edge({.cas_n = false, .we_n = false, .dqm = 0});
  expect("nobody drives the data of a write");
}
TEST_F(SdramRules, RefreshLate) {
  start();
  nop(2 * 781 - 10);
  EXPECT_EQ(said(), "");
  nop(12), expect("refresh is late");
}
TEST_F(SdramRules, OpenForTooLong) {
  start(), activate(0);
  for (int i = 0; i < 10'001; ++i) nop();
  precharge(0);
  EXPECT_NE(said().find("tRAS, longest;"), std::string::npos);
}

}  // namespace
}  // namespace millrace::sim
