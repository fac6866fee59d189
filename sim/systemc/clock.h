// SPDX-License-Identifier: Apache-2.0
// Clock cycles and SystemC time: cycle 0 begins at time zero.
#pragma once

#include <cstdint>
#include <systemc>

namespace millrace::systemc {

class Clock {
 public:
  // A period below the kernel's resolution is an SC_REPORT_FATAL.
  explicit Clock(const sc_core::sc_time& period) : period_(period.value()) {
    if (period_ == 0) SC_REPORT_FATAL("millrace", "a clock period of 0 in the kernel's resolution");
  }
  sc_core::sc_time period() const { return at(1); }
  // When the cycle begins.
  sc_core::sc_time at(uint64_t cycle) const {
    return sc_core::sc_time::from_value(cycle * period_);
  }
  // The cycle that has begun last, and the one that begins first from then on.
  uint64_t floor(const sc_core::sc_time& time) const { return time.value() / period_; }
  uint64_t ceil(const sc_core::sc_time& time) const {
    return (time.value() + period_ - 1) / period_;
  }

 private:
  uint64_t period_;  // in the kernel's resolution
};

// 400 MHz, which the DRAMs of docs/reference/memory.md take for the machine's clock where nothing
// is said.
inline sc_core::sc_time default_period() { return {2.5, sc_core::SC_NS}; }

}  // namespace millrace::systemc
