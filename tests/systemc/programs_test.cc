// SPDX-License-Identifier: Apache-2.0
// Random programs, faults of every kind among them, on the platform and on the cycle model alone:
// the same registers, memory and cycles, however the platform is timed.
#include "tests/cosim/check.h"
#include "tests/systemc/rig.h"

namespace millrace::systemc {
namespace {

struct Case {
  const char* name;
  Timing timing;
  bool direct;
  CoreFactory core;
  uint64_t programs;
  sc_core::sc_time period = default_period();
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
  options.period = c.period;
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

INSTANTIATE_TEST_SUITE_P(
    Platform, Programs,
    testing::Values(Case{"lt", Timing::kLt, true, make_cycle_core, 20},
                    Case{"lt_without_dmi", Timing::kLt, false, make_cycle_core, 20},
                    Case{"at", Timing::kAt, true, make_cycle_core, 20},
                    Case{"slow_clock", Timing::kAt, true, make_cycle_core, 2, {7, sc_core::SC_NS}},
                    Case{"rtl_lt", Timing::kLt, true, make_rtl_core, 3},
                    Case{"rtl_at", Timing::kAt, true, make_rtl_core, 3}),
    [](const auto& info) { return info.param.name; });

// When the interrupt output rises and falls, for a host that polls meanwhile: at a program's first
// SIGNAL with interrupt, and when the host clears it after the last.
struct Interrupt {
  Interrupt(const char* name, Timing timing, CoreFactory core, const cosim::Program& p)
      : rig(name, p.config, {}, options(timing, core)),
        program(p),
        watch((std::string(name) + "_watch").c_str(), [this] { note_changes(); }),
        host((std::string(name) + "_host").c_str(), [this] { run(); }) {}

  static AcceleratorOptions options(Timing timing, CoreFactory core) {
    AcceleratorOptions options;
    options.timing = timing;
    options.core = core;
    return options;
  }
  void note_changes() {
    for (int change = 0; change < 2; ++change) {
      sc_core::wait(rig.irqs[0]->value_changed_event());
      times.push_back(sc_core::sc_time_stamp());
    }
  }
  void run() {
    Driver& driver = *rig.drivers[0];
    EXPECT_TRUE(cosim::start(driver, program));
    EXPECT_TRUE(driver.write_reg(reg::kIrqEnable, 1u << reg::kIrqEnableSignalLow));
    for (int i = 0; i < 1000; ++i) {
      EXPECT_TRUE(driver.read_reg(reg::kStatus));
      EXPECT_TRUE(driver.advance(100));
    }
    EXPECT_TRUE(driver.write_reg(reg::kIrqStatus, ~0u));
  }
  Rig rig;
  const cosim::Program& program;
  std::vector<sc_core::sc_time> times;
  Thread watch, host;
};

TEST(Interrupts, RiseAndFallInTheirTime) {
  in_own_kernel([] {
    const cosim::Program program = plain_program(*isa::find_config("small"), 4);
    ASSERT_EQ(program.doorbells.size(), 1u);
    Interrupt rtl("rtl", Timing::kAt, make_rtl_core, program);
    Interrupt model("model", Timing::kAt, make_cycle_core, program);
    Interrupt loose("loose", Timing::kLt, make_cycle_core, program);
    const sc_core::sc_time quantum(10, sc_core::SC_US);
    ::tlm::tlm_global_quantum::instance().set(quantum);
    sc_core::sc_start();
    ASSERT_EQ(model.times.size(), 2u);
    EXPECT_EQ(model.times, rtl.times);
    ASSERT_EQ(loose.times.size(), 2u);
    EXPECT_GE(loose.times[0], model.times[0]) << "an effect before its cause";
    EXPECT_LE(loose.times[0], model.times[0] + quantum);
  });
}

TEST(Clocks, OfOneMemoryHaveOnePeriod) {
  const auto run = [] {
    AcceleratorOptions fast, slow;
    slow.period = 2 * fast.period;
    slow.timing = Timing::kAt;
    const isa::Config& config = *isa::find_config("nano");
    RigOn<Memory> rig("rig", config, slow, 1, [&] {
      return std::make_unique<Memory>("ram", MemoryOptions{.bytes = 1 << 17});
    });
    Thread host("host", [&] { (void)cosim::run(*rig.drivers[0], plain_program(config, 1)); });
    sc_core::sc_report_handler::set_actions(sc_core::SC_FATAL, sc_core::SC_THROW);
    try {
      sc_core::sc_start();
    } catch (const sc_core::sc_report& report) {
      std::fputs(report.what(), stderr);
      std::exit(3);
    }
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(3), "different periods");
}

}  // namespace
}  // namespace millrace::systemc
