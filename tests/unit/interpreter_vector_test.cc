// SPDX-License-Identifier: Apache-2.0
// VECTOR and VSET of the golden model against expectations written by hand.
#include <limits>

#include "tests/unit/machine_bench.h"

namespace millrace::ref {
namespace {

using isa::Binary;
using isa::Fault;
using isa::Quant;
using isa::Reduce;
using isa::Source;
using isa::Space;
using isa::Unit;
constexpr int32_t kMax = std::numeric_limits<int32_t>::max();
constexpr int32_t kMin = std::numeric_limits<int32_t>::min();

class VectorUnit : public MachineTest {
 protected:
  // A VECTOR from accumulator row 0 to scratchpad word 0.
  static isa::Vector to_sp() { return {.src1_kind = Source::kAcc}; }
  // A VECTOR from scratchpad word 0 to accumulator row 0.
  static isa::Vector to_acc() { return {.src1_kind = Source::kSp, .dst_kind = Space::kAcc}; }

  int32_t apply(Binary op, int32_t a, int32_t b) {
    run(isa::Vset{.scalar1 = a, .scalar2 = b});
    run(isa::Vector{.dst_kind = Space::kAcc, .op = op});
    return acc(0, dim() - 1);
  }
  void put_int32(uint32_t word, uint32_t lane, int32_t value) {
    for (uint32_t i = 0; i < 4; ++i)
      sp(word + (4 * lane + i) / dim(), (4 * lane + i) % dim()) =
          static_cast<int8_t>(value >> 8 * i);
  }
};
INSTANTIATE_TEST_SUITE_P(All, VectorUnit, testing::ValuesIn(isa::kConfigs), config_name);

TEST_P(VectorUnit, CopiesWordsToRowsLaneByLane) {
  MILLRACE_NEEDS(vec_acc);
  for (uint32_t n = 0; n < dim(); ++n) sp(0, n) = static_cast<int8_t>(n - 3);
  run(to_acc());
  for (uint32_t n = 0; n < dim(); ++n) EXPECT_EQ(acc(0, n), static_cast<int32_t>(n) - 3);
}

TEST_P(VectorUnit, ClampsToInt8) {
  fill_acc(0, 1000);
  run(isa::Vset{.zero_point = 1, .clamp_lo = -100, .clamp_hi = 100});
  run(to_sp());
  EXPECT_EQ(sp(0, 0), 100);
  fill_acc(0, -1000);
  run(to_sp());
  EXPECT_EQ(sp(0, 0), -100);
  fill_acc(0, 7);
  run(to_sp());
  EXPECT_EQ(sp(0, dim() - 1), 8);
}

TEST_P(VectorUnit, ZeroPointDoesNotWrapAndUpperClampWins) {
  run(isa::Vset{.zero_point = 127, .clamp_lo = -128, .clamp_hi = 127});
  fill_acc(0, kMax);
  run(to_sp());
  EXPECT_EQ(sp(0, 0), 127);
  run(isa::Vset{.clamp_lo = 50, .clamp_hi = -50});
  fill_acc(0, 0);
  run(to_sp());
  EXPECT_EQ(sp(0, 0), -50);
}

TEST_P(VectorUnit, OffsetAppliesToMemoryButNotToScalars) {
  MILLRACE_NEEDS(vec_acc);
  fill_sp(0, -128);
  run(isa::Vset{.offset1 = -1000, .scalar1 = 5});
  run(to_acc());
  EXPECT_EQ(acc(0, 0), -1128);
  run(isa::Vector{.dst_kind = Space::kAcc});
  EXPECT_EQ(acc(0, 0), 5);
  fill_acc(0, kMin);
  run(isa::Vector{
      .src1_kind = Source::kAcc, .dst_kind = Space::kAcc, .dst = acc_rows(), .dst_hi = 1});
  EXPECT_EQ(acc(acc_rows(), 0), kMax - 999);  // wraps
}

TEST_P(VectorUnit, PreshiftWraps) {
  MILLRACE_NEEDS(vec_preshift);
  fill_sp(0, 3);
  fill_acc(0, 5);
  run(isa::Vset{.offset1 = 2, .offset2 = -1, .preshift1 = 29, .preshift2 = 4});
  isa::Vector f = to_acc();
  f.dst = acc_rows();
  f.dst_hi = 1;
  run(f);
  EXPECT_EQ(acc(acc_rows(), 0), static_cast<int32_t>(0xA0000000));
  f.src2_kind = Source::kAcc;
  f.op = Binary::kSub;
  run(f);  // (5 << 29) - (4 << 4)
  EXPECT_EQ(acc(acc_rows(), 0), static_cast<int32_t>(0xA0000000 - 64));
}

TEST_P(VectorUnit, BinaryOperations) {
  MILLRACE_NEEDS(vec_binary);
  EXPECT_EQ(apply(Binary::kPass, 11, 4), 11);
  EXPECT_EQ(apply(Binary::kAdd, kMax, 1), kMin);
  EXPECT_EQ(apply(Binary::kSub, kMin, 1), kMax);
  EXPECT_EQ(apply(Binary::kMul, 0x7fff8000, 0x00018000), 1 << 30);  // low halves: -32768 each
  EXPECT_EQ(apply(Binary::kMul, 300, -200), -60000);
  EXPECT_EQ(apply(Binary::kMul, 0x00030002, 0x0005ffff), -2);  // 2 * -1
  EXPECT_EQ(apply(Binary::kMax, -5, -6), -5);
  EXPECT_EQ(apply(Binary::kMin, kMax, kMin), kMin);
}

TEST_P(VectorUnit, SecondOperandWithItsStrides) {
  MILLRACE_NEEDS(vec_binary);
  for (uint32_t w = 0; w < 4; ++w) fill_sp(w, static_cast<int8_t>(10 * w));
  for (uint32_t r = 0; r < 8; ++r) fill_acc(r, static_cast<int32_t>(r));
  run(isa::Vset{.s2_2 = 1, .s2_3 = 3});
  run(isa::Vector{.src1_kind = Source::kSp,
                  .src2_kind = Source::kAcc,
                  .dst_kind = Space::kAcc,
                  .op = Binary::kAdd,
                  .n2 = 2,
                  .n3 = 2,
                  .dst = acc_rows(),
                  .dst_hi = 1,
                  .s1_2 = 1,
                  .s1_3 = 2,
                  .d_2 = 5,
                  .d_3 = 1});
  const uint32_t rows[] = {0, 5, 1, 6};  // i2 inner
  const int32_t values[] = {0 + 0, 10 + 1, 20 + 3, 30 + 4};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(acc(acc_rows() + rows[i], 1), values[i]);
}

TEST_P(VectorUnit, Reductions) {
  MILLRACE_NEEDS(vec_reduce);
  const int8_t words[] = {5, -7, 3, 9, 100, 2};
  for (uint32_t w = 0; w < 6; ++w) fill_sp(w, words[w]);
  isa::Vector f = to_acc();
  f.n0 = 2;
  f.n1 = 2;
  f.s1_0 = 1;
  f.s1_1 = 3;  // words 0, 1, 3, 4
  const struct {
    Reduce reduce;
    int32_t value;
  } cases[] = {{Reduce::kLast, 100}, {Reduce::kSum, 107}, {Reduce::kMax, 100}, {Reduce::kMin, -7}};
  for (const auto& c : cases) {
    f.reduce = c.reduce;
    run(f);
    EXPECT_EQ(acc(0, 0), c.value);
  }
}

TEST_P(VectorUnit, ReduceSumWrapsAndCombinesAfterTheOperation) {
  MILLRACE_NEEDS(vec_reduce);
  run(isa::Vset{.scalar1 = 1 << 30, .scalar2 = 1});
  isa::Vector f{.dst_kind = Space::kAcc, .op = Binary::kAdd, .reduce = Reduce::kSum, .n0 = 3};
  run(f);
  EXPECT_EQ(acc(0, 0), static_cast<int32_t>(0xC0000003));
}

TEST_P(VectorUnit, ScalarQ31) {
  MILLRACE_NEEDS(vec_scalars);
  fill_acc(0, 1001);
  run(isa::Vset{.zero_point = -3,
                .clamp_lo = -128,
                .clamp_hi = 127,
                .scalar_mult = 1 << 30,
                .scalar_shift = -2});
  isa::Vector f = to_sp();
  f.quant = Quant::kQ31;
  run(f);
  EXPECT_EQ(sp(0, 0), 122);  // 1001 / 2 = 501 (up), / 4 = 125, - 3
}

TEST_P(VectorUnit, ScalarFp32) {
  MILLRACE_NEEDS(vec_fp32);
  fill_acc(0, 1002);
  run(isa::Vset{.clamp_lo = -128, .clamp_hi = 127, .scalar_mult = 0x3dcccccd});  // 0.1
  isa::Vector f = to_sp();
  f.quant = Quant::kFp32;
  run(f);
  EXPECT_EQ(sp(0, 0), 100);
  f.dst_kind = Space::kAcc;
  f.dst = acc_rows();
  f.dst_hi = 1;
  run(f);
  EXPECT_EQ(acc(acc_rows(), 0), 100);
}

TEST_P(VectorUnit, ChannelParametersReplaceScalars) {
  MILLRACE_NEEDS(vec_acc);
  const uint32_t param = sp_rows();
  for (uint32_t i = 0; i < 2; ++i)
    for (uint32_t n = 0; n < dim(); ++n) {
      put_int32(param + 9 * i, n, static_cast<int32_t>(1000 * i + n));
      put_int32(param + 9 * i + 4, n, n % 2 ? kMin : 1 << 30);
      sp(param + 9 * i + 8, n) = static_cast<int8_t>(n % 2 ? 0 : -1);
    }
  run(isa::Vset{.scalar_mult = 77, .scalar_shift = 3});
  fill_acc(0, 4000);
  isa::Vector f{.src1_kind = Source::kAcc,
                .dst_kind = Space::kAcc,
                .quant = Quant::kQ31,
                .channel = 1,
                .n3 = 2,
                .dst = acc_rows(),
                .dst_hi = 1,
                .param = param,
                .param_hi = 1,
                .d_3 = 1};
  run(f);
  EXPECT_EQ(acc(acc_rows(), 0), 1000);
  EXPECT_EQ(acc(acc_rows(), 2), 1001);  // 4002 / 2 = 2001, / 2 = 1000.5, away from zero
  EXPECT_EQ(acc(acc_rows(), 1), -4001);
  EXPECT_EQ(acc(acc_rows() + 1, 0), 1250);
  EXPECT_EQ(acc(acc_rows() + 1, 3), -5003);
  f.quant = Quant::kNone;  // the bias still counts
  run(f);
  EXPECT_EQ(acc(acc_rows(), 3), 4003);
}

// The same in every configuration, as int8.
TEST_P(VectorUnit, ChannelParametersToWords) {
  const uint32_t param = sp_rows();
  for (uint32_t n = 0; n < dim(); ++n) {
    put_int32(param, n, static_cast<int32_t>(10 * n));
    put_int32(param + 4, n, n % 2 ? kMin : 1 << 30);
    sp(param + 8, n) = static_cast<int8_t>(n % 2 ? 0 : -1);
  }
  run(isa::Vset{.zero_point = 1, .clamp_lo = -128, .clamp_hi = 127});
  fill_acc(last_acc_bank() * acc_rows() + 3, 41);
  isa::Vector f = to_sp();
  f.src1 = last_acc_bank() * acc_rows() + 3;
  f.src1_hi = last_acc_bank();
  f.quant = Quant::kQ31;
  f.channel = 1;
  f.param = param;
  f.param_hi = 1;
  run(f);
  EXPECT_EQ(sp(0, 0), 12);   // 41 / 2 = 21 (up), / 2 = 10.5, away from zero, + 1
  EXPECT_EQ(sp(0, 1), -50);  // -(41 + 10) + 1
  EXPECT_EQ(sp(0, 2), 17);   // 61 / 2 = 31 (up), / 2 = 15.5, + 1
  f.quant = Quant::kNone;
  run(f);
  EXPECT_EQ(sp(0, 3), 72);
}

TEST_P(VectorUnit, WithoutScalarsTheyAreZero) {
  fill_sp(0, 9);
  run(isa::Vset{.zero_point = 5, .clamp_lo = -128, .clamp_hi = 127, .offset1 = 7});
  run(isa::Vector{});
  EXPECT_EQ(sp(0, 0), 5);
  fill_acc(0, 1 << 20);
  isa::Vector f = to_sp();
  f.quant = Quant::kQ31;
  run(f);
  EXPECT_EQ(sp(0, 1), 5);
}

TEST_P(VectorUnit, BiasWraps) {
  MILLRACE_NEEDS(vec_acc);
  const uint32_t param = sp_rows();
  for (uint32_t n = 0; n < dim(); ++n) put_int32(param, n, kMax);
  fill_acc(0, 1);
  run(isa::Vector{.src1_kind = Source::kAcc,
                  .dst_kind = Space::kAcc,
                  .channel = 1,
                  .dst = acc_rows(),
                  .dst_hi = 1,
                  .param = param,
                  .param_hi = 1});
  EXPECT_EQ(acc(acc_rows(), 0), kMin);
}

TEST_P(VectorUnit, AddressesWrapAndStridesCountBackwards) {
  MILLRACE_NEEDS(vec_acc);
  fill_sp(sp_words() - 1, 1);
  fill_sp(0, 2);
  // d = last row, then last row - 1; source = word 3 backwards by 3.
  fill_sp(3, 4);
  run(isa::Vector{.src1_kind = Source::kSp,
                  .dst_kind = Space::kAcc,
                  .src1 = 3,
                  .n2 = 2,
                  .dst = acc_words() - 1,
                  .dst_hi = last_acc_bank(),
                  .s1_2 = sp_words() - 3,
                  .d_2 = acc_words() - 1});
  EXPECT_EQ(acc(acc_words() - 1, 0), 4);
  EXPECT_EQ(acc(acc_words() - 2, 0), 2);
}

TEST_P(VectorUnit, FaultsAfterTheResultsBefore) {
  MILLRACE_NEEDS(vec_acc);
  fill_sp(sp_rows() - 1, 8);
  expect_fault(isa::Vector{.src1_kind = Source::kSp,
                           .dst_kind = Space::kAcc,
                           .src1 = sp_rows() - 1,
                           .n2 = 2,
                           .s1_2 = 1,
                           .d_2 = 1},
               Fault::kBank, Unit::kVector, sp_rows());
  EXPECT_EQ(acc(0, 0), 8);
  EXPECT_EQ(acc(1, 0), 0);
}

TEST_P(VectorUnit, FaultsInOrder) {
  // Parameters, source 1, source 2 and destination all leave their ranges in the second iteration.
  isa::Vector f{.src1_kind = Source::kSp,
                .dst_kind = Space::kSp,
                .channel = 1,
                .src1 = sp_rows() - 1,
                .n3 = 2,
                .dst = 2 * sp_rows() - 1,
                .dst_hi = 1,
                .param = 3 * sp_rows() - 9,
                .param_hi = 2,
                .s1_3 = 1,
                .d_3 = 1};
  expect_fault(f, Fault::kBank, Unit::kVector, 3 * sp_rows());
  f.param = 3 * sp_rows() - 8;  // the ninth word of the first iteration
  expect_fault(f, Fault::kBank, Unit::kVector, 3 * sp_rows());
  f.channel = 0;
  expect_fault(f, Fault::kBank, Unit::kVector, sp_rows());
  f.s1_3 = 0;
  expect_fault(f, Fault::kBank, Unit::kVector, 2 * sp_rows());
  if (!config().vec_binary) return;
  f.src2_kind = Source::kAcc;
  f.src2 = acc_rows() - 1;
  run(isa::Vset{.s2_3 = 1});
  expect_fault(f, Fault::kBank, Unit::kVector, acc_rows());
  run(isa::Vset{.s2_3 = 1});
  f.s1_3 = 1;
  expect_fault(f, Fault::kBank, Unit::kVector, sp_rows());
}

TEST_P(VectorUnit, FaultInsideAReductionWritesNothing) {
  MILLRACE_NEEDS(vec_reduce);
  fill_acc(0, 42);
  isa::Vector f = to_acc();
  f.src1 = sp_rows() - 2;
  f.n0 = 3;
  f.s1_0 = 1;
  expect_fault(f, Fault::kBank, Unit::kVector, sp_rows());
  EXPECT_EQ(acc(0, 0), 42);
}

TEST_P(VectorUnit, VsetReplacesEverything) {
  MILLRACE_NEEDS(vec_acc);
  run(isa::Vset{.zero_point = 5, .offset1 = 9, .scalar1 = 3});
  run(isa::Vset{.clamp_hi = 4});
  EXPECT_EQ(machine_.vset(), (isa::Vset{.clamp_hi = 4}));
}

}  // namespace
}  // namespace millrace::ref
