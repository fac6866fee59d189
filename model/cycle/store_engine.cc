// SPDX-License-Identifier: Apache-2.0
#include "model/cycle/store_engine.h"

#include <array>

#include "model/memory/outside.h"

namespace millrace::cycle {

StoreEngine::StoreEngine(const isa::Config& config, memory::MemoryTiming& timing,
                         memory::Bytes& bytes, Values& values, Dispatch& dispatch)
    : config_(config),
      bytes_(bytes),
      values_(values),
      dispatch_(dispatch),
      port_(timing, memory::Port::kData, static_cast<uint32_t>(config.dim)),
      ring_(static_cast<size_t>(2 * config.dma_outstanding + config.queue_depth + 4)),
      flights_(static_cast<size_t>(2 * config.dma_outstanding + 2)),
      retired_(static_cast<size_t>(config.dma_outstanding)),
      popped_(static_cast<size_t>(config.queue_depth)) {}

void StoreEngine::reset() {
  stage_ = Stage::kIdle;
  next_.reset();
  op_ = nullptr;
  beat_ = beat_before_ = Beat();
  launch_ = slot_ = response_ = 0;
  accept_ = halt_ = kNever;
  dropped_ = false;
  offered_bursts_ = data_planned_ = accepted_bursts_ = responses_ = 0;
  ops_ = popped_ops_ = 0;
  waited_ = covered_ = 0;
}

void StoreEngine::start(Cycle now, const DmaOp& dma) {
  Op* op = &ring_[ops_ % ring_.size()];
  *op = Op();
  op->dma = dma;
  op->number = ops_++;
  if (stage_ == Stage::kIdle)
    begin(now, op);
  else
    next_ = {now, op};
  plan();
}

void StoreEngine::begin(Cycle now, Op* op) {
  op_ = op;
  op_->first_burst = offered_bursts_;
  if (accepted_bursts_ == offered_bursts_) op_->older = response_;
  rows_.emplace(config_, op_->dma, op_->dma.segment.write);
  start_ = now;
  stage_ = Stage::kFirstRow;
}

// ---- Address side. Goes on until it needs a time that is not known yet.

void StoreEngine::plan() {
  bool more = true;
  while (more) {
    more = plan_addresses();
    while (data_planned_ < offered_bursts_ && plan_data(flight(data_planned_))) {
      ++data_planned_;
      more = true;
    }
  }
  plan_accept();
}

void StoreEngine::plan_accept() {
  const Flight& next = flight(accepted_bursts_);
  accept_ = data_planned_ == accepted_bursts_ ? kNever : std::max(next.address, next.data);
}

// One step; false if there is none to take now.
bool StoreEngine::plan_addresses() {
  if (dropped_) return false;
  switch (stage_) {
    case Stage::kIdle:
      if (!next_) return false;
      begin(next_->start, next_->op);
      next_.reset();
      return true;
    case Stage::kFirstRow: {
      launch_ = std::max(start_, launch_);
      const size_t depth = popped_.size();
      if (!config_.dma_shared && op_->number >= depth) {
        const uint64_t room = op_->number - depth;
        if (popped_ops_ <= room) return false;
        launch_ = std::max(launch_, popped_[room % depth] + 1);
      }
      next_row();
      return true;
    }
    case Stage::kNextRow:
      // With one burst in flight a burst stays in its register until its response.
      if (config_.dma_outstanding == 1) {
        if (accepted_bursts_ != offered_bursts_) return false;
        launch_ = response_;
      }
      next_row();
      return true;
    case Stage::kBurst:
      return offer_burst();
    case Stage::kFault:
      if (accepted_bursts_ != offered_bursts_) return false;
      fail(std::max(launch_, response_) + 1);
      return true;
  }
  return false;
}

void StoreEngine::next_row() {
  last_row_ = rows_->last();
  row_ = rows_->next();
  if (row_.ok)
    take_row(launch_);
  else
    stage_ = Stage::kFault;
}

// The next burst of the row. False if the response that makes room for it is not known, or a reset
// holds it back.
bool StoreEngine::offer_burst() {
  const size_t limit = retired_.size();
  if (offered_bursts_ >= limit) {
    const uint64_t room = offered_bursts_ - limit;
    if (accepted_bursts_ <= room) return false;
    launch_ = std::max(launch_, retired_[room % limit]);
  }
  if (launch_ + 1 >= halt_) return false;
  Flight& flight = this->flight(offered_bursts_);
  flight.beats.clear();
  flight.bad_beat.reset();
  flight.op = op_;
  flight.burst = bursts_.next();
  flight.row = row_;
  flight.good_bytes = good_bytes_;
  if (bad_word_ && *bad_word_ >= row_beat_ && *bad_word_ < row_beat_ + flight.burst.beats)
    flight.bad_beat = *bad_word_ - row_beat_;
  row_beat_ += flight.burst.beats;
  flight.op_end = last_row_ && bursts_.empty();
  flight.offered = launch_ + 1;
  flight.address = port_.address_handshake(flight.offered);
  launch_ = flight.address;
  const uint64_t bytes = uint64_t{flight.burst.beats} * static_cast<uint64_t>(config_.dim);
  if (bytes_.outside() == nullptr &&
      bytes_.response(bus_address(flight.burst.addr), bytes) != memory::kOkay)
    refuse(*op_, flight.burst);
  if (bursts_.empty()) stage_ = last_row_ ? Stage::kIdle : Stage::kNextRow;
  ++offered_bursts_;
  return true;
}

void StoreEngine::take_row(Cycle now) {
  const isa::Load& f = op_->dma.fields;
  const uint32_t dim = static_cast<uint32_t>(config_.dim);
  const uint32_t words = (f.row_bytes + dim - 1) / dim;
  const Banks banks(config_, f.space, f.dst, f.dst_hi);
  bad_word_.reset();
  good_bytes_ = op_->bad ? 0 : f.row_bytes;
  if (!op_->dma.signal && !op_->bad) bad_word_ = first_outside(banks, f.space, row_.chip, words);
  if (bad_word_) {
    const uint32_t in_row = f.space == isa::Space::kSp ? 1 : 4;
    op_->bad = true;
    op_->stop = {isa::Fault::kBank, banks.wrap(row_.chip + *bad_word_ / in_row)};
    good_bytes_ = *bad_word_ * dim;
  }
  bursts_ = BurstWalk(config_, row_, f.row_bytes);
  row_beat_ = 0;
  stage_ = Stage::kBurst;
  if (last_row_ && !held(op_->dma)) dispatch_.popped(kStore, now);
}

// A row outside its segment ends the instruction in cycle `when`, with nothing in flight.
void StoreEngine::fail(Cycle when) {
  const bool permitted = op_->dma.segment.write;
  if (!op_->stop)
    op_->stop = {permitted ? isa::Fault::kSegment : isa::Fault::kPermission, row_.offset};
  popped_[popped_ops_++ % popped_.size()] = when;
  stage_ = Stage::kIdle;
  dispatch_.finish(op_->dma.slot, when + 1, op_->stop);
  dispatch_.popped(kStore, held(op_->dma) ? when + 1 : when);
}

// Records the refusal of a burst, unless something was recorded before.
void StoreEngine::refuse(Op& op, const Burst& burst) const {
  if (!op.stop) op.stop = {isa::Fault::kBus, static_cast<uint32_t>(bus_address(burst.addr))};
}

// ---- Data side.

// The first cycle from `from` on in which the pipeline from memory to port moves.
Cycle StoreEngine::issue(Cycle from) {
  for (const Beat& b : {beat_before_, beat_})
    if (from >= b.arrived && from < b.taken) from = b.taken;
  return from;
}

// Beats issue one a cycle from the cycle after the address is first offered. False if the word that
// ends the instruction waits for older instructions whose end is not known yet.
bool StoreEngine::plan_data(Flight& flight) {
  if (flight.bad_beat && flight.op->older == kNever) return false;
  uint32_t beats = flight.burst.beats;
  slot_ = std::max(slot_, flight.offered);
  if (!port_.stalls() && !flight.bad_beat) {
    slot_ += beats;
    beat_before_ = beat_ = {slot_ + 2, slot_ + 2};
  } else {
    for (uint32_t i = 0; i < beats; ++i) {
      Cycle from = slot_ + 1;
      if (flight.bad_beat == i) from = std::max(from, flight.op->older + 1);
      slot_ = issue(from);
      beat_before_ = beat_;
      beat_.arrived = std::max(slot_ + 2, beat_.taken + 1);
      beat_.taken = port_.data_handshake(beat_.arrived);
      flight.beats.push_back(beat_.taken);
    }
  }
  flight.data = beat_.taken;
  if (flight.op_end) popped_[popped_ops_++ % popped_.size()] = slot_;
  return true;
}

void StoreEngine::accept(Cycle now) {
  Flight& flight = this->flight(accepted_bursts_);
  memory::Outside* outside = bytes_.outside();
  if (outside != nullptr) {  // the bytes go with the burst
    outside->data.clear();
    write(flight);
  }
  response_ = port_.accept(now, bus_address(flight.burst.addr), flight.burst.beats);
  if (outside != nullptr && outside->accepted < flight.burst.beats)
    refuse(*flight.op, flight.burst);
  flight.response = response_;
  waited_ += response_ + 1 - std::max(flight.offered, covered_) - flight.burst.beats;
  covered_ = response_ + 1;
  retired_[accepted_bursts_++ % retired_.size()] = response_;
  if (flight.op_end) {
    const DmaOp& dma = flight.op->dma;
    dispatch_.finish(dma.slot, response_ + 1, flight.op->stop);
    if (held(dma)) dispatch_.popped(kStore, response_ + 1);
    for (uint64_t i = accepted_bursts_; i < offered_bursts_; ++i)
      if (Op* younger = this->flight(i).op; younger->first_burst == accepted_bursts_)
        younger->older = response_;
    if (op_->first_burst == accepted_bursts_) op_->older = response_;
  }
  plan();
}

void StoreEngine::respond() {
  const Flight& answered = flight(responses_++);
  if (bytes_.outside() == nullptr) write(answered);
}

uint8_t* StoreEngine::place(uint64_t addr, uint32_t bytes) {
  memory::Outside* outside = bytes_.outside();
  if (outside == nullptr) return bytes_.at(addr, bytes).data();
  outside->first = addr;
  outside->data.resize(bytes);
  return outside->data.data();
}

// The bytes of a burst, in beats that the bus takes.
void StoreEngine::write(const Flight& flight) {
  const uint64_t dim = static_cast<uint64_t>(config_.dim);
  const Burst& burst = flight.burst;
  const uint64_t end = burst.addr + burst.beats * dim;
  if (bytes_.outside() != nullptr ||
      bytes_.response(bus_address(burst.addr), end - burst.addr) == memory::kOkay) {
    write_part(flight, burst.addr, end);
    return;
  }
  for (uint64_t beat = burst.addr; beat < end; beat += dim)
    if (bytes_.response(bus_address(beat), dim) == memory::kOkay)
      write_part(flight, beat, beat + dim);
}

// Those of beats [first, last) that lie in the burst's row, before the first word outside the
// banks.
void StoreEngine::write_part(const Flight& flight, uint64_t first, uint64_t last) {
  const uint64_t from = std::max(uint64_t{flight.row.addr}, first);
  const uint64_t to = std::min(uint64_t{flight.row.addr} + flight.good_bytes, last);
  if (from >= to) return;
  const uint32_t bytes = static_cast<uint32_t>(to - from);
  const uint32_t at = static_cast<uint32_t>(from - flight.row.addr);
  uint8_t* out = place(bus_address(from), bytes);
  if (const auto value = flight.op->dma.signal) {
    for (uint32_t i = 0; i < bytes; ++i) out[i] = static_cast<uint8_t>(*value >> 8 * (at + i));
    return;
  }
  const isa::Load& f = flight.op->dma.fields;
  const uint32_t dim = static_cast<uint32_t>(config_.dim);
  const Banks banks(config_, f.space, f.dst, f.dst_hi);
  values_.store_row(f.space, banks.wrap(flight.row.chip), at / dim, f.flip != 0, out, at % dim,
                    bytes);
}

void StoreEngine::halt(Cycle from) {
  halt_ = from;
  while (offered_bursts_ > accepted_bursts_ && flight(offered_bursts_ - 1).offered >= from) {
    --offered_bursts_;
    data_planned_ = std::min(data_planned_, offered_bursts_);
    dropped_ = true;
  }
  plan_accept();
}

uint64_t StoreEngine::memory_cycles(Cycle now) const {
  uint64_t cycles = waited_ - (covered_ > now ? covered_ - now : 0);
  if (quiet() || flight(accepted_bursts_).offered >= now) return cycles;
  const Cycle from = std::max(flight(accepted_bursts_).offered, covered_);
  if (from < now) cycles += now - from;
  for (uint64_t i = accepted_bursts_; i < data_planned_; ++i) {
    const Flight& open = flight(i);
    if (open.beats.empty()) {
      const Cycle first = open.data + 1 - open.burst.beats;
      if (first < now) cycles -= std::min<Cycle>(now - first, open.burst.beats);
    }
    for (const Cycle beat : open.beats) cycles -= beat < now ? 1 : 0;
  }
  return cycles;
}

bool StoreEngine::waits(Cycle now) const {
  if (responses_ != accepted_bursts_) return true;
  return !quiet() && flight(accepted_bursts_).offered <= now;
}

}  // namespace millrace::cycle
