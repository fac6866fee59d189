// SPDX-License-Identifier: Apache-2.0
// When each instruction met each stage of the machine: for those who want to know what waited for
// what (tests/cosim/coverage.h).
#pragma once

#include <vector>

#include "model/cycle/time.h"

namespace millrace::cycle {

// One instruction. A stage that it has not met is kNever.
struct Life {
  isa::Instruction words{};
  bool bus_error = false;     // of its fetch
  Cycle complete = kNever;    // whole in decode
  Cycle dispatched = kNever;  // into a slot and its unit's queue
  Cycle ready = 0;            // all that it waited for is complete; 0: it waited for nothing
  Cycle started = kNever;
  Cycle done = kNever;
  Stop stop;
};

struct Timeline {
  std::vector<Life> lives;       // by index since reset
  std::vector<Cycle> requested;  // the fetch of each was accepted
  Life& at(uint32_t index) {
    if (index >= lives.size()) lives.resize(index + size_t{1});
    return lives[index];
  }
};

}  // namespace millrace::cycle
