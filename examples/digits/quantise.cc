// SPDX-License-Identifier: Apache-2.0
#include "examples/digits/quantise.h"

#include <cmath>
#include <memory>
#include <string>

#include "examples/digits/dataset.h"
#include "tflite_generated.h"

namespace millrace::digits {
namespace {

using tfl::BufferT;
using tfl::ModelT;
using tfl::OperatorT;
using tfl::SubGraphT;
using tfl::TensorT;
using tfl::TensorType;

// value = scale * (stored - zero_point).
struct Quantisation {
  float scale = 1;
  int zero_point = 0;
};

struct Range {
  float lo = 0, hi = 0;  // always holds 0
  void widen(float value) {
    lo = std::min(lo, value);
    hi = std::max(hi, value);
  }
};

Quantisation cover(Range range) {
  const double scale = (double{range.hi} - double{range.lo}) / 255;
  const double zero_point = std::clamp(std::round(-128 - double{range.lo} / scale), -128.0, 127.0);
  return {static_cast<float>(scale), static_cast<int>(zero_point)};
}

// Of the image and of every layer's output.
std::vector<Quantisation> calibrate(const Network& network, int samples) {
  std::vector<Range> ranges(network.size() + 1);
  ranges[0] = {0, 1};
  for (int i = 0; i < samples; ++i) {
    const Activations all =
        forward(network, draw(kCalibrationSeed, static_cast<uint64_t>(i)).pixels);
    for (size_t l = 1; l < all.size(); ++l)
      for (const float value : all[l]) ranges[l].widen(value);
  }
  std::vector<Quantisation> result;
  for (const Range& range : ranges) result.push_back(cover(range));
  return result;
}

// One layer's constants as the file holds them.
struct Constants {
  std::vector<int8_t> weights;  // [out_c][ky][kx][in_c]
  std::vector<int32_t> bias;
  std::vector<float> scales;  // of the weights: one, or one for every channel
};

Constants quantise_layer(const Layer& layer, bool per_channel, float input_scale) {
  const LayerShape& s = layer.shape;
  const auto weight = [&](int o, int k) {
    return layer.weights[static_cast<size_t>(k * s.out_c + o)];
  };
  std::vector<float> largest(static_cast<size_t>(s.out_c));
  for (int o = 0; o < s.out_c; ++o)
    for (int k = 0; k < s.window(); ++k) {
      float& entry = largest[per_channel ? static_cast<size_t>(o) : 0];
      entry = std::max(entry, std::fabs(weight(o, k)));
    }
  if (!per_channel) largest.resize(1);

  Constants result;
  for (const float value : largest) result.scales.push_back(value > 0 ? value / 127 : 1);
  for (int o = 0; o < s.out_c; ++o) {
    const float scale = result.scales[per_channel ? static_cast<size_t>(o) : 0];
    for (int k = 0; k < s.window(); ++k) {
      const double value = std::round(double{weight(o, k)} / double{scale});
      result.weights.push_back(static_cast<int8_t>(std::clamp(value, -127.0, 127.0)));
    }
    const double bias_scale = double{input_scale} * double{scale};
    result.bias.push_back(
        static_cast<int32_t>(std::round(double{layer.bias[static_cast<size_t>(o)]} / bias_scale)));
  }
  return result;
}

// Little-endian bytes.
template <typename T>
std::vector<uint8_t> to_bytes(const std::vector<T>& values) {
  std::vector<uint8_t> bytes;
  for (const T value : values)
    for (size_t i = 0; i < sizeof(T); ++i)
      bytes.push_back(static_cast<uint8_t>(static_cast<uint32_t>(value) >> (8 * i)));
  return bytes;
}

class Writer {
 public:
  Writer() {
    model_.version = 3;
    model_.description = "Millrace example: synthetic hand-drawn digits";
    model_.buffers.push_back(std::make_unique<BufferT>());  // the empty one
    add_code(tfl::BuiltinOperator::CONV_2D, 3);
    add_code(tfl::BuiltinOperator::FULLY_CONNECTED, 4);
    graph_->name = "main";
  }

  // Index of the new tensor. `data` empty: not a constant.
  int add_tensor(const std::string& name, TensorType type, std::vector<int> shape,
                 std::vector<float> scales, int zero_point, std::vector<uint8_t> data = {}) {
    auto tensor = std::make_unique<TensorT>();
    tensor->name = name;
    tensor->type = type;
    tensor->shape = std::move(shape);
    tensor->quantization = std::make_unique<tfl::QuantizationParametersT>();
    tensor->quantization->zero_point.assign(scales.size(), zero_point);
    tensor->quantization->scale = std::move(scales);
    if (!data.empty()) {
      tensor->buffer = static_cast<uint32_t>(model_.buffers.size());
      model_.buffers.push_back(std::make_unique<BufferT>());
      model_.buffers.back()->data = std::move(data);
    }
    graph_->tensors.push_back(std::move(tensor));
    return static_cast<int>(graph_->tensors.size()) - 1;
  }

  void add_conv(const LayerShape& s, std::vector<int> inputs, int output) {
    tfl::Conv2DOptionsT options;
    options.padding = tfl::Padding::SAME;
    options.stride_w = options.stride_h = s.stride;
    options.fused_activation_function = activation(s);
    auto op = std::make_unique<OperatorT>();
    op->builtin_options.Set(std::move(options));
    add_operator(std::move(op), 0, std::move(inputs), output);
  }

  void add_fully_connected(const LayerShape& s, std::vector<int> inputs, int output) {
    tfl::FullyConnectedOptionsT options;
    options.fused_activation_function = activation(s);
    auto op = std::make_unique<OperatorT>();
    op->builtin_options.Set(std::move(options));
    add_operator(std::move(op), 1, std::move(inputs), output);
  }

  std::vector<uint8_t> finish(int input, int output) {
    graph_->inputs = {input};
    graph_->outputs = {output};
    model_.subgraphs.push_back(std::move(graph_));
    flatbuffers::FlatBufferBuilder builder;
    tfl::FinishModelBuffer(builder, tfl::Model::Pack(builder, &model_));
    return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
  }

 private:
  static tfl::ActivationFunctionType activation(const LayerShape& s) {
    return s.relu ? tfl::ActivationFunctionType::RELU : tfl::ActivationFunctionType::NONE;
  }

  void add_code(tfl::BuiltinOperator op, int version) {
    auto code = std::make_unique<tfl::OperatorCodeT>();
    code->builtin_code = op;
    code->deprecated_builtin_code = static_cast<int8_t>(op);
    code->version = version;
    model_.operator_codes.push_back(std::move(code));
  }

  void add_operator(std::unique_ptr<OperatorT> op, uint32_t code, std::vector<int> inputs,
                    int output) {
    op->opcode_index = code;
    op->inputs = std::move(inputs);
    op->outputs = {output};
    graph_->operators.push_back(std::move(op));
  }

  ModelT model_;
  std::unique_ptr<SubGraphT> graph_ = std::make_unique<SubGraphT>();
};

// Adds one layer with its tensors; returns its output.
int add_layer(Writer& writer, const Layer& layer, const std::string& name, int input,
              Quantisation from, Quantisation to) {
  const LayerShape& s = layer.shape;
  const bool conv = s.out_size > 1;
  const Constants constants = quantise_layer(layer, conv, from.scale);
  const std::vector<int> shape = conv ? std::vector<int>{s.out_c, s.kernel, s.kernel, s.in_c}
                                      : std::vector<int>{s.out_c, s.window()};
  const int weights = writer.add_tensor(name + "/weights", TensorType::INT8, shape,
                                        constants.scales, 0, to_bytes(constants.weights));
  std::vector<float> bias_scales;
  for (const float scale : constants.scales) bias_scales.push_back(from.scale * scale);
  const int bias = writer.add_tensor(name + "/bias", TensorType::INT32, {s.out_c}, bias_scales, 0,
                                     to_bytes(constants.bias));
  const std::vector<int> out_shape =
      conv ? std::vector<int>{1, s.out_size, s.out_size, s.out_c} : std::vector<int>{1, s.out_c};
  const int output =
      writer.add_tensor(name, TensorType::INT8, out_shape, {to.scale}, to.zero_point);
  if (conv)
    writer.add_conv(s, {input, weights, bias}, output);
  else
    writer.add_fully_connected(s, {input, weights, bias}, output);
  return output;
}

}  // namespace

std::vector<uint8_t> quantise(const Network& network, int calibration_samples) {
  const std::vector<Quantisation> ranges = calibrate(network, calibration_samples);
  Writer writer;
  const LayerShape& first = network.front().shape;
  const int input =
      writer.add_tensor("image", TensorType::INT8, {1, first.in_size, first.in_size, first.in_c},
                        {ranges[0].scale}, ranges[0].zero_point);
  int last = input;
  for (size_t l = 0; l < network.size(); ++l) {
    const std::string name =
        l + 1 < network.size() ? "conv" + std::to_string(l + 1) : std::string("scores");
    last = add_layer(writer, network[l], name, last, ranges[l], ranges[l + 1]);
  }
  return writer.finish(input, last);
}

}  // namespace millrace::digits
