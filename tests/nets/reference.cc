// SPDX-License-Identifier: Apache-2.0
#include "tests/nets/reference.h"

#include <algorithm>
#include <cmath>

namespace millrace::nets {
namespace {

int value_at(const Tensor& tensor, const std::vector<uint8_t>& data, size_t i) {
  return tensor.type == DataType::kUint8 ? data[i] : static_cast<int8_t>(data[i]);
}

int32_t bias_at(const Graph& graph, int bias, size_t channel) {
  if (bias < 0) return 0;
  const std::vector<uint8_t>& data = graph.tensor(bias).data;
  uint32_t value = 0;
  for (size_t b = 0; b < 4; ++b) value |= uint32_t{data[4 * channel + b]} << (8 * b);
  return static_cast<int32_t>(value);
}

uint8_t stored(const Requant& q, int64_t sum, size_t channel) {
  const Multiplier& m = q.multipliers[q.multipliers.size() == 1 ? 0 : channel];
  const int32_t wrapped = static_cast<int32_t>(static_cast<uint32_t>(sum));
  return static_cast<uint8_t>(reference_requant(wrapped, m, q.output_zero, q.clamp));
}

std::vector<uint8_t> fully_connected(const Graph& graph, const Op& op, const FullyConnected& fc,
                                     const std::vector<uint8_t>& input) {
  const Tensor &w = graph.tensor(fc.weights), &in = graph.tensor(op.input);
  const size_t outs = static_cast<size_t>(w.shape[0]), depth = static_cast<size_t>(w.shape[1]);
  std::vector<uint8_t> output;
  for (size_t row = 0; row < input.size() / depth; ++row) {
    for (size_t o = 0; o < outs; ++o) {
      int64_t sum = bias_at(graph, fc.bias, o);
      for (size_t k = 0; k < depth; ++k)
        sum += int64_t{value_at(in, input, row * depth + k) - fc.requant.input_zero} *
               (value_at(w, w.data, o * depth + k) - fc.requant.weight_zero);
      output.push_back(stored(fc.requant, sum, o));
    }
  }
  return output;
}

std::vector<uint8_t> conv(const Graph& graph, const Op& op, const Conv2D& c,
                          const std::vector<uint8_t>& input) {
  const Tensor &w = graph.tensor(c.weights), &in = graph.tensor(op.input);
  const std::vector<int>&is = in.shape, &ws = w.shape, &os = graph.tensor(op.output).shape;
  std::vector<uint8_t> output;
  for (int i = 0; i < graph.tensor(op.output).elements(); ++i) {
    const int o = i % os[3], x = i / os[3] % os[2], y = i / os[3] / os[2] % os[1];
    const int b = i / os[3] / os[2] / os[1];
    int64_t sum = bias_at(graph, c.bias, static_cast<size_t>(o));
    for (int ky = 0; ky < ws[1]; ++ky) {
      for (int kx = 0; kx < ws[2]; ++kx) {
        const int iy = y * c.stride_h - c.pad_top + ky * c.dilation_h;
        const int ix = x * c.stride_w - c.pad_left + kx * c.dilation_w;
        if (iy < 0 || iy >= is[1] || ix < 0 || ix >= is[2]) continue;
        for (int k = 0; k < ws[3]; ++k) {
          const int at = ((b * is[1] + iy) * is[2] + ix) * is[3] + k;
          const int wat = ((o * ws[1] + ky) * ws[2] + kx) * ws[3] + k;
          sum += int64_t{value_at(in, input, static_cast<size_t>(at)) - c.requant.input_zero} *
                 (value_at(w, w.data, static_cast<size_t>(wat)) - c.requant.weight_zero);
        }
      }
    }
    output.push_back(stored(c.requant, sum, static_cast<size_t>(o)));
  }
  return output;
}

// a * b / 2^31, rounded to nearest, halves upwards.
int64_t saturating_rounding_doubling_high_mul(int64_t a, int64_t b) {
  const int64_t product = a * b;
  const int64_t nudge = product >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30);
  return (product + nudge) / (int64_t{1} << 31);
}

// Divides by 2^exponent, halves away from zero.
int64_t rounding_divide(int64_t x, int exponent) {
  const int64_t divisor = int64_t{1} << exponent;
  const int64_t magnitude = (std::abs(x) + divisor / 2) / divisor;
  return x < 0 ? -magnitude : magnitude;
}

}  // namespace

int reference_requant(int32_t sum, Multiplier m, int zero_point, Clamp clamp) {
  const int left = std::max(m.shift, 0), right = std::max(-m.shift, 0);
  const int32_t shifted = static_cast<int32_t>(static_cast<uint32_t>(sum) << left);
  const int64_t high = saturating_rounding_doubling_high_mul(shifted, m.mult);
  const int64_t value = rounding_divide(high, right) + zero_point;
  return static_cast<int>(std::clamp<int64_t>(value, clamp.lo, clamp.hi));
}

std::vector<uint8_t> reference_layer(const Graph& graph, const std::vector<uint8_t>& input) {
  const Op& op = graph.ops.front();
  if (const auto* fc = std::get_if<FullyConnected>(&op.kind))
    return fully_connected(graph, op, *fc, input);
  return conv(graph, op, std::get<Conv2D>(op.kind), input);
}

}  // namespace millrace::nets
