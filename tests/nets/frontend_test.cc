// SPDX-License-Identifier: Apache-2.0
// The TensorFlow Lite front end: quantisation arithmetic, what it reads, and what it says about
// files that it cannot take.
#include <gtest/gtest.h>

#include <random>

#include "host/frontend/load_model.h"
#include "tests/nets/model_file.h"
#include "tests/nets/net_cases.h"

namespace millrace::nets {
namespace {

std::string error_of(const tfl::ModelT& model) {
  const Result<Graph> graph = parse_model("m", pack(model));
  return graph ? "" : graph.error().message;
}

std::string error_of_file(const std::string& name) {
  const Result<Graph> graph = load_model((*vectors("models") / name).string());
  return graph ? "" : graph.error().message;
}

tfl::TensorT& tensor(tfl::ModelT& model, size_t index) {
  return *model.subgraphs[0]->tensors[index];
}
tfl::OperatorT& op(tfl::ModelT& model, size_t index) {
  return *model.subgraphs[0]->operators[index];
}

TEST(QuantizeMultiplier, PowersOfTwo) {
  EXPECT_EQ(quantize_multiplier(0), (Multiplier{0, 0}));
  EXPECT_EQ(quantize_multiplier(0.5), (Multiplier{1 << 30, 0}));
  EXPECT_EQ(quantize_multiplier(1), (Multiplier{1 << 30, 1}));
  EXPECT_EQ(quantize_multiplier(0.25), (Multiplier{1 << 30, -1}));
  EXPECT_EQ(quantize_multiplier(std::ldexp(1, -32)), (Multiplier{1 << 30, -31}));
  EXPECT_EQ(quantize_multiplier(std::ldexp(1, -33)), (Multiplier{0, 0}));
}

// Rounds up to 2^31, which does not fit: halved, one more shift.
TEST(QuantizeMultiplier, RoundsUpToTwoToThe31) {
  EXPECT_EQ(quantize_multiplier(1 - std::ldexp(1, -40)), (Multiplier{1 << 30, 1}));
}

TEST(QuantizeMultiplier, RoundsHalfAwayFromZero) {
  const double unit = std::ldexp(1, -31);
  EXPECT_EQ(quantize_multiplier(0.5 + 0.5 * unit), (Multiplier{(1 << 30) + 1, 0}));
  EXPECT_EQ(quantize_multiplier(0.5 + 0.49 * unit), (Multiplier{1 << 30, 0}));
}

TEST(ActivationClamp, Ranges) {
  EXPECT_EQ(activation_clamp(Activation::kNone, 0.1f, 5, {-128, 127}), (Clamp{-128, 127}));
  EXPECT_EQ(activation_clamp(Activation::kRelu, 0.1f, 5, {-128, 127}), (Clamp{5, 127}));
  EXPECT_EQ(activation_clamp(Activation::kRelu6, 0.1f, 5, {-128, 127}), (Clamp{5, 65}));
  EXPECT_EQ(activation_clamp(Activation::kReluN1To1, 0.1f, 5, {-128, 127}), (Clamp{-5, 15}));
  EXPECT_EQ(activation_clamp(Activation::kRelu6, 0.01f, 0, {0, 255}), (Clamp{0, 255}));
}

TEST(LoadModel, ReadsLayersAndArithmetic) {
  const Result<Graph> graph = parse_model("m", pack(small_model()));
  ASSERT_TRUE(graph) << graph.error().message;
  ASSERT_EQ(graph->ops.size(), 3u);
  const auto& conv = std::get<Conv2D>(graph->ops[0].kind);
  EXPECT_EQ(conv.stride_h, 2);
  EXPECT_EQ(conv.pad_top, 0);  // 6 -> 3 with a window of 3: one missing, at the end
  EXPECT_EQ(conv.requant.multipliers.size(), 6u);
  EXPECT_EQ(conv.requant.multipliers[1],
            quantize_multiplier(0.5 * static_cast<double>(.02f) / 1.5));
  EXPECT_EQ(conv.requant.input_zero, -3);
  EXPECT_EQ(conv.requant.clamp, (Clamp{-128, 127}));
  EXPECT_TRUE(std::holds_alternative<Reshape>(graph->ops[1].kind));
  const auto& fc = std::get<FullyConnected>(graph->ops[2].kind);
  EXPECT_EQ(fc.bias, -1);
  EXPECT_EQ(fc.requant.multipliers[0],
            quantize_multiplier(static_cast<double>(1.5f * .05f) / 20.0));
}

TEST(LoadModel, NamesTheUnsupportedOperator) {
  tfl::ModelT model = small_model();
  model.operator_codes[1]->builtin_code = tfl::BuiltinOperator::SOFTMAX;
  model.operator_codes[1]->deprecated_builtin_code = 25;
  EXPECT_EQ(error_of(model),
            "m: SOFTMAX (operator 1) is not supported; supported are CONV_2D, FULLY_CONNECTED and "
            "RESHAPE");
}

TEST(LoadModel, NamesOperatorsOfRealModels) {
  if (!vectors("models")) GTEST_SKIP() << "vectors missing: models";
  EXPECT_NE(error_of_file("mlctiny_kws_ref_model.tflite").find("DEPTHWISE_CONV_2D (operator 1)"),
            std::string::npos);
  EXPECT_NE(error_of_file("mlctiny_pretrainedResnet_quant.tflite").find("ADD (operator 3)"),
            std::string::npos);
  EXPECT_NE(error_of_file("cat.bmp").find("not a TensorFlow Lite model"), std::string::npos);
  EXPECT_NE(error_of_file("absent.tflite").find("cannot be read"), std::string::npos);
}

TEST(LoadModel, RefusesWhatDoesNotFit) {
  tfl::ModelT model = small_model();
  tensor(model, 0).type = tfl::TensorType::FLOAT32;
  EXPECT_NE(error_of(model).find("CONV_2D (operator 0) works on float32"), std::string::npos);
  model = small_model();
  tensor(model, 3).shape = {1, 4, 3, 6};
  EXPECT_NE(error_of(model).find("output shape"), std::string::npos);
  model = small_model();
  tensor(model, 1).shape = {6, 3, 3, 1};
  EXPECT_NE(error_of(model).find("162 bytes, expected 54"), std::string::npos);
  model = small_model();
  op(model, 2).inputs[0] = 6;
  EXPECT_NE(error_of(model).find("FULLY_CONNECTED (operator 2)"), std::string::npos);
  model = small_model();
  op(model, 0).inputs[1] = 77;
  EXPECT_NE(error_of(model).find("names a tensor that is not there"), std::string::npos);
  model = small_model();
  model.subgraphs[0]->inputs = {0, 3};
  EXPECT_NE(error_of(model).find("2 inputs and 1 outputs"), std::string::npos);
  model = small_model();
  tensor(model, 3).quantization->scale = {0};
  EXPECT_NE(error_of(model).find("needs one scale"), std::string::npos);
  model = small_model();
  op(model, 0).builtin_options.AsConv2DOptions()->stride_h = 0;
  EXPECT_NE(error_of(model).find("CONV_2D (operator 0)"), std::string::npos);
}

// Every prefix of a file is refused with a line, and no damaged byte crashes the reader.
TEST(LoadModel, SurvivesTruncationAndDamage) {
  const std::vector<uint8_t> whole = pack(small_model());
  for (size_t size = 0; size < whole.size(); size += size < 64 ? 1 : 7) {
    const std::vector<uint8_t> part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    const Result<Graph> graph = parse_model("m", part);
    ASSERT_FALSE(graph) << size;
    EXPECT_EQ(graph.error().message.find('\n'), std::string::npos);
  }
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    std::vector<uint8_t> damaged = whole;
    for (int k = 0; k < 3; ++k)
      damaged[random() % damaged.size()] =
          static_cast<uint8_t>(random() % 4 ? random() % 8 : random());
    const Result<Graph> graph = parse_model("m", damaged);
    if (!graph) {
      EXPECT_EQ(graph.error().message.find('\n'), std::string::npos);
      continue;
    }
    const auto model = compile(*graph, *isa::find_config("base"));
    EXPECT_TRUE(model || !model.error().message.empty());
  }
}

}  // namespace
}  // namespace millrace::nets
