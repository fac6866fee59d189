// SPDX-License-Identifier: Apache-2.0
// Bus reservation and the streams of the stalls.
#include "model/memory/timing.h"

#include <algorithm>
#include <cassert>

#include "model/memory/outside.h"

namespace millrace::memory {

namespace {

constexpr uint64_t kOnchipLatency = 2;  // the RAM's input register and its output register

}  // namespace

MemoryTiming::MemoryTiming(const MemorySpec& spec, Outside* outside)
    : spec_(spec),
      outside_(outside),
      threshold_(static_cast<uint32_t>((uint64_t{spec.stall_percent} << 32) / 100)),
      latency_(spec.latency),
      units_per_cycle_(spec.bytes_per_cycle) {
  assert(spec.latency >= 1 && spec.stall_percent <= kMaxPercent);
  for (uint32_t port = 0; port < kPorts; ++port)
    for (uint32_t channel = 0; channel < kChannels; ++channel)
      streams_[port * kChannels + channel] = mix(spec.seed * kGamma + port * 8 + channel);
  if (spec.preset == Preset::kOnchip) {
    latency_ = kOnchipLatency;
    units_per_cycle_ = 1;
  } else if (spec.preset != Preset::kNone) {
    assert(spec.core_mhz >= 1 && spec.core_mhz <= kMaxCoreMhz);
    dram_.emplace(dram_params(spec.preset), spec.core_mhz);
  }
}

Schedule MemoryTiming::accept(Port port, Channel response, uint64_t cycle, uint64_t addr,
                              uint32_t beats, uint32_t beat_bytes) {
  assert(response == Channel::kR || response == Channel::kB);
  const uint64_t turn = static_cast<uint64_t>(port) * 2 + (response == Channel::kB);
  const uint64_t order = cycle * 8 + (shared_ ? 0 : turn);
  assert(order >= last_accepted_);
  last_accepted_ = order;

  if (outside_ != nullptr)
    return outside_->transfer(port, response, cycle, addr, beats, beat_bytes);
  if (dram_) return dram_->accept(response == Channel::kB, cycle, addr, beats, beat_bytes);
  const uint64_t earliest = cycle + latency_;
  if (units_per_cycle_ == 0) return {earliest, 0, 1};
  const uint64_t beat_units = spec_.preset == Preset::kOnchip ? 1 : beat_bytes;
  const uint64_t start = std::max(bus_free_, earliest * units_per_cycle_);
  bus_free_ = start + beats * beat_units;
  return {start, beat_units, units_per_cycle_};
}

}  // namespace millrace::memory
