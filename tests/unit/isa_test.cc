// SPDX-License-Identifier: Apache-2.0
// The generated header: encodings against words written by hand from docs/reference/isa.md, and
// round trips of every opcode with random fields.
#include "millrace/isa.h"

#include <gtest/gtest.h>

#include <random>

namespace millrace::isa {
namespace {

const InstructionInfo& info_of(Opcode opcode) {
  for (const InstructionInfo& info : kInstructions)
    if (info.opcode == opcode) return info;
  ADD_FAILURE() << "opcode missing";
  return kInstructions[0];
}

Instruction field_bits(const InstructionInfo& info) {
  Instruction bits{};
  for (const Field& f : info.fields)
    bits[static_cast<size_t>(f.word)] |= static_cast<uint32_t>((uint64_t{1} << f.width) - 1)
                                         << f.low;
  return bits;
}

template <typename T>
class RoundTrip : public testing::Test {};
using Instructions = testing::Types<Load, Store, Matmul, Vector, Vset, Signal>;
TYPED_TEST_SUITE(RoundTrip, Instructions);

TYPED_TEST(RoundTrip, RandomFields) {
  const Instruction bits = field_bits(info_of(TypeParam::kOpcode));
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    Instruction words{};
    for (size_t w = 0; w < words.size(); ++w) words[w] = static_cast<uint32_t>(random()) & bits[w];
    words[0] |= static_cast<uint32_t>(TypeParam::kOpcode);
    const TypeParam fields = TypeParam::unpack(words);
    ASSERT_EQ(fields.pack(), words);
    ASSERT_EQ(TypeParam::unpack(fields.pack()), fields);
  }
}

TYPED_TEST(RoundTrip, ReservedBitsAreIgnoredByUnpackAndClearedByPack) {
  const Instruction bits = field_bits(info_of(TypeParam::kOpcode));
  Instruction words;
  words.fill(0xffffffff);
  const Instruction packed = TypeParam::unpack(words).pack();
  for (size_t w = 0; w < words.size(); ++w)
    EXPECT_EQ(packed[w], bits[w] | (w == 0 ? static_cast<uint32_t>(TypeParam::kOpcode) : 0));
}

TYPED_TEST(RoundTrip, DefaultsAreCountsOfOneAndZeros) {
  const Instruction packed = TypeParam{}.pack();
  EXPECT_EQ(packed[0], static_cast<uint32_t>(TypeParam::kOpcode));
  for (size_t w = 1; w < packed.size(); ++w) EXPECT_EQ(packed[w], 0u);
}

TEST(Encoding, LoadByHand) {
  Load f;
  f.space = Space::kAcc;
  f.flip = 1;
  f.seg = 0xA;
  f.row_bytes = 0x1234;
  f.dst = 0x2BCD;
  f.dst_hi = 0xE;
  f.rows = 0x100;
  f.offset = 0x11223344;
  f.mem_row = 0xfffffff0;
  f.mem_plane = 0x55667788;
  f.planes = 3;
  f.chip_row = 0x0102;
  f.chip_plane = 0x0304;
  const Instruction expected = {0x1234A301, 0x0FFE2BCD, 0x11223344, 0xfffffff0,
                                0x55667788, 0x00000002, 0x03040102, 0};
  EXPECT_EQ(f.pack(), expected);
}

TEST(Encoding, VsetByHand) {
  Vset f;
  f.zero_point = -1;
  f.clamp_lo = -128;
  f.clamp_hi = 127;
  f.offset1 = -2;
  f.offset2 = 0x1234;
  f.scalar_mult = -2147483647 - 1;
  f.scalar_shift = -5;
  f.preshift1 = 31;
  f.preshift2 = 7;
  f.scalar1 = -3;
  f.scalar2 = 4;
  f.s2_0 = 1;
  f.s2_1 = 2;
  f.s2_2 = 3;
  f.s2_3 = 4;
  const Instruction expected = {0x7f80ff05, 0x1234fffe, 0x80000000, 0x00071ffb,
                                0xfffffffd, 0x00000004, 0x00020001, 0x00040003};
  EXPECT_EQ(f.pack(), expected);
  EXPECT_EQ(Vset::unpack(expected), f);
}

TEST(Encoding, SignalOffsetCountsWords) {
  Signal f;
  f.irq = 1;
  f.seg = 2;
  f.offset = 3;
  f.value = 0xdeadbeef;
  EXPECT_EQ(f.pack(), (Instruction{0x00002106, 0, 12, 0xdeadbeef, 0, 0, 0, 0}));
}

TEST(Tables, LegalBitsAreFieldBits) {
  for (const InstructionInfo& info : kInstructions) {
    Instruction bits = field_bits(info);
    bits[0] |= 0xff;
    for (const auto& legal : info.legal)
      for (size_t w = 0; w < bits.size(); ++w) EXPECT_EQ(legal[w] & ~bits[w], 0u) << info.name;
  }
}

TEST(Tables, FieldsDoNotOverlapNorStraddle) {
  for (const InstructionInfo& info : kInstructions) {
    Instruction used{0xff};
    for (const Field& f : info.fields) {
      ASSERT_LE(f.low + f.width, 32) << info.name << "." << f.name;
      const uint32_t bits = static_cast<uint32_t>((uint64_t{1} << f.width) - 1) << f.low;
      EXPECT_EQ(used[static_cast<size_t>(f.word)] & bits, 0u) << info.name << "." << f.name;
      used[static_cast<size_t>(f.word)] |= bits;
    }
  }
}

TEST(Tables, Configurations) {
  for (size_t i = 0; i < kConfigs.size(); ++i) {
    EXPECT_EQ(kConfigs[i].index, static_cast<int>(i));
    EXPECT_EQ(find_config(kConfigs[i].name), &kConfigs[i]);
    for (size_t j = 0; j < i; ++j) EXPECT_NE(kConfigs[i].isa_hash, kConfigs[j].isa_hash);
  }
  EXPECT_EQ(find_config("none such"), nullptr);
}

}  // namespace
}  // namespace millrace::isa
