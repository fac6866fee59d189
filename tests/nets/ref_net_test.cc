// SPDX-License-Identifier: Apache-2.0
// Networks and kernels on the golden model.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/ref/ref_device.h"
#include "tests/nets/net_cases.h"

namespace millrace::nets {
namespace {

Target ref_target(std::string_view config) {
  return {"ref", isa::find_config(config), [](const isa::Config& c) {
            return std::make_unique<RefDevice>(c, std::min(1u << c.mem_log2, 1u << 22));
          }};
}

TEST(RefNets, Ad01Small) { check_ad01(ref_target("small"), 6); }
TEST(RefNets, Ad01Base) { check_ad01(ref_target("base"), 6); }
TEST(RefNets, Ad01Large) { check_ad01(ref_target("large"), 6); }

// A configuration and a case of tflite_kernels.
using KernelParam = std::tuple<std::string, std::string>;
class RefKernels : public testing::TestWithParam<KernelParam> {};
TEST_P(RefKernels, BitExact) {
  const auto& [config, name] = GetParam();
  check_kernel_case(ref_target(config), name);
}
INSTANTIATE_TEST_SUITE_P(Tflite, RefKernels,
                         testing::Combine(testing::Values("nano", "small", "base", "large"),
                                          testing::ValuesIn(kernel_cases())),
                         [](const auto& info) {
                           return std::get<0>(info.param) + "_" + std::get<1>(info.param);
                         });

class RefRandom : public testing::TestWithParam<std::string> {};
TEST_P(RefRandom, Conv) {
  for (uint32_t seed = 1; seed <= 120 && !HasFailure(); ++seed)
    check_random_conv(ref_target(GetParam()), seed);
}
TEST_P(RefRandom, FullyConnected) {
  for (uint32_t seed = 1; seed <= 120 && !HasFailure(); ++seed)
    check_random_fully_connected(ref_target(GetParam()), seed);
}
TEST_P(RefRandom, Gemm) {
  for (uint32_t seed = 1; seed <= 30 && !HasFailure(); ++seed)
    check_random_gemm(ref_target(GetParam()), seed);
}
INSTANTIATE_TEST_SUITE_P(Configs, RefRandom, testing::Values("nano", "small", "base", "large"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace millrace::nets
