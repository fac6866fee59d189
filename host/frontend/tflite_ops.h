// SPDX-License-Identifier: Apache-2.0
// Operators of a TensorFlow Lite model, one by one. Internal to the front end.
#pragma once

#include "host/driver/result.h"
#include "host/frontend/graph.h"
#include "tflite_generated.h"

namespace millrace {

// Operator `position` of the subgraph, checked against the tensors of `graph` (same indices).
Result<Op> read_operator(const tfl::Model& model, const tfl::SubGraph& subgraph, const Graph& graph,
                         int position);

}  // namespace millrace
