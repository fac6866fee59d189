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

// The interrupt output, in the time at which a program's last SIGNAL raises it and the host clears
// it.
std::vector<sc_core::sc_time> interrupt_times(Rig& rig, const cosim::Program& program) {
  Driver& driver = *rig.drivers[0];
  const sc_core::sc_signal<bool>& irq = *rig.irqs[0];
  std::vector<sc_core::sc_time> times;
  EXPECT_TRUE(cosim::start(driver, program));
  EXPECT_TRUE(driver.write_reg(reg::kIrqEnable, 1u << reg::kIrqEnableSignalLow));
  if (!irq.read()) sc_core::wait(irq.posedge_event());
  times.push_back(sc_core::sc_time_stamp());
  EXPECT_TRUE(driver.advance(100'000));  // later SIGNALs
  EXPECT_TRUE(driver.write_reg(reg::kIrqStatus, ~0u));
  if (irq.read()) sc_core::wait(irq.negedge_event());
  times.push_back(sc_core::sc_time_stamp());
  return times;
}

TEST(Interrupt, RisesAndFallsAlikeOnBothCores) {
  for (const Timing timing : {Timing::kLt, Timing::kAt})
    in_own_kernel([&] {
      const isa::Config& config = *isa::find_config("small");
      cosim::ProgramOptions with;
      with.seed = 4;
      const cosim::Program program = cosim::random_program(config, with);
      ASSERT_EQ(program.doorbells.size(), 1u);
      AcceleratorOptions options;
      options.timing = timing;
      Rig model("model", config, {}, options);
      options.core = make_rtl_core;
      Rig rtl("rtl", config, {}, options);
      std::vector<sc_core::sc_time> of_model, of_rtl;
      Thread one("one", [&] { of_model = interrupt_times(model, program); });
      Thread two("two", [&] { of_rtl = interrupt_times(rtl, program); });
      sc_core::sc_start();
      EXPECT_EQ(of_model.size(), 2u);
      if (timing == Timing::kAt) {
        EXPECT_EQ(of_model, of_rtl);
      }
    });
}

}  // namespace
}  // namespace millrace::systemc
