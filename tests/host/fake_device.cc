// SPDX-License-Identifier: Apache-2.0
// See fake_device.h.
#include "tests/host/fake_device.h"

#include <algorithm>

namespace millrace::testing {
namespace {

constexpr uint32_t kInstructionBytes = 4 * isa::kWords;

const isa::Config& config_named(std::string_view name) {
  const isa::Config* config = isa::find_config(name);
  assert(config != nullptr);
  return *config;
}

}  // namespace

FakeDevice::FakeDevice(std::string_view config, uint64_t mem_bytes)
    : config_(config_named(config)),
      memory_(mem_bytes != 0 ? mem_bytes : uint64_t{1} << config_.mem_log2) {
  hash = config_.isa_hash;
}

uint32_t FakeDevice::status() const {
  const bool hangs = hang_at && head_ == *hang_at && head_ != tail_;
  return (idle() ? 1u : 0u) << reg::kStatusIdleLow | (fault_ ? 1u : 0u) << reg::kStatusFaultLow |
         (resetting_ ? 1u : 0u) << reg::kStatusResettingLow |
         (hangs ? 1u : 0u) << reg::kStatusReadWaitLow;
}

Result<uint32_t> FakeDevice::read_reg(uint32_t offset) {
  const uint32_t index_mask = UINT32_MAX >> (32 - config_.index_bits);
  switch (offset) {
    case reg::kId:
      return id;
    case reg::kIsaHash:
      return hash;
    case reg::kBuildId:
      return 0xb111d1du;
    case reg::kStatus:
      return status();
    case reg::kRingHead:
      return head_ & index_mask;
    case reg::kRingTail:
      return tail_ & index_mask;
    case reg::kFault:
      return fault_ ? 3u | 2u << reg::kFaultUnitLow : 0u;
    case reg::kFaultIndex:
      return fault_ ? *fault_at & index_mask : 0u;
    case reg::kFaultAddr:
      return fault_ ? 0x123u : 0u;
    case reg::kCycles:
      return static_cast<uint32_t>(cycles_);
    case reg::kCyclesHi:
      return config_.cycle_bits > 32 ? static_cast<uint32_t>(cycles_ >> 32) : 0u;
    default:
      if (offset >= reg::kBusyLoad && offset <= reg::kEmptyVector) return offset;
      return failure("SLVERR reading register " + std::to_string(offset));
  }
}

Status FakeDevice::write_locked(uint32_t offset, uint32_t value) {
  if (!idle()) return failure("SLVERR: register " + std::to_string(offset) + " is locked");
  if (offset == reg::kRingBase) ring_base = value;
  if (offset == reg::kRingLog2) ring_log2 = value;
  if (offset < reg::kSegBase) return {};
  Segment& segment = segments[(offset - reg::kSegBase) / reg::kSegStride];
  const uint32_t which = (offset - reg::kSegBase) % reg::kSegStride + reg::kSegBase;
  (which == reg::kSegBase   ? segment.base
   : which == reg::kSegSize ? segment.size
                            : segment.ctrl) = value;
  return {};
}

Status FakeDevice::write_reg(uint32_t offset, uint32_t value) {
  if (offset == reg::kCtrl) {
    head_ = tail_ = 0;
    cycles_ = 0;
    fault_ = false;
    resetting_ = reset_hangs;
    return {};
  }
  if (offset == reg::kRingTail) {
    tail_ = value;
    ++doorbells;
    if (tail_ - head_ > (1u << ring_log2)) return failure("the host has overrun the ring");
    return {};
  }
  const uint32_t segments_end =
      reg::kSegBase + static_cast<uint32_t>(config_.segments) * reg::kSegStride;
  if (offset == reg::kRingBase || offset == reg::kRingLog2 ||
      (offset >= reg::kSegBase && offset < segments_end))
    return write_locked(offset, value);
  return failure("SLVERR writing register " + std::to_string(offset));
}

Status FakeDevice::read_mem(uint64_t addr, std::span<uint8_t> out) {
  if (addr + out.size() > memory_.size()) return failure("read beyond memory");
  std::copy_n(memory_.begin() + static_cast<ptrdiff_t>(addr), out.size(), out.begin());
  return {};
}

Status FakeDevice::write_mem(uint64_t addr, std::span<const uint8_t> data) {
  if (addr + data.size() > memory_.size()) return failure("write beyond memory");
  std::copy(data.begin(), data.end(), memory_.begin() + static_cast<ptrdiff_t>(addr));
  return {};
}

isa::Instruction FakeDevice::fetch(uint32_t index) const {
  const size_t at = ring_base + size_t{index & ((1u << ring_log2) - 1)} * kInstructionBytes;
  isa::Instruction words{};
  for (size_t i = 0; i < kInstructionBytes; ++i)
    words[i / 4] |= uint32_t{memory_[at + i]} << (8 * (i % 4));
  return words;
}

void FakeDevice::execute(const isa::Instruction& instruction) {
  executed.push_back(instruction);
  if ((instruction[0] & 0xffu) != static_cast<uint32_t>(isa::Opcode::kSignal) || silent) return;
  const isa::Signal signal = isa::Signal::unpack(instruction);
  const Segment& segment = segments[signal.seg];
  assert((segment.ctrl & 2u) != 0 && 4 * signal.offset + 4 <= segment.size);
  for (uint32_t i = 0; i < 4; ++i)
    memory_[segment.base + 4 * signal.offset + i] = static_cast<uint8_t>(signal.value >> (8 * i));
}

Status FakeDevice::advance(uint64_t cycles) {
  for (uint64_t used = 0; used + kCyclesPerInstruction <= cycles && !idle() && !fault_;
       used += kCyclesPerInstruction) {
    cycles_ += kCyclesPerInstruction;
    if (resetting_ || (hang_at && head_ == *hang_at)) continue;
    fault_ = fault_at && head_ == *fault_at;
    if (!fault_) execute(fetch(head_));
    ++head_;
  }
  return {};
}

}  // namespace millrace::testing
