// SPDX-License-Identifier: Apache-2.0
#include "sim/ref/ref_device.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include "model/ref/registers.h"

namespace millrace {
namespace {

constexpr uint32_t kInstructionBytes = isa::kWords * 4;
constexpr uint32_t kMaxRingLog2 = 16;

uint32_t low_bits(int bits) { return static_cast<uint32_t>((uint64_t{1} << bits) - 1); }

uint32_t at(int value, int low) { return static_cast<uint32_t>(value) << low; }

Error slverr(const char* access, uint32_t offset, const char* why) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%03x", offset);
  return failure(std::string(access) + " register " + text + ": SLVERR, " + why);
}

bool is_locked(uint32_t offset) {
  return offset == reg::kRingBase || offset == reg::kRingLog2 || offset >= reg::kSegBase;
}

}  // namespace

RefDevice::RefDevice(const isa::Config& config, uint64_t mem_bytes)
    : memory_(mem_bytes ? mem_bytes : uint64_t{1} << config.mem_log2), machine_(config, memory_) {}

// ---- Memory.

Status RefDevice::check_range(uint64_t addr, size_t size) const {
  if (addr <= memory_.size() && size <= memory_.size() - addr) return {};
  return input_error("device memory: " + std::to_string(size) + " bytes at " +
                     std::to_string(addr) + " exceed its " + std::to_string(memory_.size()) +
                     " bytes; use a smaller buffer");
}

Status RefDevice::read_mem(uint64_t addr, std::span<uint8_t> out) {
  if (Status status = check_range(addr, out.size()); !status) return status;
  std::copy_n(memory_.begin() + static_cast<ptrdiff_t>(addr), out.size(), out.begin());
  return {};
}

Status RefDevice::write_mem(uint64_t addr, std::span<const uint8_t> data) {
  if (Status status = check_range(addr, data.size()); !status) return status;
  std::copy(data.begin(), data.end(), memory_.begin() + static_cast<ptrdiff_t>(addr));
  return {};
}

// ---- Reading registers.

Result<uint32_t> RefDevice::read_reg(uint32_t offset) {
  if (const auto value = read_fixed(offset)) return *value;
  if (const auto value = read_state(offset)) return *value;
  if (const auto segment = segment_register(offset)) return read_segment(*segment);
  return slverr("read of", offset, "no such register");
}

std::optional<uint32_t> RefDevice::read_fixed(uint32_t offset) const {
  switch (offset) {
    case reg::kBuildId:
    case reg::kCtrl:
    case reg::kCycles:
    case reg::kCyclesHi:
      return 0;
    default:
      break;
  }
  if (const auto value = ref::read_capability(config(), offset)) return value;
  const bool counter = offset >= reg::kBusyLoad && offset <= reg::kEmptyVector && offset % 4 == 0;
  if (!counter) return std::nullopt;
  return config().counters && offset == reg::kMatmulSteps
             ? static_cast<uint32_t>(machine_.matmul_steps())
             : 0;
}

std::optional<uint32_t> RefDevice::read_state(uint32_t offset) const {
  const ref::Fault fault = fault_.value_or(ref::Fault{});
  switch (offset) {
    case reg::kStatus:
      return status();
    case reg::kIrqStatus:
      return irq_status_;
    case reg::kIrqEnable:
      return irq_enable_;
    case reg::kRingBase:
      return ring_base_;
    case reg::kRingLog2:
      return ring_log2_;
    case reg::kRingTail:
      return tail_;
    case reg::kRingHead:
      return head();
    case reg::kSignalValue:
      return config().signal_register ? machine_.signal_value() : 0;
    case reg::kFault:
      return static_cast<uint32_t>(fault.code) << reg::kFaultCodeLow |
             static_cast<uint32_t>(fault.unit) << reg::kFaultUnitLow;
    case reg::kFaultIndex:
      return fault.index & low_bits(config().index_bits);
    case reg::kFaultAddr:
      return fault.addr;
    default:
      return std::nullopt;
  }
}

uint32_t RefDevice::head() const { return machine_.executed() & low_bits(config().index_bits); }

uint32_t RefDevice::status() const {
  return at(idle(), reg::kStatusIdleLow) | at(fault_.has_value(), reg::kStatusFaultLow) |
         at(refused_, reg::kStatusRefusedLow);
}

// ---- Segments.

std::optional<RefDevice::SegmentRegister> RefDevice::segment_register(uint32_t offset) const {
  if (offset < reg::kSegBase) return std::nullopt;
  const uint32_t relative = offset - reg::kSegBase;
  const uint32_t which = reg::kSegBase + relative % reg::kSegStride;
  if (which != reg::kSegBase && which != reg::kSegSize && which != reg::kSegCtrl)
    return std::nullopt;
  const size_t index = relative / reg::kSegStride;
  if (index >= static_cast<size_t>(config().segments)) return std::nullopt;
  return SegmentRegister{index, which};
}

uint32_t RefDevice::read_segment(const SegmentRegister& r) const {
  const ref::Segment& s = machine_.segment(r.index);
  if (r.reg == reg::kSegBase) return s.base;
  if (r.reg == reg::kSegSize) return static_cast<uint32_t>(s.size);
  return at(s.read, reg::kSegCtrlReadLow) | at(s.write, reg::kSegCtrlWriteLow);
}

void RefDevice::write_segment(const SegmentRegister& r, uint32_t value) {
  const isa::Config& c = config();
  const uint32_t whole = value & ~low_bits(c.segment_log2);
  ref::Segment s = machine_.segment(r.index);
  if (r.reg == reg::kSegBase) {
    s.base = whole & low_bits(c.addr_bits);
  } else if (r.reg == reg::kSegSize) {
    s.size = whole & low_bits(std::min(32, c.offset_bits + 1));
  } else {
    s.read = value >> reg::kSegCtrlReadLow & 1;
    s.write = value >> reg::kSegCtrlWriteLow & 1;
  }
  machine_.set_segment(r.index, s);
}

// A writable segment that overlaps the command ring loses its permissions.
void RefDevice::keep_segments_off_ring() {
  if (!config().alias_check) return;
  const uint64_t ring_end = ring_base_ + (uint64_t{kInstructionBytes} << ring_log2_);
  for (size_t i = 0; i < static_cast<size_t>(config().segments); ++i) {
    ref::Segment s = machine_.segment(i);
    // A range that wraps around the address space is taken to overlap everything.
    const uint64_t end = s.base + s.size;
    const bool wraps = std::max(end, ring_end) > uint64_t{1} << 32;
    if (!s.write || s.size == 0 || (!wraps && (s.base >= ring_end || ring_base_ >= end))) continue;
    s.read = s.write = false;
    machine_.set_segment(i, s);
    refused_ = true;
  }
}

// ---- Writing registers.

Status RefDevice::write_reg(uint32_t offset, uint32_t value) {
  const auto segment = segment_register(offset);
  switch (offset) {
    case reg::kCtrl:
    case reg::kIrqStatus:
    case reg::kIrqEnable:
    case reg::kRingBase:
    case reg::kRingLog2:
    case reg::kRingTail:
      break;
    default:
      if (!segment) return slverr("write of", offset, "not a writable register");
  }
  if (is_locked(offset) && !idle())
    return slverr("write of", offset, "the machine is not idle; wait for it or reset it");
  if (segment)
    write_segment(*segment, value);
  else
    write_unlocked(offset, value);
  if (is_locked(offset)) keep_segments_off_ring();
  return {};
}

void RefDevice::write_unlocked(uint32_t offset, uint32_t value) {
  constexpr uint32_t kIrqs = 1u << reg::kIrqStatusSignalLow | 1u << reg::kIrqStatusFaultLow;
  if (offset == reg::kCtrl && (value >> reg::kCtrlResetLow & 1)) soft_reset();
  if (offset == reg::kIrqStatus) irq_status_ &= ~value;
  if (offset == reg::kIrqEnable) irq_enable_ = value & kIrqs;
  if (offset == reg::kRingBase)
    ring_base_ = value & low_bits(config().addr_bits) & ~(kInstructionBytes - 1);
  if (offset == reg::kRingLog2) ring_log2_ = std::min(value & 0x1f, kMaxRingLog2);
  if (offset == reg::kRingTail) {
    tail_ = value & low_bits(config().index_bits);
    if (!deferred_) run(UINT64_MAX);
  }
}

void RefDevice::soft_reset() {
  machine_.reset();
  tail_ = irq_status_ = irq_enable_ = 0;
  refused_ = false;
  fault_.reset();
}

// ---- Execution.

Status RefDevice::advance(uint64_t cycles) {
  if (deferred_) run(cycles);
  return {};
}

void RefDevice::run(uint64_t instructions) {
  if (fault_) return;  // it has interrupted once
  for (; instructions > 0 && !fault_ && head() != tail_; --instructions) fault_ = run_next();
  irq_status_ |= at(machine_.take_irq(), reg::kIrqStatusSignalLow);
  irq_status_ |= at(fault_.has_value(), reg::kIrqStatusFaultLow);
}

std::optional<ref::Fault> RefDevice::run_next() {
  const uint32_t head = machine_.executed();
  const uint32_t slot = head & low_bits(static_cast<int>(ring_log2_));
  const uint64_t addr =
      (ring_base_ + uint64_t{slot} * kInstructionBytes) & low_bits(config().addr_bits);
  const auto instruction = fetch(addr);
  if (!instruction)
    return ref::Fault{isa::Fault::kBus, isa::Unit::kFetch, head, static_cast<uint32_t>(addr)};
  return machine_.step(*instruction);
}

std::optional<isa::Instruction> RefDevice::fetch(uint64_t addr) const {
  if (addr + kInstructionBytes > memory_.size()) return std::nullopt;
  isa::Instruction instruction{};
  for (size_t i = 0; i < kInstructionBytes; ++i)
    instruction[i / 4] |= static_cast<uint32_t>(memory_[addr + i]) << i % 4 * 8;
  return instruction;
}

}  // namespace millrace
