// SPDX-License-Identifier: Apache-2.0
// Networks and kernels on the golden model.
#include <gtest/gtest.h>

#include "sim/ref/ref_device.h"
#include "tests/nets/net_cases.h"

namespace millrace::nets {
namespace {

Target ref_target(std::string_view config) {
  return {"ref", isa::find_config(config),
          [](const isa::Config& c) { return std::make_unique<RefDevice>(c); }};
}

TEST(RefNets, Ad01Small) { check_ad01(ref_target("small"), 6); }
TEST(RefNets, Ad01Base) { check_ad01(ref_target("base"), 6); }
TEST(RefNets, Ad01Large) { check_ad01(ref_target("large"), 6); }

}  // namespace
}  // namespace millrace::nets
