// SPDX-License-Identifier: Apache-2.0
// Constants of a convolution or fully connected layer as the kernels read them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "host/kernels/requant.h"
#include "millrace/isa.h"

namespace millrace {

// Weights as ConvShape describes them: round_up(out_c, dim) rows of `parts` versions of
// `version_bytes` each, zero where no weight lies. Weights that have a zero point are numbers of
// nine bits (w - zero); they are split into summands that fit int8, one version each.
struct PackedWeights {
  std::vector<uint8_t> bytes;
  int parts = 1;
  uint32_t row_bytes = 0;
  std::vector<int32_t> sums;  // of (w - zero) for every output channel, modulo 2^32
};

// `weights` are out_c rows of `count` values; value i of a row goes to byte place(i) of a version.
PackedWeights pack_weights(const isa::Config& config, std::span<const int8_t> weights, int out_c,
                           int zero_point, uint32_t version_bytes,
                           const std::function<uint32_t(int)>& place);

// Channel parameters in the layout that VECTOR reads, nine words for every dim channels: biases,
// multipliers, shifts. `bias` may be empty; a single multiplier serves all channels.
std::vector<uint8_t> pack_params(const isa::Config& config, int out_c,
                                 std::span<const int32_t> bias,
                                 std::span<const Multiplier> multipliers);

}  // namespace millrace
