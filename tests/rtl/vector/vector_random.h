// SPDX-License-Identifier: Apache-2.0
// Random legal VECTOR and VSET instructions and memory contents for a configuration; all randomness
// from the caller's generator.
#pragma once

#include <random>

#include "millrace/isa.h"
#include "tests/rtl/vector/vector_reference.h"

namespace millrace::bench {

class Generator {
 public:
  Generator(const isa::Config& config, uint64_t seed) : c_(config), rng_(seed) {}

  Memories memories();
  isa::Vset vset();
  // Writes the channel parameters it will use into `mem`.
  isa::Vector vector(Memories& mem);

  // Random channel parameters for all iterations of `v`.
  void parameters(Memories& mem, const isa::Vector& v);

  int32_t value();       // int32, corners and all magnitudes
  int32_t fp32_scale();  // any exponent, useful ones more often
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(rng_() % n); }
  bool one_in(uint32_t n) { return below(n) == 0; }

 private:
  struct Range {
    uint32_t base, hi;
  };
  std::vector<Range> ranges(size_t n, uint32_t banks, uint32_t rows);
  uint32_t stride(uint32_t modulus);

  const isa::Config& c_;
  std::mt19937_64 rng_;
};

}  // namespace millrace::bench
