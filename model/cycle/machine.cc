// SPDX-License-Identifier: Apache-2.0
// Events: their order within a cycle, and what starts and completes.
#include "model/cycle/machine.h"

#include <algorithm>

namespace millrace::cycle {

Machine::Machine(const isa::Config& config, memory::MemoryTiming& timing, memory::Bytes& bytes,
                 Kernel kernel)
    : config_(config),
      values_(config, kernel),
      decoder_(config),
      segments_(config),
      dispatch_(config),
      fetch_(config, timing, bytes),
      load_(config, timing, bytes, values_, dispatch_),
      store_(config, timing, bytes, values_, dispatch_) {}

// Of the DMA's bursts.
Cycle Machine::next_burst() const {
  return std::min(load_.request_time(), std::min(store_.accept_time(), store_.response_time()));
}

Cycle Machine::next_other() const {
  Cycle next = std::min(fetch_.request_time(), dispatch_.offer_time());
  for (uint32_t unit = 0; unit < kUnits; ++unit)
    next = std::min(next, std::min(dispatch_.start_time(unit), dispatch_.done_time(unit)));
  return halt_ == kNever ? next : std::min(next, clear_time());
}

Cycle Machine::next_event() const { return std::min(next_burst(), next_other()); }

void Machine::run_until(Cycle now) {
  while (true) {
    const Cycle other = next_other();
    if (halt_ == kNever && next_burst() < std::min(now, other)) {
      run_bursts(std::min(now, other));
      continue;
    }
    const Cycle next = std::min(next_burst(), other);
    if (next >= now) return;
    step(next);
  }
}

// Most events are bursts of long instructions: those before `end`, as long as dispatch hears
// nothing of them.
void Machine::run_bursts(Cycle end) {
  const uint64_t reports = dispatch_.reports();
  for (Cycle now = next_burst(); now < end && dispatch_.reports() == reports; now = next_burst()) {
    if (load_.request_time() == now) load_.request(now);
    if (store_.accept_time() == now) store_.accept(now);
    if (store_.response_time() == now) store_.respond();
  }
}

// The events of one cycle. The memory's acceptances come in the order fetch, read, write; what
// happens in a cycle is seen in the next one, so starts and dispatch come before completions.
void Machine::step(Cycle now) {
  if (fetch_.request_time() == now) {
    fetch_.request(now);
    if (timeline_ != nullptr) timeline_->requested.push_back(now);
  }
  if (load_.request_time() == now) load_.request(now);
  if (store_.accept_time() == now) store_.accept(now);
  if (store_.response_time() == now) store_.respond();
  for (uint32_t unit = 0; unit < kUnits; ++unit)
    if (dispatch_.start_time(unit) == now) start(unit, now);
  if (dispatch_.offer_time() == now) {
    const uint32_t shares = segments_.shares(dispatch_.offered_instruction().segment);
    if (dispatch_.take_offer(now, shares, fetch_.address(dispatch_.head()))) {
      fetch_.dispatched(now);
      note_dispatch(now);
    }
  }
  for (uint32_t unit = 0; unit < kUnits; ++unit)
    if (dispatch_.done_time(unit) == now) complete(unit, now);
  dispatch_.settle(now);
  if (dispatch_.stop_time() != kNever) fetch_.stop(dispatch_.stop_time());
  pass_arrival();
  note_idle(now);
  if (clear_time() == now) finish_reset(now);
}

void Machine::pass_arrival() {
  if (dispatch_.offered()) return;
  const std::optional<Arrival> a = fetch_.take_arrival();
  if (!a) return;
  dispatch_.offer(decoder_.decode(a->words, a->bus_error), a->complete);
  if (timeline_ == nullptr) return;
  Life& life = timeline_->at(dispatch_.head());
  life.words = a->words;
  life.bus_error = a->bus_error;
  life.complete = a->complete;
}

void Machine::note_dispatch(Cycle now) {
  if (timeline_ != nullptr) timeline_->at(dispatch_.head() - 1).dispatched = now;
}

void Machine::note_idle(Cycle now) {
  if (busy_since_ == kNever || halt_ != kNever || dispatch_.stop_time() != kNever) return;
  if (!dispatch_.empty() || dispatch_.offered() || !fetch_.drained()) return;
  busy_cycles_ += now + 1 - busy_since_;
  busy_since_ = kNever;
}

// ---- Instructions.

void Machine::start(uint32_t unit, Cycle now) {
  const std::optional<uint32_t> number = dispatch_.take_start(unit, now);
  if (!number) return;
  const Slot slot = dispatch_.slot(*number);
  if (timeline_ != nullptr) {
    Life& life = timeline_->at(slot.index);
    life.ready = slot.ready;
    life.started = now;
  }
  if (unit == kMatmul)
    start_matmul(slot, *number, now);
  else if (unit == kVector)
    start_vector(slot, *number, now);
  else
    start_dma(slot, *number, now);
}

void Machine::start_dma(const Slot& slot, uint32_t number, Cycle now) {
  const Decoded& d = slot.instruction;
  DmaOp op;
  op.fields = isa::Load::unpack(d.words);
  op.slot = number;
  op.segment = segments_.at(d.segment);
  if (d.signal) {
    op.signal = isa::Signal::unpack(d.words).value;
    op.fields = isa::Load{.seg = d.segment, .row_bytes = 4, .offset = d.words[2]};
  }
  if (d.reads)
    load_.start(now, op);
  else
    store_.start(now, op);
}

void Machine::start_matmul(const Slot& slot, uint32_t number, Cycle now) {
  const isa::Matmul op = isa::Matmul::unpack(slot.instruction.words);
  const MatmulReach r = reach(config_, op);
  const Course course = matmul_course(config_, op, r, now);
  if (product_)
    steps_ += product_->reach.tiles * product_->op.n_oy * product_->op.n_ox + product_->reach.rows;
  product_ = {op, r, now};
  values_.matmul(op, r.tiles, r.rows);
  dispatch_.finish(number, course.done, r.fault ? Stop{isa::Fault::kBank, *r.fault} : Stop());
  dispatch_.popped(kMatmul, course.popped);
}

void Machine::start_vector(const Slot& slot, uint32_t number, Cycle now) {
  if (slot.instruction.opcode() == isa::Opcode::kVset) {
    vset_ = isa::Vset::unpack(slot.instruction.words);
    const Course course = vset_course(config_, now);
    dispatch_.finish(number, course.done, Stop());
    dispatch_.popped(kVector, course.popped);
    return;
  }
  const isa::Vector op = isa::Vector::unpack(slot.instruction.words);
  const VectorReach r = reach(config_, op, vset_);
  const Course course = vector_course(config_, op, r, now);
  values_.vector(op, vset_, r.results);
  dispatch_.finish(number, course.done, r.fault ? Stop{isa::Fault::kBank, *r.fault} : Stop());
  dispatch_.popped(kVector, course.popped);
}

void Machine::complete(uint32_t unit, Cycle now) {
  const Slot slot = dispatch_.take_done(unit, now);
  if (timeline_ != nullptr) {
    Life& life = timeline_->at(slot.index);
    life.done = now;
    life.stop = slot.stop;
  }
  if (observer_)
    observer_({slot.instruction.words, slot.index, unit, slot.dispatched, slot.started, now,
               slot.stop.code});
  if (!slot.instruction.signal || slot.stop) return;
  const isa::Signal op = isa::Signal::unpack(slot.instruction.words);
  signal_value_ = op.value;
  if (op.irq) irq_status_ |= 1u << reg::kIrqStatusSignalLow;
}

// ---- Soft reset: nothing new goes out; when nothing is outstanding, all but the segments and the
// ring is cleared.

void Machine::begin_reset(Cycle now) {
  last_reset_write_ = now;
  if (halt_ != kNever) return;
  halt_ = now + 1;
  dispatch_.halt(halt_);
  fetch_.stop(halt_);
  load_.halt(halt_);
  store_.halt(halt_);
  if (busy_since_ == kNever) busy_since_ = halt_;
}

Cycle Machine::clear_time() const {
  if (halt_ == kNever || !fetch_.quiet() || !load_.quiet() || !store_.quiet()) return kNever;
  const Cycle outstanding =
      std::max({fetch_.last_beat(), load_.last_response(), store_.last_response()});
  return std::max(halt_, outstanding + 1) + 1;
}

void Machine::finish_reset(Cycle now) {
  dispatch_.reset();
  fetch_.reset();
  load_.reset();
  store_.reset();
  segments_.clear_refused();
  segments_.forget_cycles(now + 1);
  vset_ = isa::Vset::unpack({});
  irq_status_ = irq_enable_ = signal_value_ = 0;
  fault_irq_ = false;
  busy_since_ = kNever;
  busy_cycles_ = 0;
  product_.reset();
  steps_ = 0;
  halt_ = kNever;
  if (last_reset_write_ == now) begin_reset(now);
}

}  // namespace millrace::cycle
