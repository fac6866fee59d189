// SPDX-License-Identifier: Apache-2.0
// The Verilated machine against the golden model: the same random programs, on every configuration,
// under several memories, with and without faulting instructions. Compared are the fault record,
// the registers that a program defines and every byte of memory that is defined; the programs end
// by dumping their banks to memory. One device runs all programs of a sweep, so each also shows
// that the machine recovers by a soft reset.
//
// MILLRACE_SEED and MILLRACE_PROGRAMS choose the first seed and the number of programs of each
// sweep.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "sim/lockstep/lockstep_device.h"
#include "tests/cosim/check.h"
#include "tests/cosim/random_program.h"
#include "tests/cosim/steer.h"

namespace millrace {
namespace {

uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

void must(const Status& status) {
  if (!status) FAIL() << status.error().message;
}

using Case = std::tuple<std::string, std::string>;  // configuration, memory
class Cosim : public testing::TestWithParam<Case> {};

class Machines {
 public:
  Machines(const std::string& name, const std::string& memory) : golden_(*isa::find_config(name)) {
    sim::SimOptions options;
    options.memory = std::get<memory::MemorySpec>(memory::parse_memory_spec(memory));
    options.slverr = cosim::refused_range(*isa::find_config(name));
    rtl_ = sim::LockstepDevice::open(name, options);
  }
  // Without it the test is skipped.
  const Result<std::unique_ptr<sim::LockstepDevice>>& rtl() const { return rtl_; }
  // Whether the program ends with a fault.
  bool run(const cosim::Program& program) {
    const Result<bool> faulted = cosim::check(**rtl_, golden_, program);
    if (!faulted) ADD_FAILURE() << faulted.error().message;
    must((*rtl_)->compare_memory());
    return faulted && *faulted;
  }

 private:
  RefDevice golden_;
  Result<std::unique_ptr<sim::LockstepDevice>> rtl_ = input_error("not opened");
};

void report(const Case& which, const char* how, uint64_t programs, uint64_t first,
            uint64_t faults) {
  const auto& [name, memory] = which;
  std::printf("%s, %s: %llu %s programs from seed %llu, %llu with a fault\n", name.c_str(),
              memory.c_str(), static_cast<unsigned long long>(programs), how,
              static_cast<unsigned long long>(first), static_cast<unsigned long long>(faults));
}

TEST_P(Cosim, RandomProgramsEqualGoldenModel) {
  const auto& [name, memory] = GetParam();
  const isa::Config& config = *isa::find_config(name);
  Machines machines(name, memory);
  if (!machines.rtl()) GTEST_SKIP() << machines.rtl().error().message;
  const uint64_t first = from_environment("MILLRACE_SEED", 1);
  const uint64_t programs = from_environment("MILLRACE_PROGRAMS", name == "large" ? 6 : 20);
  uint64_t faults = 0;
  for (uint64_t seed = first; seed < first + programs; ++seed) {
    cosim::Program program = random_program(config, cosim::options_of(seed));
    if (seed % 2) spoil_after_fault(program);
    SCOPED_TRACE(program.repro() + " memory " + memory);
    if (seed % 4 == 0) {  // a soft reset in the middle of work
      must(start(**machines.rtl(), program));
      must((*machines.rtl())->run(cosim::Prng(seed).below(4000)));
    }
    faults += machines.run(program);
    if (HasFailure()) return;
  }
  report(GetParam(), "random", programs, first, faults);
}

// The programs of a campaign that the coverage on the cycle model steers, from the `skipped`-th one
// on: then they are after what is rare.
TEST_P(Cosim, SteeredProgramsEqualGoldenModel) {
  const auto& [name, memory] = GetParam();
  const isa::Config& config = *isa::find_config(name);
  Machines machines(name, memory);
  if (!machines.rtl()) GTEST_SKIP() << machines.rtl().error().message;
  const uint64_t first = from_environment("MILLRACE_SEED", 1);
  const uint64_t programs = from_environment("MILLRACE_PROGRAMS", name == "large" ? 4 : 12);
  const uint64_t skipped = memory == "ideal" ? 0 : 40;
  cosim::Campaign campaign(config, first, true);
  uint64_t faults = 0;
  while (campaign.programs() < skipped + programs) {
    cosim::ProgramOptions options = campaign.next_options();
    options.dump = true;
    if (campaign.programs() >= skipped) {
      cosim::Program program = random_program(config, options);
      if (campaign.programs() % 4 < 2) spoil_after_fault(program);
      SCOPED_TRACE("program " + std::to_string(campaign.programs()) + " of campaign " +
                   std::to_string(first) + ", " + name + ", memory " + memory);
      faults += machines.run(program);
      if (HasFailure()) return;
    }
    must(campaign.step());
  }
  report(GetParam(), "steered", programs, first, faults);
}

// A row that goes on at address 0 behind the end of the address space; where memory ends before,
// the bus refuses its beginning.
TEST_P(Cosim, RowsGoAroundTheAddressSpace) {
  const auto& [name, memory] = GetParam();
  const isa::Config& config = *isa::find_config(name);
  Machines machines(name, memory);
  if (!machines.rtl()) GTEST_SKIP() << machines.rtl().error().message;
  cosim::Program p;
  p.config = config;
  const auto base = static_cast<uint32_t>((uint64_t{1} << config.addr_bits) - 256);
  p.segments.assign(static_cast<size_t>(config.segments), cosim::Segment());
  p.segments[0] = {base, 512, true, false};
  p.segments[1] = {0x4000, 256, false, true};
  p.ring_base = 0x1000;
  p.ring_log2 = 2;
  p.code = {isa::Load{.row_bytes = 192, .dst_hi = 0, .offset = 192}.pack(),
            isa::Store{.seg = 1, .row_bytes = 192, .src_hi = 0}.pack()};
  if (!config.alias_check) {
    p.segments[0].write = true;  // without the comparison it may be written to
    p.code.push_back(isa::Store{.row_bytes = 128, .src_hi = 0, .offset = 192}.pack());
  }
  p.doorbells = {{static_cast<uint32_t>(p.code.size()), false}};
  p.memory_image.resize(size_t{1} << std::min(config.mem_log2, 17));
  for (size_t i = 0; i < p.memory_image.size(); ++i)
    p.memory_image[i] = static_cast<uint8_t>(i * 37 >> 3);
  const bool beyond = config.addr_bits > config.mem_log2;
  p.options.fault = beyond ? isa::Fault::kBus : isa::Fault::kNone;
  p.fault_index = 0;
  EXPECT_EQ(machines.run(p), beyond);
}

// A comparison of segments ends, and the machine is idle, without anything else happening.
TEST_P(Cosim, WaitsForTheComparisonOfSegments) {
  const auto& [name, memory] = GetParam();
  sim::SimOptions options;
  options.memory = std::get<memory::MemorySpec>(memory::parse_memory_spec(memory));
  auto rtl = sim::LockstepDevice::open(name, options);
  if (!rtl) GTEST_SKIP() << rtl.error().message;
  must((*rtl)->write_reg(reg::kSegSize, 100));
  for (const uint64_t cycles : {1000, 10, 1000}) must((*rtl)->advance(cycles));
}

INSTANTIATE_TEST_SUITE_P(All, Cosim,
                         testing::Combine(testing::Values("nano", "small", "base", "large"),
                                          testing::Values("ideal", "fixed:40:16", "random:7")),
                         [](const testing::TestParamInfo<Case>& info) {
                           std::string name =
                               std::get<0>(info.param) + "_" + std::get<1>(info.param);
                           for (char& c : name)
                             c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           return name;
                         });

}  // namespace
}  // namespace millrace
