// SPDX-License-Identifier: Apache-2.0
// Reads a TensorFlow Lite model (schema version 3) into a Graph.
//
// Taken are int8 and uint8 networks of one subgraph with one input and one output, made of
// FULLY_CONNECTED, CONV_2D and RESHAPE. Anything else is an Error of one line that names the
// operator or tensor and its position. Multipliers and clamps are computed as TensorFlow Lite does.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "host/driver/result.h"
#include "host/frontend/graph.h"

namespace millrace {

Result<Graph> load_model(const std::string& path);
// The same from memory; `name` is used in errors.
Result<Graph> parse_model(const std::string& name, std::span<const uint8_t> bytes);

}  // namespace millrace
