// SPDX-License-Identifier: Apache-2.0
// Every rule that the memory checks on a data port, broken once.
#include <gtest/gtest.h>

#include <string>

#include "tests/sim/data_port.h"

namespace millrace::sim {
namespace {

// A memory that is never ready in the first cycles, so that a VALID has to wait.
DataPort stalled() {
  for (uint64_t seed = 0;; ++seed) {
    const memory::MemorySpec spec{.stall_percent = 95, .seed = seed};
    const memory::MemoryTiming timing(spec);
    bool ready = false;
    for (uint64_t t = 0; t < 4; ++t)
      for (auto c : {memory::Channel::kAr, memory::Channel::kAw, memory::Channel::kW})
        ready |= timing.ready(memory::Port::kData, c, t);
    if (!ready) return DataPort(spec);
  }
}

void expect_violation(const DataPort& port, const std::string& rule) {
  EXPECT_NE(port.violation().find("on the data port: " + rule), std::string::npos)
      << "expected: " << rule << "\nseen: " << port.violation();
}

TEST(AxiRules, ArvalidFalls) {
  DataPort port = stalled();
  port.r.arvalid = true;
  port.tick();
  port.r.arvalid = false;
  port.tick();
  expect_violation(port, "ARVALID fell before ARREADY");
  EXPECT_NE(port.violation().find("in cycle 1 "), std::string::npos) << port.violation();
}

TEST(AxiRules, ArChanges) {
  DataPort port = stalled();
  port.r.arvalid = true;
  port.tick();
  port.r.ar.addr = 4;
  port.tick();
  expect_violation(port, "AR payload changed before ARREADY");
}

TEST(AxiRules, AwvalidFalls) {
  DataPort port = stalled();
  port.w.awvalid = true;
  port.tick();
  port.w.awvalid = false;
  port.tick();
  expect_violation(port, "AWVALID fell before AWREADY");
}

TEST(AxiRules, AwChanges) {
  DataPort port = stalled();
  port.w.awvalid = true;
  port.tick();
  port.w.aw.len = 1;
  port.tick();
  expect_violation(port, "AW payload changed before AWREADY");
}

TEST(AxiRules, WvalidFalls) {
  DataPort port = stalled();
  port.w.wvalid = true;
  port.tick();
  port.w.wvalid = false;
  port.tick();
  expect_violation(port, "WVALID fell before WREADY");
}

TEST(AxiRules, WPayloadChanges) {
  for (int what = 0; what < 3; ++what) {
    DataPort port = stalled();
    port.w.wvalid = true;
    port.tick();
    if (what == 0) port.w.wdata[3] ^= 1;
    if (what == 1) port.w.wstrb ^= 1;
    if (what == 2) port.w.wlast = true;
    port.tick();
    expect_violation(port, "W payload changed before WREADY");
  }
}

TEST(AxiRules, FourKib) {
  DataPort port;
  port.ask(0x1000 - 16, 4);
  EXPECT_EQ(port.violation(), "");
  port.ask(0x1000 - 16, 5);
  expect_violation(port, "AR burst crosses a 4 KiB boundary");
  DataPort other;
  other.address(0x2ffc, 2);
  expect_violation(other, "AW burst crosses a 4 KiB boundary");
}

TEST(AxiRules, BurstLength) {
  DataPort port;
  port.ask(0, 16);
  EXPECT_EQ(port.violation(), "");
  port.ask(0, 17);
  expect_violation(port, "ARLEN asks for 17 beats, more than 16");
  DataPort other;
  other.address(0, 17);
  expect_violation(other, "AWLEN asks for 17 beats");
}

TEST(AxiRules, Alignment) {
  DataPort port;
  port.ask(2, 1);
  expect_violation(port, "ARADDR is not on a beat boundary");
  DataPort other;
  other.address(1, 1);
  expect_violation(other, "AWADDR is not on a beat boundary");
}

TEST(AxiRules, WlastEarly) {
  DataPort port;
  port.address(0, 3);
  port.beat(0, false);
  port.beat(0, true);
  expect_violation(port, "WLAST before the burst's last beat");
}

TEST(AxiRules, WlastMissing) {
  DataPort port;
  port.address(0, 2);
  port.beat(0, false);
  port.beat(0, false);
  expect_violation(port, "WLAST missing on the burst's last beat");
}

TEST(AxiRules, WBeatsAgainstALateAddress) {
  DataPort port;
  port.beat(0, false);
  port.beat(0, true);
  port.address(0, 1);
  expect_violation(port, "W beat beyond the burst's last beat");
  DataPort other;
  for (int i = 0; i < 17; ++i) other.beat(0, false);
  expect_violation(other, "W beats without WLAST beyond the longest burst");
}

}  // namespace
}  // namespace millrace::sim
