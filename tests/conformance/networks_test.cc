// SPDX-License-Identifier: Apache-2.0
// Networks from TensorFlow Lite files: the device computes what the golden model computes, and what
// TensorFlow Lite did where its outputs are at hand.
#include <algorithm>

#include "host/compiler/compile.h"
#include "host/frontend/load_model.h"
#include "host/io/tensor_file.h"
#include "host/runtime/run_model.h"
#include "tests/conformance/forwarding.h"
#include "tests/conformance/suite.h"
#include "tests/nets/net_cases.h"

namespace millrace::conformance {
namespace {

constexpr uint64_t kSmallestMemory = 128 << 10;  // that these networks fit into
constexpr const char* kDigits = "examples/digits/";

class Networks : public Chapter {
 protected:
  void SetUp() override {
    Chapter::SetUp();
    if (HasFatalFailure()) return;
    if (device().mem_bytes() < kSmallestMemory)
      GTEST_SKIP() << "the networks do not fit into " << device().mem_bytes() << " bytes";
  }
  nets::Target target() {
    return {subject().name, &config(),
            [&](const isa::Config&) { return std::make_unique<Forwarding>(device()); }};
  }
};

std::vector<uint8_t> run_on(Device& device, const CompiledModel& model,
                            std::span<const uint8_t> input) {
  const auto runtime = Runtime::create(device);
  EXPECT_TRUE(runtime) << runtime.error().message;
  if (!runtime) return {};
  const Result<RunResult> result = run_model(**runtime, model, input);
  EXPECT_TRUE(result) << result.error().message;
  return result ? result->output : std::vector<uint8_t>();
}

TEST_F(Networks, Digits) {
  const Result<Graph> graph = load_model(std::string(kDigits) + "digits.tflite");
  ASSERT_TRUE(graph) << graph.error().message;
  const Result<CompiledModel> model = compile(*graph, config());
  ASSERT_TRUE(model) << model.error().message;
  ASSERT_EQ(model->device_macs(), model->macs());
  const Tensor& in = model->input_tensor;
  io::TensorSpec spec{"input",
                      {in.shape.begin(), in.shape.end()},
                      io::ElementType::kInt8,
                      in.scales.at(0),
                      in.zero_point};
  if (in.type == DataType::kUint8) spec.type = io::ElementType::kUint8;
  for (const char* digit : {"3", "7"}) {
    const auto input =
        io::read_tensor(std::string(kDigits) + "images/digit_" + digit + ".pgm", spec);
    ASSERT_TRUE(input) << input.error().message;
    const std::vector<uint8_t> found = run_on(device(), *model, *input);
    ASSERT_EQ(found, run_on(subject().golden, *model, *input)) << "digit " << digit;
    const auto best = std::max_element(found.begin(), found.end(), [](uint8_t a, uint8_t b) {
      return static_cast<int8_t>(a) < static_cast<int8_t>(b);
    });
    EXPECT_EQ(std::to_string(best - found.begin()), digit);
  }
}

TEST_F(Networks, AnomalyDetection) {
  if (device().mem_bytes() < 1 << 20) GTEST_SKIP() << "its weights do not fit into memory";
  nets::check_ad01(target(), 2);
}

// Single layers, with the outputs of TensorFlow Lite's own kernels.
TEST_F(Networks, Convolution) { nets::check_kernel_case(target(), "basic"); }
TEST_F(Networks, ConvolutionWithStridesAndPadding) {
  nets::check_kernel_case(target(), "stride2pad1");
}
TEST_F(Networks, ConvolutionOfOneRow) { nets::check_kernel_case(target(), "conv_1_x_n_1"); }
TEST_F(Networks, FullyConnected) { nets::check_kernel_case(target(), "fully_connected_w_zp"); }

}  // namespace
}  // namespace millrace::conformance
