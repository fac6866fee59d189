// SPDX-License-Identifier: Apache-2.0
#include "host/frontend/tflite_ops.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace millrace {
namespace {

std::string operator_name(const tfl::OperatorCode& code) {
  const int builtin = std::max(static_cast<int>(code.deprecated_builtin_code()),
                               static_cast<int>(code.builtin_code()));
  const auto op = static_cast<tfl::BuiltinOperator>(builtin);
  if (op == tfl::BuiltinOperator::CUSTOM)
    return "CUSTOM " + (code.custom_code() ? code.custom_code()->str() : std::string());
  const std::string name = tfl::EnumNameBuiltinOperator(op);
  return name.empty() ? "operator code " + std::to_string(builtin) : name;
}

std::optional<Activation> activation_of(tfl::ActivationFunctionType type) {
  switch (type) {
    case tfl::ActivationFunctionType::NONE:
      return Activation::kNone;
    case tfl::ActivationFunctionType::RELU:
      return Activation::kRelu;
    case tfl::ActivationFunctionType::RELU_N1_TO_1:
      return Activation::kReluN1To1;
    case tfl::ActivationFunctionType::RELU6:
      return Activation::kRelu6;
    default:
      return std::nullopt;
  }
}

class OperatorReader {
 public:
  OperatorReader(const tfl::Model& model, const tfl::Operator& op, const Graph& graph, int position)
      : model_(model), op_(op), graph_(graph) {
    out_.position = position;
  }

  Result<Op> read() {
    if (op_.opcode_index() >= model_.operator_codes()->size())
      return bad("names an operator code that is not there");
    out_.name = operator_name(*model_.operator_codes()->Get(op_.opcode_index()));
    const auto known = [&](const char* name) { return out_.name == name; };
    const bool conv = known("CONV_2D"), fc = known("FULLY_CONNECTED"), reshape = known("RESHAPE");
    if (!conv && !fc && !reshape)
      return bad("is not supported; supported are CONV_2D, FULLY_CONNECTED and RESHAPE");
    if (Status ok = read_operands(); !ok) return ok.error();
    const Status ok = conv ? read_conv() : fc ? read_fully_connected() : read_reshape();
    if (!ok) return ok.error();
    return std::move(out_);
  }

 private:
  Error bad(const std::string& what) const {
    return input_error((out_.name.empty() ? "" : out_.name + " ") + "(operator " +
                       std::to_string(out_.position) + ") " + what);
  }

  // Index of input tensor i; -1 if it was left out.
  int operand(unsigned i) const {
    return op_.inputs() && i < op_.inputs()->size() ? op_.inputs()->Get(i) : -1;
  }
  const Tensor& input() const { return graph_.tensor(out_.input); }
  const Tensor& output() const { return graph_.tensor(out_.output); }

  Status read_operands() {
    const int count = static_cast<int>(graph_.tensors.size());
    if (!op_.inputs() || !op_.outputs() || op_.inputs()->size() == 0 || op_.outputs()->size() != 1)
      return bad("lacks operands");
    for (int index : *op_.inputs()) {
      if (index < -1 || index >= count) return bad("names a tensor that is not there");
    }
    out_.input = operand(0);
    out_.output = op_.outputs()->Get(0);
    if (out_.input < 0 || out_.output < 0 || out_.output >= count)
      return bad("names a tensor that is not there");
    if (!input().data.empty()) return bad("has a constant input; fold it before the conversion");
    for (const Tensor* t : {&input(), &output()}) {
      if (t->type != DataType::kInt8 && t->type != DataType::kUint8)
        return bad("works on " + std::string(to_string(t->type)) + " (tensor '" + t->name +
                   "'); quantise the model to int8");
    }
    if (input().type != output().type)
      return bad("changes the type; convert the model to pure int8");
    return {};
  }

  Status read_reshape() {
    if (input().elements() != output().elements())
      return bad("changes the number of elements from " + std::to_string(input().elements()) +
                 " to " + std::to_string(output().elements()));
    out_.kind = Reshape{};
    return {};
  }

  Status read_fully_connected() {
    FullyConnected fc;
    const auto* options = op_.builtin_options_as_FullyConnectedOptions();
    if (!options) return bad("lacks its options");
    if (options->weights_format() != 0)
      return bad("has shuffled weights; convert with the default format");
    if (Status ok = read_weights(2, fc.weights, fc.bias); !ok) return ok;
    const Tensor& w = graph_.tensor(fc.weights);
    const int64_t batch = input().elements() / w.shape[1];
    if (input().elements() % w.shape[1] != 0 || output().elements() != batch * w.shape[0])
      return bad("has shapes that do not fit: input " + std::to_string(input().elements()) +
                 " elements, weights " + std::to_string(w.shape[0]) + "x" +
                 std::to_string(w.shape[1]) + ", output " + std::to_string(output().elements()));
    if (Status ok = read_requant(w, options->fused_activation_function(), false, fc.requant); !ok)
      return ok;
    out_.kind = std::move(fc);
    return {};
  }

  Status read_conv() {
    Conv2D conv;
    const auto* options = op_.builtin_options_as_Conv2DOptions();
    if (!options) return bad("lacks its options");
    if (Status ok = read_weights(4, conv.weights, conv.bias); !ok) return ok;
    const Tensor& w = graph_.tensor(conv.weights);
    if (input().shape.size() != 4 || output().shape.size() != 4)
      return bad("has an input or output of other than four dimensions");
    if (input().shape[3] != w.shape[3])
      return bad("is a grouped convolution (" + std::to_string(input().shape[3]) +
                 " input channels, weights of " + std::to_string(w.shape[3]) + "), not supported");
    conv.stride_h = options->stride_h();
    conv.stride_w = options->stride_w();
    conv.dilation_h = options->dilation_h_factor();
    conv.dilation_w = options->dilation_w_factor();
    const bool same = options->padding() == tfl::Padding::SAME;
    const auto fits = [&](int axis, int stride, int dilation, int& pad) {
      if (stride < 1 || dilation < 1 || stride > 4096 || dilation > 4096) return false;
      const size_t a = static_cast<size_t>(axis);
      const int64_t in = input().shape[a], out = output().shape[a];
      const int64_t window = int64_t{w.shape[a] - 1} * dilation + 1;
      if (same) pad = static_cast<int>(std::max<int64_t>(0, (out - 1) * stride + window - in) / 2);
      return out == (same ? (in + stride - 1) / stride : (in - window) / stride + 1) &&
             (same || in >= window);
    };
    if (!fits(1, conv.stride_h, conv.dilation_h, conv.pad_top) ||
        !fits(2, conv.stride_w, conv.dilation_w, conv.pad_left) ||
        output().shape[3] != w.shape[0] || output().shape[0] != input().shape[0])
      return bad(
          "has an output shape that does not follow from input, weights, strides and padding");
    if (Status ok = read_requant(w, options->fused_activation_function(), true, conv.requant); !ok)
      return ok;
    out_.kind = std::move(conv);
    return {};
  }

  // Weights (operand 1) of `dims` dimensions, bias (operand 2) if it is there.
  Status read_weights(size_t dims, int& weights, int& bias) {
    weights = operand(1);
    bias = operand(2);
    if (weights < 0) return bad("has no weights");
    const Tensor& w = graph_.tensor(weights);
    if (w.data.empty())
      return bad("computes its weights (tensor '" + w.name + "'); they must be constant");
    if (w.type != input().type || w.shape.size() != dims)
      return bad("has weights of " + std::string(to_string(w.type)) + " with " +
                 std::to_string(w.shape.size()) + " dimensions (tensor '" + w.name +
                 "'), not supported");
    if (bias < 0) return {};
    const Tensor& b = graph_.tensor(bias);
    if (b.type != DataType::kInt32 || b.data.empty() || b.elements() != w.shape[0])
      return bad("has a bias (tensor '" + b.name + "') that is not constant int32, one a channel");
    return {};
  }

  // Convolutions multiply the scales in double (PopulateConvolutionQuantizationParams), as fully
  // connected layers with a scale for every channel do; with one scale these multiply in float
  // (GetQuantizedConvolutionMultipler).
  Status read_requant(const Tensor& w, tfl::ActivationFunctionType type, bool conv, Requant& q) {
    for (const Tensor* t : {&input(), &output()}) {
      if (t->scales.size() != 1 || t->scales[0] == 0)
        return bad("needs one scale (tensor '" + t->name + "'); quantise the model");
    }
    const size_t channels = static_cast<size_t>(w.shape[0]);
    if (w.scales.size() != 1 && w.scales.size() != channels)
      return bad("needs one scale or one a channel (tensor '" + w.name + "')");
    const auto activation = activation_of(type);
    if (!activation)
      return bad("has the fused activation " +
                 std::string(tfl::EnumNameActivationFunctionType(type)) + ", not supported");
    const bool uint8 = input().type == DataType::kUint8;
    const float in = input().scales[0], out = output().scales[0];
    for (float scale : w.scales) {
      const double product = (conv && !uint8) || w.scales.size() > 1
                                 ? static_cast<double>(in) * static_cast<double>(scale)
                                 : static_cast<double>(in * scale);
      const double real = product / static_cast<double>(out);
      if (!(real < 1u << 31)) return bad("has scales that do not fit together");
      q.multipliers.push_back(quantize_multiplier(real));
    }
    q.input_zero = input().zero_point;
    q.weight_zero = w.zero_point;
    q.output_zero = output().zero_point;
    q.clamp = activation_clamp(*activation, out, output().zero_point,
                               uint8 ? Clamp{0, 255} : Clamp{-128, 127});
    return {};
  }

  const tfl::Model& model_;
  const tfl::Operator& op_;
  const Graph& graph_;
  Op out_;
};

}  // namespace

Result<Op> read_operator(const tfl::Model& model, const tfl::SubGraph& subgraph, const Graph& graph,
                         int position) {
  const auto* op = subgraph.operators()->Get(static_cast<unsigned>(position));
  return OperatorReader(model, *op, graph, position).read();
}

}  // namespace millrace
