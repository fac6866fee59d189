// SPDX-License-Identifier: Apache-2.0
// Two accelerators on one memory (docs/guide/systemc.md): what they compute, and what it costs
// them.
#include "tests/systemc/rig.h"

namespace millrace::systemc {
namespace {

using cosim::Outcome;

AcceleratorOptions options(Timing timing, const char* memory, CoreFactory core = make_cycle_core) {
  AcceleratorOptions options;
  options.timing = timing;
  options.memory = spec(memory);
  options.core = core;
  return options;
}

// Two accelerators that run a program each, from the same time on.
struct Pair {
  Pair(const char* name, const isa::Config& config, const AcceleratorOptions& options,
       std::vector<cosim::Program> programs)
      : rig(name, config, {.spec = options.memory}, options, programs.size()) {
    outcomes.resize(programs.size());
    for (size_t i = 0; i < programs.size(); ++i)
      threads.push_back(
          std::make_unique<Thread>((std::string(name) + "_host" + std::to_string(i)).c_str(),
                                   [this, i, p = std::move(programs[i])] {
                                     const Result<Outcome> got = cosim::run(*rig.drivers[i], p);
                                     ASSERT_TRUE(got) << got.error().message;
                                     outcomes[i] = *got;
                                   }));
  }
  Rig rig;
  std::vector<std::unique_ptr<Thread>> threads;
  std::vector<Outcome> outcomes;
};

constexpr const char* kMemories[] = {"fixed:40:16", "random:5:16:8:40", "onchip", "ddr3-1600"};

// The values are those of a machine alone (there are no faults: an address beyond one machine's
// memory is the other's); the cycles are those of two RTLs on one memory.
TEST(Shared, EqualsTwoRtls) {
  for (const char* name : {"nano", "small"})
    for (const char* memory : kMemories)
      for (uint64_t seed = 1; seed <= 3; ++seed)
        in_own_kernel([&] {
          SCOPED_TRACE(std::string(name) + ", " + memory + ", seed " + std::to_string(seed));
          const isa::Config& config = *isa::find_config(name);
          const std::vector programs = {plain_program(config, seed),
                                        plain_program(config, seed + 100)};
          Pair model("model", config, options(Timing::kAt, memory), programs);
          Pair rtl("rtl", config, options(Timing::kAt, memory, make_rtl_core), programs);
          sc_core::sc_start();
          for (size_t i = 0; i < 2; ++i) {
            cosim::expect_same(alone(config, programs[i], memory), model.outcomes[i]);
            cosim::expect_same(rtl.outcomes[i], model.outcomes[i]);
            EXPECT_EQ(model.outcomes[i].cycles, rtl.outcomes[i].cycles) << "machine " << i;
            EXPECT_EQ(model.outcomes[i].causes, rtl.outcomes[i].causes) << "machine " << i;
          }
        });
}

// A machine beside an idle one takes the cycles it takes alone.
TEST(Shared, AnIdleMachineCostsNothing) {
  for (const char* memory : kMemories)
    in_own_kernel([&] {
      SCOPED_TRACE(memory);
      const isa::Config& config = *isa::find_config("base");
      const cosim::Program p = plain_program(config, 7);
      Rig rig("rig", config, {.spec = spec(memory)}, options(Timing::kAt, memory), 2);
      Outcome got;
      Thread host("host", [&] { got = *cosim::run(*rig.drivers[1], p); });
      sc_core::sc_start();
      EXPECT_EQ(got.cycles, alone(config, p, memory).cycles);
    });
}

// Twins that start together: memory serves the one with the lower order first, both wait for it,
// and the same happens each time.
TEST(Shared, TwinsWaitForEachOther) {
  const isa::Config& config = *isa::find_config("base");
  const cosim::Program p = plain_program(config, 7);
  const uint64_t single = alone(config, p, "fixed:40:16").cycles;
  in_own_kernel([&] {
    Pair first("first", config, options(Timing::kAt, "fixed:40:16"), {p, p});
    Pair again("again", config, options(Timing::kAt, "fixed:40:16"), {p, p});
    sc_core::sc_start();
    EXPECT_GT(first.outcomes[0].cycles, single);
    EXPECT_GT(first.outcomes[1].cycles, first.outcomes[0].cycles);
    for (size_t i = 0; i < 2; ++i)
      EXPECT_EQ(first.outcomes[i].cycles, again.outcomes[i].cycles) << "machine " << i;
  });
}

// Loosely timed, with direct memory pointers, each reckons its own times: they do not meet.
TEST(Shared, DirectPointersDoNotContend) {
  in_own_kernel([&] {
    const isa::Config& config = *isa::find_config("base");
    const cosim::Program p = plain_program(config, 7);
    Pair twins("twins", config, options(Timing::kLt, "fixed:40:16"), {p, p});
    sc_core::sc_start();
    for (size_t i = 0; i < 2; ++i)
      EXPECT_EQ(twins.outcomes[i].cycles, alone(config, p, "fixed:40:16").cycles);
  });
}

}  // namespace
}  // namespace millrace::systemc
