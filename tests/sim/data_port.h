// SPDX-License-Identifier: Apache-2.0
// A data port in the hands of a test: the test plays the machine, cycle by cycle.
#pragma once

#include <string>
#include <vector>

#include "sim/verilator/axi_slave.h"

namespace millrace::sim {

inline constexpr PortShape kTestShape{memory::Port::kData, 4, 16};

// A data port on a 64 KiB memory. The test sets `r` and `w`, then lets a cycle pass.
class DataPort {
 public:
  explicit DataPort(const memory::MemorySpec& spec = {}, AddressRange slverr = {})
      : timing_(spec),
        bytes(65536, slverr),
        write_(kTestShape, timing_, bytes, violations_),
        read_(kTestShape, timing_, bytes, &write_, violations_) {
    for (uint32_t i = 0; i < bytes.size(); ++i) bytes.at(i, 1)[0] = static_cast<uint8_t>(i * 7);
    w.bready = r.rready = true;
    w.wstrb = 0xf;
  }
  void tick() {
    to_r = read_.drive(cycle);
    to_w = write_.drive(cycle);
    if (to_r.rvalid && r.rready) beats.push_back({cycle, read_word(), to_r.rresp, to_r.rlast});
    if (to_w.bvalid && w.bready) responses.push_back({cycle, to_w.bresp});
    read_.sample(cycle, r);
    write_.sample(cycle, w);
    ++cycle;
  }
  // One AR handshake; returns its cycle.
  uint64_t ask(uint32_t addr, uint32_t beats_wanted) {
    r.arvalid = true;
    r.ar = {addr, beats_wanted - 1};
    do tick();
    while (!to_r.arready);
    r.arvalid = false;
    return cycle - 1;
  }
  uint64_t address(uint32_t addr, uint32_t beats_wanted) {
    w.awvalid = true;
    w.aw = {addr, beats_wanted - 1};
    do tick();
    while (!to_w.awready);
    w.awvalid = false;
    return cycle - 1;
  }
  uint64_t beat(uint32_t value, bool last, uint32_t strb = 0xf) {
    for (uint32_t i = 0; i < 4; ++i) w.wdata[i] = static_cast<uint8_t>(value >> 8 * i);
    w.wvalid = true;
    w.wlast = last;
    w.wstrb = strb;
    do tick();
    while (!to_w.wready);
    w.wvalid = false;
    return cycle - 1;
  }
  uint32_t word(uint32_t addr) {
    uint32_t value = 0;
    for (uint32_t i = 0; i < 4; ++i) value |= uint32_t{bytes.at(addr + i, 1)[0]} << 8 * i;
    return value;
  }
  void idle(int cycles) {
    while (cycles-- > 0) tick();
  }
  std::string violation() const { return violations_.first().value_or(""); }

  struct ReadBeat {
    uint64_t cycle;
    uint32_t value;
    uint8_t resp;
    bool last;
  };
  struct WriteResponse {
    uint64_t cycle;
    uint8_t resp;
  };
  std::vector<ReadBeat> beats;
  std::vector<WriteResponse> responses;
  uint64_t cycle = 0;

 private:
  uint32_t read_word() const {
    uint32_t value = 0;
    for (uint32_t i = 0; i < 4; ++i) value |= uint32_t{to_r.rdata[i]} << 8 * i;
    return value;
  }
  memory::MemoryTiming timing_;
  Violations violations_;

 public:
  Bytes bytes;
  ReadSlave::FromMachine r{};
  WriteSlave::FromMachine w{};
  ReadSlave::ToMachine to_r{};
  WriteSlave::ToMachine to_w{};

 private:
  WriteSlave write_;
  ReadSlave read_;
};

}  // namespace millrace::sim
