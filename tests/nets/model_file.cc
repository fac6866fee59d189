// SPDX-License-Identifier: Apache-2.0
#include "tests/nets/model_file.h"

#include <random>

namespace millrace::nets {
namespace {

using tfl::BuiltinOperator;

class Builder {
 public:
  Builder() {
    model_.version = 3;
    model_.subgraphs.push_back(std::make_unique<tfl::SubGraphT>());
    model_.buffers.push_back(std::make_unique<tfl::BufferT>());
  }

  int tensor(std::vector<int> shape, tfl::TensorType type, std::vector<float> scales, int zero,
             size_t data_bytes = 0) {
    auto t = std::make_unique<tfl::TensorT>();
    t->name = "t" + std::to_string(subgraph().tensors.size());
    t->shape = std::move(shape);
    t->type = type;
    t->quantization = std::make_unique<tfl::QuantizationParametersT>();
    t->quantization->zero_point.assign(scales.size(), zero);
    t->quantization->scale = std::move(scales);
    if (data_bytes > 0) {
      t->buffer = static_cast<uint32_t>(model_.buffers.size());
      model_.buffers.push_back(std::make_unique<tfl::BufferT>());
      // Of an int32 only the low byte, so that a bias does not swamp the sums.
      const size_t step = type == tfl::TensorType::INT32 ? 4 : 1;
      model_.buffers.back()->data.resize(data_bytes);
      for (size_t i = 0; i < data_bytes; i += step)
        model_.buffers.back()->data[i] = static_cast<uint8_t>(random_());
    }
    subgraph().tensors.push_back(std::move(t));
    return static_cast<int>(subgraph().tensors.size()) - 1;
  }

  template <typename Options>
  void op(BuiltinOperator code, std::vector<int> inputs, int output, Options options) {
    auto entry = std::make_unique<tfl::OperatorCodeT>();
    entry->builtin_code = code;
    entry->deprecated_builtin_code = static_cast<int8_t>(code);
    auto op = std::make_unique<tfl::OperatorT>();
    op->opcode_index = static_cast<uint32_t>(model_.operator_codes.size());
    op->inputs = std::move(inputs);
    op->outputs = {output};
    op->builtin_options.Set(std::move(options));
    model_.operator_codes.push_back(std::move(entry));
    subgraph().operators.push_back(std::move(op));
  }

  tfl::SubGraphT& subgraph() { return *model_.subgraphs[0]; }
  tfl::ModelT take() { return std::move(model_); }

 private:
  tfl::ModelT model_;
  std::mt19937 random_{1};
};

}  // namespace

tfl::ModelT small_model() {
  Builder b;
  const auto int8 = tfl::TensorType::INT8, int32 = tfl::TensorType::INT32;
  const int image = b.tensor({1, 6, 6, 3}, int8, {0.5f}, -3);
  const int kernel = b.tensor({6, 3, 3, 3}, int8, {.01f, .02f, .03f, .01f, .02f, .03f}, 0, 162);
  const int kernel_bias = b.tensor({6}, int32, {}, 0, 24);
  const int features = b.tensor({1, 3, 3, 6}, int8, {1.5f}, -128);
  const int flat = b.tensor({1, 54}, int8, {1.5f}, -128);
  const int weights = b.tensor({5, 54}, int8, {.05f}, 0, 270);
  const int scores = b.tensor({1, 5}, int8, {20.f}, 7);
  tfl::Conv2DOptionsT conv;
  conv.stride_h = conv.stride_w = 2;
  conv.fused_activation_function = tfl::ActivationFunctionType::RELU;
  b.op(BuiltinOperator::CONV_2D, {image, kernel, kernel_bias}, features, conv);
  b.op(BuiltinOperator::RESHAPE, {features}, flat, tfl::ReshapeOptionsT{});
  b.op(BuiltinOperator::FULLY_CONNECTED, {flat, weights, -1}, scores,
       tfl::FullyConnectedOptionsT{});
  b.subgraph().inputs = {image};
  b.subgraph().outputs = {scores};
  return b.take();
}

std::vector<uint8_t> pack(const tfl::ModelT& model) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(tfl::Model::Pack(builder, &model), tfl::ModelIdentifier());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

}  // namespace millrace::nets
