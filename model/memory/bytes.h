// SPDX-License-Identifier: Apache-2.0
// The bytes of a simulated device memory and how addresses answer on the bus.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

namespace millrace::memory {

// AXI responses.
inline constexpr uint8_t kOkay = 0, kSlverr = 2, kDecerr = 3;

// Byte addresses [first, first + bytes).
struct AddressRange {
  uint64_t first = 0;
  uint64_t bytes = 0;
  bool overlaps(uint64_t other, uint64_t other_bytes) const {
    return other < first + bytes && first < other + other_bytes;
  }
};

class Outside;  // outside.h

class Bytes {
 public:
  // `size` zero bytes; accesses that touch `slverr` are answered by SLVERR, those beyond the end by
  // DECERR.
  Bytes(uint64_t size, AddressRange slverr)
      : size_(size), slverr_(slverr), data_(static_cast<uint8_t*>(std::calloc(size, 1))) {}
  // The bytes are elsewhere: none is here, and bursts bring their responses.
  explicit Bytes(Outside* outside) : size_(0), outside_(outside) {}
  Outside* outside() const { return outside_; }  // null: the bytes are here
  uint64_t size() const { return size_; }
  bool contains(uint64_t addr, uint64_t bytes) const {
    return addr <= size_ && bytes <= size_ - addr;
  }
  uint8_t response(uint64_t addr, uint64_t bytes) const {
    if (!contains(addr, bytes)) return kDecerr;
    return slverr_.overlaps(addr, bytes) ? kSlverr : kOkay;
  }
  std::span<uint8_t> at(uint64_t addr, uint64_t bytes) { return {data_.get() + addr, bytes}; }

 private:
  struct Free {
    void operator()(uint8_t* p) const { std::free(p); }
  };
  uint64_t size_;
  AddressRange slverr_;
  Outside* outside_ = nullptr;
  std::unique_ptr<uint8_t, Free> data_;  // calloc: pages nobody touches cost nothing
};

}  // namespace millrace::memory
