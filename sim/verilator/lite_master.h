// SPDX-License-Identifier: Apache-2.0
// The host's side of the AXI4-Lite register port, cycle by cycle; one access at a time. VALID and
// READY come up with the memory specification's stalls of port kHost. Checks the machine's answers
// against AMBA AXI4-Lite (ARM IHI 0022).
#pragma once

#include <cstdint>

#include "model/memory/timing.h"
#include "sim/verilator/violations.h"

namespace millrace::sim {

// Cycles after which a register access without an answer is a violation.
inline constexpr uint64_t kLiteTimeout = 10'000;

class LiteMaster {
 public:
  struct ToMachine {
    bool awvalid, wvalid, bready, arvalid, rready;
    uint32_t awaddr, wdata, araddr;
  };
  struct FromMachine {
    bool awready = false, wready = false, bvalid = false, arready = false, rvalid = false;
    uint32_t rdata = 0;
    uint8_t bresp = 0, rresp = 0;
  };
  struct Answer {
    uint8_t resp = 0;
    uint32_t data = 0;
  };

  LiteMaster(const memory::MemoryTiming& timing, Violations& violations)
      : timing_(timing), violations_(violations) {}

  // Start an access; only while !busy(). The answer is there once busy() is false again.
  void start_read(uint64_t cycle, uint32_t addr);
  void start_write(uint64_t cycle, uint32_t addr, uint32_t data);
  bool busy() const { return kind_ != Kind::kNone; }
  const Answer& answer() const { return answer_; }

  const ToMachine& drive(uint64_t cycle);
  void sample(uint64_t cycle, const FromMachine& in);

 private:
  enum class Kind { kNone, kRead, kWrite };
  using ResponsePayload = uint64_t;  // response and data
  void check(uint64_t cycle, const FromMachine& in);
  void start(Kind kind, uint64_t cycle);
  bool up(memory::Channel channel, uint64_t cycle) const {
    return timing_.ready(memory::Port::kHost, channel, cycle);
  }

  const memory::MemoryTiming& timing_;
  Violations& violations_;
  StableChannel<ResponsePayload> b_{"register port", "B"};
  StableChannel<ResponsePayload> r_{"register port", "R"};
  Kind kind_ = Kind::kNone;
  bool ar_done_ = false, aw_done_ = false, w_done_ = false;
  uint64_t started_ = 0;
  ToMachine out_{};
  Answer answer_;
};

}  // namespace millrace::sim
