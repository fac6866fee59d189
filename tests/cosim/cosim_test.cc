// SPDX-License-Identifier: Apache-2.0
// The Verilated machine against the golden model: the same random programs, on every configuration,
// under several memories, with and without one faulting instruction. Compared are the fault record,
// the registers that a program defines and every byte of memory that is defined; the programs end
// by dumping their banks to memory. One device runs all programs of a sweep, so each also shows
// that the machine recovers by a soft reset.
//
// MILLRACE_SEED and MILLRACE_PROGRAMS choose the first seed and the number of programs of each
// sweep.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <tuple>
#include <vector>

#include "sim/lockstep/lockstep_device.h"
#include "sim/ref/ref_device.h"
#include "tests/cosim/random_program.h"

namespace millrace {
namespace {

uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

// What a program leaves behind.
struct Outcome {
  uint32_t status = 0, fault = 0, fault_index = 0, fault_addr = 0, signal_value = 0, head = 0,
           irq = 0;
  std::vector<uint8_t> memory;
};

constexpr uint32_t kIdle = 1u << reg::kStatusIdleLow;
constexpr uint32_t kFault = 1u << reg::kStatusFaultLow;

void must(const Status& status) {
  if (!status) FAIL() << status.error().message;
}

uint32_t get(Device& device, uint32_t offset) {
  const Result<uint32_t> value = device.read_reg(offset);
  EXPECT_TRUE(value) << (value ? "" : value.error().message);
  return value ? *value : 0;
}

void soft_reset(Device& device) {
  must(device.write_reg(reg::kCtrl, 1));
  for (int i = 0; i < 1000; ++i) {
    if ((get(device, reg::kStatus) & (kIdle | kFault)) == kIdle) return;
    must(device.advance(64));
  }
  FAIL() << "the soft reset does not end";
}

// Writes memory, segments and ring, and rings the doorbell.
void start(Device& device, const cosim::Program& program) {
  soft_reset(device);
  must(device.write_mem(0, program.memory_image));
  // The ring first: no segment of the last program may be written to meanwhile.
  for (uint32_t i = 0; i < program.segments.size(); ++i)
    must(device.write_reg(reg::kSegCtrl + i * reg::kSegStride, 0));
  must(device.write_reg(reg::kRingBase, program.ring_base));
  must(device.write_reg(reg::kRingLog2, program.ring_log2));
  for (uint32_t i = 0; i < program.segments.size(); ++i) {
    const cosim::Segment& s = program.segments[i];
    must(device.write_reg(reg::kSegBase + i * reg::kSegStride, s.base));
    must(device.write_reg(reg::kSegSize + i * reg::kSegStride, s.size));
    must(device.write_reg(reg::kSegCtrl + i * reg::kSegStride,
                          (s.read ? 1u : 0u) | (s.write ? 2u : 0u)));
  }
  must(device.write_reg(reg::kRingTail, static_cast<uint32_t>(program.code.size())));
}

// Reads the counters. While the machine runs they are only compared where `device` compares; at its
// end every cycle of every unit has one cause.
void read_counters(Device& device, bool stopped) {
  constexpr uint32_t kCount = (reg::kEmptyVector - reg::kCycles) / 4 + 1;
  std::array<uint64_t, kCount> values{};
  for (uint32_t i = 0; i < kCount; ++i) values[i] = get(device, reg::kCycles + 4 * i);
  if (!stopped || !device.config().counters || device.kind() == "ref") return;
  for (uint32_t unit = 0; unit < 4; ++unit) {
    uint64_t sum = values[(reg::kBusyLoad - reg::kCycles) / 4 + unit];
    for (uint32_t i = 0; i < 4; ++i)
      sum += values[(reg::kEmptyLoad - reg::kCycles) / 4 + 4 * unit + i];
    EXPECT_EQ(sum, values[0]) << "the causes of unit " << unit << " do not sum to CYCLES";
  }
}

Outcome run(Device& device, const cosim::Program& program) {
  start(device, program);
  Outcome out;
  for (int i = 0; i < 200000; ++i) {
    out.status = get(device, reg::kStatus);
    if (out.status & (kIdle | kFault)) break;
    read_counters(device, false);
    const Status time = device.advance(1000);
    if (!time) {
      ADD_FAILURE() << time.error().message;
      break;
    }
  }
  EXPECT_TRUE(out.status & (kIdle | kFault)) << "the program does not end; STATUS " << out.status;
  read_counters(device, true);
  out.fault = get(device, reg::kFault);
  out.fault_index = get(device, reg::kFaultIndex);
  out.fault_addr = get(device, reg::kFaultAddr);
  out.signal_value = get(device, reg::kSignalValue);
  out.head = get(device, reg::kRingHead);
  out.irq = get(device, reg::kIrqStatus);
  out.memory.resize(program.memory_image.size());
  must(device.read_mem(0, out.memory));
  return out;
}

void compare(const Outcome& golden, const Outcome& rtl, const cosim::Program& program) {
  const bool faulted = golden.status & kFault;
  ASSERT_EQ(rtl.status & (kIdle | kFault), golden.status & (kIdle | kFault));
  if (faulted) {
    EXPECT_EQ(rtl.fault, golden.fault) << "fault record: code and unit";
    EXPECT_EQ(rtl.fault_index, golden.fault_index) << "fault record: index";
    EXPECT_EQ(rtl.fault_addr, golden.fault_addr) << "fault record: address";
  } else {
    EXPECT_EQ(rtl.head, golden.head);
    EXPECT_EQ(rtl.irq, golden.irq);
    EXPECT_EQ(rtl.signal_value, golden.signal_value);
  }
  std::vector<bool> defined(golden.memory.size(), true);
  if (faulted) defined = comparable_after_fault(program, golden.fault_index);
  for (size_t i = 0; i < golden.memory.size(); ++i) {
    if (!defined[i] || golden.memory[i] == rtl.memory[i]) continue;
    ADD_FAILURE() << "memory byte " << i << " (dump begins at " << program.dump_base << "): golden "
                  << int{golden.memory[i]} << ", RTL " << int{rtl.memory[i]};
    return;
  }
}

// Makes the instructions behind the faulting one illegal: decode sees those first, and must lose
// the record to the older fault.
void spoil_after_fault(cosim::Program& program) {
  if (!program.fault_index) return;
  for (size_t i = *program.fault_index + 1;
       i < std::min(*program.fault_index + 4, program.code.size()); ++i) {
    program.code[i][0] = 0;
    for (size_t byte = 0; byte < 4; ++byte)
      program.memory_image[program.ring_base + 32 * i + byte] = 0;
  }
}

using Case = std::tuple<std::string, std::string>;  // configuration, memory
class Cosim : public testing::TestWithParam<Case> {};

TEST_P(Cosim, RandomProgramsEqualGoldenModel) {
  const auto& [name, memory] = GetParam();
  const isa::Config& config = *isa::find_config(name);
  sim::SimOptions options;
  auto spec = memory::parse_memory_spec(memory);
  ASSERT_TRUE(std::holds_alternative<memory::MemorySpec>(spec));
  options.memory = std::get<memory::MemorySpec>(spec);
  auto rtl = sim::LockstepDevice::open(name, options);
  if (!rtl) GTEST_SKIP() << rtl.error().message;
  RefDevice golden(config);

  const uint64_t first = from_environment("MILLRACE_SEED", 1);
  const uint64_t programs = from_environment("MILLRACE_PROGRAMS", name == "large" ? 6 : 20);
  uint64_t faults = 0;
  for (uint64_t seed = first; seed < first + programs; ++seed) {
    cosim::ProgramOptions random;
    random.seed = seed;
    random.fault = seed % 3 ? isa::Fault::kNone : static_cast<isa::Fault>(1 + seed / 3 % 5);
    cosim::Program program = random_program(config, random);
    if (seed % 2) spoil_after_fault(program);
    SCOPED_TRACE(program.repro() + " memory " + memory);
    const Outcome expected = run(golden, program);
    if (seed % 4 == 0) {  // a soft reset in the middle of work
      start(**rtl, program);
      must((*rtl)->run(seed * 7919 % 4000));
    }
    faults += (expected.status & kFault) != 0;
    compare(expected, run(**rtl, program), program);
    must((*rtl)->compare_memory());
    if (HasFailure()) return;
  }
  std::printf("%s, %s: %llu programs from seed %llu, %llu with a fault\n", name.c_str(),
              memory.c_str(), static_cast<unsigned long long>(programs),
              static_cast<unsigned long long>(first), static_cast<unsigned long long>(faults));
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
