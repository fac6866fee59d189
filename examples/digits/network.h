// SPDX-License-Identifier: Apache-2.0
// A small convolutional network in fp32: convolutions with ReLU, then a fully connected layer (a
// convolution whose window is the whole image). Images are [y][x][channel].
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace millrace::digits {

// Padding is TensorFlow's: SAME around a convolution, none around the last layer.
struct LayerShape {
  int in_size = 1, in_c = 1;  // pixels both ways, channels
  int out_size = 1, out_c = 1;
  int kernel = 1, stride = 1;
  bool relu = true;

  // Pixels missing at the top and at the left.
  int pad() const { return std::max(0, (out_size - 1) * stride + kernel - in_size) / 2; }
  int window() const { return kernel * kernel * in_c; }
  int inputs() const { return in_size * in_size * in_c; }
  int outputs() const { return out_size * out_size * out_c; }
};

// The network of this example: a grey image of 16 x 16 to ten scores.
std::span<const LayerShape> layer_shapes();

// Calls visit(input, output, tap) for every pixel of the output and every pixel of its window that
// lies in the input: offsets of their first channels, and of the first weight.
template <typename Visit>
void for_each_tap(const LayerShape& s, Visit visit) {
  for (int oy = 0; oy < s.out_size; ++oy)
    for (int ox = 0; ox < s.out_size; ++ox)
      for (int ky = 0; ky < s.kernel; ++ky)
        for (int kx = 0; kx < s.kernel; ++kx) {
          const int y = oy * s.stride + ky - s.pad(), x = ox * s.stride + kx - s.pad();
          if (y < 0 || y >= s.in_size || x < 0 || x >= s.in_size) continue;
          visit((y * s.in_size + x) * s.in_c, (oy * s.out_size + ox) * s.out_c,
                (ky * s.kernel + kx) * s.in_c * s.out_c);
        }
}

struct Layer {
  LayerShape shape;
  std::vector<float> weights;  // [ky][kx][in_c][out_c]
  std::vector<float> bias;     // [out_c]
};
using Network = std::vector<Layer>;

// Layers of layer_shapes(); He's initialisation (arXiv:1502.01852), biases zero.
Network random_network(uint64_t seed);

// The image and the output of every layer. `pixels` in [0, 255] become [0, 1].
using Activations = std::vector<std::vector<float>>;
Activations forward(const Network& network, std::span<const uint8_t> pixels);

}  // namespace millrace::digits
