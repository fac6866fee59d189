// SPDX-License-Identifier: Apache-2.0
#include "host/kernels/requant.h"

#include <algorithm>
#include <cmath>

namespace millrace {

Multiplier quantize_multiplier(double real) {
  if (real == 0) return {};
  int shift = 0;
  const double fraction = std::frexp(real, &shift);
  int64_t mult = std::llround(fraction * static_cast<double>(int64_t{1} << 31));
  if (mult == int64_t{1} << 31) {
    mult /= 2;
    ++shift;
  }
  if (shift < -31) return {};
  return {static_cast<int32_t>(mult), shift};
}

Clamp activation_clamp(Activation activation, float scale, int zero_point, Clamp type) {
  const auto quantize = [&](float value) {
    // A tiny scale may put the bound far outside int32; clamping to the type comes out the same.
    const double steps = std::clamp<double>(std::round(value / scale), -1e6, 1e6);
    return zero_point + static_cast<int>(steps);
  };
  Clamp clamp = type;
  if (activation == Activation::kRelu || activation == Activation::kRelu6)
    clamp.lo = std::max(type.lo, quantize(0));
  if (activation == Activation::kRelu6) clamp.hi = std::min(type.hi, quantize(6));
  if (activation == Activation::kReluN1To1)
    clamp = {std::max(type.lo, quantize(-1)), std::min(type.hi, quantize(1))};
  return clamp;
}

}  // namespace millrace
