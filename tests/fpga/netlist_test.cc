// SPDX-License-Identifier: Apache-2.0
// A netlist of the core in place of its source: random programs, with and without faulting
// instructions, against the golden model (values, fault record) and the cycle model (cycles). Built
// once for each family, with MILLRACE_CONFIG the name of the netlist and MILLRACE_NETLIST_OF its
// configuration.
//
// MILLRACE_SEED and MILLRACE_PROGRAMS choose the first seed and the number of programs.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "sim/cycle/cycle_device.h"
#include "sim/verilator/rtl_device.h"
#include "tests/cosim/check.h"
#include "tests/cosim/random_program.h"

#define MILLRACE_JOIN2(a, b) a##b
#define MILLRACE_JOIN(a, b) MILLRACE_JOIN2(a, b)

namespace millrace {
namespace sim {
std::unique_ptr<Machine> MILLRACE_JOIN(new_machine_, MILLRACE_CONFIG)(uint64_t seed);
}

namespace {

uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

class Netlist : public testing::TestWithParam<std::string> {};  // memory

TEST_P(Netlist, RandomProgramsEqualModels) {
  const isa::Config& config = *isa::find_config(MILLRACE_NETLIST_OF);
  sim::SimOptions options;
  options.memory = std::get<memory::MemorySpec>(memory::parse_memory_spec(GetParam()));
  options.slverr = cosim::refused_range(config);
  auto netlist =
      sim::RtlDevice::create(config, sim::MILLRACE_JOIN(new_machine_, MILLRACE_CONFIG)(1), options);
  ASSERT_TRUE(netlist) << netlist.error().message;
  sim::CycleDevice model(config, {options.memory, options.slverr, {}});
  RefDevice golden(config);
  const uint64_t first = from_environment("MILLRACE_SEED", 1);
  const uint64_t programs = from_environment("MILLRACE_PROGRAMS", 6);
  uint64_t faults = 0;
  for (uint64_t seed = first; seed < first + programs; ++seed) {
    const cosim::Program program = random_program(config, cosim::options_of(seed));
    SCOPED_TRACE(program.repro());
    const Result<bool> faulted = cosim::check(**netlist, golden, program);
    ASSERT_TRUE(faulted) << faulted.error().message;
    const Result<bool> again = cosim::check(model, golden, program);
    ASSERT_TRUE(again) << again.error().message;
    ASSERT_EQ((*netlist)->cycle(), model.cycle()) << "cycles of netlist and cycle model";
    faults += *faulted;
  }
  std::printf("%s, memory %s: %llu programs from seed %llu, %llu with a fault, %llu cycles\n",
              MILLRACE_NETLIST_OF, GetParam().c_str(), static_cast<unsigned long long>(programs),
              static_cast<unsigned long long>(first), static_cast<unsigned long long>(faults),
              static_cast<unsigned long long>(model.cycle()));
}

INSTANTIATE_TEST_SUITE_P(All, Netlist, testing::Values("ideal", "random:7"),
                         [](const testing::TestParamInfo<std::string>& info) {
                           return info.param.substr(0, info.param.find(':'));
                         });

}  // namespace
}  // namespace millrace
