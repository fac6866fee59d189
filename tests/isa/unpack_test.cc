// SPDX-License-Identifier: Apache-2.0
// The generated C++ and SystemVerilog agree on every bit of every instruction: random fields packed
// in C++ come out of the package's structs, and the legal bits are the same in all configurations.
#include <gtest/gtest.h>

#include <random>
#include <span>
#include <string>

#include "Vunpack_base.h"
#include "Vunpack_large.h"
#include "Vunpack_nano.h"
#include "Vunpack_small.h"
#include "millrace/isa.h"
#include "unpack_fields.h"

namespace millrace::isa {
namespace {

template <typename Top>
struct Machine {
  Machine() : context(std::make_unique<VerilatedContext>()), top(context.get()) {}
  // The fields of `opcode` as the package's struct names them.
  std::span<const uint32_t> fields(Opcode opcode) {
    switch (opcode) {
      case Opcode::kLoad:
        return top.load_o;
      case Opcode::kStore:
        return top.store_o;
      case Opcode::kMatmul:
        return top.matmul_o;
      case Opcode::kVector:
        return top.vector_o;
      case Opcode::kVset:
        return top.vset_o;
      case Opcode::kSignal:
        return top.signal_o;
    }
    return {};
  }
  std::unique_ptr<VerilatedContext> context;
  Top top;
};

uint32_t mask(const Field& f) { return f.width == 32 ? ~0u : (1u << f.width) - 1; }

// What the C++ struct holds for the bits `raw` of a field.
int64_t value(const Field& f, uint32_t raw) {
  if (f.is_signed && raw >> (f.width - 1)) return int64_t{raw} - (int64_t{1} << f.width);
  return int64_t{raw} + (f.minus_one ? 1 : 0);
}

template <typename Top>
class Unpack : public testing::Test {};
using Machines = testing::Types<Vunpack_nano, Vunpack_small, Vunpack_base, Vunpack_large>;
TYPED_TEST_SUITE(Unpack, Machines);

TYPED_TEST(Unpack, RandomFieldsOfEveryOpcode) {
  Machine<TypeParam> machine;
  ASSERT_EQ(kUnpackedFields.size(), kInstructions.size());
  std::mt19937 rng(2026);
  for (size_t i = 0; i < kInstructions.size(); ++i) {
    const InstructionInfo& info = kInstructions[i];
    const UnpackedFields& cpp = kUnpackedFields[i];
    ASSERT_EQ(cpp.opcode, info.opcode);
    for (int round = 0; round < 200; ++round) {
      std::vector<uint32_t> raw;
      std::vector<int64_t> values;
      for (const Field& f : info.fields) {
        const uint32_t bits = static_cast<uint32_t>(rng());
        raw.push_back((round == 0 ? ~0u : bits) & mask(f));
        values.push_back(value(f, raw.back()));
      }
      const Instruction word = cpp.pack(values);
      EXPECT_EQ(word[0] & 0xff, static_cast<uint32_t>(info.opcode));
      EXPECT_EQ(cpp.unpack(word), values) << info.name;
      for (int w = 0; w < kWords; ++w) machine.top.word_i[w] = word[static_cast<size_t>(w)];
      machine.top.eval();
      const std::span<const uint32_t> seen = machine.fields(info.opcode);
      ASSERT_EQ(seen.size(), raw.size());
      for (size_t k = 0; k < raw.size(); ++k) {
        const Field& f = info.fields[k];
        ASSERT_EQ(seen[k], raw[k]) << info.name << " " << f.name << ", SystemVerilog";
        ASSERT_EQ(word[static_cast<size_t>(f.word)] >> f.low & mask(f), raw[k])
            << info.name << " " << f.name << ", field table";
      }
    }
  }
}

template <typename Top>
constexpr size_t kIndex = 0;
template <>
constexpr size_t kIndex<Vunpack_small> = 1;
template <>
constexpr size_t kIndex<Vunpack_base> = 2;
template <>
constexpr size_t kIndex<Vunpack_large> = 3;

TYPED_TEST(Unpack, LegalBits) {
  Machine<TypeParam> machine;
  for (const InstructionInfo& info : kInstructions) {
    machine.top.opcode_i = static_cast<uint8_t>(info.opcode);
    machine.top.eval();
    for (size_t w = 0; w < kWords; ++w)
      EXPECT_EQ(machine.top.legal_o[w], info.legal[kIndex<TypeParam>][w])
          << kConfigs[kIndex<TypeParam>].name << " " << info.name << " word " << w;
  }
  for (int opcode : {0, 7, 128, 255}) {
    machine.top.opcode_i = static_cast<uint8_t>(opcode);
    machine.top.eval();
    for (size_t w = 0; w < kWords; ++w) EXPECT_EQ(machine.top.legal_o[w], 0u) << opcode;
  }
}

}  // namespace
}  // namespace millrace::isa
