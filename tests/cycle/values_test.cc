// SPDX-License-Identifier: Apache-2.0
// Every kernel that this host can run against the golden model: random programs, and instructions
// drawn to be nasty (values, strides, wrap-around, faults on the way).
#include "model/cycle/values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <vector>

#include "tests/cosim/random_program.h"
#include "tests/cycle/twins.h"

namespace millrace::cycle {
namespace {

uint32_t u32(int v) { return static_cast<uint32_t>(v); }

struct Subject {
  isa::Config config;
  Kernel kernel;
};
std::vector<Subject> subjects() {
  std::vector<Subject> all;
  for (const Kernel kernel : available_kernels())
    for (const isa::Config& config : isa::kConfigs) all.push_back({config, kernel});
  return all;
}
void PrintTo(const Subject& s, std::ostream* out) {
  *out << s.config.name << '_' << name(s.kernel);
}

class ValuesTest : public testing::TestWithParam<Subject> {
 protected:
  const isa::Config& config() const { return GetParam().config; }
  Kernel kernel() const { return GetParam().kernel; }

  uint32_t sp_rows() const { return u32(config().sp_rows); }
  uint32_t sp_mask() const { return u32(config().sp_words()) - 1; }

  // A stride: small, or with `wild` also banks far or anything; sometimes backwards.
  uint32_t stride(Prng& prng, uint32_t natural, bool wild = true) const {
    uint32_t s = prng.one_in(2) ? natural : prng.below(5);
    if (wild && prng.one_in(4)) s += sp_rows() * prng.below(3);
    if (wild && prng.one_in(16)) s = prng.bits();
    if (prng.one_in(wild ? 4 : 8)) s = -s;
    return s & sp_mask();
  }
  isa::Matmul draw_matmul(Prng& prng) const;
  void draw_shape(Prng& prng, isa::Matmul& f) const;
  isa::Vset draw_vset(Prng& prng) const;
  isa::Vector draw_vector(Prng& prng) const;
  void write_params(Prng& prng, Twins& twins, const isa::Vector& f) const;
};

INSTANTIATE_TEST_SUITE_P(All, ValuesTest, testing::ValuesIn(subjects()),
                         testing::PrintToStringParamName());

TEST(Kernels, HaveNames) {
  const std::vector<Kernel> kernels = available_kernels();
  ASSERT_FALSE(kernels.empty());
  EXPECT_EQ(kernels.front(), Kernel::kPortable);
  for (const Kernel kernel : kernels) EXPECT_EQ(find_kernel(name(kernel)), kernel);
  EXPECT_EQ(find_kernel("abacus"), std::nullopt);
}

// ---- Random programs: plausible instructions, LOAD and STORE among them.

TEST_P(ValuesTest, AgreeOnRandomPrograms) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    const isa::Fault fault = seed % 3 == 0 ? isa::Fault::kBank : isa::Fault::kNone;
    const auto program = cosim::random_program(
        config(), {.seed = seed, .count = 60, .fault = fault, .all_banks = seed % 4 == 0});
    Twins twins(config(), kernel(), program.memory_image);
    for (size_t i = 0; i < program.segments.size(); ++i) {
      const cosim::Segment& s = program.segments[i];
      twins.golden().set_segment(i, {s.base, s.size, s.read, s.write});
    }
    for (size_t i = 0; i < program.code.size(); ++i) {
      const bool stopped = twins.step(program.code[i]);
      const bool dma = (program.code[i][0] & 0xff) <= 2;
      if (stopped && dma) break;  // rows of a DMA that faults are not the kernels' business
      ASSERT_EQ(twins.difference(), "") << program.repro() << ", instruction " << i;
      if (stopped) break;
    }
  }
}

// ---- LOAD and STORE of rows that are longer than what is left of the memory: nano's are longer
// than all of it. Only operands that have all banks may do that.

TEST_P(ValuesTest, AgreeOnRowsThatWrap) {
  constexpr uint32_t kBytes = 1u << 17;
  Prng prng(1);
  std::vector<uint8_t> memory(kBytes);
  for (uint8_t& byte : memory) byte = static_cast<uint8_t>(prng.bits());
  Twins twins(config(), kernel(), memory);
  twins.golden().set_segment(0, {0, kBytes, true, true});
  const uint32_t unit = config().dma_unaligned ? 1 : u32(config().dim);
  const uint32_t most = config().dma_unaligned ? 0xffff : 0x3ffc;
  for (int i = 0; i < 40; ++i) {
    isa::Load f;
    f.space = config().dma_acc ? static_cast<isa::Space>(prng.below(2)) : isa::Space::kSp;
    const bool sp = f.space == isa::Space::kSp;
    f.flip = prng.below(2);
    f.row_bytes = most - prng.below(100) * unit;
    f.dst = prng.below(u32(sp ? config().sp_rows : config().acc_rows));
    f.dst_hi = u32(sp ? config().sp_banks : config().acc_banks) - 1;
    f.offset = prng.below(kBytes / 2 / unit) * unit;
    isa::Instruction w = f.pack();
    if (i % 2) w[0] += static_cast<uint32_t>(isa::Opcode::kStore) - (w[0] & 0xff);
    ASSERT_FALSE(twins.step(w)) << i;
    ASSERT_EQ(twins.difference(), "") << i;
  }
}

// ---- MATMUL

void ValuesTest::draw_shape(Prng& prng, isa::Matmul& f) const {
  const bool conv = config().conv_loops && prng.one_in(3);
  f.n_nt = config().tile_loop ? prng.between(1, 5) : 1;
  f.n_ky = conv ? prng.between(1, 3) : 1;
  f.n_kx = conv ? prng.between(1, 3) : 1;
  f.n_ct = prng.one_in(8) ? prng.between(1, 150) : prng.between(1, 6);
  f.n_ox = prng.between(1, 12);
  f.n_oy = prng.between(1, 4);
  // More rows than there are accumulators: the instruction meets its own results again.
  if (prng.one_in(16)) f.n_oy = u32(config().acc_words()) / f.n_ox + 2 - prng.below(4);
  f.n_oy = std::min(f.n_oy, 1u << config().count_bits);
  if (f.n_oy > 4) f.n_ct = prng.between(1, 2), f.n_ky = f.n_kx = 1;
}

isa::Matmul ValuesTest::draw_matmul(Prng& prng) const {
  isa::Matmul f;
  f.accumulate = prng.below(2);
  f.transpose = config().transpose_b && prng.one_in(3);
  draw_shape(prng, f);
  const bool wild = prng.one_in(3);
  const auto draw = [&](uint32_t natural) { return stride(prng, natural, wild); };
  f.a_ox = draw(f.n_ct), f.a_oy = draw(f.n_ct * f.n_ox), f.a_ct = draw(1);
  f.b_col = draw(1), f.b_k = draw(u32(config().dim));
  if (config().conv_loops) f.a_kx = draw(1), f.a_ky = draw(f.n_ox);
  if (config().tile_loop) f.b_tile = draw(u32(config().dim) * f.n_ct);
  // One operand in the lower banks, the other in the upper ones.
  const uint32_t banks = u32(config().sp_banks), cut = banks / 2;
  const auto base = [&](uint32_t bank) {
    return bank * sp_rows() + (wild ? sp_rows() - 1 - prng.below(8) : prng.below(sp_rows()));
  };
  const bool swap = prng.one_in(2);
  f.a = base(swap ? cut : 0), f.a_hi = (swap ? banks : cut) - 1;
  f.b = base(swap ? 0 : cut), f.b_hi = (swap ? cut : banks) - 1;
  f.d = prng.below(u32(prng.one_in(4) ? config().acc_words() : config().acc_rows));
  f.d_hi = u32(config().acc_banks) - 1;
  return f;
}

// With all banks declared, rows beyond the end of the accumulators are those at their beginning: an
// instruction may write a row several times, in one tile or in several.
TEST_P(ValuesTest, AgreeOnMatmulsThatMeetTheirOwnRows) {
  Prng prng(3);
  Twins twins(config(), kernel(), std::vector<uint8_t>(64));
  const uint32_t all = u32(config().acc_words()), most = 1u << config().count_bits;
  const uint32_t tiles = config().tile_loop ? 3 : 1;
  for (const uint32_t rows : {all / 3 + 1, all - 1, all, all + 1, all + all / 2, 2 * all + 5})
    for (uint32_t n_nt = 1; n_nt <= tiles; ++n_nt)
      for (const uint32_t n_ct : {1, 3})
        for (const uint32_t accumulate : {0, 1}) {
          isa::Matmul f;
          f.n_nt = n_nt, f.n_ct = n_ct, f.accumulate = accumulate;
          f.n_oy = rows / most + 1, f.n_ox = rows / f.n_oy;
          f.a_ox = 1, f.a_oy = 7, f.a_ct = 3, f.b_col = 1, f.b_k = u32(config().dim);
          f.a_hi = u32(config().sp_banks) - 2;
          f.b = (f.a_hi + 1) * sp_rows(), f.b_hi = f.a_hi + 1;
          f.d = prng.below(u32(config().acc_rows)), f.d_hi = u32(config().acc_banks) - 1;
          twins.fill(prng);
          ASSERT_FALSE(twins.step(f.pack())) << rows << " rows, " << n_nt << " tiles";
          ASSERT_EQ(twins.difference(), "")
              << rows << " rows, " << n_nt << " by " << n_ct << " tiles, accumulate " << accumulate;
        }
}

TEST_P(ValuesTest, AgreeOnRandomMatmuls) {
  uint32_t whole = 0, partial = 0;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Prng prng(seed);
    Twins twins(config(), kernel(), {});
    twins.fill(prng);
    for (int i = 0; i < 20; ++i) {
      const isa::Matmul f = draw_matmul(prng);
      (twins.step(f.pack()) ? partial : whole) += 1;
      ASSERT_EQ(twins.difference(), "") << "seed " << seed << ", instruction " << i;
    }
  }
  EXPECT_GT(whole, 100u);
  EXPECT_GT(partial, 100u);
}

// ---- VECTOR

int32_t draw_multiplier(Prng& prng, bool fp32) {
  const uint32_t sign = prng.below(2) << 31;
  const uint32_t fraction = prng.one_in(2) ? 0 : prng.bits() >> 9;
  if (fp32) {
    constexpr uint32_t kExponents[] = {0, 1, 96, 118, 126, 127, 128, 157, 158, 253, 254, 255};
    const uint32_t exponent =
        prng.one_in(2) ? prng.pick<uint32_t>(kExponents) : prng.between(95, 130);
    return static_cast<int32_t>(sign | exponent << 23 | fraction);
  }
  constexpr uint32_t kMultipliers[] = {0, 1, 0xffffffff, 0x80000000, 0x7fffffff, 0x40000000};
  return static_cast<int32_t>(prng.one_in(2) ? prng.pick<uint32_t>(kMultipliers) : prng.bits());
}

int32_t draw_shift(Prng& prng) {
  constexpr int32_t kShifts[] = {-128, -33, -32, -31, -30, -2, -1, 0, 1, 2, 30, 31, 32, 127};
  return prng.one_in(2) ? prng.pick<int32_t>(kShifts) : -static_cast<int32_t>(prng.below(24));
}

isa::Vset ValuesTest::draw_vset(Prng& prng) const {
  isa::Vset f;
  f.zero_point = static_cast<int8_t>(prng.bits());
  f.clamp_lo = prng.one_in(2) ? -128 : static_cast<int8_t>(prng.bits());
  f.clamp_hi = prng.one_in(2) ? 127 : static_cast<int8_t>(prng.bits());
  f.offset1 = prng.one_in(2) ? 0 : static_cast<int16_t>(prng.bits());
  f.scalar1 = static_cast<int32_t>(prng.bits()) >> prng.below(32);
  f.scalar_mult = draw_multiplier(prng, config().vec_fp32 && prng.one_in(2));
  f.scalar_shift = draw_shift(prng);
  if (config().vec_preshift && prng.one_in(2)) f.preshift1 = prng.below(32);
  if (!config().vec_binary) return f;
  if (config().vec_preshift && prng.one_in(2)) f.preshift2 = prng.below(32);
  f.offset2 = prng.one_in(2) ? 0 : static_cast<int16_t>(prng.bits());
  f.scalar2 = static_cast<int32_t>(prng.bits()) >> prng.below(32);
  f.s2_0 = stride(prng, 1), f.s2_1 = stride(prng, 1);
  f.s2_2 = stride(prng, 1), f.s2_3 = stride(prng, 4);
  return f;
}

isa::Vector ValuesTest::draw_vector(Prng& prng) const {
  isa::Vector f;
  f.src1_kind = static_cast<isa::Source>(prng.one_in(8) ? 0 : prng.between(1, 2));
  f.dst_kind = static_cast<isa::Space>(prng.below(2));
  f.quant = static_cast<isa::Quant>(prng.below(config().vec_fp32 ? 3 : 2));
  f.channel = prng.below(2);
  if (config().vec_binary) {
    f.src2_kind = static_cast<isa::Source>(prng.below(3));
    f.op = static_cast<isa::Binary>(prng.below(6));
  }
  if (config().vec_reduce && prng.one_in(2)) {
    f.reduce = static_cast<isa::Reduce>(prng.below(4));
    f.n0 = prng.between(1, 4), f.n1 = prng.between(1, 3);
    f.s1_0 = stride(prng, 1), f.s1_1 = stride(prng, f.n0);
  }
  f.n2 = prng.one_in(4) ? prng.between(1, 200) : prng.between(1, 20);
  f.n3 = prng.between(1, 5);
  f.s1_2 = stride(prng, 1), f.s1_3 = stride(prng, f.n2);
  f.d_2 = stride(prng, 1), f.d_3 = stride(prng, f.n2);
  // Each operand gets a bank or more of each memory; bases near an end as often as not.
  const uint32_t banks = u32(config().sp_banks) / 4, acc = u32(config().acc_banks);
  const auto place = [&](uint32_t nth, bool in_acc, uint32_t& base, uint32_t& hi) {
    // nano has two accumulator banks, and no VECTOR with two sources.
    const uint32_t share = in_acc ? 1 : banks, last = in_acc ? acc - 1 : 3;
    const uint32_t rows = u32(in_acc ? config().acc_rows : config().sp_rows) * share;
    base = std::min(nth, last) * rows + (prng.one_in(2) ? prng.below(rows) : prng.below(9));
    hi = (std::min(nth, last) + 1) * share - 1;
  };
  place(0, f.src1_kind == isa::Source::kAcc, f.src1, f.src1_hi);
  place(1, f.dst_kind == isa::Space::kAcc, f.dst, f.dst_hi);
  place(2, false, f.param, f.param_hi);
  if (config().vec_binary) place(3, f.src2_kind == isa::Source::kAcc, f.src2, f.src2_hi);
  return f;
}

// Channel parameters where the instruction looks for them.
void ValuesTest::write_params(Prng& prng, Twins& twins, const isa::Vector& f) const {
  const auto lanes = twins.golden().scratchpad();
  const uint32_t dim = u32(config().dim);
  for (uint32_t i3 = 0; i3 < f.n3; ++i3) {
    const auto put = [&](uint32_t byte, int32_t value, uint32_t bytes) {
      for (uint32_t i = 0; i < bytes; ++i) {
        const uint32_t word = (f.param + 9 * i3 + (byte + i) / dim) & sp_mask();
        lanes[word * dim + (byte + i) % dim] = static_cast<int8_t>(value >> 8 * i);
      }
    };
    for (uint32_t lane = 0; lane < dim; ++lane) {
      put(4 * lane, prng.one_in(2) ? 0 : static_cast<int32_t>(prng.bits()), 4);
      put(4 * dim + 4 * lane, draw_multiplier(prng, f.quant == isa::Quant::kFp32), 4);
      put(8 * dim + lane, draw_shift(prng), 1);
    }
  }
  twins.copy();
}

TEST_P(ValuesTest, AgreeOnRandomVectors) {
  uint32_t whole = 0, partial = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Prng prng(seed);
    Twins twins(config(), kernel(), {});
    for (int i = 0; i < 20; ++i) {
      if (i % 10 == 0) twins.fill(prng);
      const isa::Vector f = draw_vector(prng);
      if (f.channel && !prng.one_in(4)) write_params(prng, twins, f);
      twins.step(draw_vset(prng).pack());
      (twins.step(f.pack()) ? partial : whole) += 1;
      ASSERT_EQ(twins.difference(), "") << "seed " << seed << ", instruction " << i;
    }
  }
  EXPECT_GT(whole, 100u);
  EXPECT_GT(partial, 100u);
}

}  // namespace
}  // namespace millrace::cycle
