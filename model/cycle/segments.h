// SPDX-License-Identifier: Apache-2.0
// The segment table: registers, which entries share memory, and the scan after a write
// (rtl/bus/segments.sv). With alias_check a scan compares one entry a cycle; its results are
// applied when somebody looks.
#pragma once

#include <vector>

#include "model/cycle/time.h"
#include "model/ref/interpreter.h"

namespace millrace::cycle {

class Segments {
 public:
  explicit Segments(const isa::Config& config);
  // A register of an entry is written in `now`; reg is reg::kSegBase, kSegSize or kSegCtrl.
  void write(Cycle now, uint32_t index, uint32_t reg, uint32_t value);
  // Base or size of the ring is written in `now`.
  void write_ring(Cycle now, uint32_t base, uint32_t log2);
  void clear_refused() { refused_ = false; }

  const ref::Segment& at(uint32_t index) const { return entries_[index]; }
  uint32_t shares(uint32_t index) const { return alias_[index] | 1u << index; }
  bool refused() const { return refused_; }
  bool scanning(Cycle now) const { return now >= scan_from_ && now < scan_to_; }
  Cycle scan_end() const { return scan_to_; }
  // Cycles of scans before `now`, since the last call of forget_cycles().
  uint64_t cycles(Cycle now) const;
  void forget_cycles(Cycle now);
  // Applies what scans have compared before `now`.
  void settle(Cycle now);

 private:
  void scan(Cycle from, uint32_t target);
  void compare(uint32_t other);
  ref::Segment range(uint32_t entry) const;
  uint32_t count() const { return static_cast<uint32_t>(entries_.size()); }

  const isa::Config& config_;
  std::vector<ref::Segment> entries_;
  std::vector<uint32_t> alias_;  // bit i: shares memory with entry i
  ref::Segment ring_;
  bool refused_ = false;
  uint32_t target_ = 0, other_ = 0;  // of the scan; the entry count stands for the ring
  Cycle scan_from_ = 0, scan_to_ = 0;
  uint64_t scanned_ = 0;  // cycles of earlier scans
};

}  // namespace millrace::cycle
