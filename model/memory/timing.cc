// SPDX-License-Identifier: Apache-2.0
// Bus reservation and the streams of the stalls.
#include "model/memory/timing.h"

#include <algorithm>
#include <cassert>

namespace millrace::memory {

MemoryTiming::MemoryTiming(const MemorySpec& spec)
    : spec_(spec), threshold_(static_cast<uint32_t>((uint64_t{spec.stall_percent} << 32) / 100)) {
  assert(spec.latency >= 1 && spec.stall_percent <= kMaxPercent);
  for (uint32_t port = 0; port < kPorts; ++port)
    for (uint32_t channel = 0; channel < kChannels; ++channel)
      streams_[port * kChannels + channel] = mix(spec.seed * kGamma + port * 8 + channel);
}

Schedule MemoryTiming::accept(Port port, Channel response, uint64_t cycle,
                              [[maybe_unused]] uint64_t addr, uint32_t beats, uint32_t beat_bytes) {
  assert(response == Channel::kR || response == Channel::kB);
  const uint64_t order = (cycle * 4 + static_cast<uint64_t>(port)) * 2 + (response == Channel::kB);
  assert(order >= last_accepted_);
  last_accepted_ = order;

  const uint64_t earliest = cycle + spec_.latency;
  if (spec_.bytes_per_cycle == 0) return {earliest, 0, 1};
  const uint64_t start = std::max(bus_free_, earliest * spec_.bytes_per_cycle);
  bus_free_ = start + uint64_t{beats} * beat_bytes;
  return {start, beat_bytes, spec_.bytes_per_cycle};
}

}  // namespace millrace::memory
