// SPDX-License-Identifier: Apache-2.0
// A plain integer evaluator of int8 .tflite networks made of CONV_2D and FULLY_CONNECTED, written
// from TensorFlow Lite's definitions and sharing nothing with the compiler and the models: what the
// device is compared with. Requantisation rounds twice, as TensorFlow Lite's does by default.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace millrace::digits {

class Evaluator {
 public:
  // Nothing for a file that is no model of this kind. For models of known origin: one that
  // contradicts itself may end in an exception.
  static std::optional<Evaluator> parse(std::span<const uint8_t> file);

  // Elements of the input; its quantisation is that of [0, 1] by 1 / 255, so a sample s of an image
  // becomes s - 128.
  size_t input_size() const { return input_size_; }
  std::vector<int8_t> operator()(std::span<const int8_t> input) const;
  int64_t macs() const;

 private:
  // A fully connected layer is a convolution whose window is the whole image.
  struct Layer {
    int in_h = 1, in_w = 1, in_c = 1, out_h = 1, out_w = 1, out_c = 1;
    int kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, pad_top = 0, pad_left = 0;
    int input_zero = 0, output_zero = 0, lowest = -128;
    std::vector<int8_t> weights;       // [out_c][kernel_h][kernel_w][in_c]
    std::vector<int32_t> bias;         // [out_c]
    std::vector<int32_t> multipliers;  // [out_c], units of 2^-31
    std::vector<int> shifts;           // [out_c], to the right, at least 0
  };
  class Parser;

  static std::vector<int8_t> run(const Layer& layer, std::span<const int8_t> in);

  size_t input_size_ = 0;
  std::vector<Layer> layers_;
};

// An image as the network takes it.
std::vector<int8_t> to_int8(std::span<const uint8_t> pixels);

}  // namespace millrace::digits
