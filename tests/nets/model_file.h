// SPDX-License-Identifier: Apache-2.0
// Writes small TensorFlow Lite models for tests, so that they need no files.
#pragma once

#include <cstdint>
#include <vector>

#include "tflite_generated.h"

namespace millrace::nets {

// A model of CONV_2D (3x3, SAME, stride 2, RELU, per-channel scales), RESHAPE and FULLY_CONNECTED
// on images [1][6][6][3]; change it, then call pack().
tfl::ModelT small_model();
std::vector<uint8_t> pack(const tfl::ModelT& model);

}  // namespace millrace::nets
