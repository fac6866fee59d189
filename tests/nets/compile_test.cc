// SPDX-License-Identifier: Apache-2.0
// The compiler: whole networks on the golden model against chained reference layers, memory plan,
// reports and refusals.
#include <gtest/gtest.h>

#include "host/frontend/load_model.h"
#include "sim/ref/ref_device.h"
#include "tests/nets/model_file.h"
#include "tests/nets/net_cases.h"
#include "tests/nets/reference.h"

namespace millrace::nets {
namespace {

Target ref_target(const isa::Config& config) {
  return {"ref", &config, [](const isa::Config& c) { return std::make_unique<RefDevice>(c); }};
}

Graph small_graph() {
  Result<Graph> graph = parse_model("small", pack(small_model()));
  EXPECT_TRUE(graph) << graph.error().message;
  return *graph;
}

// Layer by layer; a reshape changes nothing.
std::vector<uint8_t> reference_network(const Graph& graph, std::vector<uint8_t> values) {
  for (const Op& op : graph.ops) {
    if (std::holds_alternative<Reshape>(op.kind)) continue;
    Graph layer = graph;
    layer.ops = {op};
    values = reference_layer(layer, values);
  }
  return values;
}

class CompileConfig : public testing::TestWithParam<std::string> {
 protected:
  const isa::Config& config() const { return *isa::find_config(GetParam()); }
};

// On nano the pixels of six channels are padded, so the reshape does not follow memory.
TEST_P(CompileConfig, NetworkWithReshape) {
  const Graph graph = small_graph();
  std::vector<uint8_t> input;
  for (int i = 0; i < 108; ++i) input.push_back(static_cast<uint8_t>(37 * i));
  const auto expected = reference_network(graph, input);
  ASSERT_EQ(expected.size(), 5u);
  EXPECT_EQ(run_graph(ref_target(config()), graph, input), expected);
  EXPECT_EQ(run_graph(ref_target(config()), graph, input, {.fold_kernel_x = false}), expected);
}

TEST_P(CompileConfig, IsDeterministic) {
  const Graph graph = small_graph();
  const auto a = compile(graph, config()), b = compile(graph, config());
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->program, b->program);
  EXPECT_EQ(a->constants, b->constants);
}

TEST_P(CompileConfig, ReportsEveryOperator) {
  const auto model = compile(small_graph(), config());
  ASSERT_TRUE(model);
  ASSERT_EQ(model->ops.size(), 3u);
  EXPECT_EQ(model->ops[0].macs, 3 * 3 * 6 * 27);
  EXPECT_EQ(model->ops[1].detail, "in place");
  EXPECT_EQ(model->ops[2].macs, 270);
  EXPECT_EQ(model->offload(), "3 of 3 operators and 1728 of 1728 MACs on the device");
}

INSTANTIATE_TEST_SUITE_P(Configs, CompileConfig, testing::Values("nano", "small", "base", "large"),
                         [](const auto& info) { return info.param; });

// Fully connected layers of 64 on one row; layer i reads tensor reads[i] and writes tensor i + 1.
Graph layers_graph(const std::vector<int>& reads) {
  Graph graph;
  graph.name = "layers";
  Tensor row, weights;
  row.shape = {1, 64};
  weights.shape = {64, 64};
  for (int i = 0; i < 64 * 64; ++i) weights.data.push_back(static_cast<uint8_t>(i * 89 % 251));
  graph.tensors.assign(reads.size() + 1, row);
  graph.tensors.push_back(weights);
  FullyConnected fc;
  fc.weights = static_cast<int>(reads.size()) + 1;
  fc.requant.multipliers = {{1 << 30, -8}};
  for (size_t i = 0; i < reads.size(); ++i) {
    const int index = static_cast<int>(i);
    graph.ops.push_back({"FULLY_CONNECTED", index, reads[i], index + 1, fc});
  }
  graph.input = 0;
  graph.output = static_cast<int>(reads.size());
  return graph;
}

// Reader and writer of neighbouring layers use different segments, and memory is used again.
TEST(MemoryPlan, AlternatesArenasAndReuses) {
  const auto model = compile(layers_graph({0, 1, 2, 3, 4}), *isa::find_config("base"));
  ASSERT_TRUE(model);
  EXPECT_EQ(model->arenas, (std::vector<uint64_t>{64, 64}));
  EXPECT_NE(model->input.segment, model->output.segment);
}

// The last layer reads the network's input again, so what lies between may not overwrite it.
TEST(MemoryPlan, KeepsWhatIsReadLater) {
  const Graph graph = layers_graph({0, 1, 2, 0});
  const auto model = compile(graph, *isa::find_config("base"));
  ASSERT_TRUE(model);
  EXPECT_EQ(model->arenas, (std::vector<uint64_t>{128, 64}));
  std::vector<uint8_t> input;
  for (int i = 0; i < 64; ++i) input.push_back(static_cast<uint8_t>(11 * i));
  Graph last = graph;
  last.ops = {graph.ops[3]};
  EXPECT_EQ(run_graph(ref_target(*isa::find_config("base")), graph, input),
            reference_layer(last, input));
}

// The first block's short chunks stay in their buffers; later blocks may not take them for whole
// ones.
TEST(Compile, ShortChunksAreNotWholeOnes) {
  Graph graph = layers_graph({0});
  graph.tensors[0].shape = {40, 256};
  graph.tensors[1].shape = {40, 16};
  graph.tensors[2].shape = {16, 256};
  CompileOptions options;
  options.plan = [](const isa::Config&, const ConvShape&, Epilogue::Kind) {
    ConvPlan p;
    p.tile_w = 20;
    p.chunk_c = 32;
    p.a_bufs = 4;
    p.b_bufs = 2;
    return Result<ConvPlan>(p);
  };
  const isa::Config& small = *isa::find_config("small");
  const std::vector<uint8_t> input(40 * 256, 3);
  EXPECT_EQ(run_graph(ref_target(small), graph, input, options), reference_layer(graph, input));
}

TEST(Compile, NamesWhatIsTooLarge) {
  const auto models = vectors("models");
  if (!models) GTEST_SKIP() << "vectors missing: models/mlctiny_ad01_int8";
  const auto graph = load_model((*models / "mlctiny_ad01_int8.tflite").string());
  ASSERT_TRUE(graph);
  const auto model = compile(*graph, *isa::find_config("nano"));
  ASSERT_FALSE(model);
  const std::string& text = model.error().message;
  EXPECT_NE(text.find("largest tensor"), std::string::npos) << text;
  EXPECT_NE(text.find("configuration nano addresses 131072"), std::string::npos) << text;
}

}  // namespace
}  // namespace millrace::nets
