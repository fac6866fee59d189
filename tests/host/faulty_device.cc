// SPDX-License-Identifier: Apache-2.0
#include "tests/host/faulty_device.h"

namespace millrace::testing {

Result<uint32_t> FaultyDevice::read_reg(uint32_t offset) {
  Result<uint32_t> read = RefDevice::read_reg(offset);
  if (read && offset == reg::kStatus && hung_) return uint32_t{0};
  if (read && value) return value(offset, *read);
  return read;
}

Status FaultyDevice::write_reg(uint32_t offset, uint32_t new_value) {
  if (offset == reg::kRingBase) base_ = new_value;
  if (offset == reg::kRingLog2) log2_ = new_value;
  if (offset == reg::kCtrl) {
    if (hung_ && reset_fails) return {};
    tail_ = 0;
    hung_ = false;
  }
  if (offset == reg::kRingTail && !spoil(new_value)) return {};
  const Status status = RefDevice::write_reg(offset, new_value);
  return takes_any_write ? Status() : status;
}

// Changes the new instructions in the ring; false if the machine hangs on one of them.
bool FaultyDevice::spoil(uint32_t new_tail) {
  for (; tail_ != new_tail; ++tail_) {
    std::array<uint8_t, 4 * isa::kWords> bytes;
    const uint64_t at = base_ + uint64_t{tail_ & ((1u << log2_) - 1)} * bytes.size();
    if (!RefDevice::read_mem(at, bytes)) return true;
    isa::Instruction words{};
    for (size_t i = 0; i < bytes.size(); ++i) words[i / 4] |= uint32_t{bytes[i]} << 8 * (i % 4);
    hung_ = hung_ || (hangs_on && hangs_on(words));
    if (!change) continue;
    change(words);
    for (size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<uint8_t>(words[i / 4] >> 8 * (i % 4));
    if (!RefDevice::write_mem(at, bytes)) return true;
  }
  return !hung_;
}

Status FaultyDevice::read_mem(uint64_t addr, std::span<uint8_t> out) {
  if (!address)
    if (const Status status = RefDevice::read_mem(addr, out); !status) return status;
  for (size_t i = 0; address && i < out.size(); ++i)
    if (const Status status = RefDevice::read_mem(address(addr + i), out.subspan(i, 1)); !status)
      return status;
  for (size_t i = 0; byte && i < out.size(); ++i) out[i] = byte(addr + i, out[i]);
  return {};
}

Status FaultyDevice::write_mem(uint64_t addr, std::span<const uint8_t> data) {
  if (!address) return RefDevice::write_mem(addr, data);
  for (size_t i = 0; i < data.size(); ++i)
    if (const Status status = RefDevice::write_mem(address(addr + i), data.subspan(i, 1)); !status)
      return status;
  return {};
}

}  // namespace millrace::testing
