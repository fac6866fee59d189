// SPDX-License-Identifier: Apache-2.0
// The AXI channels of a port as an event-driven master sees them: handshakes and responses of whole
// bursts (docs/memory.md).
#pragma once

#include <algorithm>

#include "model/cycle/time.h"
#include "model/memory/timing.h"

namespace millrace::cycle {

// A port's read channels. R is always accepted.
class ReadPort {
 public:
  ReadPort(memory::MemoryTiming& timing, memory::Port port, uint32_t beat_bytes)
      : timing_(timing), port_(port), beat_bytes_(beat_bytes) {}
  // The handshake of an address that is offered from cycle `offered` on.
  Cycle handshake(Cycle offered) const {
    return timing_.next_ready(port_, memory::Channel::kAr, offered);
  }
  // The burst is accepted: the cycle of its last beat.
  Cycle accept(Cycle now, uint64_t addr, uint32_t beats) {
    const memory::Schedule due =
        timing_.accept(port_, memory::Channel::kR, now, addr, beats, beat_bytes_);
    if (timing_.stalls()) {
      for (uint32_t i = 0; i < beats; ++i)
        free_ = timing_.next_ready(port_, memory::Channel::kR, std::max(due.due(i), free_)) + 1;
    } else {
      // The times between beats are either all at least a cycle or all at most one.
      free_ = std::max({due.due(0) + beats, due.due(beats - 1) + 1, free_ + beats});
    }
    return free_ - 1;
  }

 private:
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
