// SPDX-License-Identifier: Apache-2.0
// The external memory as docs/reference/timing.md uses it: when a channel is ready, when the last
// beat of a read and the response of a write come (docs/reference/memory.md). Keeps no order of its
// own: with a limit on bandwidth the bursts must be handed over in the order of their acceptance,
// without one in any.
#pragma once

#include <algorithm>
#include <cstdint>

#include "model/memory/timing.h"

namespace millrace::page {

using Cycle = uint64_t;
using memory::Channel;
using memory::Port;

class Memory {
 public:
  explicit Memory(const memory::MemorySpec& spec) : timing_(spec) {}

  // The first cycle from `from` on in which the channel does not stall.
  Cycle ready(Port port, Channel channel, Cycle from) const {
    return timing_.next_ready(port, channel, from);
  }

  // The cycle of the last beat of a read whose address is handed over in `accepted`: beats come one
  // a cycle at most, each in the first cycle from its due one on that does not stall.
  Cycle last_beat(Port port, Cycle accepted, uint64_t addr, uint32_t beats, uint32_t beat_bytes) {
    Cycle& free = read_free_[static_cast<uint32_t>(port)];
    const memory::Schedule due = accept(port, Channel::kR, accepted, addr, beats, beat_bytes);
    for (uint32_t i = 0; i < beats; ++i)
      free = ready(port, Channel::kR, std::max(due.due(i), free)) + 1;
    return free - 1;
  }

  // The cycle of the response to a write on the data port that is complete in `accepted`.
  Cycle response(Cycle accepted, uint64_t addr, uint32_t beats, uint32_t beat_bytes) {
    const memory::Schedule due =
        accept(Port::kData, Channel::kB, accepted, addr, beats, beat_bytes);
    write_free_ = ready(Port::kData, Channel::kB, std::max(due.due(0), write_free_)) + 1;
    return write_free_ - 1;
  }

 private:
  memory::Schedule accept(Port port, Channel channel, Cycle cycle, uint64_t addr, uint32_t beats,
                          uint32_t beat_bytes) {
    const memory::MemorySpec& spec = timing_.spec();
    if (spec.bytes_per_cycle == 0 && spec.preset == memory::Preset::kNone)
      return memory::Schedule(cycle + spec.latency, 0, 1);
    return timing_.accept(port, channel, cycle, addr, beats, beat_bytes);
  }

  memory::MemoryTiming timing_;
  Cycle read_free_[memory::kPorts] = {};  // by port: no beat has been presented from here on
  Cycle write_free_ = 0;
};

}  // namespace millrace::page
