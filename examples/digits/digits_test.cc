// SPDX-License-Identifier: Apache-2.0
// The committed network: the accuracy it claims, TensorFlow Lite's own scores, and the device's.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "examples/digits/argmax.h"
#include "examples/digits/dataset.h"
#include "examples/digits/evaluator.h"
#include "examples/digits/terminal.h"
#include "host/compiler/compile.h"
#include "host/frontend/load_model.h"
#include "host/io/file.h"
#include "host/runtime/run_model.h"
#include "sim/ref/ref_device.h"

namespace millrace::digits {
namespace {

const std::string kFolder = "examples/digits/";

std::vector<uint8_t> must_read(const std::string& path) {
  const Result<std::vector<uint8_t>> file = read_file(path);
  EXPECT_TRUE(file) << file.error().message;
  return file ? *file : std::vector<uint8_t>();
}

Evaluator committed_network() {
  std::optional<Evaluator> evaluator = Evaluator::parse(must_read(kFolder + "digits.tflite"));
  EXPECT_TRUE(evaluator);
  return evaluator.value();
}

// Scores of the ten images by the reference kernels of TensorFlow Lite (tflite-runtime 2.14.0,
// OpResolverType.BUILTIN_REF).
constexpr int kTfliteScores[kClasses][kClasses] = {
    {58, -15, -25, -14, 6, -36, -28, -19, -7, 22}, {2, 54, 8, -4, 19, -6, 8, -21, 0, -21},
    {13, 7, 58, -3, -10, -6, -6, -17, 20, -25},    {-14, 6, -11, 44, -24, 25, -4, -10, 17, -9},
    {-12, -1, -4, -34, 58, 25, 0, -23, -3, 35},    {-53, -33, -49, 9, -22, 90, 48, -94, -11, -7},
    {10, 2, 0, -3, 16, 18, 34, -8, 7, -13},        {1, 8, -5, -10, -13, -21, 3, 51, 14, -7},
    {-30, -33, -17, 30, -3, 14, -5, 13, 38, 14},   {2, 12, 5, 1, 10, -4, -26, 8, 8, 41},
};

TEST(Digits, ImagesAreTheFirstTestSamples) {
  for (uint64_t i = 0; i < kClasses; ++i) {
    const Sample sample = draw(kTestSeed, i);
    std::string expected = "P5\n16 16\n255\n";
    expected.append(sample.pixels.begin(), sample.pixels.end());
    const auto file = must_read(kFolder + "images/digit_" + std::to_string(sample.label) + ".pgm");
    EXPECT_EQ(std::string(file.begin(), file.end()), expected) << "image " << i;
  }
}

TEST(Digits, EvaluatorAgreesWithTensorFlowLite) {
  const Evaluator evaluator = committed_network();
  for (uint64_t i = 0; i < kClasses; ++i) {
    const std::vector<int8_t> scores = evaluator(to_int8(draw(kTestSeed, i).pixels));
    EXPECT_EQ(std::vector<int>(scores.begin(), scores.end()),
              std::vector<int>(kTfliteScores[i], kTfliteScores[i] + kClasses))
        << "image " << i;
  }
}

TEST(Digits, ReachesTheStatedAccuracy) {
  const auto stated = nlohmann::json::parse(must_read(kFolder + "digits.json"));
  const Evaluator evaluator = committed_network();
  EXPECT_EQ(stated["macs"], evaluator.macs());
  const uint64_t samples = stated["samples"]["test"];
  int right = 0;
  for (uint64_t i = 0; i < samples; ++i) {
    const Sample sample = draw(kTestSeed, i);
    right += argmax<int8_t>(evaluator(to_int8(sample.pixels))) == sample.label;
  }
  EXPECT_EQ(right, stated["int8"]["right"]);
  EXPECT_GE(right, 0.97 * static_cast<double>(samples));
}

class DigitsOnDevice : public testing::TestWithParam<std::string> {};

TEST_P(DigitsOnDevice, EqualsTheEvaluator) {
  const isa::Config& config = *isa::find_config(GetParam());
  const Evaluator evaluator = committed_network();
  const Result<Graph> graph = load_model(kFolder + "digits.tflite");
  ASSERT_TRUE(graph) << graph.error().message;
  const Result<CompiledModel> model = compile(*graph, config);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->macs(), evaluator.macs());
  EXPECT_EQ(model->device_macs(), evaluator.macs());
  RefDevice device(config);
  const Result<std::unique_ptr<Runtime>> runtime = Runtime::create(device);
  ASSERT_TRUE(runtime) << runtime.error().message;
  const Result<std::unique_ptr<LoadedModel>> loaded = LoadedModel::create(**runtime, *model);
  ASSERT_TRUE(loaded) << loaded.error().message;
  for (uint64_t i = 0; i < kClasses; ++i) {
    const std::vector<int8_t> input = to_int8(draw(kTestSeed, i).pixels);
    const Result<RunResult> run = (*loaded)->run(std::vector<uint8_t>(input.begin(), input.end()));
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ(std::vector<int8_t>(run->output.begin(), run->output.end()), evaluator(input))
        << "image " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Configs, DigitsOnDevice, testing::Values("nano", "small", "base", "large"),
                         [](const auto& info) { return info.param; });

TEST(Terminal, PlainTextForFiles) {
  const std::vector<uint8_t> pixels = {0, 255, 0, 128, 0, 255, 0, 128};
  EXPECT_EQ(picture(pixels, 4, 2, Style::kAscii), std::vector<std::string>{" @ ="});
  EXPECT_EQ(bar(0.5, 4, Style::kAscii), "##  ");
  EXPECT_EQ(bar(-1, 2, Style::kAscii), "  ");
  EXPECT_EQ(bar(2, 2, Style::kAscii), "##");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1234567), "1,234,567");
}

TEST(Terminal, HalfBlocks) {
  EXPECT_EQ(picture(std::vector<uint8_t>{255, 0}, 1, 2, Style::kBlocks),
            std::vector<std::string>{"\x1b[38;5;255;48;5;232m\u2580\x1b[0m"});
  EXPECT_EQ(bar(0.75, 2, Style::kBlocks), "\u2588\u258c");
  EXPECT_EQ(bar(0.5, 2, Style::kBlocks), "\u2588 ");
}

}  // namespace
}  // namespace millrace::digits
