// SPDX-License-Identifier: Apache-2.0
// The self-test's programs: they cover every instruction and mode of every configuration, and
// neither they nor what the golden model makes of them changes unnoticed.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "host/selftest/cases.h"
#include "host/selftest/selftest.h"
#include "sim/ref/ref_device.h"
#include "tests/cosim/coverage.h"

namespace millrace::selftest {
namespace {

// The segments as machine.cc places them in a memory with room, for the points that ask for them.
cosim::Program scene(const isa::Config& config) {
  cosim::Program p;
  p.config = config;
  p.segments.resize(static_cast<size_t>(config.segments));
  const uint32_t input = 4 * 4096 - kPageOffset,
                 output = input + (input_bytes(config) / 4096 + 1) * 4096;
  p.segments[kInput] = {input, input_bytes(config), true, false};
  for (uint32_t s = kOutput; s < p.segments.size(); ++s) {
    const uint32_t skew = skewed_by(config, s);
    p.segments[s] = {output + skew, output_bytes(config) - skew, true, true};
  }
  return p;
}

std::set<std::string> modes_of(const isa::Config& config, const std::vector<Case>& cases) {
  std::set<std::string> found;
  const cosim::Program program = scene(config);
  for (const Case& c : cases) {
    isa::Vset vset;
    for (const isa::Instruction& words : c.code) {
      if ((words[0] & 0xff) == static_cast<uint32_t>(isa::Opcode::kVset))
        vset = isa::Vset::unpack(words);
      // What the frame does around them does not count.
      if (std::ranges::find(c.tested, words) != c.tested.end())
        cosim::find_modes(config, words, vset, program, found);
    }
  }
  return found;
}

// What no case reaches, and why.
bool is_out_of_reach(const isa::Config& config, const std::string& point) {
  // Only a segment that goes around the end of the address space has it; the driver makes none.
  if (point == "load/mem_row=wrap") return true;
  // dim columns of B that are a bank apart take more banks than there are.
  return point == "matmul/b_col=far" && config.dim * (config.sp_rows - 2) > config.sp_words();
}

TEST(SelftestCases, ReachEveryMode) {
  for (const isa::Config& config : isa::kConfigs) {
    SCOPED_TRACE(config.name);
    std::vector<std::string> list;
    cosim::list_modes(config, list);
    const std::set<std::string> found = modes_of(config, instruction_cases(config));
    EXPECT_GT(list.size(), 100u);
    for (const std::string& point : list)
      EXPECT_TRUE(found.contains(point) || is_out_of_reach(config, point)) << point;
  }
}

// Straight from the tables: every value of every enumeration and flag, the shortest and the longest
// of every loop, numbers with all bits and with none, every segment.
TEST(SelftestCases, ReachEveryValue) {
  for (const isa::Config& config : isa::kConfigs) {
    std::map<std::string, std::set<uint32_t>> seen;
    for (const Case& c : instruction_cases(config))
      for (const isa::Instruction& words : c.tested)
        for (const isa::InstructionInfo& info : isa::kInstructions) {
          if (static_cast<uint32_t>(info.opcode) != (words[0] & 0xff)) continue;
          for (const isa::Field& f : info.fields)
            seen[std::string(info.name) + " " + std::string(f.name)].insert(
                get_field(info, words, f.name));
        }
    for (const isa::InstructionInfo& info : isa::kInstructions) {
      for (const isa::Field& f : info.fields) {
        const std::string name = std::string(info.name) + " " + std::string(f.name);
        SCOPED_TRACE(std::string(config.name) + " " + name);
        const uint32_t legal = info.legal[size_t(config.index)][size_t(f.word)] >> f.low &
                               static_cast<uint32_t>((uint64_t{1} << f.width) - 1);
        const std::set<uint32_t>& values = seen[name];
        EXPECT_FALSE(values.empty());
        for (const uint32_t value : values) EXPECT_EQ(value & ~legal, 0u);
        if (!f.names.empty() || f.width == 1) {
          for (uint32_t v = 0; v <= legal && (f.names.empty() || v < f.names.size()); ++v)
            EXPECT_TRUE(values.contains(v)) << v;
        }
        if (f.minus_one || info.opcode == isa::Opcode::kVset || f.name == "value") {
          EXPECT_TRUE(values.contains(0));
          EXPECT_TRUE(values.contains(legal) || f.name.starts_with("s2_")) << legal;
        }
        if (f.name == "dst_hi" && info.opcode == isa::Opcode::kLoad) {
          EXPECT_TRUE(values.contains(static_cast<uint32_t>(config.sp_banks - 1)));
        }
        if (f.name == "seg" && info.opcode == isa::Opcode::kLoad) {
          EXPECT_EQ(values.size(), static_cast<size_t>(config.segments - 1));
        }
      }
    }
  }
}

TEST(SelftestCases, HaveDifferentNamesAndFitTheOutput) {
  for (const isa::Config& config : isa::kConfigs) {
    std::set<std::string> names;
    for (const Case& c : instruction_cases(config)) {
      EXPECT_TRUE(names.insert(c.name).second) << config.name << ": " << c.name << " twice";
      EXPECT_FALSE(c.tested.empty()) << c.name;
      EXPECT_LT(c.from, c.to) << c.name;
      EXPECT_LE(c.to, output_bytes(config)) << c.name;
      for (const isa::Instruction& words : c.code) EXPECT_EQ(legal_part(config, words), words);
    }
  }
}

Report reference_report(const isa::Config& config, const Options& options, uint64_t mem_bytes = 0) {
  RefDevice device(config, mem_bytes), reference(config, mem_bytes);
  return run(device, reference, options, [](const Step&) {});
}

// What the golden model makes of the cases: a change of the golden model, of the cases or of their
// input shows here. Two boards that print these agree with it.
TEST(SelftestCases, ChecksumsStay) {
  const std::map<std::string_view, std::array<uint32_t, 6>> wanted = {
      {"nano", {0x63b8684b, 0x3c2f206b, 0x57c31f7a, 0x3eada361, 0x83e3b2f3, 0xc22ca3c3}},
      {"small", {0x575494a8, 0x19aa320f, 0x6f6f73ff, 0x2bd60902, 0x18985d10, 0x50c8340f}},
      {"base", {0xfcc28cda, 0x567f38d1, 0x15e023e3, 0x47fb1b6e, 0x8475f9fe, 0xea7c11ce}},
      {"large", {0x5a2bc8cc, 0x778eb021, 0x3928b293, 0x1efcd790, 0x6530fd36, 0x93d607cc}}};
  for (const isa::Config& config : isa::kConfigs) {
    ASSERT_TRUE(wanted.contains(config.name)) << "add the checksums of " << config.name;
    Options options;
    options.quick = true;
    options.soak_seconds = 0.01;
    const Report report = reference_report(config, options);
    for (const Step& step : report.steps)
      EXPECT_TRUE(step.passed()) << step.name << ": " << step.failure;
    std::string line = "{\"" + std::string(config.name) + "\", {";
    bool same = true;
    for (size_t i = 0; i < report.checksums.size(); ++i) {
      ASSERT_TRUE(report.checksums[i]);
      line += (i ? ", " : "") + hex32(*report.checksums[i]);
      same = same && *report.checksums[i] == wanted.at(config.name)[i];
    }
    EXPECT_TRUE(same) << "the checksums are " << line << "}}";
  }
}

// Everything runs in a memory of 8 KiB, with the same checksums.
TEST(SelftestCases, FitASmallMemory) {
  const isa::Config& nano = *isa::find_config("nano");
  Options options;
  options.quick = true;
  options.soak_seconds = 0.01;
  const Report small = reference_report(nano, options, 8192);
  for (const Step& step : small.steps)
    EXPECT_TRUE(step.passed()) << step.name << ": " << step.failure;
  EXPECT_EQ(small.checksums, reference_report(nano, options).checksums);
}

}  // namespace
}  // namespace millrace::selftest
