// SPDX-License-Identifier: Apache-2.0
// The register port: accesses, and every rule broken once.
#include <gtest/gtest.h>

#include <string>

#include "model/memory/bytes.h"
#include "sim/verilator/lite_master.h"

namespace millrace::sim {
namespace {

// The register port: the test plays the machine.
class LiteTest : public testing::Test {
 protected:
  void tick() {
    to = master.drive(cycle);
    master.sample(cycle, from);
    ++cycle;
  }
  void expect_rule(const std::string& rule) {
    const std::string seen = violations.first().value_or("");
    EXPECT_NE(seen.find("on the register port: " + rule), std::string::npos) << seen;
  }
  // Starts an access and takes its request; the answer is still to come.
  void request_read(uint32_t addr) {
    master.start_read(cycle, addr);
    from.arready = true;
    do tick();
    while (!to.arvalid);
    from.arready = false;
  }

  memory::MemoryTiming timing{memory::MemorySpec{}};
  Violations violations;
  LiteMaster master{timing, violations};
  LiteMaster::ToMachine to{};
  LiteMaster::FromMachine from{};
  uint64_t cycle = 0;
};

TEST_F(LiteTest, ReadAndWrite) {
  request_read(0x24);
  EXPECT_EQ(to.araddr, 0x24u);
  tick();
  EXPECT_FALSE(to.arvalid);
  EXPECT_TRUE(master.busy());
  from.rvalid = true;
  from.rdata = 77;
  tick();
  EXPECT_FALSE(master.busy());
  EXPECT_EQ(master.answer().data, 77u);
  from = {};

  master.start_write(cycle, 0x38, 5);
  from.wready = true;  // data before address
  tick();
  EXPECT_TRUE(to.awvalid && to.wvalid);
  tick();
  EXPECT_TRUE(to.awvalid && !to.wvalid);
  from.awready = true;
  tick();
  from = {};
  from.bvalid = true;
  from.bresp = memory::kSlverr;
  tick();
  EXPECT_FALSE(master.busy());
  EXPECT_EQ(master.answer().resp, memory::kSlverr);
  EXPECT_FALSE(violations.first()) << *violations.first();
}

TEST_F(LiteTest, RvalidUnasked) {
  from.rvalid = true;
  tick();
  expect_rule("RVALID without an accepted read");
}

TEST_F(LiteTest, RvalidInTheCycleOfTheRequest) {
  from.rvalid = from.arready = true;
  master.start_read(cycle, 0);
  tick();
  expect_rule("RVALID without an accepted read");
}

TEST_F(LiteTest, BvalidBeforeTheData) {
  master.start_write(cycle, 0, 0);
  from.awready = true;
  tick();
  from.bvalid = true;
  tick();
  expect_rule("BVALID without an accepted write");
}

TEST_F(LiteTest, Exokay) {
  request_read(0);
  from.rvalid = true;
  from.rresp = 1;
  tick();
  expect_rule("EXOKAY is no AXI4-Lite response");
}

TEST_F(LiteTest, NoAnswer) {
  request_read(0x10);
  while (cycle < kLiteTimeout) tick();
  EXPECT_FALSE(violations.first());
  tick();
  tick();
  expect_rule("no answer for 10000 cycles to an access to 16");
}

// The master keeps the rules too: a VALID that is up stays up, whatever the stalls.
TEST(LiteRules, TheMasterHoldsItsValids) {
  const memory::MemoryTiming timing({.stall_percent = 95, .seed = 5});
  for (const bool read : {true, false}) {
    Violations violations;
    LiteMaster master(timing, violations);
    read ? master.start_read(0, 8) : master.start_write(0, 8, 1);
    int up[3] = {};
    for (uint64_t cycle = 0; cycle < 500; ++cycle) {
      const LiteMaster::ToMachine to = master.drive(cycle);
      const bool valid[] = {to.arvalid, to.awvalid, to.wvalid};
      for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(valid[i] || up[i] == 0) << "cycle " << cycle;
        up[i] += valid[i];
      }
      master.sample(cycle, {});
    }
    EXPECT_EQ(up[0] > 0, read);
    EXPECT_EQ(up[1] > 0 && up[2] > 0, !read);
  }
}

// RREADY and BREADY are down in some cycles of this memory; a response has to wait.
TEST(LiteRules, ResponsesMustStay) {
  const memory::MemoryTiming timing({.stall_percent = 95, .seed = 5});
  for (const bool falls : {true, false}) {
    Violations violations;
    LiteMaster master(timing, violations);
    uint64_t cycle = 0;
    const auto tick = [&](const LiteMaster::FromMachine& from) {
      const LiteMaster::ToMachine to = master.drive(cycle);
      master.sample(cycle++, from);
      return to;
    };
    master.start_read(0, 0);
    while (!tick({.arready = true}).arvalid) continue;
    LiteMaster::FromMachine answer{.rvalid = true};
    while (tick(answer).rready) ASSERT_TRUE(master.busy()) << "taken at once: choose another seed";
    if (falls)
      answer.rvalid = false;
    else
      answer.rdata = 1;
    tick(answer);
    EXPECT_NE(violations.first().value_or("").find(falls ? "RVALID fell before RREADY"
                                                         : "R payload changed before RREADY"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace millrace::sim
