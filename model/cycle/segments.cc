// SPDX-License-Identifier: Apache-2.0
#include "model/cycle/segments.h"

#include <algorithm>

namespace millrace::cycle {
namespace {

uint32_t low_bits(int bits) { return static_cast<uint32_t>((uint64_t{1} << bits) - 1); }

}  // namespace

Segments::Segments(const isa::Config& config)
    : config_(config),
      entries_(static_cast<size_t>(config.segments)),
      alias_(entries_.size(), config.alias_check ? 0 : ~0u) {
  ring_.size = 32;
}

void Segments::write(Cycle now, uint32_t index, uint32_t reg, uint32_t value) {
  settle(now);
  ref::Segment& s = entries_[index];
  const uint32_t whole = value & ~low_bits(config_.segment_log2);
  if (reg == reg::kSegBase) {
    s.base = whole & low_bits(config_.addr_bits);
  } else if (reg == reg::kSegSize) {
    s.size = whole & low_bits(std::min(32, config_.offset_bits + 1));
  } else {
    s.read = value >> reg::kSegCtrlReadLow & 1;
    s.write = value >> reg::kSegCtrlWriteLow & 1;
  }
  scan(now + 1, index);
}

void Segments::write_ring(Cycle now, uint32_t base, uint32_t log2) {
  settle(now);
  ring_.base = base;
  ring_.size = uint64_t{32} << log2;
  scan(now + 2, count());
}

void Segments::scan(Cycle from, uint32_t target) {
  if (!config_.alias_check) return;
  scanned_ += scan_to_ - scan_from_;
  target_ = target;
  other_ = 0;
  scan_from_ = from;
  scan_to_ = from + count() + 1;
}

ref::Segment Segments::range(uint32_t entry) const {
  return entry == count() ? ring_ : entries_[entry];
}

void Segments::compare(uint32_t other) {
  const ref::Segment t = range(target_), o = range(other);
  const uint64_t t_end = t.base + t.size, o_end = o.base + o.size;
  // A range that wraps around the address space is taken to overlap everything.
  const bool wraps = std::max(t_end, o_end) > uint64_t{1} << 32;
  const bool overlap = t.size != 0 && o.size != 0 && (wraps || (t.base < o_end && o.base < t_end));
  const bool t_ring = target_ == count(), o_ring = other == count();
  if (t_ring && o_ring) return;
  if (t_ring || o_ring) {
    ref::Segment& s = entries_[t_ring ? other : target_];
    if (!overlap || !s.write) return;
    s.read = s.write = false;
    refused_ = true;
    return;
  }
  const auto set = [&](uint32_t a, uint32_t b) {
    alias_[a] = (alias_[a] & ~(1u << b)) | (overlap ? 1u << b : 0);
  };
  set(target_, other);
  set(other, target_);
}

void Segments::settle(Cycle now) {
  while (other_ <= count() && scan_from_ + other_ < std::min(now, scan_to_)) compare(other_++);
}

uint64_t Segments::cycles(Cycle now) const {
  const Cycle end = std::min(now, scan_to_);
  return scanned_ + (end > scan_from_ ? end - scan_from_ : 0);
}

void Segments::forget_cycles(Cycle now) {
  scanned_ = 0;
  if (now >= scan_to_) scan_from_ = scan_to_ = now;
}

}  // namespace millrace::cycle
