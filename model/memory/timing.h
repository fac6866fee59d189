// SPDX-License-Identifier: Apache-2.0
// When an external memory answers. Holds no data. Shared by everything that keeps time: a bench
// that goes cycle by cycle asks ready(t), an event-driven model asks next_ready(t); both report the
// same acceptances and so see the same answers. The rules are in docs/reference/memory.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "model/memory/dram.h"
#include "model/memory/schedule.h"
#include "model/memory/spec.h"

namespace millrace::memory {

// Master ports, in the order in which acceptances of one cycle count. kHost: the AXI4-Lite register
// port.
enum class Port : uint32_t { kFetch, kData, kHost };
inline constexpr uint32_t kPorts = 3;
// AXI channels; within a port, a read accepted in a cycle counts before a write.
enum class Channel : uint32_t { kAr, kR, kAw, kW, kB };
inline constexpr uint32_t kChannels = 5;

class Outside;  // outside.h

class MemoryTiming {
 public:
  // With `outside`, that decides when bursts are answered, and `spec` about stalls only.
  explicit MemoryTiming(const MemorySpec& spec, Outside* outside = nullptr);

  // From now on, acceptances of one cycle come in any order: several machines share the memory.
  void share() { shared_ = true; }

  const MemorySpec& spec() const { return spec_; }
  // Whether ready() is ever false.
  bool stalls() const { return threshold_ != 0; }

  // Whether the memory's side of a channel (READY of AR, AW, W; a new VALID on R, B) can be up in a
  // cycle. A pure function of the specification and its arguments.
  bool ready(Port port, Channel channel, uint64_t cycle) const {
    return threshold_ == 0 || hash(stream(port, channel), cycle) >= threshold_;
  }
  // The first cycle from `cycle` on in which ready() holds.
  uint64_t next_ready(Port port, Channel channel, uint64_t cycle) const {
    if (threshold_ == 0) return cycle;
    const uint64_t s = stream(port, channel);
    while (hash(s, cycle) < threshold_) ++cycle;
    return cycle;
  }

  // A burst of `beats` beats of `beat_bytes` bytes from byte `addr` on is accepted in `cycle`: a
  // read at its AR handshake, a write (channel kB) at the later of its AW and last W handshakes.
  // Calls must come in the order (cycle, port, read before write).
  Schedule accept(Port port, Channel response, uint64_t cycle, uint64_t addr, uint32_t beats,
                  uint32_t beat_bytes);

 private:
  // Finaliser and increment of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
  // Generators, 2014).
  static constexpr uint64_t kGamma = 0x9e3779b97f4a7c15u;
  static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }
  static uint32_t hash(uint64_t stream, uint64_t cycle) {
    return static_cast<uint32_t>(mix(stream + cycle * kGamma) >> 32);
  }
  uint64_t stream(Port port, Channel channel) const {
    return streams_[static_cast<uint32_t>(port) * kChannels + static_cast<uint32_t>(channel)];
  }

  MemorySpec spec_;
  Outside* outside_;
  bool shared_ = false;
  uint32_t threshold_;                  // stall when the hash is below it; 0: never
  uint64_t latency_, units_per_cycle_;  // units of the bus: bytes, or beats on chip
  uint64_t bus_free_ = 0;  // first position of the bus nobody has reserved, in units since cycle 0
  std::optional<Dram> dram_;
  uint64_t last_accepted_ = 0;  // order of the last acceptance, to check the callers
  std::array<uint64_t, kPorts * kChannels> streams_;  // of the stalls, by port and channel
};

}  // namespace millrace::memory
