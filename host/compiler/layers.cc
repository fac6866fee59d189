// SPDX-License-Identifier: Apache-2.0
#include "host/compiler/layers.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "host/kernels/math.h"
#include "host/kernels/pack.h"

namespace millrace {
namespace {

Error op_error(const Op& op, const std::string& what) {
  return input_error(op.name + " (operator " + std::to_string(op.position) + ") " + what);
}

std::vector<int8_t> device_weights(const Tensor& weights) {
  std::vector<int8_t> values;
  const int flip = weights.type == DataType::kUint8 ? 0x80 : 0;
  for (uint8_t byte : weights.data) values.push_back(static_cast<int8_t>(byte ^ flip));
  return values;
}

std::vector<int32_t> bias_values(const Graph& graph, int bias) {
  std::vector<int32_t> values;
  if (bias < 0) return values;
  const std::vector<uint8_t>& data = graph.tensor(bias).data;
  for (size_t i = 0; i + 4 <= data.size(); i += 4) {
    uint32_t value = 0;
    for (size_t b = 0; b < 4; ++b) value |= uint32_t{data[i + b]} << (8 * b);
    values.push_back(static_cast<int32_t>(value));
  }
  return values;
}

// Weights, parameters and epilogue, the same for both operators. Value i of an output channel's
// weights goes to byte place(i) of a kernel version of `version_bytes`. The input's zero point is
// folded into the bias: sum (x - zx) w' = sum x w' - zx sum w', all modulo 2^32.
void add_constants(const Graph& graph, const Op& op, const isa::Config& config, int weights,
                   int bias, const Requant& requant, uint32_t version_bytes,
                   const std::function<uint32_t(int)>& place, Layer& layer) {
  const Tensor& w = graph.tensor(weights);
  const Tensor& out = graph.tensor(op.output);
  const int channels = w.shape[0];
  PackedWeights packed =
      pack_weights(config, device_weights(w), channels, device_value(w.type, requant.weight_zero),
                   version_bytes, place);
  const int32_t zero = device_value(graph.tensor(op.input).type, requant.input_zero);
  std::vector<int32_t> biases = bias_values(graph, bias);
  biases.resize(u32(channels));
  for (size_t c = 0; c < biases.size(); ++c) {
    biases[c] =
        static_cast<int32_t>(static_cast<uint32_t>(biases[c]) -
                             static_cast<uint32_t>(zero) * static_cast<uint32_t>(packed.sums[c]));
  }
  layer.params = pack_params(config, channels, biases, requant.multipliers);
  layer.weights = std::move(packed.bytes);
  layer.epilogue.zero_point = device_value(out.type, requant.output_zero);
  layer.epilogue.clamp_lo = device_value(out.type, requant.clamp.lo);
  layer.epilogue.clamp_hi = device_value(out.type, requant.clamp.hi);
  ConvShape& s = layer.shape;
  s.border = zero;
  s.in_flip = graph.tensor(op.input).type == DataType::kUint8;
  s.out_flip = out.type == DataType::kUint8;
  s.parts = packed.parts;
  s.w_row = packed.row_bytes;
  s.w_rows = round_up(channels, config.dim);
  s.out_c = channels;
}

// The elements follow each other without padding.
bool is_dense(const Layout& l) { return l.pitch == u32(l.inner) && l.left == 0 && l.right == 0; }

struct FoldedRows {
  int left = 0, right = 0;  // border pixels that the windows reach
};

// Whether treating kernel columns as channels saves k-tiles, and the border this takes.
std::optional<FoldedRows> foldable(const Conv2D& conv, const Tensor& in, const Tensor& w,
                                   const Tensor& out, const isa::Config& config) {
  const int channels = w.shape[3], kernel = w.shape[2];
  const bool aligned = config.dma_unaligned || conv.stride_w * channels % config.dim == 0;
  const bool saves =
      ceil_div(kernel * channels, config.dim) < kernel * ceil_div(channels, config.dim);
  if (conv.dilation_w != 1 || !aligned || !saves || channels >= config.dim) return std::nullopt;
  const int end = (out.shape[2] - 1) * conv.stride_w + kernel - conv.pad_left;
  return FoldedRows{conv.pad_left, std::max(end - in.shape[2], 0)};
}

Status check_conv_input(const Op& op, const isa::Config& config, const Layout& in, int channels) {
  if (in.inner == channels) return {};
  if (is_dense(in) && (config.dma_unaligned || channels % config.dim == 0)) return {};
  return op_error(op,
                  "reads a reshaped tensor whose pixels are padded in memory on configuration " +
                      std::string(config.name) + "; use a configuration with unaligned DMA");
}

ConvShape conv_shape(const Conv2D& conv, const Tensor& input, const Tensor& weights,
                     const Tensor& output, const Layout& in, const Layout& out) {
  ConvShape s;
  s.batch = input.shape[0];
  s.in_h = input.shape[1];
  s.in_w = input.shape[2];
  s.out_h = output.shape[1];
  s.out_w = output.shape[2];
  s.kernel_h = weights.shape[1];
  s.kernel_w = weights.shape[2];
  s.stride_h = conv.stride_h;
  s.stride_w = conv.stride_w;
  s.dilation_h = conv.dilation_h;
  s.dilation_w = conv.dilation_w;
  s.pad_top = conv.pad_top;
  s.pad_left = conv.pad_left;
  s.in_pixel = in.inner == weights.shape[3] ? in.pitch : u32(weights.shape[3]);
  s.in_bytes = static_cast<int>(s.in_pixel);
  s.in_row = in.width > 0 ? in.row_pitch() : u32(s.in_w) * s.in_pixel;
  s.in_image = u32(s.in_h) * s.in_row;
  s.out_pixel = out.pitch;
  s.out_bytes = static_cast<int>(out.pitch);
  s.out_row = u32(s.out_w) * s.out_pixel;
  s.out_image = u32(s.out_h) * s.out_row;
  return s;
}

// Turns kernel columns into channels. Pixels then overlap in memory; the border is part of it.
void fold_columns(ConvShape& s) {
  s.in_bytes *= s.kernel_w;
  s.in_pixel *= u32(s.stride_w);
  s.in_w = s.out_w;
  s.kernel_w = 1;
  s.stride_w = 1;
  s.pad_left = 0;
}

}  // namespace

int device_value(DataType type, int value) {
  return type == DataType::kUint8 ? value - 128 : value;
}

Result<Layer> fully_connected_layer(const Graph& graph, const Op& op, const isa::Config& config,
                                    const Layout& in, const Layout& out) {
  const auto& fc = std::get<FullyConnected>(op.kind);
  const Tensor& w = graph.tensor(fc.weights);
  const int depth = w.shape[1], inner = in.inner;
  const bool whole_pixels = depth % inner == 0;
  if (!whole_pixels && !(is_dense(in) && config.dma_unaligned))
    return op_error(op,
                    "cuts the pixels of its input, which are padded in memory on configuration " +
                        std::string(config.name) + "; use a configuration with unaligned DMA");
  Layer layer;
  ConvShape& s = layer.shape;
  s.in_w = s.out_w = static_cast<int>(graph.tensor(op.input).elements() / depth);
  s.in_bytes = whole_pixels ? depth / inner * static_cast<int>(in.pitch) : depth;
  s.in_pixel = u32(s.in_bytes);
  s.out_pixel = out.pitch;
  s.out_bytes = static_cast<int>(out.pitch);
  s.w_point = u32(round_up(s.in_bytes, config.dim));
  const auto place = [&](int k) {
    return whole_pixels ? u32(k / inner) * in.pitch + u32(k % inner) : u32(k);
  };
  add_constants(graph, op, config, fc.weights, fc.bias, fc.requant, s.w_point, place, layer);
  layer.macs = int64_t{s.out_w} * depth * s.out_c;
  return layer;
}

Result<Layer> conv_layer(const Graph& graph, const Op& op, const isa::Config& config,
                         const Layout& in, const Layout& out, bool fold) {
  const auto& conv = std::get<Conv2D>(op.kind);
  const Tensor &input = graph.tensor(op.input), &w = graph.tensor(conv.weights);
  const Tensor& output = graph.tensor(op.output);
  const int channels = w.shape[3], columns = w.shape[2];
  if (Status ok = check_conv_input(op, config, in, channels); !ok) return ok.error();
  Layer layer;
  ConvShape& s = layer.shape;
  s = conv_shape(conv, input, w, output, in, out);
  layer.macs = int64_t{s.batch} * s.out_h * s.out_w * w.shape[0] * s.kernel_h * columns * channels;
  const auto border = foldable(conv, input, w, output, config);
  const bool folded = fold && border && s.in_pixel == u32(channels) && border->left == in.left &&
                      border->right <= in.right;
  assert(folded || in.left + in.right == 0);
  if (folded) fold_columns(s);
  s.w_point = u32(round_up(s.in_bytes, config.dim));
  const uint32_t point = folded ? u32(channels) : s.w_point;
  const uint32_t row = folded ? s.w_point : s.w_point * u32(columns);
  const auto place = [=](int i) {
    const int kernel_point = i / channels;
    return u32(kernel_point / columns) * row + u32(kernel_point % columns) * point +
           u32(i % channels);
  };
  add_constants(graph, op, config, conv.weights, conv.bias, conv.requant, row * u32(s.kernel_h),
                place, layer);
  return layer;
}

Layout input_layout(const Graph& graph, const isa::Config& config, bool fold) {
  const Tensor& t = graph.tensor(graph.input);
  Layout l;
  l.inner = t.shape.empty() ? 1 : t.shape.back();
  l.pitch = pixel_pitch(config, l.inner);
  l.pixels = t.elements() / l.inner;
  const Op* reader = nullptr;
  for (const Op& op : graph.ops) {
    if (op.input != graph.input) continue;
    if (reader) return l;
    reader = &op;
  }
  const auto* conv = reader ? std::get_if<Conv2D>(&reader->kind) : nullptr;
  if (!fold || !conv || graph.output == graph.input) return l;
  const auto border =
      foldable(*conv, t, graph.tensor(conv->weights), graph.tensor(reader->output), config);
  if (!border || l.pitch != u32(l.inner)) return l;
  l.width = t.shape[2];
  l.left = border->left;
  l.right = border->right;
  return l;
}

}  // namespace millrace
