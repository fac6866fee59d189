// SPDX-License-Identifier: Apache-2.0
#include "tests/timing/page_dma.h"

#include <algorithm>

namespace millrace::page {

Course Dma::run(const isa::Load& op, const Segment& segment, Cycle c, bool signal) {
  const bool held = config_.dma_shared || signal;
  x_ = std::max(x_, c);
  const size_t depth = static_cast<size_t>(config_.queue_depth);
  if (!config_.dma_shared && leave_.size() >= depth)
    x_ = std::max(x_, leave_[leave_.size() - depth] + 1);
  older_ = end_;
  bad_ = signal;  // a SIGNAL reads no words
  Cycle pop = 0;
  for (uint32_t i2 = 0; i2 < op.planes; ++i2)
    for (uint32_t i1 = 0; i1 < op.rows; ++i1) {
      const Row r = row(op, segment, i2, i1);
      if (!r.inside) {
        const Cycle done = std::max(x_, end_) + 2;
        leave_.push_back(done - 1);
        return {held ? done : done - 1, done};
      }
      pop = x_;
      move_row(op, r);
    }
  leave_.push_back(store_ ? issue_ : end_);
  return {held ? end_ + 1 : pop, end_ + 1};
}

Dma::Row Dma::row(const isa::Load& op, const Segment& segment, uint32_t i2, uint32_t i1) const {
  const uint64_t offset_mask = (uint64_t{1} << config_.offset_bits) - 1;
  const uint64_t addr_mask = (uint64_t{1} << config_.addr_bits) - 1;
  const uint64_t off = (op.offset + i2 * op.mem_plane + i1 * op.mem_row) & offset_mask;
  const bool permitted = store_ ? segment.write : segment.read;
  return {(segment.base + off) & addr_mask,
          first_bad(op, op.dst + i2 * op.chip_plane + i1 * op.chip_row),
          permitted && off + op.row_bytes <= segment.size};
}

std::optional<uint32_t> Dma::first_bad(const isa::Load& op, uint32_t chip) const {
  const bool acc = op.space == isa::Space::kAcc;
  const uint32_t words = static_cast<uint32_t>(acc ? config_.acc_words() : config_.sp_words());
  const uint32_t rows = static_cast<uint32_t>(acc ? config_.acc_rows : config_.sp_rows);
  const uint32_t dim = static_cast<uint32_t>(config_.dim);
  for (uint32_t j = 0; j * dim < op.row_bytes; ++j) {
    const uint32_t bank = (chip + (acc ? j / 4 : j)) % words / rows;
    if (bank < op.dst / rows || bank > op.dst_hi) return j;
  }
  return std::nullopt;
}

void Dma::move_row(const isa::Load& op, const Row& row) {
  const uint64_t dim = static_cast<uint64_t>(config_.dim);
  const uint64_t block = dim * static_cast<uint64_t>(config_.dma_burst);
  const uint64_t first = row.addr / dim * dim;
  const uint64_t end = (row.addr + op.row_bytes + dim - 1) / dim * dim;
  const size_t limit = static_cast<size_t>(config_.dma_outstanding);
  for (uint64_t at = first; at < end;) {
    const uint64_t stop = std::min(at / block * block + block, end);
    const uint32_t beats = static_cast<uint32_t>((stop - at) / dim);
    Cycle offered = x_ + 1;
    if (last_.size() >= limit) offered = std::max(offered, last_[last_.size() - limit] + 1);
    const Cycle address = memory_.ready(Port::kData, store_ ? Channel::kAw : Channel::kAr, offered);
    const uint32_t before = static_cast<uint32_t>((at - first) / dim);
    std::optional<uint32_t> bad_beat;
    if (!bad_ && row.bad && *row.bad >= before && *row.bad < before + beats)
      bad_beat = *row.bad - before;
    last_.push_back(store_ ? write_burst(offered, address, at, beats, bad_beat)
                           : read_burst(address, at, beats));
    x_ = limit == 1 ? last_.back() : address;
    at = stop;
  }
  // The row's last word: with dma_unaligned a cycle after its last beat, unless that beat only
  // completes the word before.
  const bool spill = row.addr % dim + (op.row_bytes - 1) % dim >= dim;
  end_ = last_.back() + (!store_ && config_.dma_unaligned && !spill ? 1 : 0);
}

Cycle Dma::read_burst(Cycle address, uint64_t addr, uint32_t beats) {
  return memory_.last_beat(Port::kData, address, addr, beats, static_cast<uint32_t>(config_.dim));
}

Cycle Dma::write_burst(Cycle offered, Cycle address, uint64_t addr, uint32_t beats,
                       std::optional<uint32_t> bad_beat) {
  issue_ = std::max(issue_, offered);
  for (uint32_t i = 0; i < beats; ++i) {
    Cycle from = issue_ + 1;
    if (bad_beat == i) {
      from = std::max(from, older_ + 1);
      bad_ = true;
    }
    issue_beat(from);
  }
  const Cycle accepted = std::max(address, beats_[1].taken);
  return memory_.response(accepted, addr, beats, static_cast<uint32_t>(config_.dim));
}

// Two cycles from issue to the port; nothing moves while the beat at the port is not taken.
void Dma::issue_beat(Cycle from) {
  issue_ = from;
  for (const Beat& b : beats_)
    if (issue_ >= b.arrived && issue_ < b.taken) issue_ = b.taken;
  beats_[0] = beats_[1];
  beats_[1].arrived = std::max(issue_ + 2, beats_[0].taken + 1);
  beats_[1].taken = memory_.ready(Port::kData, Channel::kW, beats_[1].arrived);
}

}  // namespace millrace::page
