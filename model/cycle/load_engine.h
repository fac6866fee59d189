// SPDX-License-Identifier: Apache-2.0
// LOAD: when its bursts go out, when its words arrive, and the words themselves (rtl/dma/dma.sv,
// dma_read.sv; docs/reference/timing.md). The address side runs ahead of the data side, also into
// the next instruction, up to dma_outstanding bursts and queue_depth instructions.
#pragma once

#include <deque>
#include <vector>

#include "model/cycle/dispatch.h"
#include "model/cycle/dma_rows.h"
#include "model/cycle/ports.h"
#include "model/cycle/values.h"
#include "model/memory/bytes.h"

namespace millrace::cycle {

class LoadEngine {
 public:
  LoadEngine(const isa::Config& config, memory::MemoryTiming& timing, memory::Bytes& bytes,
             Values& values, Dispatch& dispatch);
  void reset();
  void start(Cycle now, const DmaOp& op);
  // The next address handshake.
  Cycle request_time() const { return handshake_; }
  void request(Cycle now);
  void halt(Cycle from);
  bool waits(Cycle now) const;  // STATUS.read_wait
  bool quiet() const { return handshake_ == kNever; }
  Cycle last_response() const { return response_; }
  // Cycles before `now` in which an address is offered or data outstanding, and no beat arrives.
  uint64_t memory_cycles(Cycle now) const;

 private:
  uint32_t unit() const { return config_.dma_shared ? kStore : kLoad; }
  void begin(Cycle now, const DmaOp& op);
  void end_addresses();
  void take_row(Cycle now);
  void offer(Cycle from);
  void fail(Cycle from, const Row& row);
  void move_words(const Row& row);
  void prefetch(uint64_t addr, uint32_t bytes);
  const uint8_t* row_bytes(const Row& row, uint32_t bytes);
  struct Refusal {
    uint32_t word;
    uint32_t burst;  // bus address of the refused beat's burst
  };
  std::optional<Refusal> first_refused(const Row& row, uint32_t words) const;
  std::optional<Refusal> refused_at(const Row& row, uint32_t words, uint32_t beat,
                                    uint64_t burst) const;
  void collect(const memory::Outside& outside);

  const isa::Config& config_;
  memory::Bytes& bytes_;
  Values& values_;
  Dispatch& dispatch_;
  ReadPort port_;

  struct Waiting {
    Cycle start;
    DmaOp op;
  };
  bool busy_ = false;            // the address side has an instruction, op_
  std::optional<Waiting> next_;  // started, while op_'s last row is still going out
  DmaOp op_;
  std::optional<RowWalk> rows_;
  Row row_;
  BurstWalk bursts_;
  Burst burst_;
  bool last_row_ = false;
  Stop stop_;  // of op_
  Cycle offered_ = kNever, handshake_ = kNever;
  Cycle launch_ = 0;    // the next row may be taken
  Cycle response_ = 0;  // last beat so far
  Cycle word_ = 0;      // last word written on chip
  Cycle halt_ = kNever;
  std::vector<Cycle> retired_;  // last beats, by number of the burst modulo dma_outstanding
  std::vector<Cycle> popped_;   // from the data side, by number modulo queue_depth
  uint64_t bursts_done_ = 0, ops_ = 0;
  std::vector<uint8_t> around_;  // of row_bytes(), or the beats from outside
  std::optional<std::pair<uint32_t, uint64_t>> refused_;  // from outside: beat of the row, burst
  std::deque<ReadPort::Accepted> in_flight_;              // some of them may be over
  uint64_t waited_ = 0;  // memory_cycles() up to `covered_`, the first cycle not counted
  Cycle covered_ = 0;
};

}  // namespace millrace::cycle
