// SPDX-License-Identifier: Apache-2.0
#include "tests/nets/net_cases.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "host/frontend/load_model.h"
#include "host/runtime/run_model.h"

namespace millrace::nets {

std::optional<std::filesystem::path> vectors(const std::string& name) {
  const char* set = std::getenv("MILLRACE_VECTORS");
  const std::filesystem::path root = set ? set : "../shared/vectors";
  if (!std::filesystem::exists(root / name)) return std::nullopt;
  return root / name;
}

std::vector<uint8_t> read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  return {bytes.begin(), bytes.end()};
}

namespace {

// Everything that a run needs, made in order; the message of the first failure.
struct Session {
  std::unique_ptr<Device> device;
  std::unique_ptr<Runtime> runtime;
  std::string error;

  explicit Session(const Target& target) : device(target.make(*target.config)) {
    Result<std::unique_ptr<Runtime>> made = Runtime::create(*device);
    if (made) {
      runtime = std::move(*made);
    } else {
      error = made.error().message;
    }
  }
};

}  // namespace

std::vector<uint8_t> run_graph(const Target& target, const Graph& graph,
                               const std::vector<uint8_t>& input, const CompileOptions& options) {
  const Result<CompiledModel> model = compile(graph, *target.config, options);
  if (!model) {
    ADD_FAILURE() << model.error().message;
    return {};
  }
  EXPECT_EQ(model->device_macs(), model->macs());
  Session session(target);
  if (!session.runtime) {
    ADD_FAILURE() << session.error;
    return {};
  }
  const Result<RunResult> result = run_model(*session.runtime, *model, input);
  if (!result) {
    ADD_FAILURE() << result.error().message;
    return {};
  }
  return result->output;
}

void check_ad01(const Target& target, int inputs) {
  const auto models = vectors("models");
  if (!models) GTEST_SKIP() << "vectors missing: models/mlctiny_ad01_int8";
  const Result<Graph> graph = load_model((*models / "mlctiny_ad01_int8.tflite").string());
  ASSERT_TRUE(graph) << graph.error().message;
  const Result<CompiledModel> model = compile(*graph, *target.config);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->offload(), "10 of 10 operators and 264192 of 264192 MACs on the device");
  Session session(target);
  ASSERT_TRUE(session.runtime) << session.error;
  Result<std::unique_ptr<LoadedModel>> loaded = LoadedModel::create(*session.runtime, *model);
  ASSERT_TRUE(loaded) << loaded.error().message;
  for (int i = 0; i < inputs; ++i) {
    const std::string base = "mlctiny_ad01_int8_1_" + std::to_string(i);
    const auto input = read_bytes(*models / "tflite_refs" / (base + ".in.i8.bin"));
    const auto expected = read_bytes(*models / "tflite_refs" / (base + ".out.i8.bin"));
    ASSERT_EQ(expected.size(), 640u);
    const Result<RunResult> result = (*loaded)->run(input);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->output, expected) << base;
    if (result->cycles > 0)
      std::printf("%s %s: %llu cycles\n", target.name.c_str(), base.c_str(),
                  static_cast<unsigned long long>(result->cycles));
  }
}

}  // namespace millrace::nets
