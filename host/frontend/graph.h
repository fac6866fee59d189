// SPDX-License-Identifier: Apache-2.0
// A network as the compiler takes it: quantised operators in the order of execution, with the
// arithmetic already in integers. Every front end produces this.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/kernels/requant.h"

namespace millrace {

enum class DataType { kInt8, kUint8, kInt32, kInt64, kFloat32, kOther };
// Bytes of an element; 0 for kOther.
int element_size(DataType type);
std::string_view to_string(DataType type);

struct Tensor {
  std::string name;
  std::vector<int> shape;  // outermost first, images as [batch][height][width][channel]
  DataType type = DataType::kInt8;
  std::vector<float> scales;  // one, or one for every channel; empty if not quantised
  int32_t zero_point = 0;
  std::vector<uint8_t> data;  // of a constant, little-endian; else empty
  int64_t elements() const;
};

// From the int32 sum of a channel to the stored value:
// clamp(q31(sum, multiplier) + output zero point).
struct Requant {
  std::vector<Multiplier> multipliers;  // one, or one for every output channel
  int input_zero = 0, weight_zero = 0, output_zero = 0;
  Clamp clamp;
};

// Output [batch][out] = input [batch][in] x weights [out][in]; the input may have any shape with a
// multiple of `in` elements.
struct FullyConnected {
  int weights = -1;
  int bias = -1;  // int32 [out]; -1: none
  Requant requant;
};

// Weights [out][height][width][in].
struct Conv2D {
  int weights = -1;
  int bias = -1;
  int stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int pad_top = 0, pad_left = 0;
  Requant requant;
};

// The same elements with another shape.
struct Reshape {};

struct Op {
  std::string name;  // as the model calls it, for example CONV_2D
  int position = 0;  // in the model, from 0
  int input = -1, output = -1;
  std::variant<FullyConnected, Conv2D, Reshape> kind;
};

struct Graph {
  std::string name;
  std::vector<Tensor> tensors;
  std::vector<Op> ops;
  int input = -1, output = -1;
  const Tensor& tensor(int index) const { return tensors[static_cast<size_t>(index)]; }
};

}  // namespace millrace
