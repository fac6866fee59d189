// SPDX-License-Identifier: Apache-2.0
#include "host/selftest/placement.h"

#include <algorithm>
#include <cstdlib>

namespace millrace::selftest {

int64_t signed_stride(uint32_t stride, uint64_t size) {
  const auto s = static_cast<int64_t>(stride % size);
  const auto n = static_cast<int64_t>(size);
  return s >= n / 2 ? s - n : s;
}

Reach reach_of(std::span<const Axis> axes, uint64_t size, uint32_t words) {
  Reach reach;
  for (const Axis& axis : axes) {
    const int64_t way = signed_stride(axis.stride, size) * (int64_t{axis.count} - 1);
    (way < 0 ? reach.low : reach.high) += way;
  }
  reach.high += int64_t{words} - 1;
  return reach;
}

void shrink(std::span<Axis> axes, uint64_t size, uint64_t room) {
  while (reach_of(axes, size).places() > room) {
    Axis* longest = nullptr;
    int64_t most = 0;
    for (Axis& axis : axes) {
      const int64_t way = std::abs(signed_stride(axis.stride, size)) * (int64_t{axis.count} - 1);
      if (way > most) {
        most = way;
        longest = &axis;
      }
    }
    longest->stride = 0;
  }
}

uint32_t begin_of(const Reach& reach, uint64_t room, uint32_t off) {
  const uint64_t left = room - reach.places();
  return static_cast<uint32_t>(-reach.low) + static_cast<uint32_t>(std::min<uint64_t>(left, off));
}

std::set<uint32_t> places_of(uint32_t base, std::span<const Axis> axes, uint64_t size,
                             uint32_t words) {
  std::set<uint32_t> places;
  if (axes.empty()) {
    for (uint32_t w = 0; w < words; ++w) places.insert(static_cast<uint32_t>((base + w) % size));
    return places;
  }
  const uint32_t turns = axes[0].stride % size == 0 ? 1 : axes[0].count;
  for (uint32_t i = 0; i < turns; ++i)
    places.merge(places_of(static_cast<uint32_t>((base + uint64_t{i} * axes[0].stride) % size),
                           axes.subspan(1), size, words));
  return places;
}

}  // namespace millrace::selftest
