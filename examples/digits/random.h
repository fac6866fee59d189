// SPDX-License-Identifier: Apache-2.0
// Seeded random numbers that are the same everywhere: splitmix64 (Steele, Lea, Flood, "Fast
// splittable pseudorandom number generators", OOPSLA 2014) and exact conversions.
#pragma once

#include <cstdint>

namespace millrace::digits {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  // An independent generator for item `index` of the stream `seed`.
  Random(uint64_t seed, uint64_t index) : state_(seed) { state_ = next() ^ (index << 20); }

  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // Uniform in [0, n), n small.
  int below(int n) { return static_cast<int>((next() >> 32) * static_cast<uint64_t>(n) >> 32); }
  // Uniform in [lo, hi).
  double uniform(double lo, double hi) {
    return lo + (hi - lo) * (static_cast<double>(next() >> 11) * 0x1p-53);
  }
  // Mean 0, variance 1, about normal: the sum of twelve uniform numbers.
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += uniform(0, 1);
    return sum;
  }

 private:
  uint64_t state_;
};

}  // namespace millrace::digits
