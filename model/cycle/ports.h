// SPDX-License-Identifier: Apache-2.0
// The AXI channels of a port as an event-driven master sees them: handshakes and responses of whole
// bursts (docs/reference/memory.md).
#pragma once

#include <algorithm>

#include "model/cycle/time.h"
#include "model/memory/timing.h"

namespace millrace::cycle {

// A port's read channels. R is always accepted.
class ReadPort {
 public:
  // A burst whose address the memory has taken.
  struct Accepted {
    memory::Schedule due;
    Cycle free = 0;  // the first cycle in which its first beat might have come
    uint32_t beats = 0;
    Cycle last = 0;  // beat
  };

  ReadPort(memory::MemoryTiming& timing, memory::Port port, uint32_t beat_bytes)
      : timing_(timing), port_(port), beat_bytes_(beat_bytes) {}
  // The handshake of an address that is offered from cycle `offered` on.
  Cycle handshake(Cycle offered) const {
    return timing_.next_ready(port_, memory::Channel::kAr, offered);
  }
  Accepted accept(Cycle now, uint64_t addr, uint32_t beats) {
    Accepted burst = {timing_.accept(port_, memory::Channel::kR, now, addr, beats, beat_bytes_),
                      free_, beats, 0};
    if (timing_.stalls()) {
      for (uint32_t i = 0; i < beats; ++i) free_ = beat(burst.due, i, free_) + 1;
    } else {
      // The times between beats are either all at least a cycle or all at most one.
      free_ = std::max({burst.due.due(0) + beats, burst.due.due(beats - 1) + 1, free_ + beats});
    }
    burst.last = free_ - 1;
    return burst;
  }
  // Beats of the burst in cycle `now` and later.
  uint32_t beats_from(const Accepted& burst, Cycle now) const {
    Cycle free = burst.free;
    for (uint32_t i = 0; i < burst.beats; ++i) {
      const Cycle at = beat(burst.due, i, free);
      if (at >= now) return burst.beats - i;
      free = at + 1;
    }
    return 0;
  }

 private:
  Cycle beat(const memory::Schedule& due, uint32_t i, Cycle free) const {
    return timing_.next_ready(port_, memory::Channel::kR, std::max(due.due(i), free));
  }

  memory::MemoryTiming& timing_;
  memory::Port port_;
  uint32_t beat_bytes_;
  Cycle free_ = 0;  // first cycle in which a new beat may be presented
};

// A port's write channels. B is always accepted.
class WritePort {
 public:
  WritePort(memory::MemoryTiming& timing, memory::Port port, uint32_t beat_bytes)
      : timing_(timing), port_(port), beat_bytes_(beat_bytes) {}
  bool stalls() const { return timing_.stalls(); }
  Cycle address_handshake(Cycle offered) const {
    return timing_.next_ready(port_, memory::Channel::kAw, offered);
  }
  Cycle data_handshake(Cycle offered) const {
    return timing_.next_ready(port_, memory::Channel::kW, offered);
  }
  // Address and all data are handed over: the cycle of the response.
  Cycle accept(Cycle now, uint64_t addr, uint32_t beats) {
    const memory::Schedule due =
        timing_.accept(port_, memory::Channel::kB, now, addr, beats, beat_bytes_);
    const Cycle response =
        timing_.next_ready(port_, memory::Channel::kB, std::max(due.due(0), free_));
    free_ = response + 1;
    return response;
  }

 private:
  memory::MemoryTiming& timing_;
  memory::Port port_;
  uint32_t beat_bytes_;
  Cycle free_ = 0;
};

}  // namespace millrace::cycle
