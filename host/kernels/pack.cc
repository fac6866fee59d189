// SPDX-License-Identifier: Apache-2.0
#include "host/kernels/pack.h"

#include <algorithm>

#include "host/kernels/math.h"

namespace millrace {
namespace {

// Takes the part of `value` that fits int8 out of it.
int take_int8(int& value) {
  const int part = std::clamp(value, -128, 127);
  value -= part;
  return part;
}

int parts_needed(std::span<const int8_t> weights, int zero_point) {
  int parts = 1;
  for (int w : weights) {
    int value = w - zero_point, needed = 0;
    for (; value != 0; ++needed) take_int8(value);
    parts = std::max(parts, needed);
  }
  return parts;
}

void put_le(std::vector<uint8_t>& bytes, size_t at, int32_t value) {
  for (size_t i = 0; i < 4; ++i)
    bytes[at + i] = static_cast<uint8_t>(static_cast<uint32_t>(value) >> (8 * i));
}

}  // namespace

PackedWeights pack_weights(const isa::Config& config, std::span<const int8_t> weights, int out_c,
                           int zero_point, uint32_t version_bytes,
                           const std::function<uint32_t(int)>& place) {
  PackedWeights packed;
  packed.parts = parts_needed(weights, zero_point);
  packed.row_bytes = version_bytes * u32(packed.parts);
  packed.bytes.resize(size_t{packed.row_bytes} * u32(round_up(out_c, config.dim)));
  const size_t count = weights.size() / u32(out_c);
  for (size_t o = 0; o < u32(out_c); ++o) {
    uint32_t sum = 0;
    for (size_t i = 0; i < count; ++i) {
      int value = weights[o * count + i] - zero_point;
      sum += static_cast<uint32_t>(value);
      size_t at = o * packed.row_bytes + place(static_cast<int>(i));
      for (; value != 0; at += version_bytes)
        packed.bytes[at] = static_cast<uint8_t>(take_int8(value));
    }
    packed.sums.push_back(static_cast<int32_t>(sum));
  }
  return packed;
}

std::vector<uint8_t> pack_params(const isa::Config& config, int out_c,
                                 std::span<const int32_t> bias,
                                 std::span<const Multiplier> multipliers) {
  const size_t dim = u32(config.dim);
  std::vector<uint8_t> bytes(u32(ceil_div(out_c, config.dim)) * 9 * dim);
  for (size_t c = 0; c < u32(out_c); ++c) {
    const size_t block = c / dim * 9 * dim, lane = c % dim;
    const Multiplier& m = multipliers[multipliers.size() == 1 ? 0 : c];
    if (!bias.empty()) put_le(bytes, block + 4 * lane, bias[c]);
    put_le(bytes, block + 4 * dim + 4 * lane, m.mult);
    bytes[block + 8 * dim + lane] = static_cast<uint8_t>(std::clamp(m.shift, -31, 31));
  }
  return bytes;
}

}  // namespace millrace
