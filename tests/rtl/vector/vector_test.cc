// SPDX-License-Identifier: Apache-2.0
// The vector unit alone, in every configuration. A failure names the seed; rerun it with
// --gtest_filter and MILLRACE_SEED.
#include <cstdlib>
#include <string>

#include "Vvector_base.h"
#include "Vvector_large.h"
#include "Vvector_nano.h"
#include "Vvector_small.h"
#include "tests/rtl/vector/vector_bench.h"
#include "tests/rtl/vector/vector_random.h"

namespace millrace::bench {
namespace {

struct Nano {
  using Top = Vvector_nano;
  static constexpr const char* kName = "nano";
  static constexpr int kWork = 1;
};
struct Small {
  using Top = Vvector_small;
  static constexpr const char* kName = "small";
  static constexpr int kWork = 4;
};
struct Base {
  using Top = Vvector_base;
  static constexpr const char* kName = "base";
  static constexpr int kWork = 4;
};
struct Large {
  using Top = Vvector_large;
  static constexpr const char* kName = "large";
  static constexpr int kWork = 1;
};

uint64_t first_seed() {
  const char* text = std::getenv("MILLRACE_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 0);
}

template <typename Kind>
class VectorUnit : public ::testing::Test {
 protected:
  const isa::Config& config() const { return *isa::find_config(Kind::kName); }
};
using Kinds = ::testing::Types<Nano, Small, Base, Large>;
TYPED_TEST_SUITE(VectorUnit, Kinds);

// Programs of all kinds back to back, faults among them.
TYPED_TEST(VectorUnit, RandomPrograms) {
  const isa::Config& c = this->config();
  uint64_t faults = 0, instructions = 0;
  for (uint64_t seed = first_seed(); seed < first_seed() + 40 * TypeParam::kWork; ++seed) {
    SCOPED_TRACE(std::string("MILLRACE_SEED=") + std::to_string(seed));
    Generator g(c, seed);
    Bench<typename TypeParam::Top> bench(c, seed);
    Memories mem = g.memories();
    std::vector<Instruction> program;
    for (int k = 0; k < 20; ++k) {
      if (g.one_in(3))
        program.push_back(g.vset());
      else
        program.push_back(g.vector(mem));
    }
    bench.run(program, mem, g.one_in(2) ? 0 : 8);
    if (this->HasFatalFailure()) return;
    faults += bench.faults();
    instructions += program.size();
  }
  EXPECT_GT(faults, instructions / 50);  // the generator reaches faults, and does not drown in them
  EXPECT_LT(faults, instructions / 3);
}

// Rows of accumulators to others with the scalar parameters; where the configuration lacks these,
// to the scratchpad with channel parameters from its second bank on.
isa::Vector requantise(const isa::Config& c, isa::Quant quant, uint32_t rows) {
  isa::Vector v;
  v.src1_kind = isa::Source::kAcc;
  v.quant = quant;
  v.n2 = rows;
  v.s1_2 = v.d_2 = 1;
  if (c.vec_acc && c.vec_scalars) {
    v.dst_kind = isa::Space::kAcc;
    v.dst = static_cast<uint32_t>(c.acc_rows);
    v.dst_hi = 1;
  } else {
    v.channel = 1;
    v.param = static_cast<uint32_t>(c.sp_rows);
    v.param_hi = static_cast<uint32_t>(c.sp_banks) - 1;
  }
  return v;
}

// Channel parameters at scratchpad word `at`: no bias, the same multiplier and shift in all lanes.
void put_parameters(const isa::Config& c, Memories& mem, uint32_t at, int32_t mult, int32_t shift) {
  const size_t dim = static_cast<size_t>(c.dim);
  int8_t* const p = &mem.sp[at * dim];
  std::fill_n(p, 4 * dim, int8_t{0});
  for (size_t i = 0; i < 4 * dim; ++i)
    p[4 * dim + i] = static_cast<int8_t>(static_cast<uint32_t>(mult) >> i % 4 * 8);
  std::fill_n(p + 8 * dim, dim, static_cast<int8_t>(shift));
}

// Requantisation over whole banks of accumulators, with scalar parameters of all kinds.
TYPED_TEST(VectorUnit, RequantisesBulk) {
  const isa::Config& c = this->config();
  const uint64_t seed = first_seed();
  SCOPED_TRACE(std::string("MILLRACE_SEED=") + std::to_string(seed));
  Generator g(c, seed);
  Bench<typename TypeParam::Top> bench(c, seed);
  const int rounds = c.serial_quant ? 8 : 40;
  for (int k = 0; k < rounds; ++k) {
    Memories mem = g.memories();
    isa::Vset s = g.vset();
    s.offset1 = 0;
    s.preshift1 = 0;
    const bool fp32 = c.vec_fp32 && g.one_in(2);
    if (fp32) s.scalar_mult = g.fp32_scale();
    const auto rows = static_cast<uint32_t>(std::min(c.acc_rows, c.sp_rows));
    const isa::Vector v = requantise(c, fp32 ? isa::Quant::kFp32 : isa::Quant::kQ31, rows);
    if (v.channel) g.parameters(mem, v);
    bench.run({s, v}, mem, 0);
    if (this->HasFatalFailure()) return;
  }
}

// Every shift with corner multipliers; every fp32 exponent.
TYPED_TEST(VectorUnit, RequantisesCorners) {
  const isa::Config& c = this->config();
  Generator g(c, first_seed());
  Bench<typename TypeParam::Top> bench(c, 1);
  Memories mem = g.memories();
  constexpr int32_t kMin = -0x7fffffff - 1;
  const int32_t corners[] = {kMin, kMin + 1, -1, 0, 1, 0x7fffffff, 0x40000000, -0x40000000};
  std::copy(std::begin(corners), std::end(corners), mem.acc.begin());
  const uint32_t rows = std::max(2u, 16u / static_cast<uint32_t>(c.dim));
  std::vector<Instruction> program;
  for (const int32_t mult : {kMin, kMin + 1, int32_t{-1}, 0x7fffffff, 0x40000000}) {
    isa::Vector v = requantise(c, isa::Quant::kQ31, rows);
    program.push_back(isa::Vset{.clamp_lo = -128, .clamp_hi = 127});
    for (int32_t shift = -128; shift < 128; shift += (shift < -33 || shift > 33) ? 13 : 1) {
      if (v.channel)
        put_parameters(c, mem, v.param, mult, shift);
      else
        program.push_back(isa::Vset{.scalar_mult = mult, .scalar_shift = shift});
      program.push_back(v);
      if (v.channel) v.param += 9;
    }
    if (!v.channel) continue;
    bench.run(program, mem, 0);
    if (this->HasFatalFailure()) return;
    program.clear();
  }
  for (uint32_t exponent = 0; c.vec_fp32 && exponent < 256; ++exponent) {
    for (const uint32_t mantissa : {0x000000u, 0x7fffffu, 0x2aaaabu}) {
      program.push_back(isa::Vset{.scalar_mult = static_cast<int32_t>(exponent << 23 | mantissa)});
      program.push_back(requantise(c, isa::Quant::kFp32, rows));
    }
  }
  bench.run(program, mem, 0);
}

// Several operands leave their banks in one step: the first in the manual's order is reported,
// parameters before all.
TYPED_TEST(VectorUnit, ReportsTheFirstFault) {
  const isa::Config& c = this->config();
  const uint32_t sp_rows = static_cast<uint32_t>(c.sp_rows);
  const uint32_t far_sp = static_cast<uint32_t>(c.sp_words()) / 2,
                 far_acc = static_cast<uint32_t>(c.acc_words()) / 2;
  Generator g(c, first_seed());
  Bench<typename TypeParam::Top> bench(c, 3);
  std::vector<Instruction> program;
  for (uint32_t mask = 0; mask < 16; ++mask) {
    isa::Vset s{.clamp_lo = -128, .clamp_hi = 127};
    isa::Vector v;
    v.src1_kind = isa::Source::kSp;
    v.src1 = 5;
    v.dst = sp_rows;
    v.dst_hi = 1;
    v.n3 = 2;
    if (mask & 1) v.s1_3 = far_sp;
    if (mask & 2) v.d_3 = far_sp;
    if (c.vec_binary) {
      v.src2_kind = isa::Source::kAcc;
      v.op = isa::Binary::kAdd;
      if (mask & 4) s.s2_3 = far_acc;
    }
    if (mask & 8) {  // the second iteration's parameters cross into the next bank
      v.channel = 1;
      v.param = 3 * sp_rows - 12;
      v.param_hi = 2;
    }
    program.push_back(s);
    program.push_back(v);
  }
  bench.run(program, g.memories(), 0);
  EXPECT_EQ(bench.faults(), c.vec_binary ? 15u : 14u);
}

// The state after reset is zero: everything clamps to 0.
TYPED_TEST(VectorUnit, StartsWithZeroState) {
  const isa::Config& c = this->config();
  Generator g(c, first_seed());
  Bench<typename TypeParam::Top> bench(c, 7);
  isa::Vector v;
  v.n2 = 3;
  v.d_2 = 1;
  bench.run({v}, g.memories(), 0);
}

}  // namespace
}  // namespace millrace::bench
