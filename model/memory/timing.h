// SPDX-License-Identifier: Apache-2.0
// When an external memory answers. Holds no data. Shared by everything that keeps time: a bench
// that goes cycle by cycle asks ready(t), an event-driven model asks next_ready(t); both report the
// same acceptances and so see the same answers. The rules are in docs/memory.md.
#pragma once

#include <cstdint>

#include "model/memory/spec.h"

namespace millrace::memory {

// Master ports, in the order in which acceptances of one cycle count. kHost: the AXI4-Lite register
// port.
enum class Port : uint32_t { kFetch, kData, kHost };
// AXI channels; within a port, a read accepted in a cycle counts before a write.
enum class Channel : uint32_t { kAr, kR, kAw, kW, kB };

// When the responses of one accepted burst are due: beat i of a read (a write has one response,
// beat 0). The response appears in the first ready cycle that is not before due(i) and after the
// port's previous response on that channel.
class Schedule {
 public:
  Schedule() = default;
  Schedule(uint64_t start, uint64_t beat_bytes, uint64_t bytes_per_cycle)
      : start_(start), beat_bytes_(beat_bytes), bytes_per_cycle_(bytes_per_cycle) {}
  uint64_t due(uint32_t beat) const {
    if (bytes_per_cycle_ == 0) return start_;
    return (start_ + beat * beat_bytes_) / bytes_per_cycle_;
  }

 private:
  uint64_t start_ =
      0;  // in bytes the bus could have moved since cycle 0; in cycles without a limit
  uint64_t beat_bytes_ = 0;
  uint64_t bytes_per_cycle_ = 0;
};

class MemoryTiming {
 public:
  explicit MemoryTiming(const MemorySpec& spec);

  const MemorySpec& spec() const { return spec_; }

  // Whether the memory's side of a channel (READY of AR, AW, W; a new VALID on R, B) can be up in a
  // cycle. A pure function of the specification and its arguments.
  bool ready(Port port, Channel channel, uint64_t cycle) const {
    return threshold_ == 0 || hash(port, channel, cycle) >= threshold_;
  }
  // The first cycle from `cycle` on in which ready() holds.
  uint64_t next_ready(Port port, Channel channel, uint64_t cycle) const;

  // A burst of `beats` beats of `beat_bytes` bytes is accepted in `cycle`: a read at its AR
  // handshake, a write (channel kB) at the later of its AW and last W handshakes. Calls must come
  // in the order (cycle, port, read before write).
  Schedule accept(Port port, Channel response, uint64_t cycle, uint32_t beats, uint32_t beat_bytes);

 private:
  uint32_t hash(Port port, Channel channel, uint64_t cycle) const;

  MemorySpec spec_;
  uint32_t threshold_;     // stall when the hash is below it; 0: never
  uint64_t bus_free_ = 0;  // first position of the bus nobody has reserved, in bytes since cycle 0
  uint64_t last_accepted_ = 0;  // order of the last acceptance, to check the callers
};

}  // namespace millrace::memory
