// SPDX-License-Identifier: Apache-2.0
// The memory's side of an AXI4 port, cycle by cycle: drive(t) says what the memory shows in cycle
// t, sample(t) takes what the machine showed in the same cycle, and checks it. Timing and meaning
// as docs/reference/memory.md; protocol as AMBA AXI4 (ARM IHI 0022), narrowed by
// docs/developer/microarchitecture.md: INCR bursts of full-width beats on beat boundaries, no IDs.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "model/memory/bytes.h"
#include "model/memory/timing.h"
#include "sim/verilator/violations.h"

namespace millrace::sim {

using memory::AddressRange;
using memory::Bytes;
using memory::kDecerr;
using memory::kOkay;
using memory::kSlverr;

inline constexpr uint32_t kMaxBeatBytes = 32;
using Beat = std::array<uint8_t, kMaxBeatBytes>;

struct PortShape {
  memory::Port port;
  uint32_t beat_bytes;
  uint32_t max_beats;  // longest burst the machine may ask for
};

// A burst as AR or AW carry it.
struct BurstAddress {
  uint32_t addr = 0;
  uint32_t len = 0;  // beats - 1
  bool operator==(const BurstAddress&) const = default;
  uint32_t beats() const { return len + 1; }
};

class WriteSlave {
 public:
  struct FromMachine {
    bool awvalid, wvalid, wlast, bready;
    BurstAddress aw;
    uint32_t wstrb;
    Beat wdata;  // what WVALID is up for; else anything
  };
  struct ToMachine {
    bool awready, wready, bvalid;
    uint8_t bresp;
  };

  WriteSlave(PortShape shape, memory::MemoryTiming& timing, Bytes& bytes, Violations& violations);
  const ToMachine& drive(uint64_t cycle);
  void sample(uint64_t cycle, const FromMachine& in);

  // Inverts the bytes of a read beat that a write in flight makes undefined: one handed over before
  // `now` whose response was not presented before `since`, the read's AR handshake.
  void poison(uint64_t since, uint64_t now, uint64_t addr, uint32_t beat_bytes, Beat& beat) const;
  // No later poison() asks for reads accepted before `cycle`.
  void forget_before(uint64_t cycle);

 private:
  struct WriteBeat {
    Beat data;
    uint32_t strb;
  };
  struct Burst {
    BurstAddress aw;
    bool addressed = false, data_done = false;
    std::vector<WriteBeat> beats;
    uint64_t handed_over = 0;  // cycle in which the memory had address and data
    uint64_t due = 0;
    uint64_t presented = UINT64_MAX;
    uint8_t response = kOkay;  // of a memory outside
  };
  struct WPayload {
    Beat data{};
    uint32_t strb = 0;
    bool last = false;
    bool operator==(const WPayload&) const = default;
  };

  Burst& burst(size_t index);
  void take_address(uint64_t cycle, const BurstAddress& aw);
  void take_data(uint64_t cycle, const WPayload& w);
  void check_beats(uint64_t cycle, const Burst& b);
  void accept_if_complete(uint64_t cycle, Burst& b);
  void hand_over(const Burst& b, memory::Outside& outside) const;
  uint8_t commit(const Burst& b);

  PortShape shape_;
  memory::MemoryTiming& timing_;
  Bytes& bytes_;
  Violations& violations_;
  StableChannel<BurstAddress> aw_;
  StableChannel<WPayload> w_;
  ToMachine out_{};
  std::deque<Burst> bursts_;  // in order: answered ones that poison() may need, then open ones
  size_t next_aw_ = 0, next_w_ = 0, next_b_ = 0;  // positions in bursts_
  uint64_t b_free_ = 0;  // first cycle in which a new response may be presented
};

class ReadSlave {
 public:
  struct FromMachine {
    bool arvalid, rready;
    BurstAddress ar;
  };
  struct ToMachine {
    bool arready, rvalid, rlast;
    uint8_t rresp;
    const uint8_t* rdata;
  };

  // `writes`: the port's write side, or null if nothing the port reads is written by the machine.
  ReadSlave(PortShape shape, memory::MemoryTiming& timing, Bytes& bytes, WriteSlave* writes,
            Violations& violations);
  const ToMachine& drive(uint64_t cycle);
  void sample(uint64_t cycle, const FromMachine& in);

 private:
  struct Burst {
    BurstAddress ar;
    uint64_t accepted;
    memory::Schedule schedule;
    // From a memory outside; else empty.
    std::vector<uint8_t> data;
    uint32_t good_beats = 0;
    uint8_t refusal = kOkay;
  };
  void present(uint64_t cycle);

  PortShape shape_;
  memory::MemoryTiming& timing_;
  Bytes& bytes_;
  WriteSlave* writes_;
  Violations& violations_;
  StableChannel<BurstAddress> ar_;
  ToMachine out_{};
  Beat data_{};
  std::deque<Burst> bursts_;
  uint32_t next_beat_ = 0;  // of the oldest burst
  uint64_t r_free_ = 0;     // first cycle in which a new beat may be presented
};

}  // namespace millrace::sim
