// SPDX-License-Identifier: Apache-2.0
// Networks and kernels on the Verilated machine with the cycle model beside it: values against the
// same references as the golden model, every completion on both, and the share of the array that a
// large matrix product keeps busy.
#include <gtest/gtest.h>

#include "sim/lockstep/lockstep_device.h"
#include "tests/nets/net_cases.h"

namespace millrace::nets {
namespace {

// One beat a cycle after 40 cycles, and seeded stalls on every channel.
memory::MemorySpec fixed_memory(const isa::Config& config) {
  return {.latency = 40, .bytes_per_cycle = static_cast<uint64_t>(config.dim)};
}
memory::MemorySpec stalling_memory(uint64_t seed) {
  return {.latency = 16, .stall_percent = 25, .seed = seed};
}

Target rtl_target(std::string_view config, const memory::MemorySpec& memory) {
  return {"rtl", isa::find_config(config),
          [memory](const isa::Config& c) -> std::unique_ptr<Device> {
            auto device = sim::LockstepDevice::open(c.name, {.memory = memory});
            EXPECT_TRUE(device) << device.error().message;
            return device ? std::move(*device) : nullptr;
          }};
}
Target rtl_target(std::string_view config) {
  return rtl_target(config, fixed_memory(*isa::find_config(config)));
}

TEST(RtlNets, Ad01Base) { check_ad01(rtl_target("base"), 2); }

// 512 cubed from memory to memory keeps the array busy.
TEST(RtlNets, GemmUtilisation) {
  Epilogue epilogue;
  epilogue.kind = Epilogue::Kind::kScalar;
  epilogue.mult = 1 << 30;
  epilogue.shift = -8;
  check_gemm(rtl_target("base"), {512, 512, 512}, epilogue, 1, 97);
}

class RtlKernels : public testing::TestWithParam<std::tuple<std::string, std::string>> {};
TEST_P(RtlKernels, BitExact) {
  const auto& [config, name] = GetParam();
  check_kernel_case(rtl_target(config), name);
}
INSTANTIATE_TEST_SUITE_P(Tflite, RtlKernels,
                         testing::Combine(testing::Values("nano", "base"),
                                          testing::ValuesIn(kernel_cases())),
                         [](const auto& info) {
                           return std::get<0>(info.param) + "_" + std::get<1>(info.param);
                         });

class RtlRandom : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (sim::rtl_configs().find(GetParam()) == std::string::npos)
      GTEST_SKIP() << "not in this build: " << GetParam();
  }
};
TEST_P(RtlRandom, Conv) {
  for (uint32_t seed = 100; seed < 110 && !HasFailure(); ++seed)
    check_random_conv(rtl_target(GetParam(), stalling_memory(seed)), seed);
}
TEST_P(RtlRandom, FullyConnected) {
  for (uint32_t seed = 100; seed < 105 && !HasFailure(); ++seed)
    check_random_fully_connected(rtl_target(GetParam(), stalling_memory(seed)), seed);
}
TEST_P(RtlRandom, Gemm) {
  for (uint32_t seed = 100; seed < 105 && !HasFailure(); ++seed)
    check_random_gemm(rtl_target(GetParam(), stalling_memory(seed)), seed);
}
INSTANTIATE_TEST_SUITE_P(Configs, RtlRandom, testing::Values("nano", "small", "base", "large"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace millrace::nets
