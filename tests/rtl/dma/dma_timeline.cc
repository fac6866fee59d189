// SPDX-License-Identifier: Apache-2.0
#include "tests/rtl/dma/dma_timeline.h"

#include <algorithm>

namespace millrace::dma_test {
namespace {
constexpr uint32_t kNone = ~0u;
}

uint64_t Timeline::add(const isa::Instruction& instruction) {
  opcode_ = static_cast<isa::Opcode>(instruction[0] & 0xff);
  isa::Load op = isa::Load::unpack(instruction);
  const bool signal = opcode_ == isa::Opcode::kSignal;
  if (signal) {
    op = isa::Load{.seg = op.seg, .row_bytes = 4, .offset = op.offset};
    op_valid_ = std::max(op_valid_, free_);  // offered after everything older is done
  }
  start();
  bool faults = false;
  const std::vector<Row> all = rows(op, &faults);
  uint64_t last_launch = launch_;
  for (const Row& row : all) {
    last_launch = launch_;
    const uint32_t block = dim() * static_cast<uint32_t>(config_.dma_burst);
    const uint32_t end = row.addr + op.row_bytes;
    for (uint32_t a = row.addr / dim() * dim(); a < end;) {
      const uint32_t stop = std::min(a / block * block + block, (end + dim() - 1) / dim() * dim());
      burst(row, a, (stop - a) / dim());
      a = stop;
    }
    const bool spill = row.addr % dim() + (op.row_bytes - 1) % dim() >= dim();
    word_ = response_ + (config_.dma_unaligned && !spill ? 1 : 0);
    idle_ = (load() ? word_ : response_) + 1;
  }
  uint64_t end = load() ? word_ : response_;
  if (faults) {  // reported when nothing is in flight
    end = std::max(launch_ + (all.empty() ? 1 : 0), idle_);
    last_launch = end;
  }
  popped_.push_back(faults ? end : load() ? word_ : slot_);
  free_ = end + 2;
  op_valid_ = serial_ || signal ? free_ : last_launch + 1;
  launch_ = std::max(launch_, op_valid_);
  return end + 1;
}

// The first row is taken when the instruction is offered, the burst register free and the data side
// has room for it.
void Timeline::start() {
  bad_ = false;
  launch_ = std::max(launch_, op_valid_);
  const size_t depth = static_cast<size_t>(config_.queue_depth);
  if (!serial_ && popped_.size() >= depth)
    launch_ = std::max(launch_, popped_[popped_.size() - depth] + 1);
}

// Offered one cycle after its row was taken or the burst before it was accepted, within the limit
// in flight.
void Timeline::burst(const Row& row, uint32_t from, uint32_t beats) {
  uint64_t offered = launch_ + 1;
  const size_t limit = static_cast<size_t>(config_.dma_outstanding);
  if (retired_.size() >= limit) offered = std::max(offered, retired_[retired_.size() - limit] + 1);
  if (load()) {
    read_beats(beats, offered);
  } else {
    // Word j is issued with beat j of the row.
    const uint32_t beat = (from - row.addr / dim() * dim()) / dim();
    const bool here =
        row.first_bad != kNone && row.first_bad >= beat && row.first_bad < beat + beats;
    write_beats(beats, offered, here && !bad_ ? row.first_bad - beat : kNone);
  }
  retired_.push_back(response_);
  launch_ = limit == 1 ? response_ : offered;
}

void Timeline::read_beats(uint32_t beats, uint64_t offered) {
  response_ = std::max(response_ + 1, offered + latency_) + beats - 1;
}

void Timeline::write_beats(uint32_t beats, uint64_t offered, uint32_t bad_beat) {
  slot_ = std::max(slot_, offered);
  for (uint32_t i = 0; i < beats; ++i) {
    ++slot_;
    if (i == bad_beat) {
      bad_ = true;
      slot_ = std::max(slot_ + 1, free_) - 1;
    }
  }
  response_ = std::max(response_ + 1, slot_ + 2 + latency_);
}

std::vector<Timeline::Row> Timeline::rows(const isa::Load& op, bool* faults) const {
  std::vector<Row> result;
  const Segment& segment = segments_[op.seg];
  for (uint32_t i2 = 0; i2 < op.planes; ++i2) {
    for (uint32_t i1 = 0; i1 < op.rows; ++i1) {
      uint32_t offset = op.offset + i2 * op.mem_plane + i1 * op.mem_row;
      if (config_.offset_bits < 32) offset &= (1u << config_.offset_bits) - 1;
      if (!(load() ? segment.read : segment.write) ||
          uint64_t{offset} + op.row_bytes > segment.size) {
        *faults = true;
        return result;
      }
      const uint32_t chip = op.dst + i2 * op.chip_plane + i1 * op.chip_row;
      result.push_back({segment.base + offset, first_bad(op, chip)});
    }
  }
  return result;
}

uint32_t Timeline::first_bad(const isa::Load& op, uint32_t chip) const {
  const bool acc = op.space == isa::Space::kAcc;
  const uint32_t words = static_cast<uint32_t>(acc ? config_.acc_words() : config_.sp_words());
  const uint32_t rows = static_cast<uint32_t>(acc ? config_.acc_rows : config_.sp_rows);
  for (uint32_t j = 0; j * dim() < op.row_bytes; ++j) {
    const uint32_t bank = (chip + (acc ? j / 4 : j)) % words / rows;
    if (bank < op.dst / rows || bank > op.dst_hi) return j;
  }
  return kNone;
}

}  // namespace millrace::dma_test
