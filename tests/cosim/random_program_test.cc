// SPDX-License-Identifier: Apache-2.0
// The program generator, checked on the golden model: programs are legal unless a fault was asked
// for, faults are the ones asked for, every legal mode occurs, and nothing depends on what the
// on-chip memories hold after reset.
#include "tests/cosim/random_program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "model/ref/interpreter.h"

namespace millrace::cosim {
namespace {

// A golden machine with the program loaded.
struct Golden {
  explicit Golden(const Program& p, int8_t fill = 0)
      : program(p), memory(p.memory_image), machine(p.config, memory) {
    for (size_t i = 0; i < p.segments.size(); ++i) {
      const Segment& s = p.segments[i];
      machine.set_segment(i, {s.base, s.size, s.read, s.write});
    }
    std::ranges::fill(machine.scratchpad(), fill);
    std::ranges::fill(machine.accumulators(), fill);
  }
  std::optional<ref::Fault> execute(size_t count) {
    for (size_t i = 0; i < count; ++i)
      if (const auto fault = machine.step(program.code[i])) return fault;
    return std::nullopt;
  }
  std::optional<ref::Fault> execute() { return execute(program.code.size()); }

  const Program& program;
  std::vector<uint8_t> memory;
  ref::Machine machine;
};

class RandomProgram : public testing::TestWithParam<isa::Config> {
 protected:
  Program make(uint64_t seed, isa::Fault fault = isa::Fault::kNone, uint32_t count = 60) const {
    return random_program(GetParam(), {.seed = seed, .count = count, .fault = fault});
  }
};
INSTANTIATE_TEST_SUITE_P(All, RandomProgram, testing::ValuesIn(isa::kConfigs),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(RandomProgram, IsDeterministic) {
  const Program a = make(5), b = make(5), c = make(6);
  EXPECT_EQ(a.code, b.code);
  EXPECT_EQ(a.memory_image, b.memory_image);
  EXPECT_EQ(a.segments, b.segments);
  EXPECT_NE(a.code, c.code);
}

TEST_P(RandomProgram, IsLegalAndEndsWithItsSignal) {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    const Program p = make(seed);
    SCOPED_TRACE(p.repro());
    Golden run(p);
    const auto fault = run.execute();
    ASSERT_FALSE(fault) << "fault " << static_cast<uint32_t>(fault->code) << " at instruction "
                        << fault->index << ", address " << fault->addr;
    EXPECT_EQ(run.machine.signal_value(), p.last_signal);
    EXPECT_TRUE(run.machine.take_irq());
    EXPECT_FALSE(p.fault_index);
    EXPECT_GE(p.body_end - p.body_begin, p.options.count);
  }
}

TEST_P(RandomProgram, DoesNotDependOnUninitialisedBanks) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const Program p = make(seed);
    Golden a(p, 0), b(p, -86);
    ASSERT_FALSE(a.execute());
    ASSERT_FALSE(b.execute());
    ASSERT_EQ(a.memory, b.memory) << p.repro();
  }
}

TEST_P(RandomProgram, DumpsItsBanks) {
  for (const bool all_banks : {false, true}) {
    const Program p = random_program(GetParam(), {.seed = 3, .all_banks = all_banks});
    Golden run(p);
    ASSERT_FALSE(run.execute());
    const size_t dim = static_cast<size_t>(p.config.dim);
    const size_t sp_bank = static_cast<size_t>(p.config.sp_rows) * dim;
    const size_t acc_bank = static_cast<size_t>(p.config.acc_rows) * dim;
    size_t at = p.dump_base;
    // Without DMA of accumulators, their dump ends in the first two banks.
    const size_t spoilt = p.config.dma_acc ? 0 : 2 * sp_bank;
    for (size_t i = 0; i < p.sp_window.count * sp_bank; ++i, ++at) {
      const int8_t word = run.machine.scratchpad()[p.sp_window.first * sp_bank + i];
      if (i >= spoilt) {
        ASSERT_EQ(run.memory[at], static_cast<uint8_t>(word));
      }
    }
    const size_t step = p.config.dma_acc ? 4 : 1;  // else the planes of bytes follow each other
    for (size_t i = 0; i < p.acc_window.count * acc_bank; ++i, at += step)
      ASSERT_EQ(run.memory[at], static_cast<uint8_t>(
                                    run.machine.accumulators()[p.acc_window.first * acc_bank + i]));
    EXPECT_TRUE(!all_banks || p.sp_window.count == static_cast<uint32_t>(p.config.sp_banks));
  }
}

// Only a segment around the end of the address space has more than the memory, and that one is for
// reading. A ring that wraps around is in no segment.
TEST_P(RandomProgram, SegmentsStayInMemoryAndOffTheRing) {
  int around = 0, wraps = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const Program p = make(seed);
    ASSERT_LE(p.memory_image.size(), size_t{1} << p.config.mem_log2);
    const uint64_t ring_end = p.ring_base + (uint64_t{32} << p.ring_log2);
    ASSERT_EQ(p.segments.size(), static_cast<size_t>(p.config.segments));
    wraps += p.ring_wraps();
    for (const Segment& s : p.segments) {
      ASSERT_EQ((s.base | s.size) & ((1u << p.config.segment_log2) - 1), 0u);
      if (s.base + uint64_t{s.size} > p.memory_image.size()) {
        ASSERT_TRUE(s.read && !s.write && !p.ring_wraps());
        ++around;
        continue;
      }
      const bool apart = s.base + uint64_t{s.size} <= p.ring_base || s.base >= ring_end;
      ASSERT_TRUE(apart || (!s.write && !p.ring_wraps()));
    }
    for (size_t i = 0; i < std::min(p.code.size(), size_t{1} << p.ring_log2); ++i)
      for (size_t w = 0; w < 8; ++w)
        ASSERT_EQ(p.memory_image[p.ring_base + 32 * i + 4 * w], p.code[i][w] & 0xff);
  }
  EXPECT_GE(around, 5);
  EXPECT_GE(wraps, 5);
}

TEST_P(RandomProgram, DoorbellsFitTheRing) {
  size_t several = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const Program p = make(seed);
    uint32_t tail = 0;
    for (const Doorbell& bell : p.doorbells) {
      ASSERT_GT(bell.tail, tail);
      ASSERT_LE(bell.tail - tail, 1u << p.ring_log2);
      tail = bell.tail;
    }
    ASSERT_EQ(tail, p.code.size());
    several += p.doorbells.size() > 1;
  }
  EXPECT_GE(several, 20u);
}

TEST_P(RandomProgram, HasExactlyTheFaultAskedFor) {
  for (uint32_t code = 1; code <= 5; ++code) {
    const auto kind = static_cast<isa::Fault>(code);
    std::map<uint32_t, int> opcodes;
    for (uint64_t seed = 1; seed <= 60; ++seed) {
      const Program p = make(seed, kind);
      SCOPED_TRACE(p.repro());
      Golden run(p);
      const auto fault = run.execute();
      ASSERT_TRUE(fault);
      ASSERT_EQ(fault->code, kind);
      ASSERT_TRUE(p.fault_index);
      ASSERT_EQ(fault->index, *p.fault_index);
      ++opcodes[p.code[*p.fault_index][0] & 0xff];
    }
    EXPECT_GE(opcodes.size(), 3u) << "fault " << code << " comes from few instructions";
  }
}

TEST_P(RandomProgram, ShortBodiesHaveTheirFaultToo) {
  for (uint64_t seed = 1; seed <= 200; ++seed)
    for (uint32_t count = 1; count <= 3; ++count)
      ASSERT_TRUE(make(seed, isa::Fault::kSegment, count).fault_index) << seed << " " << count;
}

TEST_P(RandomProgram, FaultsAlsoStrikeInTheMiddle) {
  int partial = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const Program p = make(seed, isa::Fault::kBank);
    Golden before(p), after(p);
    ASSERT_FALSE(before.execute(*p.fault_index));
    ASSERT_TRUE(after.execute());
    partial += before.memory != after.memory ||
               !std::ranges::equal(before.machine.scratchpad(), after.machine.scratchpad()) ||
               !std::ranges::equal(before.machine.accumulators(), after.machine.accumulators());
  }
  EXPECT_GE(partial, 10);
}

// Whatever executes from `index` on, the comparable bytes are as the older instructions left them.
TEST_P(RandomProgram, ComparableBytesAreThoseNoYoungerInstructionWrites) {
  size_t excluded = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const Program p = make(seed);
    const size_t index = p.body_begin + seed % (p.body_end - p.body_begin);
    const std::vector<bool> comparable = comparable_after_fault(p, index);
    Golden before(p), after(p);
    ASSERT_FALSE(before.execute(index));
    ASSERT_FALSE(after.execute());
    for (size_t i = 0; i < comparable.size(); ++i) {
      excluded += !comparable[i];
      ASSERT_TRUE(!comparable[i] || before.memory[i] == after.memory[i])
          << p.repro() << ", byte " << i;
    }
    EXPECT_EQ(comparable_after_fault(p, p.code.size()),
              std::vector<bool>(p.memory_image.size(), true));
  }
  EXPECT_GT(excluded, 60u * 64);
}

TEST_P(RandomProgram, IsCheap) {
  uint64_t steps = 0, worst = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const Program p = make(seed);
    Golden run(p);
    ASSERT_FALSE(run.execute());
    steps += run.machine.matmul_steps();
    worst = std::max(worst, run.machine.matmul_steps());
  }
  EXPECT_LT(worst, 6000u);
  EXPECT_GT(steps, 60u * 50);
}

// ---- Coverage: every pair of values of the mode fields of an instruction occurs.

struct ModeField {
  const isa::Field* field;
  uint32_t values;  // legal values are 0 to values - 1
};

std::vector<ModeField> mode_fields(const isa::InstructionInfo& info, const isa::Config& config) {
  std::vector<ModeField> modes;
  for (const isa::Field& f : info.fields) {
    if (f.names.empty() && f.width != 1) continue;
    const uint32_t legal =
        info.legal[static_cast<size_t>(config.index)][static_cast<size_t>(f.word)];
    const uint32_t largest = legal >> f.low & ((1u << f.width) - 1);
    const uint32_t names = f.names.empty() ? 2 : static_cast<uint32_t>(f.names.size());
    if (largest > 0) modes.push_back({&f, std::min(names, largest + 1)});
  }
  return modes;
}

uint32_t value_of(const isa::Field& f, const isa::Instruction& w) {
  return w[static_cast<size_t>(f.word)] >> f.low & ((1u << f.width) - 1);
}

using Seen = std::set<std::tuple<const isa::Field*, uint32_t, const isa::Field*, uint32_t>>;

Seen pairs(const std::vector<ModeField>& modes, const isa::Instruction& w) {
  Seen seen;
  for (const ModeField& a : modes)
    for (const ModeField& b : modes)
      seen.insert({a.field, value_of(*a.field, w), b.field, value_of(*b.field, w)});
  return seen;
}

void expect_all(const Seen& seen, const std::vector<ModeField>& modes, std::string_view name) {
  for (const ModeField& a : modes)
    for (const ModeField& b : modes)
      for (uint32_t i = 0; i < a.values; ++i)
        for (uint32_t j = 0; j < b.values; ++j) {
          if (a.field == b.field && i != j) continue;
          EXPECT_TRUE(seen.contains({a.field, i, b.field, j}))
              << name << ": " << a.field->name << " " << i << " with " << b.field->name << " " << j;
        }
}

TEST_P(RandomProgram, CoversEveryPairOfModes) {
  std::vector<Seen> seen(isa::kInstructions.size());
  std::vector<int> count(isa::kInstructions.size());
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    const Program p = make(seed);
    for (size_t i = p.body_begin; i < p.body_end; ++i) {
      const size_t k = (p.code[i][0] & 0xff) - 1;
      seen[k].merge(pairs(mode_fields(isa::kInstructions[k], GetParam()), p.code[i]));
      ++count[k];
    }
  }
  for (size_t k = 0; k < seen.size(); ++k) {
    expect_all(seen[k], mode_fields(isa::kInstructions[k], GetParam()), isa::kInstructions[k].name);
    EXPECT_GT(count[k], 150) << isa::kInstructions[k].name;
  }
}

// Every counter and stride is at its rest value and at another one, and all legal bits get set.
TEST_P(RandomProgram, CoversEveryBitOfEveryField) {
  std::vector<isa::Instruction> ones(isa::kInstructions.size()), zeros(isa::kInstructions.size());
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const Program p = make(seed);
    for (size_t i = p.body_begin; i < p.body_end; ++i) {
      const size_t k = (p.code[i][0] & 0xff) - 1;
      for (size_t w = 0; w < 8; ++w) {
        ones[k][w] |= p.code[i][w];
        zeros[k][w] |= ~p.code[i][w];
      }
    }
  }
  for (size_t k = 0; k < ones.size(); ++k) {
    const isa::InstructionInfo& info = isa::kInstructions[k];
    for (const isa::Field& f : info.fields) {
      const size_t word = static_cast<size_t>(f.word);
      const uint32_t legal = info.legal[static_cast<size_t>(GetParam().index)][word];
      const uint32_t mask = static_cast<uint32_t>((uint64_t{1} << f.width) - 1) << f.low & legal;
      if (mask == 0) continue;
      if (f.name == "d_hi" && GetParam().acc_banks == 1) continue;  // there is only bank 0
      EXPECT_NE(ones[k][word] & mask, 0u) << info.name << "." << f.name << " is always 0";
      EXPECT_EQ(zeros[k][word] & mask, mask)
          << info.name << "." << f.name << " has a bit stuck at 1";
    }
  }
}

}  // namespace
}  // namespace millrace::cosim
