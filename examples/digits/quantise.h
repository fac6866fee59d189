// SPDX-License-Identifier: Apache-2.0
// Post-training quantisation to int8 as TensorFlow Lite defines it
// (https://www.tensorflow.org/lite/performance/quantization_spec): activations asymmetric, by the
// extremes seen on calibration samples; weights symmetric in [-127, 127], of convolutions by
// channel; biases int32.
#pragma once

#include <cstdint>
#include <vector>

#include "examples/digits/network.h"

namespace millrace::digits {

// The network as a .tflite file that takes int8 images [1, 16, 16, 1] and gives int8 scores
// [1, 10].
std::vector<uint8_t> quantise(const Network& network, int calibration_samples);

}  // namespace millrace::digits
