// SPDX-License-Identifier: Apache-2.0
// The rows of a LOAD, STORE or SIGNAL in memory, and the bursts that move a row
// (rtl/dma/dma_bursts.sv).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "model/cycle/reach.h"
#include "model/ref/interpreter.h"

namespace millrace::cycle {

// A LOAD or STORE with what it needs of its segment. A SIGNAL is a STORE of four bytes.
struct DmaOp {
  isa::Load fields;  // a STORE has the same ones
  uint32_t slot = 0;
  ref::Segment segment;
  std::optional<uint32_t> signal;  // the value that it stores
};

struct Row {
  uint32_t offset = 0;  // in the segment
  uint32_t addr = 0;    // bus address of the first byte
  uint32_t chip = 0;    // on-chip address of the first word, not yet modulo the memory's size
  bool ok = false;      // inside the segment
};

// Consecutive beats of a row.
struct Burst {
  uint64_t addr = 0;  // bus address of the first beat; may lie beyond the address space's end
  uint32_t beats = 0;
};

class RowWalk {
 public:
  RowWalk(const isa::Config& config, const DmaOp& op, bool permitted)
      : config_(config), op_(op), permitted_(permitted) {}
  bool last() const { return row_ + 1 >= op_.fields.rows && plane_ + 1 >= op_.fields.planes; }
  Row next() {
    const isa::Load& f = op_.fields;
    const uint64_t limit = uint64_t{1} << config_.offset_bits;
    const uint32_t i1 = row_, i2 = plane_;
    if (++row_ == f.rows) row_ = 0, ++plane_;
    Row row;
    row.offset =
        static_cast<uint32_t>((f.offset + i2 * f.mem_plane + i1 * f.mem_row) & (limit - 1));
    const uint64_t space = uint64_t{1} << config_.addr_bits;
    row.addr = static_cast<uint32_t>((uint64_t{op_.segment.base} + row.offset) & (space - 1));
    row.chip = f.dst + i2 * f.chip_plane + i1 * f.chip_row;
    row.ok = permitted_ && uint64_t{row.offset} + f.row_bytes <= op_.segment.size;
    return row;
  }

 private:
  const isa::Config& config_;
  const DmaOp& op_;
  bool permitted_;
  uint32_t row_ = 0, plane_ = 0;
};

// The bursts of a row, one after the other.
class BurstWalk {
 public:
  BurstWalk() = default;
  BurstWalk(const isa::Config& config, const Row& row, uint32_t row_bytes)
      : beat_(static_cast<uint64_t>(config.dim)),
        block_(beat_ * static_cast<uint64_t>(config.dma_burst)),
        next_(row.addr / beat_ * beat_),
        end_((uint64_t{row.addr} + row_bytes + beat_ - 1) / beat_ * beat_) {}
  bool empty() const { return next_ == end_; }
  Burst next() {
    const uint64_t stop = std::min(next_ / block_ * block_ + block_, end_);
    const Burst burst = {next_, static_cast<uint32_t>((stop - next_) / beat_)};
    next_ = stop;
    return burst;
  }

 private:
  uint64_t beat_ = 1, block_ = 1, next_ = 0, end_ = 0;
};

}  // namespace millrace::cycle
