// SPDX-License-Identifier: Apache-2.0
#include "model/cycle/dispatch.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace millrace::cycle {

Dispatch::Dispatch(const isa::Config& config) : config_(config) { reset(); }

void Dispatch::reset() {
  slots_.assign(static_cast<size_t>(config_.slots), Slot());
  for (Unit& unit : units_) {
    unit = Unit();
    unit.pops.assign(static_cast<size_t>(config_.queue_depth), 0);
  }
  offered_.reset();
  head_ = occupied_ = 0;
  dispatch_time_ = halt_ = stop_ = final_ = kNever;
  decode_record_ = refused_ = false;
  record_ = FaultRecord();
}

// ---- Dispatch.

void Dispatch::offer(const Decoded& instruction, Cycle valid) {
  offered_ = {instruction, valid};
  plan_dispatch();
}

void Dispatch::plan_dispatch() {
  dispatch_time_ = kNever;
  if (!offered_ || refused_) return;
  if (offered_->instruction.fault != isa::Fault::kNone) {
    dispatch_time_ = offered_->valid;
    return;
  }
  Cycle when = offered_->valid;
  const Slot& slot = slots_[head_ % slots_.size()];
  if (slot.valid && slot.done == kNever) return;
  if (slot.done != kNever) when = std::max(when, slot.done + 1);
  const Unit& unit = units_[offered_->instruction.unit];
  const uint64_t depth = unit.pops.size();
  if (unit.pushed >= depth) {
    const uint64_t room = unit.pushed - depth;  // number of the instruction that has to be gone
    if (unit.popped <= room) return;
    when = std::max(when, unit.pops[room % depth] + 1);
  }
  dispatch_time_ = when;
}

bool Dispatch::conflict(const Slot& older, const Decoded& d, uint32_t shares) const {
  const Decoded& o = older.instruction;
  if (d.signal || (d.sp & o.sp) != 0 || (d.acc & o.acc) != 0) return true;
  return ((d.reads && o.writes) || (d.writes && o.reads)) && (shares >> o.segment & 1);
}

bool Dispatch::take_offer(Cycle now, uint32_t shares, uint32_t bus_addr) {
  dispatch_time_ = kNever;
  const Decoded& d = offered_->instruction;
  refused_ = now >= stop_ || now >= halt_ || d.fault != isa::Fault::kNone;
  if (now >= stop_ || (now >= halt_ && d.fault == isa::Fault::kNone)) return false;
  if (d.fault != isa::Fault::kNone) {
    stop_ = now + 1;
    decode_record_ = true;
    record_ = {d.fault, static_cast<uint32_t>(isa::Unit::kFetch), head_,
               d.fault == isa::Fault::kBus ? bus_addr : 0};
    return false;
  }
  const uint32_t number = head_ % static_cast<uint32_t>(slots_.size());
  Slot& slot = slots_[number];
  slot = Slot();
  slot.instruction = d;
  slot.index = head_;
  slot.dispatched = now;
  slot.valid = true;
  for (uint32_t others = occupied_ & ~(1u << number); others != 0; others &= others - 1) {
    const uint32_t i = static_cast<uint32_t>(std::countr_zero(others));
    const Slot& other = slots_[i];
    if (other.done <= now || !conflict(other, d, shares)) continue;
    if (config_.counters)
      slot.blockers.push_back({other.index, i, other.instruction.unit, other.done});
    if (other.done == kNever)
      slot.waits |= 1u << i;
    else
      slot.ready = std::max(slot.ready, other.done + 1);
  }
  occupied_ |= 1u << number;
  ++head_;
  Unit& unit = units_[d.unit];
  unit.queue.push_back(number);
  ++unit.pushed;
  if (unit.queue.size() == 1) plan_start(d.unit);
  offered_.reset();
  return true;
}

// ---- Starts.

void Dispatch::plan_start(uint32_t number) {
  Unit& unit = units_[number];
  unit.start = kNever;
  if (unit.queue.empty() || unit.head_started || unit.held) return;
  const Slot& head = slots_[unit.queue.front()];
  if (head.waits == 0) unit.start = std::max({head.dispatched + 1, unit.free, head.ready});
}

std::optional<uint32_t> Dispatch::take_start(uint32_t number, Cycle now) {
  Unit& unit = units_[number];
  unit.start = kNever;
  const uint32_t index = unit.queue.front();
  Slot& slot = slots_[index];
  if (now >= halt_ || (now >= stop_ && !older_than_record(slot))) {
    unit.held = true;
    return std::nullopt;
  }
  unit.head_started = true;
  if (unit.running.empty()) {
    const auto waits = waits_of(unit, slot, now);
    for (uint32_t i = 0; i < kUnits; ++i) unit.waited[i] += waits[i];
    unit.covered = std::max(unit.covered, now);
  }
  unit.running.push_back(index);
  slot.running = true;
  slot.started = now;
  return index;
}

void Dispatch::popped(uint32_t number, Cycle when) {
  ++reports_;
  Unit& unit = units_[number];
  unit.pops[unit.popped++ % unit.pops.size()] = when;
  unit.queue.pop_front();
  unit.head_started = false;
  unit.free = when + 1;
  plan_start(number);
  if (offered_ && offered_->instruction.unit == number) plan_dispatch();
}

// ---- Completion.

void Dispatch::finish(uint32_t index, Cycle when, Stop stop) {
  ++reports_;
  Slot& slot = slots_[index];
  slot.done = when;
  slot.stop = stop;
  Unit& unit = units_[slot.instruction.unit];
  if (unit.running.front() == index) unit.done = when;
  for (uint32_t others = occupied_; others != 0; others &= others - 1) {
    Slot& other = slots_[static_cast<size_t>(std::countr_zero(others))];
    if (!(other.waits >> index & 1)) continue;
    other.waits &= ~(1u << index);
    for (Blocker& b : other.blockers)
      if (b.slot == index && b.done == kNever) b.done = when;
    other.ready = std::max(other.ready, when + 1);
    const uint32_t waiting = other.instruction.unit;
    if (other.waits == 0 && &slots_[units_[waiting].queue.front()] == &other) plan_start(waiting);
  }
  plan_dispatch();
}

Slot Dispatch::take_done(uint32_t number, Cycle now) {
  Unit& unit = units_[number];
  const uint32_t index = unit.running.front();
  unit.running.pop_front();
  unit.busy += now + 1 - unit.covered;
  unit.covered = now + 1;
  unit.done = unit.running.empty() ? kNever : slots_[unit.running.front()].done;
  Slot& slot = slots_[index];
  slot.valid = false;
  occupied_ &= ~(1u << index);
  if (slot.stop) record_fault(now, slot, number);
  return slot;
}

bool Dispatch::older_than_record(const Slot& slot) const {
  return stop_ == kNever || decode_record_ || static_cast<int32_t>(slot.index - record_.index) < 0;
}

void Dispatch::record_fault(Cycle now, const Slot& slot, uint32_t number) {
  if (!older_than_record(slot)) return;
  stop_ = std::min(stop_, now + 1);
  decode_record_ = false;
  const uint32_t unit = slot.instruction.reads ? kLoad : number;
  record_ = {slot.stop.code, unit, slot.index, slot.stop.addr};
}

void Dispatch::settle(Cycle now) {
  if (stop_ == kNever || final_ != kNever) return;
  for (const Slot& slot : slots_)
    if (slot.valid && (slot.running || older_than_record(slot))) return;
  final_ = now + 1;
}

// The cycles before `end` in which `head` stood at the head of an idle unit, each charged to the
// oldest instruction that it still waited for.
std::array<uint64_t, kUnits> Dispatch::waits_of(const Unit& unit, const Slot& head,
                                                Cycle end) const {
  std::array<uint64_t, kUnits> waits{};
  std::vector<Blocker> blockers = head.blockers;
  std::sort(blockers.begin(), blockers.end(), [](const Blocker& a, const Blocker& b) {
    return static_cast<int32_t>(a.index - b.index) < 0;
  });
  Cycle at = std::max(head.dispatched + 1, unit.covered);
  for (const Blocker& b : blockers) {
    const Cycle until = std::min(b.done == kNever ? end : b.done + 1, end);
    if (until <= at) continue;
    waits[b.unit] += until - at;
    at = until;
  }
  return waits;
}

uint64_t Dispatch::waited(uint32_t number, uint32_t other, Cycle now) const {
  const Unit& unit = units_[number];
  uint64_t cycles = unit.waited[other];
  if (unit.running.empty() && !unit.queue.empty() && !unit.head_started)
    cycles += waits_of(unit, slots_[unit.queue.front()], std::min(now, final_))[other];
  return cycles;
}

uint64_t Dispatch::busy(uint32_t number, Cycle now) const {
  const Unit& unit = units_[number];
  return unit.busy + (unit.running.empty() || now < unit.covered ? 0 : now - unit.covered);
}

}  // namespace millrace::cycle
