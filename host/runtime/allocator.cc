// SPDX-License-Identifier: Apache-2.0
// First fit over an ordered map of free blocks; see allocator.h for the contract.
#include "host/runtime/allocator.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace millrace {

Allocator::Allocator(uint64_t bytes, uint64_t alignment)
    : alignment_(alignment), capacity_(bytes & ~(alignment - 1)), free_bytes_(capacity_) {
  assert(alignment > 0 && (alignment & (alignment - 1)) == 0);
  if (capacity_ > 0) free_[0] = capacity_;
}

uint64_t Allocator::largest_free() const {
  uint64_t largest = 0;
  for (const auto& [address, bytes] : free_) largest = std::max(largest, bytes);
  return largest;
}

Result<Buffer> Allocator::allocate(uint64_t size) {
  // A size beyond the capacity is refused below without rounding, which could wrap.
  const uint64_t bytes =
      size > capacity_ ? size : std::max(alignment_, (size + alignment_ - 1) & ~(alignment_ - 1));
  const auto block =
      std::find_if(free_.begin(), free_.end(), [&](const auto& f) { return f.second >= bytes; });
  if (block == free_.end())
    return input_error("out of device memory: " + std::to_string(size) +
                       " bytes wanted, largest free block " + std::to_string(largest_free()) +
                       ", free in all " + std::to_string(free_bytes_) + " of " +
                       std::to_string(capacity_) + " bytes");
  const auto [address, available] = *block;
  free_.erase(block);
  if (available > bytes) free_[address + bytes] = available - bytes;
  used_[address] = bytes;
  free_bytes_ -= bytes;
  return Buffer{address, size};
}

Status Allocator::release(const Buffer& buffer) {
  const auto used = used_.find(buffer.address);
  if (used == used_.end())
    return input_error("no buffer is allocated at device address " +
                       std::to_string(buffer.address));
  free_bytes_ += used->second;
  auto block = free_.emplace(used->first, used->second).first;
  used_.erase(used);
  const auto next = std::next(block);
  if (next != free_.end() && block->first + block->second == next->first) {
    block->second += next->second;
    free_.erase(next);
  }
  if (block != free_.begin()) {
    const auto previous = std::prev(block);
    if (previous->first + previous->second == block->first) {
      previous->second += block->second;
      free_.erase(block);
    }
  }
  return {};
}

}  // namespace millrace
