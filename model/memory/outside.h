// SPDX-License-Identifier: Apache-2.0
// A memory whose bytes and times are somebody else's (sim/systemc). A burst moves its bytes when it
// is accepted, through the buffer here.
#pragma once

#include <cstdint>
#include <vector>

#include "model/memory/timing.h"

namespace millrace::memory {

class Outside {
 public:
  virtual ~Outside() = default;
  // As MemoryTiming::accept(), which hands bursts on to here. Of a write, `data` holds the bytes
  // from address `first` on, none if no strobe of the burst is up. Of a read, `data` holds all its
  // beats afterwards.
  virtual Schedule transfer(Port port, Channel response, uint64_t cycle, uint64_t addr,
                            uint32_t beats, uint32_t beat_bytes) = 0;

  uint64_t first = 0;
  std::vector<uint8_t> data;
  // Of the last burst: beats before the first one that was refused, and the response of the others.
  uint32_t accepted = 0;
  uint8_t refusal = 0;
};

}  // namespace millrace::memory
