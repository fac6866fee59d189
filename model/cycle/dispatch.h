// SPDX-License-Identifier: Apache-2.0
// In-order dispatch into slots and unit queues, the wait matrix, completion and the fault record
// (rtl/core/dispatch.sv). Works on times that are known in advance: a unit says as early as it can
// in which cycle an instruction leaves its queue (popped) and in which it is done (finish).
//
// Within one cycle starts come before dispatch and dispatch before completions: what happens in a
// cycle is seen in the next one, except that a completion clears the waits of an instruction
// dispatched in the same cycle.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "model/cycle/decode.h"
#include "model/cycle/time.h"

namespace millrace::cycle {

struct FaultRecord {
  isa::Fault code = isa::Fault::kNone;
  uint32_t unit = 0;   // isa::Unit
  uint32_t index = 0;  // of the instruction since reset
  uint32_t addr = 0;
};

// An older instruction that one waits for.
struct Blocker {
  uint32_t index = 0, slot = 0, unit = 0;
  Cycle done = kNever;
};

// An instruction in flight.
struct Slot {
  Decoded instruction;
  uint32_t index = 0;  // since reset
  Cycle dispatched = 0, started = 0;
  Cycle ready = 0;                // the first cycle in which all that it waited for is complete
  uint32_t waits = 0;             // bit i: for slot i, whose completion is not known yet
  std::vector<Blocker> blockers;  // all that it waits or waited for
  Cycle done = kNever;
  Stop stop;
  bool valid = false, running = false;
};

class Dispatch {
 public:
  explicit Dispatch(const isa::Config& config);
  void reset();

  // ---- Dispatch. The next instruction is complete in decode from `valid` on.
  void offer(const Decoded& instruction, Cycle valid);
  bool offered() const { return offered_.has_value(); }
  Cycle offer_time() const { return dispatch_time_; }  // dispatched then, or its decode fault seen
  // At offer_time(): dispatches and returns true, or records the decode fault. `shares`: bit i set
  // if segment i shares memory with the instruction's. `bus_addr`: where it was fetched.
  bool take_offer(Cycle now, uint32_t shares, uint32_t bus_addr);
  const Decoded& offered_instruction() const { return offered_->instruction; }

  // ---- Starts. The cycle in which the head of a queue starts.
  Cycle start_time(uint32_t unit) const { return units_[unit].start; }
  // At start_time(): the slot that starts; nothing if a fault or a reset holds it back for good.
  std::optional<uint32_t> take_start(uint32_t unit, Cycle now);
  Slot& slot(uint32_t index) { return slots_[index]; }

  // ---- What units report, and how often they have.
  uint64_t reports() const { return reports_; }
  void popped(uint32_t unit, Cycle when);  // by the last one that started
  void finish(uint32_t slot, Cycle when, Stop stop);

  // ---- Completion.
  Cycle done_time(uint32_t unit) const { return units_[unit].done; }
  // At done_time(): frees the slot, which is returned as it was.
  Slot take_done(uint32_t unit, Cycle now);
  // After all completions of a cycle: whether the fault record has become final.
  void settle(Cycle now);

  void halt(Cycle from) { halt_ = from; }
  bool empty() const { return occupied_ == 0; }
  uint32_t head() const { return head_; }
  Cycle stop_time() const { return stop_; }    // from then on nothing is dispatched
  Cycle final_time() const { return final_; }  // from then on the record is final
  const FaultRecord& record() const { return record_; }
  // Cycles before `now` in which the unit had begun an instruction that was not complete.
  uint64_t busy(uint32_t unit, Cycle now) const;
  // ... in which none had begun, its next one waited, and the oldest that it waited for was in
  // unit `other`.
  uint64_t waited(uint32_t unit, uint32_t other, Cycle now) const;

 private:
  struct Offer {
    Decoded instruction;
    Cycle valid;
  };
  struct Unit {
    std::deque<uint32_t> queue;    // slots not yet popped, as far as known
    std::deque<uint32_t> running;  // started, not done
    std::vector<Cycle> pops;       // of the last queue_depth instructions, by number modulo depth
    uint64_t pushed = 0, popped = 0;
    bool head_started = false;
    bool held = false;                      // its head never starts
    Cycle free = 0;                         // the next head may start from here on
    Cycle start = kNever;                   // of the head
    Cycle done = kNever;                    // of the oldest running
    uint64_t busy = 0;                      // cycles counted up to `covered`
    Cycle covered = 0;                      // first cycle not counted
    std::array<uint64_t, kUnits> waited{};  // of heads that have started, by unit waited for
  };

  bool conflict(const Slot& older, const Decoded& instruction, uint32_t shares) const;
  bool older_than_record(const Slot& slot) const;
  void plan_dispatch();
  void plan_start(uint32_t unit);
  std::array<uint64_t, kUnits> waits_of(const Unit& unit, const Slot& head, Cycle end) const;
  void record_fault(Cycle now, const Slot& slot, uint32_t unit);

  const isa::Config& config_;
  std::vector<Slot> slots_;
  std::array<Unit, kUnits> units_;
  std::optional<Offer> offered_;
  bool refused_ = false;  // the offer came too late: a fault or a reset
  Cycle dispatch_time_ = kNever;
  uint64_t reports_ = 0;
  uint32_t head_ = 0;
  uint32_t occupied_ = 0;  // bit i: slot i
  Cycle halt_ = kNever;
  Cycle stop_ = kNever, final_ = kNever;
  bool decode_record_ = false;  // the record is younger than every slot
  FaultRecord record_;
};

}  // namespace millrace::cycle
