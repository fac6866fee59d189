// SPDX-License-Identifier: Apache-2.0
// First-fit allocator for the address range [0, bytes) of device memory. Sizes are rounded up to
// the alignment, so every block starts and ends on it; neighbouring free blocks merge.
#pragma once

#include <cstdint>
#include <map>

#include "host/driver/result.h"

namespace millrace {

// A block of device memory: bus address and the size asked for, both in bytes.
struct Buffer {
  uint64_t address = 0;
  uint64_t size = 0;
  bool operator==(const Buffer&) const = default;
};

class Allocator {
 public:
  // `alignment` is a power of two. Bytes beyond the last whole multiple of it are not used.
  Allocator(uint64_t bytes, uint64_t alignment);

  // At least one aligned unit is reserved, also for size 0. Out of memory is an Error that names
  // the sizes.
  Result<Buffer> allocate(uint64_t size);
  // Gives back what allocate() returned; anything else is an Error.
  Status release(const Buffer& buffer);

  uint64_t alignment() const { return alignment_; }
  uint64_t capacity() const { return capacity_; }
  uint64_t free_bytes() const { return free_bytes_; }
  uint64_t largest_free() const;

 private:
  uint64_t alignment_;
  uint64_t capacity_;
  uint64_t free_bytes_;
  std::map<uint64_t, uint64_t> free_;  // address -> bytes
  std::map<uint64_t, uint64_t> used_;  // address -> bytes, rounded
};

}  // namespace millrace
