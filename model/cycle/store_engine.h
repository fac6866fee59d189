// SPDX-License-Identifier: Apache-2.0
// STORE and SIGNAL: when their bursts go out, when their beats are taken and answered, and the
// bytes that they write (rtl/dma/dma.sv, dma_write.sv; docs/reference/timing.md).
//
// Addresses are planned as far ahead as what is known allows: a burst's address never waits for
// data, its data never for its address. What others see happens in order: a burst is accepted when
// address and data are handed over, and its bytes are written with its response.
#pragma once

#include <vector>

#include "model/cycle/dispatch.h"
#include "model/cycle/dma_rows.h"
#include "model/cycle/ports.h"
#include "model/cycle/values.h"
#include "model/memory/bytes.h"

namespace millrace::cycle {

class StoreEngine {
 public:
  StoreEngine(const isa::Config& config, memory::MemoryTiming& timing, memory::Bytes& bytes,
              Values& values, Dispatch& dispatch);
  void reset();
  void start(Cycle now, const DmaOp& op);
  // The next burst whose address and data are both handed over.
  Cycle accept_time() const { return accept_; }
  void accept(Cycle now);
  // The next response; the bytes are written in its cycle.
  Cycle response_time() const {
    return responses_ == accepted_bursts_ ? kNever : flight(responses_).response;
  }
  void respond();
  void halt(Cycle from);
  bool waits(Cycle now) const;  // STATUS.write_wait
  bool quiet() const { return offered_bursts_ == accepted_bursts_; }
  Cycle last_response() const { return response_; }
  // Cycles before `now` in which an address is offered or a response outstanding, and no beat is
  // taken.
  uint64_t memory_cycles(Cycle now) const;

 private:
  struct Op {
    DmaOp dma;
    uint64_t number = 0;
    uint64_t first_burst = 0;
    Cycle older = kNever;  // last response of the instructions before it, once known
    bool bad = false;      // a word outside its banks has been met
    Stop stop;
  };
  // A burst on its way.
  struct Flight {
    Op* op = nullptr;
    Burst burst;
    Row row;
    uint32_t good_bytes = 0;           // of the row, before the first word outside the banks
    std::optional<uint32_t> bad_beat;  // of the burst: has the instruction's first such word
    bool op_end = false;
    Cycle offered = 0, address = 0;  // of the address: offered, handshake
    Cycle data = kNever;             // handshake of the last beat
    std::vector<Cycle> beats;        // handshakes of all, unless one a cycle
    Cycle response = kNever;
  };

  void begin(Cycle now, Op* op);
  void take_row(Cycle now);
  bool plan_addresses();
  void next_row();
  bool offer_burst();
  void fail(Cycle when);
  bool plan_data(Flight& flight);
  Cycle issue(Cycle from);
  void plan();
  void refuse(Op& op, const Burst& burst) const;
  void write(const Flight& flight);
  void write_part(const Flight& flight, uint64_t first, uint64_t last);
  uint8_t* place(uint64_t addr, uint32_t bytes);
  bool held(const DmaOp& op) const { return config_.dma_shared || op.signal; }
  uint64_t bus_address(uint64_t addr) const {
    return addr & ((uint64_t{1} << config_.addr_bits) - 1);
  }

  const isa::Config& config_;
  memory::Bytes& bytes_;
  Values& values_;
  Dispatch& dispatch_;
  WritePort port_;

  // ---- Address side: an instruction, its row, the rest of the row's bursts.
  enum class Stage { kIdle, kFirstRow, kBurst, kNextRow, kFault };
  struct Waiting {
    Cycle start;
    Op* op;
  };
  Stage stage_ = Stage::kIdle;
  std::optional<Waiting> next_;  // started, while the last row of op_ is still going out
  Op* op_ = nullptr;
  std::optional<RowWalk> rows_;
  Row row_;
  BurstWalk bursts_;
  uint32_t row_beat_ = 0;  // beats of the row before the next burst
  bool last_row_ = false;
  std::optional<uint32_t> bad_word_;  // of the row, if the instruction's first one is in it
  uint32_t good_bytes_ = 0;
  Cycle start_ = 0, launch_ = 0;
  Cycle halt_ = kNever;
  bool dropped_ = false;  // a reset has dropped bursts: the row that they are of stays where it is

  // Instructions, by number modulo the size: more than are ever on their way.
  std::vector<Op> ring_;

  // ---- Data side.
  // Bursts by number modulo the size: more than are ever offered and not answered. In order, those
  // before responses_ are over, before accepted_bursts_ accepted, before data_planned_ have their
  // beats' times, before offered_bursts_ their address's.
  std::vector<Flight> flights_;
  Flight& flight(uint64_t number) { return flights_[number % flights_.size()]; }
  const Flight& flight(uint64_t number) const { return flights_[number % flights_.size()]; }
  void plan_accept();
  struct Beat {
    Cycle arrived = 0, taken = 0;  // at the port
  };
  Beat beat_, beat_before_;  // the last two
  Cycle slot_ = 0;           // the last beat was issued then
  Cycle accept_ = kNever;
  Cycle response_ = 0;          // last one so far
  std::vector<Cycle> retired_;  // responses, by number of the burst modulo dma_outstanding
  std::vector<Cycle> popped_;   // from the data side, by number modulo queue_depth
  uint64_t offered_bursts_ = 0, data_planned_ = 0, accepted_bursts_ = 0, responses_ = 0;
  uint64_t ops_ = 0, popped_ops_ = 0;
  uint64_t waited_ = 0;  // memory_cycles() up to `covered_`, the first cycle not counted
  Cycle covered_ = 0;
};

}  // namespace millrace::cycle
