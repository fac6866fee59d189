// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same everywhere: a hash (splitmix64's finaliser) of seed and counter.
#pragma once

#include <cassert>
#include <cstdint>
#include <span>

namespace millrace::cosim {

class Prng {
 public:
  // The seed is hashed, too: else the next seed would give the same numbers, one earlier.
  explicit Prng(uint64_t seed) : state_(mix(seed + kStep)) {}

  uint64_t next() { return mix(state_ += kStep); }
  uint32_t bits() { return static_cast<uint32_t>(next() >> 32); }
  // In [0, n).
  uint32_t below(uint32_t n) {
    assert(n > 0);
    return static_cast<uint32_t>(uint64_t{bits()} * n >> 32);
  }
  // In [lo, hi].
  uint32_t between(uint32_t lo, uint32_t hi) { return lo + below(hi - lo + 1); }
  bool one_in(uint32_t n) { return below(n) == 0; }
  template <typename T>
  T pick(std::span<const T> values) {
    return values[below(static_cast<uint32_t>(values.size()))];
  }

 private:
  static constexpr uint64_t kStep = 0x9E3779B97F4A7C15u;
  static uint64_t mix(uint64_t z) {
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }

  uint64_t state_;
};

}  // namespace millrace::cosim
