// SPDX-License-Identifier: Apache-2.0
// When the responses of one accepted burst are due.
#pragma once

#include <cstdint>

namespace millrace::memory {

// Beat i of a read (a write has one response, beat 0) appears in the first ready cycle that is not
// before due(i) and after the port's previous response on that channel. due() never falls with the
// beat, and nothing that is accepted later changes it, so a caller may evaluate all beats at once.
class Schedule {
 public:
  Schedule() = default;
  // Beat i is due in cycle floor((first + i * step) / per_cycle): a position on a data bus, in
  // whatever units make the memory's rate a whole number of units a cycle.
  Schedule(uint64_t first, uint64_t step, uint64_t per_cycle)
      : first_(first), step_(step), per_cycle_(per_cycle) {}
  uint64_t due(uint32_t beat) const { return (first_ + beat * step_) / per_cycle_; }
  // Every beat `cycles` later.
  Schedule later(uint64_t cycles) const {
    return {first_ + cycles * per_cycle_, step_, per_cycle_};
  }

 private:
  uint64_t first_ = 0;
  uint64_t step_ = 0;
  uint64_t per_cycle_ = 1;
};

}  // namespace millrace::memory
