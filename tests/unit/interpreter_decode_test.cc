// SPDX-License-Identifier: Apache-2.0
// What the golden model refuses at decode, and that nothing of a refused instruction executes.
#include <bit>

#include "tests/unit/machine_bench.h"

namespace millrace::ref {
namespace {

using isa::Fault;
using isa::Source;
using isa::Space;
using isa::Unit;

class Decode : public MachineTest {
 protected:
  template <typename T>
  void expect_illegal(const T& fields) {
    expect_fault(fields, Fault::kIllegal, Unit::kFetch, 0);
  }
  template <typename T>
  void expect_operand(const T& fields) {
    expect_fault(fields, Fault::kOperand, Unit::kFetch, 0);
  }
  // One legal instruction of every opcode.
  std::vector<isa::Instruction> legal() const {
    return {isa::Load{.row_bytes = dim()}.pack(),
            isa::Store{.row_bytes = dim()}.pack(),
            isa::Matmul{.b = sp_rows(), .b_hi = 1}.pack(),
            isa::Vector{.src1_kind = Source::kSp, .dst = sp_rows(), .dst_hi = 1}.pack(),
            isa::Vset{}.pack(),
            isa::Signal{}.pack()};
  }
};
INSTANTIATE_TEST_SUITE_P(All, Decode, testing::ValuesIn(isa::kConfigs), config_name);

TEST_P(Decode, LegalOnesPass) {
  for (const isa::Instruction& w : legal()) EXPECT_FALSE(machine_.step(w));
}

TEST_P(Decode, UnknownOpcodes) {
  for (uint32_t opcode = 0; opcode < 256; ++opcode)
    if (opcode < 1 || opcode > 6) expect_illegal(isa::Instruction{opcode});
}

TEST_P(Decode, EveryReservedBit) {
  int bits = 0;
  for (const isa::Instruction& w : legal()) {
    const auto& mask =
        isa::kInstructions[(w[0] & 0xff) - 1].legal[static_cast<size_t>(config().index)];
    for (size_t i = 0; i < w.size(); ++i)
      for (uint32_t bit = 0; bit < 32; ++bit) {
        if (mask[i] >> bit & 1) continue;
        isa::Instruction bad = w;
        bad[i] |= 1u << bit;
        expect_illegal(bad);
        ++bits;
      }
  }
  EXPECT_GT(bits, 256);
}

TEST_P(Decode, FieldsBeyondTheConfiguration) {
  expect_illegal(isa::Load{.row_bytes = dim(), .dst = std::max(sp_words(), acc_words())});
  expect_illegal(isa::Matmul{.b = sp_rows(), .b_hi = 1, .d = acc_words()});
  const uint32_t count = 1u << config().count_bits;
  isa::Load rows{.row_bytes = dim(), .rows = count};
  EXPECT_FALSE(machine_.step(rows.pack()));
  ++rows.rows;
  expect_illegal(rows);
  if (!config().dma_unaligned) {
    expect_illegal(isa::Load{.row_bytes = dim() + 1});
    expect_illegal(isa::Store{.row_bytes = dim(), .offset = 2});
  }
  if (!config().dma_planes) expect_illegal(isa::Load{.row_bytes = dim(), .planes = 2});
  if (!config().vec_fp32) expect_illegal(isa::Vector{.quant = isa::Quant::kFp32});
  if (!config().dma_acc) {
    expect_illegal(isa::Load{.space = Space::kAcc, .row_bytes = dim()});
    expect_illegal(isa::Store{.space = Space::kAcc, .row_bytes = dim()});
  }
  if (!config().vec_acc) expect_illegal(isa::Vector{.dst_kind = Space::kAcc});
  if (!config().vec_scalars) {
    expect_illegal(isa::Vset{.scalar_mult = 1});
    expect_illegal(isa::Vset{.scalar_shift = -1});
    expect_illegal(isa::Vset{.scalar1 = 1});
  }
}

TEST_P(Decode, Enumerations) {
  const auto vector = [](uint32_t bits) {
    isa::Instruction w = isa::Vector{}.pack();
    w[0] |= bits;
    return w;
  };
  expect_illegal(vector(3u << 8));   // src1_kind
  expect_illegal(vector(3u << 10));  // src2_kind
  expect_illegal(vector(6u << 16));  // op
  expect_illegal(vector(7u << 16));
  expect_illegal(vector(3u << 24));  // quant
}

TEST_P(Decode, RowBytesOfZero) {
  expect_illegal(isa::Load{});
  expect_illegal(isa::Store{});
}

TEST_P(Decode, RangeEmptyOrBeyondTheMemory) {
  expect_operand(isa::Load{.row_bytes = dim(), .dst = sp_rows(), .dst_hi = 0});
  expect_operand(isa::Store{.row_bytes = dim(), .src = 2 * sp_rows(), .src_hi = 1});
  if (config().dma_acc) {
    expect_operand(
        isa::Load{.space = Space::kAcc, .row_bytes = dim(), .dst_hi = last_acc_bank() + 1});
    expect_operand(
        isa::Load{.space = Space::kAcc, .row_bytes = dim(), .dst = acc_words(), .dst_hi = 15});
  }
  if (config().sp_banks < 16)
    expect_operand(isa::Store{.row_bytes = dim(), .src_hi = last_sp_bank() + 1});
  expect_operand(isa::Matmul{.b = sp_rows(), .b_hi = 1, .d_hi = last_acc_bank() + 1});
  if (last_acc_bank() > 0)
    expect_operand(isa::Matmul{.b = sp_rows(), .b_hi = 1, .d = acc_rows(), .d_hi = 0});
  expect_operand(isa::Vector{.src1_kind = Source::kAcc, .src1_hi = last_acc_bank() + 1});
  expect_operand(isa::Vector{.dst = sp_rows(), .dst_hi = 0});
}

TEST_P(Decode, OperandsMayNotShareABank) {
  expect_operand(isa::Matmul{.a_hi = 1, .b = sp_rows(), .b_hi = 1});
  expect_operand(isa::Matmul{.a = sp_rows() - 1, .b = 0});
  expect_operand(isa::Vector{.src1_kind = Source::kSp});
  if (config().vec_acc)
    expect_operand(isa::Vector{.src1_kind = Source::kAcc, .dst_kind = Space::kAcc});
  expect_operand(isa::Vector{
      .channel = 1, .dst = sp_rows(), .dst_hi = 2, .param = 2 * sp_rows(), .param_hi = 2});
  if (config().vec_binary)
    expect_operand(isa::Vector{
        .src1_kind = Source::kSp, .src2_kind = Source::kSp, .dst = sp_rows(), .dst_hi = 1});
  // The same bank number of another memory is another bank.
  run(isa::Vector{.src1_kind = Source::kAcc});
  if (config().vec_acc) run(isa::Vector{.src1_kind = Source::kSp, .dst_kind = Space::kAcc});
}

TEST_P(Decode, UnusedOperandsAreNotChecked) {
  run(isa::Vector{.src1 = 3 * sp_rows(), .src1_hi = 0, .param = sp_rows(), .param_hi = 15});
  if (config().vec_binary) run(isa::Vector{.src2 = 3 * sp_rows(), .src2_hi = 2});
}

TEST_P(Decode, IllegalComesBeforeOperand) {
  isa::Instruction w = isa::Load{.row_bytes = dim(), .dst = sp_rows(), .dst_hi = 0}.pack();
  w[7] = 1;
  expect_illegal(w);
  expect_illegal(isa::Load{.dst = sp_rows(), .dst_hi = 0});
}

TEST_P(Decode, OperandComesBeforeExecution) {
  expect_operand(isa::Load{.seg = 2, .row_bytes = dim(), .dst = sp_rows(), .dst_hi = 0});
  isa::Signal signal{.seg = 0, .offset = 1, .value = 9};
  isa::Instruction w = signal.pack();
  w[7] = 1;
  expect_illegal(w);
  EXPECT_EQ(memory_[4], 0);
  EXPECT_EQ(machine_.signal_value(), 0u);
}

TEST_P(Decode, IndexCountsFromReset) {
  run(isa::Vset{.zero_point = 5});
  run(isa::Vset{.zero_point = 6});
  const auto fault = machine_.step(isa::Instruction{});
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->index, 2u);
  EXPECT_EQ(machine_.executed(), 2u);
  machine_.reset();
  EXPECT_EQ(machine_.vset(), isa::Vset{});
  EXPECT_EQ(machine_.executed(), 0u);
}

}  // namespace
}  // namespace millrace::ref
