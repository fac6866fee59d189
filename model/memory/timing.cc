// SPDX-License-Identifier: Apache-2.0
// Bus reservation and stalls.
#include "model/memory/timing.h"

#include <algorithm>
#include <cassert>

namespace millrace::memory {
namespace {

// Finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
// 2014).
uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

constexpr uint64_t kGamma = 0x9e3779b97f4a7c15u;  // increment of SplitMix64

}  // namespace

MemoryTiming::MemoryTiming(const MemorySpec& spec)
    : spec_(spec), threshold_(static_cast<uint32_t>((uint64_t{spec.stall_percent} << 32) / 100)) {
  assert(spec.latency >= 1 && spec.stall_percent <= kMaxPercent);
}

uint32_t MemoryTiming::hash(Port port, Channel channel, uint64_t cycle) const {
  const uint64_t stream =
      mix(spec_.seed * kGamma + static_cast<uint64_t>(port) * 8 + static_cast<uint64_t>(channel));
  return static_cast<uint32_t>(mix(stream + cycle * kGamma) >> 32);
}

uint64_t MemoryTiming::next_ready(Port port, Channel channel, uint64_t cycle) const {
  while (!ready(port, channel, cycle)) ++cycle;
  return cycle;
}

Schedule MemoryTiming::accept(Port port, Channel response, uint64_t cycle, uint32_t beats,
                              uint32_t beat_bytes) {
  assert(response == Channel::kR || response == Channel::kB);
  const uint64_t order = (cycle * 4 + static_cast<uint64_t>(port)) * 2 + (response == Channel::kB);
  assert(order >= last_accepted_);
  last_accepted_ = order;

  const uint64_t earliest = cycle + spec_.latency;
  if (spec_.bytes_per_cycle == 0) return {earliest, beat_bytes, 0};
  const uint64_t start = std::max(bus_free_, earliest * spec_.bytes_per_cycle);
  bus_free_ = start + uint64_t{beats} * beat_bytes;
  return {start, beat_bytes, spec_.bytes_per_cycle};
}

}  // namespace millrace::memory
