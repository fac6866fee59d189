// SPDX-License-Identifier: Apache-2.0
#include "examples/digits/evaluator.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "tflite_generated.h"

namespace millrace::digits {
namespace {

// x * multiplier / 2^31 rounded to nearest, halves away from zero for positive and towards zero for
// negative products (gemmlowp, SaturatingRoundingDoublingHighMul). multiplier > 0, so no overflow.
int32_t scale_q31(int32_t x, int32_t multiplier) {
  const int64_t product = int64_t{x} * multiplier;
  const int64_t nudge = product >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30);
  return static_cast<int32_t>((product + nudge) / (int64_t{1} << 31));
}

// x / 2^shift rounded to nearest, halves away from zero (gemmlowp, RoundingDivideByPOT).
int32_t divide_rounding(int32_t x, int shift) {
  if (shift == 0) return x;
  const int64_t half = int64_t{1} << (shift - 1);
  const int64_t magnitude = (std::abs(int64_t{x}) + half) >> shift;
  return static_cast<int32_t>(x < 0 ? -magnitude : magnitude);
}

template <typename T>
std::vector<T> from_bytes(const std::vector<uint8_t>& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    uint32_t value = 0;
    for (size_t b = 0; b < sizeof(T); ++b) value |= uint32_t{bytes[i * sizeof(T) + b]} << (8 * b);
    values[i] = static_cast<T>(value);
  }
  return values;
}

}  // namespace

// Reads the operators of a model in order; every fail() ends in an empty answer.
class Evaluator::Parser {
 public:
  explicit Parser(const tfl::ModelT& model) : model_(model), graph_(*model.subgraphs.at(0)) {}

  std::optional<Evaluator> parse() {
    Evaluator result;
    int at = graph_.inputs.at(0);
    for (const auto& op : graph_.operators) {
      if (op->inputs.size() != 3 || op->inputs[0] != at) return std::nullopt;
      Layer layer;
      if (!read_shape(*op, layer) || !read_constants(*op, layer)) return std::nullopt;
      result.layers_.push_back(std::move(layer));
      at = op->outputs.at(0);
    }
    if (result.layers_.empty() || at != graph_.outputs.at(0)) return std::nullopt;
    const Layer& first = result.layers_.front();
    result.input_size_ = static_cast<size_t>(first.in_h * first.in_w * first.in_c);
    return result;
  }

 private:
  const tfl::TensorT& tensor(int index) const {
    return *graph_.tensors.at(static_cast<size_t>(index));
  }
  const std::vector<uint8_t>& data(int index) const {
    return model_.buffers.at(tensor(index).buffer)->data;
  }

  bool read_shape(const tfl::OperatorT& op, Layer& layer) const {
    const auto code = model_.operator_codes.at(op.opcode_index)->builtin_code;
    const tfl::TensorT &in = tensor(op.inputs[0]), &weights = tensor(op.inputs[1]),
                       &out = tensor(op.outputs.at(0));
    auto activation = tfl::ActivationFunctionType::NONE;
    if (code == tfl::BuiltinOperator::FULLY_CONNECTED) {
      layer.out_c = weights.shape.at(0);
      layer.in_c = weights.shape.at(1);
      activation = op.builtin_options.AsFullyConnectedOptions()->fused_activation_function;
    } else if (code == tfl::BuiltinOperator::CONV_2D && in.shape.size() == 4) {
      layer.in_h = in.shape[1], layer.in_w = in.shape[2], layer.in_c = in.shape[3];
      layer.out_h = out.shape.at(1), layer.out_w = out.shape.at(2), layer.out_c = out.shape.at(3);
      layer.kernel_h = weights.shape.at(1), layer.kernel_w = weights.shape.at(2);
      const tfl::Conv2DOptionsT& options = *op.builtin_options.AsConv2DOptions();
      layer.stride_h = options.stride_h, layer.stride_w = options.stride_w;
      if (options.padding == tfl::Padding::SAME) {
        layer.pad_top = (layer.out_h - 1) * layer.stride_h + layer.kernel_h - layer.in_h;
        layer.pad_left = (layer.out_w - 1) * layer.stride_w + layer.kernel_w - layer.in_w;
        layer.pad_top = std::max(0, layer.pad_top) / 2;
        layer.pad_left = std::max(0, layer.pad_left) / 2;
      }
      activation = options.fused_activation_function;
    } else {
      return false;
    }
    layer.input_zero = static_cast<int>(in.quantization->zero_point.at(0));
    layer.output_zero = static_cast<int>(out.quantization->zero_point.at(0));
    if (activation == tfl::ActivationFunctionType::RELU) layer.lowest = layer.output_zero;
    return activation == tfl::ActivationFunctionType::RELU ||
           activation == tfl::ActivationFunctionType::NONE;
  }

  bool read_constants(const tfl::OperatorT& op, Layer& layer) const {
    layer.weights = from_bytes<int8_t>(data(op.inputs[1]));
    layer.bias = from_bytes<int32_t>(data(op.inputs[2]));
    const float in = tensor(op.inputs[0]).quantization->scale.at(0);
    const float out = tensor(op.outputs.at(0)).quantization->scale.at(0);
    const std::vector<float>& scales = tensor(op.inputs[1]).quantization->scale;
    const int window = layer.kernel_h * layer.kernel_w * layer.in_c;
    const size_t channels = static_cast<size_t>(layer.out_c);
    if (layer.weights.size() != static_cast<size_t>(window) * channels ||
        layer.bias.size() != channels || (scales.size() != 1 && scales.size() != channels))
      return false;
    const bool conv = graph_.tensors.at(static_cast<size_t>(op.inputs[1]))->shape.size() == 4;
    for (size_t o = 0; o < channels; ++o) {
      const float scale = scales.size() == 1 ? scales[0] : scales[o];
      // TensorFlow Lite multiplies in float where a fully connected layer has one scale.
      const double product =
          conv || scales.size() > 1 ? double{in} * double{scale} : double{in * scale};
      int exponent = 0;
      const double fraction = std::frexp(product / double{out}, &exponent);
      const double multiplier = std::round(fraction * 0x1p31);
      if (!(multiplier >= 0x1p30 && multiplier < 0x1p31) || exponent > 0) return false;
      layer.multipliers.push_back(static_cast<int32_t>(multiplier));
      layer.shifts.push_back(-exponent);
    }
    return true;
  }

  const tfl::ModelT& model_;
  const tfl::SubGraphT& graph_;
};

std::optional<Evaluator> Evaluator::parse(std::span<const uint8_t> file) {
  flatbuffers::Verifier verifier(file.data(), file.size());
  if (!tfl::VerifyModelBuffer(verifier)) return std::nullopt;
  const std::unique_ptr<tfl::ModelT> model(tfl::GetModel(file.data())->UnPack());
  if (model->subgraphs.size() != 1) return std::nullopt;
  return Parser(*model).parse();
}

std::vector<int8_t> Evaluator::run(const Layer& l, std::span<const int8_t> in) {
  std::vector<int8_t> out;
  for (int oy = 0; oy < l.out_h; ++oy)
    for (int ox = 0; ox < l.out_w; ++ox)
      for (int o = 0; o < l.out_c; ++o) {
        const size_t channel = static_cast<size_t>(o);
        int32_t sum = l.bias[channel];
        for (int ky = 0; ky < l.kernel_h; ++ky)
          for (int kx = 0; kx < l.kernel_w; ++kx) {
            const int y = oy * l.stride_h + ky - l.pad_top, x = ox * l.stride_w + kx - l.pad_left;
            if (y < 0 || y >= l.in_h || x < 0 || x >= l.in_w) continue;  // zeros
            const int8_t* a = in.data() + (y * l.in_w + x) * l.in_c;
            const int8_t* b = l.weights.data() + ((o * l.kernel_h + ky) * l.kernel_w + kx) * l.in_c;
            for (int i = 0; i < l.in_c; ++i) sum += (a[i] - l.input_zero) * b[i];
          }
        const int32_t scaled =
            divide_rounding(scale_q31(sum, l.multipliers[channel]), l.shifts[channel]);
        out.push_back(static_cast<int8_t>(std::clamp(scaled + l.output_zero, l.lowest, 127)));
      }
  return out;
}

std::vector<int8_t> Evaluator::operator()(std::span<const int8_t> input) const {
  std::vector<int8_t> values(input.begin(), input.end());
  for (const Layer& layer : layers_) values = run(layer, values);
  return values;
}

int64_t Evaluator::macs() const {
  int64_t sum = 0;
  for (const Layer& l : layers_)
    sum += int64_t{1} * l.out_h * l.out_w * l.out_c * l.kernel_h * l.kernel_w * l.in_c;
  return sum;
}

std::vector<int8_t> to_int8(std::span<const uint8_t> pixels) {
  std::vector<int8_t> values;
  for (const uint8_t p : pixels) values.push_back(static_cast<int8_t>(p - 128));
  return values;
}

}  // namespace millrace::digits
