// SPDX-License-Identifier: Apache-2.0
#include "examples/digits/network.h"

#include <array>
#include <cmath>

#include "examples/digits/dataset.h"
#include "examples/digits/random.h"

namespace millrace::digits {
namespace {

std::vector<float> forward_layer(const Layer& layer, const std::vector<float>& in) {
  const LayerShape& s = layer.shape;
  std::vector<float> out;
  for (int i = 0; i < s.out_size * s.out_size; ++i)
    out.insert(out.end(), layer.bias.begin(), layer.bias.end());
  for_each_tap(s, [&](int input, int output, int tap) {
    float* y = out.data() + output;
    const float* w = layer.weights.data() + tap;
    for (int i = 0; i < s.in_c; ++i, w += s.out_c) {
      const float x = in[static_cast<size_t>(input + i)];
      if (x == 0) continue;  // after ReLU, often
      for (int o = 0; o < s.out_c; ++o) y[o] += x * w[o];
    }
  });
  if (s.relu)
    for (float& y : out) y = std::max(y, 0.0f);
  return out;
}

}  // namespace

std::span<const LayerShape> layer_shapes() {
  static constexpr std::array<LayerShape, 4> kShapes = {{
      {kSize, 1, 8, 16, 3, 2, true},
      {8, 16, 8, 32, 3, 1, true},
      {8, 32, 4, 32, 3, 2, true},
      {4, 32, 1, kClasses, 4, 1, false},
  }};
  return kShapes;
}

Network random_network(uint64_t seed) {
  Random random(seed);
  Network network;
  for (const LayerShape& s : layer_shapes()) {
    Layer layer{s, std::vector<float>(static_cast<size_t>(s.window() * s.out_c)),
                std::vector<float>(static_cast<size_t>(s.out_c))};
    const double deviation = std::sqrt(2.0 / s.window());
    for (float& w : layer.weights) w = static_cast<float>(deviation * random.normal());
    network.push_back(std::move(layer));
  }
  return network;
}

Activations forward(const Network& network, std::span<const uint8_t> pixels) {
  Activations activations(1);
  for (const uint8_t p : pixels) activations[0].push_back(static_cast<float>(p) / 255.0f);
  for (const Layer& layer : network)
    activations.push_back(forward_layer(layer, activations.back()));
  return activations;
}

}  // namespace millrace::digits
