// SPDX-License-Identifier: Apache-2.0
// Operators as kernels take them: shapes in memory, packed constants. Internal to the compiler.
#pragma once

#include <cstdint>
#include <vector>

#include "host/compiler/memory_plan.h"
#include "host/driver/result.h"
#include "host/frontend/graph.h"
#include "host/kernels/conv.h"

namespace millrace {

struct Layer {
  ConvShape shape;
  Epilogue epilogue;
  std::vector<uint8_t> weights, params;
  int64_t macs = 0;  // as the model states it
};

Result<Layer> fully_connected_layer(const Graph& graph, const Op& op, const isa::Config& config,
                                    const Layout& in, const Layout& out);
// With `fold`, kernel columns become channels where that saves array time and no border is in the
// way.
Result<Layer> conv_layer(const Graph& graph, const Op& op, const isa::Config& config,
                         const Layout& in, const Layout& out, bool fold);

// Layout of the network's input. Where its only reader is a convolution that can fold its kernel's
// columns, the rows get the border that this needs.
Layout input_layout(const Graph& graph, const isa::Config& config, bool fold);

// A zero point or clamp as the device sees it: uint8 tensors are int8 with the top bit flipped.
int device_value(DataType type, int value);

}  // namespace millrace
