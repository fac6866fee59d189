// SPDX-License-Identifier: Apache-2.0
// Naive layers, written from the definition of TensorFlow Lite's operators; no code of the host or
// the models is used.
#pragma once

#include <cstdint>
#include <vector>

#include "host/frontend/graph.h"

namespace millrace::nets {

// Output of a graph of one FullyConnected or Conv2D.
std::vector<uint8_t> reference_layer(const Graph& graph, const std::vector<uint8_t>& input);
// clamp(MultiplyByQuantizedMultiplier(sum) + zero point), double rounding.
int reference_requant(int32_t sum, Multiplier multiplier, int zero_point, Clamp clamp);

}  // namespace millrace::nets
