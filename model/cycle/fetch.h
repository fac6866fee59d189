// SPDX-License-Identifier: Apache-2.0
// When instructions arrive: ring requests, the prefetch buffer and the words' way through decode
// (rtl/core/fetch.sv, decode.sv).
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "model/cycle/ports.h"
#include "model/cycle/time.h"
#include "model/memory/bytes.h"

namespace millrace::cycle {

struct Arrival {
  isa::Instruction words{};
  bool bus_error = false;
  Cycle complete = 0;  // the instruction is whole in decode
};

class Fetch {
 public:
  Fetch(const isa::Config& config, memory::MemoryTiming& timing, memory::Bytes& bytes);
  void reset();
  void set_ring(uint32_t base, uint32_t log2) { ring_base_ = base, ring_log2_ = log2; }
  // The doorbell's write handshake.
  void doorbell(Cycle now, uint32_t tail);
  uint32_t tail() const { return tail_; }
  uint32_t address(uint32_t index) const;

  // The next address handshake, and what happens in it.
  Cycle request_time() const { return handshake_; }
  void request(Cycle now);
  // The next instruction to come out of decode, once its last word's time is known and the one
  // before it is dispatched.
  std::optional<Arrival> take_arrival();
  void dispatched(Cycle now);
  // No address is offered from this cycle on, but one that waits stays.
  void stop(Cycle from);

  bool drained() const { return all_requested() && arrived_.empty(); }
  bool waits(Cycle now) const;  // STATUS.fetch_wait
  bool quiet() const { return handshake_ == kNever; }
  Cycle last_beat() const { return last_beat_; }

 private:
  static constexpr uint32_t kBytes = 4 * isa::kWords;
  bool buffered() const { return config_.fetch_words > 0; }
  bool all_requested() const { return ((requested_ ^ tail_) & index_mask_) == 0; }
  void plan();
  Arrival read(uint32_t addr) const;

  const isa::Config& config_;
  ReadPort port_;
  memory::Bytes& bytes_;
  const uint32_t index_mask_;  // of RING_TAIL
  uint32_t ring_base_ = 0, ring_log2_ = 0;
  uint32_t tail_ = 0;
  uint32_t requested_ = 0;  // instructions, since reset, like the next three
  uint32_t completed_ = 0;  // given out by take_arrival()
  uint32_t dispatched_ = 0;
  Cycle available_ = 0;  // the next one has been in the ring since
  Cycle offered_ = kNever, handshake_ = kNever;
  Cycle last_handshake_ = 0, last_beat_ = 0, last_dispatch_ = 0;
  Cycle stop_ = kNever;
  std::vector<Cycle> taken_;     // when decode took the last word, by index modulo its size
  std::deque<Arrival> arrived_;  // `complete`: the last beat, until the instruction is taken
};

}  // namespace millrace::cycle
