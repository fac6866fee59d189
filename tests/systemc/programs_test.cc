// SPDX-License-Identifier: Apache-2.0
// Random programs, faults of every kind among them, on the platform and on the cycle model alone:
// the same registers, memory and cycles, however the platform is timed.
#include "sim/cycle/cycle_device.h"
#include "tests/cosim/check.h"
#include "tests/cosim/same.h"
#include "tests/systemc/rig.h"

namespace millrace::systemc {
namespace {

struct Case {
  const char* name;
  Timing timing;
  bool direct;
  CoreFactory core;
  uint64_t programs;
};

class Programs : public testing::TestWithParam<Case> {};

void run_both(const Case& c, const isa::Config& config, const char* memory, uint64_t seed) {
  const cosim::Program program = cosim::random_program(config, cosim::options_of(seed));
  sim::CycleDevice alone(config, {spec(memory), program.slverr, {}});
  const Result<cosim::Outcome> wanted = cosim::run(alone, program);
  ASSERT_TRUE(wanted) << wanted.error().message;
  AcceleratorOptions options;
  options.timing = c.timing;
  options.memory = spec(memory);
  options.core = c.core;
  Rig rig("rig", config, {.spec = spec(memory), .slverr = program.slverr, .direct = c.direct},
          options);
  bool ran = false;
  Thread thread("thread", [&] {
    SCOPED_TRACE(program.repro() + ", memory " + memory);
    const Result<cosim::Outcome> got = cosim::run(*rig.drivers[0], program);
    ASSERT_TRUE(got) << got.error().message;
    cosim::expect_same(*wanted, *got);
    EXPECT_EQ(got->cycles, wanted->cycles);
    EXPECT_EQ(got->causes, wanted->causes);
    ran = true;
  });
  sc_core::sc_start();
  EXPECT_TRUE(ran);
}

TEST_P(Programs, EqualTheCycleModel) {
  const Case& c = GetParam();
  for (const char* name : {"nano", "small", "base"})
    for (const char* memory : {"ideal", "fixed:40:16", "random:5:16:8:40", "onchip", "ddr3-1600"})
      for (uint64_t seed = 1; seed <= c.programs; ++seed)
        in_own_kernel([&] { run_both(c, *isa::find_config(name), memory, seed); });
}

INSTANTIATE_TEST_SUITE_P(Platform, Programs,
                         testing::Values(Case{"lt", Timing::kLt, true, make_cycle_core, 20},
                                         Case{"lt_without_dmi", Timing::kLt, false, make_cycle_core,
                                              20},
                                         Case{"at", Timing::kAt, true, make_cycle_core, 20},
                                         Case{"rtl_lt", Timing::kLt, true, make_rtl_core, 3},
                                         Case{"rtl_at", Timing::kAt, true, make_rtl_core, 3}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace millrace::systemc
