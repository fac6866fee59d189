// SPDX-License-Identifier: Apache-2.0
// The machine's registers (docs/reference/registers.md, rtl/bus/csr.sv).
#include "model/ref/registers.h"

#include <algorithm>

#include "model/cycle/machine.h"

namespace millrace::cycle {
namespace {

uint32_t low_bits(int bits) { return static_cast<uint32_t>((uint64_t{1} << bits) - 1); }

uint32_t bit(bool value, int low) { return static_cast<uint32_t>(value) << low; }

bool is_segment(const isa::Config& config, uint32_t offset) {
  const uint32_t which = offset % reg::kSegStride;
  return offset >= reg::kSegBase && offset % 4 == 0 && which <= reg::kSegCtrl - reg::kSegBase &&
         (offset - reg::kSegBase) / reg::kSegStride < static_cast<uint32_t>(config.segments);
}

uint32_t segment_index(uint32_t offset) { return (offset - reg::kSegBase) / reg::kSegStride; }

}  // namespace

// ---- State.

bool Machine::idle(Cycle now) const {
  const bool working = busy_since_ != kNever && now >= busy_since_;
  return !working && !segments_.scanning(now) && !(now >= halt_);
}

uint32_t Machine::status(Cycle now) const {
  return bit(idle(now), reg::kStatusIdleLow) |
         bit(now >= dispatch_.final_time(), reg::kStatusFaultLow) |
         bit(now >= halt_, reg::kStatusResettingLow) |
         bit(fetch_.waits(now), reg::kStatusFetchWaitLow) |
         bit(load_.waits(now), reg::kStatusReadWaitLow) |
         bit(store_.waits(now), reg::kStatusWriteWaitLow) |
         bit(segments_.scanning(now), reg::kStatusScanLow) |
         bit(segments_.refused(), reg::kStatusRefusedLow);
}

bool Machine::stopped(Cycle now) const {
  return (idle(now) || now >= dispatch_.final_time()) && now < halt_;
}

uint64_t Machine::cycles(Cycle now) const {
  const Cycle end = std::min(now, dispatch_.final_time());
  const uint64_t running = busy_since_ < end ? end - busy_since_ : 0;
  return busy_cycles_ + running + segments_.cycles(now);
}

void Machine::note_stop(Cycle now) {
  if (fault_irq_ || dispatch_.final_time() >= now) return;
  fault_irq_ = true;
  irq_status_ |= 1u << reg::kIrqStatusFaultLow;
}

// ---- Reads.

std::optional<uint32_t> Machine::read(Cycle now, uint32_t offset) {
  segments_.settle(now);
  note_stop(now);
  if (const auto fixed = ref::read_capability(config_, offset)) return fixed;
  if (const auto counter = read_counter(now, offset)) return counter;
  if (is_segment(config_, offset)) return read_segment(offset);
  const FaultRecord& record = dispatch_.record();
  switch (offset) {
    case reg::kBuildId:
    case reg::kCtrl:
      return 0;
    case reg::kStatus:
      return status(now);
    case reg::kIrqStatus:
      return irq_status_;
    case reg::kIrqEnable:
      return irq_enable_;
    case reg::kRingBase:
      return ring_base_;
    case reg::kRingLog2:
      return ring_log2_;
    case reg::kRingTail:
      return fetch_.tail();
    case reg::kRingHead:
      return dispatch_.head() & index_mask(config_);
    case reg::kSignalValue:
      return config_.signal_register ? signal_value_ : 0;
    case reg::kFault:
      return static_cast<uint32_t>(record.code) << reg::kFaultCodeLow | record.unit
                                                                            << reg::kFaultUnitLow;
    case reg::kFaultIndex:
      return record.index & index_mask(config_);
    case reg::kFaultAddr:
      return record.addr;
    default:
      return std::nullopt;
  }
}

std::optional<uint32_t> Machine::read_counter(Cycle now, uint32_t offset) const {
  switch (offset) {
    case reg::kCycles:
      return static_cast<uint32_t>(cycles(now));
    case reg::kCyclesHi:
      return config_.cycle_bits > 32 ? static_cast<uint32_t>(cycles(now) >> 32) : 0;
    default:
      break;
  }
  if (offset < reg::kBusyLoad || offset > reg::kEmptyVector || offset % 4 != 0) return std::nullopt;
  return static_cast<uint32_t>(config_.counters ? count((offset - reg::kBusyLoad) / 4, now) : 0);
}

// Counter `number` from BUSY_LOAD on.
uint64_t Machine::count(uint32_t number, Cycle now) const {
  constexpr uint32_t kSteps = (reg::kMatmulSteps - reg::kBusyLoad) / 4;
  constexpr uint32_t kMemoryLoad = (reg::kMemoryLoad - reg::kBusyLoad) / 4;
  constexpr uint32_t kMemoryStore = (reg::kMemoryStore - reg::kBusyLoad) / 4;
  constexpr uint32_t kStalls = (reg::kEmptyLoad - reg::kBusyLoad) / 4;
  if (number < kSteps) return dispatch_.busy(number, now);
  if (number == kMemoryLoad) return load_.memory_cycles(now);
  if (number == kMemoryStore) return store_.memory_cycles(now);
  if (number == kSteps)
    return steps_ +
           (product_ ? matmul_steps(config_, product_->op, product_->reach, product_->start, now)
                     : 0);
  const uint32_t unit = (number - kStalls) / kUnits, other = (number - kStalls) % kUnits;
  if (unit != other) return dispatch_.waited(unit, other, now);
  uint64_t empty = cycles(now) - dispatch_.busy(unit, now);
  for (uint32_t i = 0; i < kUnits; ++i) empty -= dispatch_.waited(unit, i, now);
  return empty;
}

std::optional<uint32_t> Machine::read_segment(uint32_t offset) const {
  const ref::Segment& s = segments_.at(segment_index(offset));
  switch (reg::kSegBase + offset % reg::kSegStride) {
    case reg::kSegBase:
      return s.base;
    case reg::kSegSize:
      return static_cast<uint32_t>(s.size);
    default:
      return bit(s.read, reg::kSegCtrlReadLow) | bit(s.write, reg::kSegCtrlWriteLow);
  }
}

// ---- Writes.

Cycle Machine::write_time(Cycle now) const {
  return segments_.scanning(now) ? segments_.scan_end() : now;
}

bool Machine::write(Cycle now, uint32_t offset, uint32_t value) {
  segments_.settle(now);
  note_stop(now);
  if (offset == reg::kCtrl) {
    if (value >> reg::kCtrlResetLow & 1) begin_reset(now);
    return true;
  }
  return write_free(now, offset, value) || (idle(now) && write_locked(now, offset, value));
}

bool Machine::write_free(Cycle now, uint32_t offset, uint32_t value) {
  constexpr uint32_t kIrqs = 1u << reg::kIrqStatusSignalLow | 1u << reg::kIrqStatusFaultLow;
  if (now >= halt_) return false;
  switch (offset) {
    case reg::kIrqStatus:
      irq_status_ &= ~value;
      return true;
    case reg::kIrqEnable:
      irq_enable_ = value & kIrqs;
      return true;
    case reg::kRingTail:
      fetch_.doorbell(now, value);
      if (!fetch_.drained() && busy_since_ == kNever) busy_since_ = now + 1;
      return true;
    default:
      return false;
  }
}

bool Machine::write_locked(Cycle now, uint32_t offset, uint32_t value) {
  constexpr uint32_t kMaxRingLog2 = 16;
  if (is_segment(config_, offset)) {
    segments_.write(now, segment_index(offset), reg::kSegBase + offset % reg::kSegStride, value);
    return true;
  }
  if (offset == reg::kRingBase)
    ring_base_ = value & low_bits(config_.addr_bits) & ~31u;
  else if (offset == reg::kRingLog2)
    ring_log2_ = std::min(value & 0x1f, kMaxRingLog2);
  else
    return false;
  fetch_.set_ring(ring_base_, ring_log2_);
  segments_.write_ring(now, ring_base_, ring_log2_);
  return true;
}

}  // namespace millrace::cycle
