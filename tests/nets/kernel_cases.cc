// SPDX-License-Identifier: Apache-2.0
// The cases of tflite_kernels as graphs.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/nets/net_cases.h"

namespace millrace::nets {
namespace {

using Json = nlohmann::json;

std::vector<uint8_t> read_first(const std::filesystem::path& folder,
                                std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::filesystem::exists(folder / name)) return read_bytes(folder / name);
  }
  return {};
}

std::vector<int32_t> as_int32(const std::vector<uint8_t>& bytes) {
  std::vector<int32_t> values;
  for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    uint32_t value = 0;
    for (size_t b = 0; b < 4; ++b) value |= uint32_t{bytes[i + b]} << (8 * b);
    values.push_back(static_cast<int32_t>(value));
  }
  return values;
}

int add_tensor(Graph& graph, const char* name, std::vector<int> shape, DataType type,
               std::vector<uint8_t> data = {}) {
  Tensor t;
  t.name = name;
  t.shape = std::move(shape);
  t.type = type;
  t.data = std::move(data);
  graph.tensors.push_back(std::move(t));
  return static_cast<int>(graph.tensors.size()) - 1;
}

Requant read_requant(const std::filesystem::path& folder, const Json& config) {
  Requant q;
  q.input_zero = -config.at("input_offset").get<int>();
  q.weight_zero = -config.value("filter_offset", 0);
  q.output_zero = config.at("output_offset").get<int>();
  q.clamp = {config.at("out_activation_min").get<int>(),
             config.at("out_activation_max").get<int>()};
  const auto mults =
      as_int32(read_first(folder, {"output_mult.i32.bin", "output_multiplier.i32.bin"}));
  const auto shifts = as_int32(read_first(folder, {"output_shift.i32.bin"}));
  for (size_t c = 0; c < mults.size(); ++c) q.multipliers.push_back({mults[c], shifts.at(c)});
  if (mults.empty())
    q.multipliers = {
        {config.at("output_multiplier").get<int>(), config.at("output_shift").get<int>()}};
  return q;
}

void add_conv(Graph& graph, const Json& config, std::vector<uint8_t> weights, int bias,
              const Requant& requant) {
  const auto get = [&](const char* name) { return config.at(name).get<int>(); };
  Conv2D conv;
  conv.bias = bias;
  conv.requant = requant;
  conv.stride_h = get("stride_y");
  conv.stride_w = get("stride_x");
  conv.dilation_h = get("dilation_y");
  conv.dilation_w = get("dilation_x");
  conv.pad_top = get("pad_y");
  conv.pad_left = get("pad_x");
  graph.input = add_tensor(graph, "input",
                           {get("input_batches"), get("input_h"), get("input_w"), get("in_ch")},
                           DataType::kInt8);
  graph.output = add_tensor(graph, "output",
                            {get("input_batches"), get("output_h"), get("output_w"), get("out_ch")},
                            DataType::kInt8);
  conv.weights =
      add_tensor(graph, "weights", {get("out_ch"), get("filter_y"), get("filter_x"), get("in_ch")},
                 DataType::kInt8, std::move(weights));
  graph.ops.push_back({"CONV_2D", 0, graph.input, graph.output, conv});
}

void add_fully_connected(Graph& graph, const Json& config, std::vector<uint8_t> weights, int bias,
                         const Requant& requant) {
  const auto get = [&](const char* name) { return config.at(name).get<int>(); };
  FullyConnected fc;
  fc.bias = bias;
  fc.requant = requant;
  const int batch = get("input_batches"), depth = get("accumulation_depth"), out = get("out_ch");
  graph.input = add_tensor(graph, "input", {batch, depth}, DataType::kInt8);
  graph.output = add_tensor(graph, "output", {batch, out}, DataType::kInt8);
  fc.weights = add_tensor(graph, "weights", {out, depth}, DataType::kInt8, std::move(weights));
  graph.ops.push_back({"FULLY_CONNECTED", 0, graph.input, graph.output, fc});
}

}  // namespace

std::vector<std::string> kernel_cases() {
  return {"basic",
          "conv_1_x_n_1",
          "conv_1_x_n_2",
          "conv_1_x_n_3",
          "conv_1_x_n_4",
          "conv_1_x_n_5",
          "conv_1_x_n_6_generic",
          "conv_2x2_dilation_5x5_input",
          "conv_2x3_dilation",
          "conv_3",
          "conv_3x2_dilation",
          "conv_3x3_dilation_5x5_input",
          "conv_4",
          "conv_5",
          "conv_dilation_golden",
          "conv_out_activation",
          "fc_per_ch",
          "fully_connected_out_activation",
          "fully_connected_w_zp",
          "grouped_conv",
          "grouped_conv_1",
          "grouped_conv_2",
          "grouped_conv_4",
          "kernel1x1_stride_x",
          "kernel1x1_stride_x_y",
          "kernel1x1_stride_x_y_2",
          "stride2pad1"};
}

Graph kernel_graph(const std::filesystem::path& folder) {
  const Json config = Json::parse(std::ifstream(folder / "config.json"));
  Graph graph;
  graph.name = folder.filename().string();
  const int out = config.at("out_ch").get<int>();
  std::vector<uint8_t> bias = read_first(folder, {"biases.i32.bin", "bias.i32.bin"});
  const int bias_tensor =
      bias.empty() ? -1 : add_tensor(graph, "bias", {out}, DataType::kInt32, std::move(bias));
  std::vector<uint8_t> weights = read_bytes(folder / "weights.i8.bin");
  const Requant requant = read_requant(folder, config);
  if (config.contains("filter_x")) {
    add_conv(graph, config, std::move(weights), bias_tensor, requant);
  } else {
    add_fully_connected(graph, config, std::move(weights), bias_tensor, requant);
  }
  graph.tensors[static_cast<size_t>(graph.input)].zero_point = requant.input_zero;
  return graph;
}

void check_kernel_case(const Target& target, const std::string& name) {
  const auto folder = vectors("tflite_kernels/" + name);
  if (!folder) GTEST_SKIP() << "vectors missing: tflite_kernels/" << name;
  const Json config = Json::parse(std::ifstream(*folder / "config.json"));
  if (config.contains("filter_ch") && config.at("filter_ch") != config.at("in_ch"))
    GTEST_SKIP() << "grouped convolution, not supported: " << name;
  const Graph graph = kernel_graph(*folder);
  const auto input = read_first(*folder, {"input.i8.bin"});
  const auto expected = read_first(*folder, {"output_ref.i8.bin", "output.i8.bin"});
  ASSERT_FALSE(expected.empty());
  for (bool fold : {true, false}) {
    EXPECT_EQ(run_graph(target, graph, input, {.fold_kernel_x = fold}), expected)
        << name << " on " << target.name << " " << target.config->name << ", fold " << fold;
  }
}

}  // namespace millrace::nets
