// SPDX-License-Identifier: Apache-2.0
// Quantisation arithmetic of TensorFlow Lite (tensorflow/lite/kernels/internal/quantization_util.cc
// and kernel_util.cc): real scales to integer multipliers, activations to clamps.
#pragma once

#include <cstdint>
#include <vector>

namespace millrace {

// A real number as mult * 2^(shift - 31), mult in [2^30, 2^31) or zero.
struct Multiplier {
  int32_t mult = 0;
  int32_t shift = 0;  // positive is left
  bool operator==(const Multiplier&) const = default;
};

// QuantizeMultiplier: rounds half away from zero; below 2^-32 becomes zero. `real` >= 0, finite.
Multiplier quantize_multiplier(double real);

enum class Activation { kNone, kRelu, kReluN1To1, kRelu6 };

// Smallest and largest stored value.
struct Clamp {
  int lo = -128, hi = 127;
  bool operator==(const Clamp&) const = default;
};

// CalculateActivationRangeQuantized: the activation's range in the output's quantisation, within
// the range `type` of its type.
Clamp activation_clamp(Activation activation, float scale, int zero_point, Clamp type);

}  // namespace millrace
