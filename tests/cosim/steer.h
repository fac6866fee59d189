// SPDX-License-Identifier: Apache-2.0
// A campaign of random programs on the cycle model. Steered, points that no program has reached
// raise the weights of the choices that bear their names; else all programs are drawn alike. The
// same seed gives the same campaign on every host.
#pragma once

#include <cstdint>

#include "tests/cosim/coverage.h"

namespace millrace::cosim {

class Campaign {
 public:
  Campaign(const isa::Config& config, uint64_t seed, bool steered)
      : config_(config), seed_(seed), steered_(steered), coverage_(config) {}

  // Draws, runs and counts one more program.
  Status step();
  // The options of the next program. Their weights belong to the campaign.
  ProgramOptions next_options();
  const Coverage& coverage() const { return coverage_; }
  uint32_t programs() const { return programs_; }

 private:
  void steer();

  const isa::Config& config_;
  const uint64_t seed_;
  const bool steered_;
  Coverage coverage_;
  Weights weights_;
  uint32_t programs_ = 0;
};

}  // namespace millrace::cosim
