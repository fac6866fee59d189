// SPDX-License-Identifier: Apache-2.0
// Random layers and matrices against the naive reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "host/runtime/runtime.h"
#include "tests/nets/net_cases.h"
#include "tests/nets/reference.h"

namespace millrace::nets {
namespace {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  int between(int lo, int hi) {
    return lo + static_cast<int>(engine_() % static_cast<uint32_t>(hi - lo + 1));
  }
  bool one_in(int n) { return between(1, n) == 1; }
  std::vector<uint8_t> bytes(int64_t count) {
    std::vector<uint8_t> values(static_cast<size_t>(count));
    for (uint8_t& value : values) value = static_cast<uint8_t>(engine_());
    return values;
  }
  // Brings sums of `depth` random products to about the range of int8.
  Multiplier multiplier(int depth) {
    const int bits = static_cast<int>(std::log2(std::sqrt(depth) * 5500.0 / 60.0));
    return {static_cast<int32_t>((1u << 30) + (engine_() >> 2)), -bits + between(-2, 1)};
  }

 private:
  std::mt19937 engine_;
};

Tensor tensor(std::vector<int> shape, DataType type) {
  Tensor t;
  t.shape = std::move(shape);
  t.type = type;
  return t;
}

// Tensors 0 input, 1 output, 2 weights, 3 bias, and the requantisation of a random layer.
Requant random_layer(Random& random, Graph& graph, std::vector<int> in, std::vector<int> out,
                     std::vector<int> weights, bool& has_bias) {
  const bool uint8 = random.one_in(4);
  const DataType type = uint8 ? DataType::kUint8 : DataType::kInt8;
  const int lo = uint8 ? 0 : -128, channels = weights[0];
  graph.tensors = {tensor(in, type), tensor(out, type), tensor(weights, type),
                   tensor({channels}, DataType::kInt32)};
  graph.input = 0;
  graph.output = 1;
  graph.tensors[2].data = random.bytes(graph.tensors[2].elements());
  for (int c = 0; c < channels; ++c) {
    const auto low = random.bytes(2);
    const uint8_t sign = low[1] & 0x80 ? 0xff : 0;
    for (uint8_t byte : {low[0], low[1], sign, sign}) graph.tensors[3].data.push_back(byte);
  }
  has_bias = !random.one_in(4);
  Requant q;
  const int depth = static_cast<int>(graph.tensors[2].elements()) / channels;
  const int multipliers = random.one_in(3) ? 1 : channels;
  for (int c = 0; c < multipliers; ++c) q.multipliers.push_back(random.multiplier(depth));
  q.input_zero = random.between(lo, lo + 255);
  graph.tensors[0].zero_point = q.input_zero;
  q.weight_zero = uint8 || random.one_in(4) ? random.between(lo, lo + 255) : 0;
  q.output_zero = random.between(lo, lo + 255);
  q.clamp = {random.between(lo, lo + 60), random.between(lo + 180, lo + 255)};
  return q;
}

// Any plan that fits, good or bad: the planner alone would never take most of them.
ConvPlan random_plan(const isa::Config& config, const ConvShape& s, Random& random) {
  const int c_words = (s.in_bytes + config.dim - 1) / config.dim;
  const int out_tiles = (s.out_c + config.dim - 1) / config.dim;
  ConvPlan p;
  do {
    p.tile_h = random.between(1, s.out_h);
    p.tile_w = random.between(1, s.out_w);
    p.group = random.between(1, out_tiles);
    p.chunk_c = random.between(1, c_words);
    p.chunk_ky = random.between(1, s.kernel_h);
    p.chunk_kx = random.between(1, s.kernel_w);
    p.weight_ky = random.between(1, p.chunk_ky);
    p.a_banks = input_banks(config, s, p);
    p.b_banks = weight_banks(config, s, p);
    p.a_bufs = random.between(1, 4);
    p.b_bufs = random.between(1, 4);
    p.group_outer = random.one_in(2);
  } while (!plan_fits(config, s, p));
  return p;
}

void check_layer(const Target& target, const Graph& graph, Random& random, uint32_t seed) {
  const auto input = random.bytes(graph.tensor(0).elements());
  const auto expected = reference_layer(graph, input);
  CompileOptions options;
  options.fold_kernel_x = !random.one_in(3);
  std::string plan = "the planner's";
  const auto any = [&](const isa::Config& config, const ConvShape& shape, Epilogue::Kind) {
    const ConvPlan chosen = random_plan(config, shape, random);
    plan = chosen.to_string();
    return Result<ConvPlan>(chosen);
  };
  if (random.one_in(2)) options.plan = any;
  EXPECT_EQ(run_graph(target, graph, input, options), expected)
      << "seed " << seed << " on " << target.name << " " << target.config->name << ", fold "
      << options.fold_kernel_x << ", plan: " << plan;
}

// A size of the output along one axis, and what it takes.
struct Axis {
  int in, kernel, stride, dilation, pad, out;
};

Axis random_axis(Random& random) {
  Axis a{random.between(1, 13),
         random.between(1, random.one_in(6) ? 18 : 4),
         random.between(1, 3),
         random.one_in(4) ? random.between(2, 3) : 1,
         0,
         1};
  const int window = (a.kernel - 1) * a.dilation + 1;
  a.pad = random.between(0, window - 1);
  const int room = a.in + a.pad + random.between(0, window - 1) - window;
  a.out = std::max(room, 0) / a.stride + 1;
  return a;
}

}  // namespace

void check_random_conv(const Target& target, uint32_t seed) {
  Random random(seed);
  const Axis y = random_axis(random), x = random_axis(random);
  const int batch = random.between(1, 2), in_c = random.between(1, 40),
            out_c = random.between(1, 40);
  Graph graph;
  graph.name = "conv";
  Conv2D conv;
  bool has_bias = false;
  conv.requant =
      random_layer(random, graph, {batch, y.in, x.in, in_c}, {batch, y.out, x.out, out_c},
                   {out_c, y.kernel, x.kernel, in_c}, has_bias);
  conv.weights = 2;
  conv.bias = has_bias ? 3 : -1;
  conv.stride_h = y.stride;
  conv.stride_w = x.stride;
  conv.dilation_h = y.dilation;
  conv.dilation_w = x.dilation;
  conv.pad_top = y.pad;
  conv.pad_left = x.pad;
  graph.ops = {{"CONV_2D", 0, 0, 1, conv}};
  check_layer(target, graph, random, seed);
}

void check_random_fully_connected(const Target& target, uint32_t seed) {
  Random random(seed);
  const int scale = target.config->mem_log2 < 20 ? 2 : 1;  // a small memory, smaller layers
  const int batch = random.between(1, random.one_in(3) ? 150 / scale : 9);
  const int depth = random.between(1, random.one_in(2) ? 500 / scale : 100);
  const int out = random.between(1, 90);
  Graph graph;
  graph.name = "fully connected";
  FullyConnected fc;
  bool has_bias = false;
  fc.requant = random_layer(random, graph, {batch, depth}, {batch, out}, {out, depth}, has_bias);
  fc.weights = 2;
  fc.bias = has_bias ? 3 : -1;
  graph.ops = {{"FULLY_CONNECTED", 0, 0, 1, fc}};
  check_layer(target, graph, random, seed);
}

void check_random_gemm(const Target& target, uint32_t seed) {
  Random random(seed);
  const auto size = [&] {
    const int limit = target.config->mem_log2 < 20 ? 90 : 300;
    return random.between(1, random.one_in(2) ? 40 : limit);
  };
  const GemmShape shape{size(), size(), size()};
  Epilogue epilogue;
  const bool sums = random.one_in(2) && target.config->dma_acc;
  epilogue.kind = sums ? Epilogue::Kind::kInt32 : Epilogue::Kind::kScalar;
  const Multiplier m = random.multiplier(shape.k);
  epilogue.mult = m.mult;
  epilogue.shift = m.shift;
  epilogue.zero_point = random.between(-128, 127);
  epilogue.clamp_lo = random.between(-128, -60);
  epilogue.clamp_hi = random.between(60, 127);
  check_gemm(target, shape, epilogue, seed);
}

}  // namespace millrace::nets
