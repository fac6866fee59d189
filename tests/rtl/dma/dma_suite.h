// SPDX-License-Identifier: Apache-2.0
// The DMA engine against the manual's semantics under random instructions, faults, stalls and
// latencies, and against its timing formulas on an ideal memory. One suite for every configuration
// and direction.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "tests/rtl/dma/dma_bench.h"
#include "tests/rtl/dma/dma_timeline.h"

namespace millrace::dma_test {
using isa::Fault;

template <class Verilated, int kConfig, bool kLoad, bool kStore>
struct Variant {
  using Dut = Verilated;
  static const isa::Config& config() { return isa::kConfigs[kConfig]; }
  static constexpr bool load = kLoad, store = kStore;
};

template <class T>
class Dma : public testing::Test {};
TYPED_TEST_SUITE_P(Dma);

inline constexpr uint32_t kMemoryBytes = 1u << 17;

// Draws machine states and instructions that stay inside the memory but not always inside their
// segment and banks.
class Generator {
 public:
  Generator(const isa::Config& config, uint32_t seed) : config_(config), rng_(seed) {}

  uint32_t below(uint32_t n) { return static_cast<uint32_t>(rng_() % n); }
  bool percent(uint32_t p) { return below(100) < p; }

  State state() {
    State s;
    s.memory_base = config_.addr_bits < 32 ? 0 : 0x80000000u;
    fill(s.memory, kMemoryBytes);
    fill(s.sp, static_cast<size_t>(config_.sp_words() * config_.dim));
    fill(s.acc, static_cast<size_t>(config_.acc_words() * config_.dim * 4));
    for (int i = 0; i < config_.segments; ++i) {
      const uint32_t base = align(below(kMemoryBytes / 2));
      const uint32_t size = percent(50) ? 65536 : 1 + below(40000);
      s.segments.push_back({s.memory_base + base, size, percent(92), percent(92)});
    }
    if (percent(30)) s.read_error_one_in = 200;
    if (percent(30)) s.write_error_one_in = 40;
    return s;
  }

  isa::Instruction instruction(bool load, bool store) {
    if (store && percent(12)) {
      isa::Signal op;
      op.irq = below(2);
      op.seg = below(static_cast<uint32_t>(config_.segments));
      op.offset = below(percent(80) ? 1000 : 16384);
      op.value = static_cast<uint32_t>(rng_());
      return op.pack();
    }
    const isa::Load op = move();
    isa::Instruction w = op.pack();
    const bool is_load = load && (!store || percent(50));
    w[0] =
        (w[0] & ~0xffu) | static_cast<uint32_t>(is_load ? isa::Opcode::kLoad : isa::Opcode::kStore);
    return w;
  }

 private:
  uint32_t align(uint32_t x) const {
    return config_.dma_unaligned
               ? x
               : x / static_cast<uint32_t>(config_.dim) * static_cast<uint32_t>(config_.dim);
  }
  uint32_t offset_mask() const {
    return config_.offset_bits < 32 ? (1u << config_.offset_bits) - 1 : ~0u;
  }
  void fill(std::vector<uint8_t>& bytes, size_t count) {
    bytes.resize(count);
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(rng_());
  }

  isa::Load move() {
    const uint32_t dim = static_cast<uint32_t>(config_.dim);
    isa::Load op;
    op.space = percent(40) && config_.dma_acc ? isa::Space::kAcc : isa::Space::kSp;
    op.flip = below(2);
    op.seg = below(static_cast<uint32_t>(config_.segments));
    const uint32_t longest = percent(50) ? 2 * dim : percent(80) ? 20 * dim : 200 * dim;
    op.row_bytes = std::max(align(1 + below(longest)), config_.dma_unaligned ? 1 : dim);
    op.rows = 1 + below(op.row_bytes > 20 * dim ? 3 : 12);
    op.planes = config_.dma_planes ? 1 + below(3) : 1;
    op.offset = align(below(percent(85) ? 16384 : 60000));
    op.mem_row = stride(op.row_bytes);
    op.mem_plane = config_.dma_planes ? stride(2 * op.row_bytes) : 0;

    const bool acc = op.space == isa::Space::kAcc;
    const uint32_t words = static_cast<uint32_t>(acc ? config_.acc_words() : config_.sp_words());
    const uint32_t rows = static_cast<uint32_t>(acc ? config_.acc_rows : config_.sp_rows);
    const uint32_t banks = words / rows;
    op.dst = below(words);
    if (percent(40))
      op.dst = op.dst / rows * rows + rows - 1 - below(16);  // near the end of a bank
    op.dst_hi = percent(60) ? banks - 1 : op.dst / rows + below(banks - op.dst / rows);
    const uint32_t mask = static_cast<uint32_t>(config_.sp_words()) - 1;
    op.chip_row = (percent(80) ? below(24) : 0u - below(4)) & mask;
    op.chip_plane =
        config_.dma_planes ? (percent(80) ? below(64) : static_cast<uint32_t>(rng_())) & mask : 0;
    return op;
  }

  uint32_t stride(uint32_t about) {
    if (percent(10)) return align(0u - below(256)) & offset_mask();
    if (percent(30)) return align(about);
    return align(below(2 * about + 64));
  }

  const isa::Config& config_;
  std::mt19937 rng_;
};

inline Traffic random_traffic(Generator& g) {
  constexpr uint32_t kStalls[] = {0, 20, 60};
  const uint32_t stalls = kStalls[g.below(3)];
  const uint32_t latency = 1 + g.below(g.percent(50) ? 3 : 40);
  const uint32_t gaps = g.percent(50) ? 0 : g.below(60);
  return {stalls, latency, gaps, stalls != 0 && g.percent(40)};
}

template <class T>
void expect_done(const std::vector<Done>& done, const std::vector<Outcome>& expected,
                 const std::vector<isa::Instruction>& program) {
  ASSERT_EQ(done.size(), expected.size());
  for (size_t i = 0; i < done.size(); ++i) {
    SCOPED_TRACE("instruction " + std::to_string(i));
    EXPECT_EQ(done[i].outcome.fault, expected[i].fault);
    EXPECT_EQ(done[i].outcome.addr, expected[i].addr);
    EXPECT_EQ(done[i].slot, i % static_cast<size_t>(T::config().slots));
    const bool signal = (program[i][0] & 0xff) == static_cast<uint32_t>(isa::Opcode::kSignal);
    EXPECT_EQ(done[i].signal, signal && expected[i].fault == Fault::kNone);
    if (done[i].signal) {
      EXPECT_EQ(done[i].value, isa::Signal::unpack(program[i]).value);
      EXPECT_EQ(done[i].irq, isa::Signal::unpack(program[i]).irq != 0);
    }
  }
}

// One program on one machine; counts the faults it saw.
template <class T>
void run_random(uint32_t seed, std::array<uint32_t, 8>& faults) {
  SCOPED_TRACE("reproduce with DMA_TEST_SEED=" + std::to_string(seed));
  Generator g(T::config(), seed);
  State expected = g.state();
  const Traffic traffic = random_traffic(g);
  Bench<typename T::Dut> bench(T::config(), expected, traffic, seed);
  std::vector<isa::Instruction> program;
  std::vector<Outcome> outcomes;
  for (int i = 0; i < 40; ++i) {
    program.push_back(g.instruction(T::load, T::store));
    outcomes.push_back(execute(T::config(), program.back(), expected));
    ++faults[static_cast<size_t>(outcomes.back().fault)];
    bench.issue(program.back());
  }
  bench.run();
  expect_done<T>(bench.done(), outcomes, program);
  EXPECT_TRUE(bench.state().memory == expected.memory);
  EXPECT_TRUE(bench.state().sp == expected.sp);
  EXPECT_TRUE(bench.state().acc == expected.acc);
  bench.step();
  EXPECT_FALSE(bench.waits());
}

TYPED_TEST_P(Dma, RandomInstructionsMatchTheManual) {
  std::array<uint32_t, 8> faults{};
  if (const char* seed = std::getenv("DMA_TEST_SEED")) {
    run_random<TypeParam>(static_cast<uint32_t>(std::stoul(seed)), faults);
    return;
  }
  for (uint32_t seed = 1; seed <= 40 && !this->HasFailure(); ++seed)
    run_random<TypeParam>(seed, faults);
  for (Fault f : {Fault::kNone, Fault::kBank, Fault::kSegment, Fault::kPermission, Fault::kBus}) {
    EXPECT_GT(faults[static_cast<size_t>(f)], 5u)
        << "fault " << static_cast<int>(f) << " was hardly tried";
  }
}

// Every done in the cycle that the timing contract says, for streams of instructions, faults
// included.
TYPED_TEST_P(Dma, CyclesFollowTheFormula) {
  for (uint32_t seed = 1; seed <= 40 && !this->HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Generator g(TypeParam::config(), seed);
    const State state = g.state();
    const uint32_t latency = 1 + g.below(g.percent(50) ? 4 : 60);
    Bench<typename TypeParam::Dut> bench(TypeParam::config(), state, {.latency = latency}, seed);
    Timeline timeline(TypeParam::config(), state.segments, TypeParam::load && TypeParam::store,
                      latency);
    const uint64_t start = bench.cycle();
    std::vector<uint64_t> expected;
    for (uint32_t i = 0; i < 20; ++i) {
      const isa::Instruction op = g.instruction(TypeParam::load, TypeParam::store);
      bench.issue(op);
      expected.push_back(start + timeline.add(op));
    }
    bench.run();
    ASSERT_EQ(bench.done().size(), expected.size());
    for (size_t i = 0; i < expected.size() && !this->HasFailure(); ++i) {
      EXPECT_EQ(bench.done()[i].cycle, expected[i]) << "instruction " << i;
    }
  }
}

// A soft reset: no burst starts, what is owed and outstanding is finished, then the engine works
// again.
TYPED_TEST_P(Dma, HaltDrains) {
  for (uint32_t seed = 1; seed <= 30 && !this->HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Generator g(TypeParam::config(), seed);
    Bench<typename TypeParam::Dut> bench(TypeParam::config(), g.state(), random_traffic(g), seed);
    for (int i = 0; i < 40; ++i) bench.issue(g.instruction(TypeParam::load, TypeParam::store));
    for (uint32_t i = g.below(400); i > 0; --i) bench.step();
    bench.halt();
    const uint64_t offered = bench.addresses() + (bench.offers() ? 1 : 0);
    for (int i = 0; i < 20000 && (bench.waits() || i == 0); ++i) {
      bench.step();
      ASSERT_TRUE(bench.waits() || bench.outstanding() == 0);
    }
    EXPECT_FALSE(bench.waits());
    EXPECT_EQ(bench.addresses(), offered);
    for (int i = 0; i < 50; ++i) bench.step();
    EXPECT_EQ(bench.addresses(), offered);

    bench.reset();
    State expected = bench.state();
    const size_t before = bench.done().size();
    for (int i = 0; i < 5; ++i) {
      const isa::Instruction op = g.instruction(TypeParam::load, TypeParam::store);
      execute(TypeParam::config(), op, expected);
      bench.issue(op);
    }
    bench.run();
    EXPECT_EQ(bench.done().size(), before + 5);
    EXPECT_TRUE(bench.state().memory == expected.memory);
    EXPECT_TRUE(bench.state().sp == expected.sp);
    EXPECT_TRUE(bench.state().acc == expected.acc);
  }
}

REGISTER_TYPED_TEST_SUITE_P(Dma, RandomInstructionsMatchTheManual, CyclesFollowTheFormula,
                            HaltDrains);

}  // namespace millrace::dma_test
