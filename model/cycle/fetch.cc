// SPDX-License-Identifier: Apache-2.0
#include "model/cycle/fetch.h"

#include "model/memory/outside.h"

namespace millrace::cycle {

Fetch::Fetch(const isa::Config& config, memory::MemoryTiming& timing, memory::Bytes& bytes)
    : config_(config),
      port_(timing, memory::Port::kFetch, 4),
      bytes_(bytes),
      index_mask_(index_mask(config)),
      taken_(static_cast<size_t>(std::max(1, config.fetch_words / isa::kWords))) {}

void Fetch::reset() {
  tail_ = requested_ = completed_ = dispatched_ = 0;
  offered_ = handshake_ = stop_ = kNever;
  available_ = last_handshake_ = last_beat_ = last_dispatch_ = 0;
  arrived_.clear();
}

uint32_t Fetch::address(uint32_t index) const {
  const uint32_t slot = index & ((uint32_t{1} << ring_log2_) - 1);
  const uint64_t mask = (uint64_t{1} << config_.addr_bits) - 1;
  return static_cast<uint32_t>((ring_base_ + uint64_t{slot} * kBytes) & mask);
}

void Fetch::doorbell(Cycle now, uint32_t tail) {
  if (all_requested()) available_ = now + 1;
  tail_ = tail & index_mask_;
  if (all_requested() && handshake_ != kNever && offered_ > now) offered_ = handshake_ = kNever;
  plan();
}

// An address is offered when there is an instruction in the ring and, with a prefetch buffer, room
// for its words; without one, when decode is empty.
void Fetch::plan() {
  if (handshake_ != kNever || all_requested()) return;
  Cycle offered = available_;
  if (requested_ > 0) offered = std::max(offered, last_handshake_ + 1);
  if (buffered()) {
    const uint32_t depth = static_cast<uint32_t>(taken_.size());
    if (requested_ >= depth) {
      const uint32_t room = requested_ - depth;
      if (completed_ <= room) return;
      offered = std::max(offered, taken_[room % depth] + 1);
    }
  } else if (requested_ > 0) {
    if (dispatched_ < requested_) return;
    offered = std::max({offered, last_dispatch_ + 1, last_beat_ + 1});
  }
  if (offered >= stop_) return;
  offered_ = offered;
  handshake_ = port_.handshake(offered);
}

Arrival Fetch::read(uint32_t addr) const {
  Arrival arrival;
  const memory::Outside* outside = bytes_.outside();
  arrival.bus_error = outside != nullptr ? outside->accepted < isa::kWords
                                         : bytes_.response(addr, kBytes) != memory::kOkay;
  if (arrival.bus_error) return arrival;
  const std::span<const uint8_t> bytes =
      outside != nullptr ? std::span(outside->data) : bytes_.at(addr, kBytes);
  for (size_t i = 0; i < kBytes; ++i)
    arrival.words[i / 4] |= static_cast<uint32_t>(bytes[i]) << i % 4 * 8;
  return arrival;
}

void Fetch::request(Cycle now) {
  const uint32_t addr = address(requested_);
  last_beat_ = port_.accept(now, addr, isa::kWords).last;
  Arrival arrival = read(addr);
  arrival.complete = last_beat_;
  arrived_.push_back(arrival);
  last_handshake_ = now;
  offered_ = handshake_ = kNever;
  ++requested_;
  plan();
}

std::optional<Arrival> Fetch::take_arrival() {
  if (arrived_.empty() || dispatched_ < completed_) return std::nullopt;
  Arrival arrival = arrived_.front();
  arrived_.pop_front();
  Cycle last_word = arrival.complete;
  if (buffered()) {
    ++last_word;  // through the buffer
    if (completed_ > 0) last_word = std::max(last_word, last_dispatch_ + isa::kWords);
    taken_[completed_ % taken_.size()] = last_word;
  }
  arrival.complete = last_word + 1;
  ++completed_;
  plan();
  return arrival;
}

void Fetch::dispatched(Cycle now) {
  ++dispatched_;
  last_dispatch_ = now;
  plan();
}

void Fetch::stop(Cycle from) {
  stop_ = std::min(stop_, from);
  if (handshake_ != kNever && offered_ >= stop_) offered_ = handshake_ = kNever;
}

bool Fetch::waits(Cycle now) const {
  const bool outstanding = requested_ > 0 && last_beat_ >= now;
  return outstanding || (handshake_ != kNever && offered_ < now);
}

}  // namespace millrace::cycle
