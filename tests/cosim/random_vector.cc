// SPDX-License-Identifier: Apache-2.0
// VECTOR and VSET of the program generator.
#include <algorithm>
#include <array>

#include "tests/cosim/mode_names.h"
#include "tests/cosim/random_instruction.h"

namespace millrace::cosim {
namespace {

using isa::Fault;
using isa::Space;

// Accesses of a VECTOR source with the strides of loops 0 to 3.
std::vector<uint32_t> source_deltas(const isa::Vector& f, const std::array<uint32_t, 4>& s) {
  std::vector<uint32_t> deltas;
  for (uint32_t i3 = 0; i3 < f.n3; ++i3)
    for (uint32_t i2 = 0; i2 < f.n2; ++i2)
      for (uint32_t i1 = 0; i1 < f.n1; ++i1)
        for (uint32_t i0 = 0; i0 < f.n0; ++i0)
          deltas.push_back(i0 * s[0] + i1 * s[1] + i2 * s[2] + i3 * s[3]);
  return deltas;
}

std::vector<uint32_t> result_deltas(const isa::Vector& f) {
  std::vector<uint32_t> deltas;
  for (uint32_t i3 = 0; i3 < f.n3; ++i3)
    for (uint32_t i2 = 0; i2 < f.n2; ++i2) deltas.push_back(i2 * f.d_2 + i3 * f.d_3);
  return deltas;
}

std::vector<uint32_t> consecutive(uint32_t n) {
  std::vector<uint32_t> deltas(n);
  for (uint32_t i = 0; i < n; ++i) deltas[i] = i;
  return deltas;
}

}  // namespace

std::optional<isa::Vector> InstructionGenerator::try_vector(uint32_t limit, Fault fault) {
  isa::Vector f;
  draw_vector_modes(f);
  // A step costs dim / lanes cycles, a bit-serial one a few dozen cycles a lane.
  const uint32_t cost = static_cast<uint32_t>(config_.serial_quant ? 16 : config_.slices);
  draw_vector_shape(f, std::max(1u, limit / cost));
  if (!place_vector(f, fault)) return std::nullopt;
  return f;
}

void InstructionGenerator::draw_vector_modes(isa::Vector& f) {
  std::vector<uint32_t> shares;
  // The position in the list tells the modes.
  const auto add = [&](const std::string& name, uint32_t share) {
    shares.push_back(share * chooser_.weight("vector/" + name));
  };
  const bool binary = config_.vec_binary != 0;
  for (const isa::Source s1 : kSources)
    for (const isa::Source s2 : kSources)
      for (const Space dst : {Space::kSp, Space::kAcc}) {
        const bool possible =
            (binary || s2 == isa::Source::kScalar) && (config_.vec_acc || dst == Space::kSp);
        add(vector_sources(s1, s2, dst, binary), !possible                    ? 0
                                                 : s1 == isa::Source::kScalar ? 2
                                                                              : 5);
      }
  const uint32_t i = chooser_.pick(shares);
  f.src1_kind = kSources[i / 6];
  f.src2_kind = kSources[i / 2 % 3];
  f.dst_kind = static_cast<Space>(i % 2);
  shares.clear();
  for (uint32_t q = 0; q < 3; ++q)
    for (const uint32_t channel : {0, 1})
      add(vector_quantisation(static_cast<isa::Quant>(q), channel, f.dst_kind),
          q == 2 && !config_.vec_fp32       ? 0
          : channel || !config_.vec_scalars ? 1
                                            : 2);
  const uint32_t k = chooser_.pick(shares);
  f.quant = static_cast<isa::Quant>(k / 2);
  f.channel = k % 2;
  if (binary) draw_operation(f);
}

void InstructionGenerator::draw_operation(isa::Vector& f) {
  std::vector<uint32_t> shares;
  for (uint32_t op = 0; op < 6; ++op)
    for (uint32_t r = 0; r < 4; ++r)
      shares.push_back(chooser_.weight(
          "vector/" + vector_reduction(static_cast<isa::Binary>(op), static_cast<isa::Reduce>(r))));
  const uint32_t i = chooser_.pick(shares);
  f.op = static_cast<isa::Binary>(i / 4);
  if (config_.vec_reduce) f.reduce = static_cast<isa::Reduce>(i % 4);
}

void InstructionGenerator::draw_vector_shape(isa::Vector& f, uint32_t limit) {
  const uint32_t reduced = config_.vec_reduce ? 64 : 1;
  const Loop loops[] = {{&f.n0, reduced, "vector/n0"},
                        {&f.n1, reduced, "vector/n1"},
                        {&f.n2, most(config_, 1), "vector/n2"},
                        {&f.n3, most(config_, 1), "vector/n3"}};
  draw_counts(prng_, chooser_, limit, f.channel ? 300 : kExtreme, loops);
  // Parameters cost nine words an iteration.
  if (f.channel && f.n3 < most(config_, 1)) f.n3 = std::min({f.n3, 16u, limit / 8 + 1});
  const Space space1 = f.src1_kind == isa::Source::kAcc ? Space::kAcc : Space::kSp;
  const auto stride = [&](const char* name, Space space, uint32_t natural) {
    return draw_stride(prng_, chooser_, std::string("vector/") + name, chip_of(config_, space),
                       natural, chip_bits(config_));
  };
  f.s1_2 = stride("s1_2", space1, f.n0 * f.n1);
  f.s1_3 = stride("s1_3", space1, f.n0 * f.n1 * f.n2);
  f.d_2 = stride("d_2", f.dst_kind, 1);
  f.d_3 = stride("d_3", f.dst_kind, f.n2);
  if (!config_.vec_reduce) return;
  f.s1_0 = stride("s1_0", space1, 1);
  f.s1_1 = stride("s1_1", space1, f.n0);
}

bool InstructionGenerator::place_vector(isa::Vector& f, Fault fault) {
  // Fields of operands that are not used hold anything.
  const uint32_t chip_mask = (1u << chip_bits(config_)) - 1;
  f.src1 = prng_.bits() & chip_mask;
  f.src1_hi = prng_.below(16);
  f.param = prng_.bits() & ((1u << config_.sp_addr_bits) - 1);
  f.param_hi = prng_.below(16);
  if (config_.vec_binary) {
    f.src2 = prng_.bits() & chip_mask;
    f.src2_hi = prng_.below(16);
  }
  std::vector<Request> requests = {{f.dst_kind, &f.dst, &f.dst_hi, result_deltas(f)}};
  const auto add_source = [&](isa::Source kind, uint32_t* base, uint32_t* hi,
                              const std::array<uint32_t, 4>& strides) {
    if (kind == isa::Source::kScalar) return;
    const Space space = kind == isa::Source::kSp ? Space::kSp : Space::kAcc;
    requests.push_back({space, base, hi, source_deltas(f, strides)});
  };
  add_source(f.src1_kind, &f.src1, &f.src1_hi, {f.s1_0, f.s1_1, f.s1_2, f.s1_3});
  add_source(f.src2_kind, &f.src2, &f.src2_hi, {vset_.s2_0, vset_.s2_1, vset_.s2_2, vset_.s2_3});
  if (f.channel) requests.push_back({Space::kSp, &f.param, &f.param_hi, consecutive(9 * f.n3)});
  return place_all(prng_, config_, s_.windows, requests, fault == Fault::kBank);
}

std::optional<isa::Instruction> InstructionGenerator::channel_load(const isa::Vector& f) {
  const ParamTable& table = f.quant == isa::Quant::kFp32 ? s_.fp32_table : s_.q31_table;
  if (f.n3 > table.blocks) return std::nullopt;
  const uint32_t block_bytes = 9 * dim_of(config_);
  isa::Load load;
  load.row_bytes = f.n3 * block_bytes;
  load.dst = f.param;
  load.dst_hi = f.param_hi;
  load.offset = table.offset + prng_.below(table.blocks - f.n3 + 1) * block_bytes;
  return load.pack();
}

isa::Vset InstructionGenerator::vset() {
  isa::Vset f;
  const auto int32 = [&] { return static_cast<int32_t>(prng_.bits()) >> prng_.below(32); };
  const auto stride = [&](const char* name, int feature) {
    const Space space = prng_.one_in(2) ? Space::kSp : Space::kAcc;
    return feature ? draw_stride(prng_, chooser_, std::string("vector/") + name,
                                 chip_of(config_, space), 1, chip_bits(config_))
                   : 0;
  };
  const auto preshift = [&](const char* name) {
    const uint32_t i =
        chooser_.pick(std::string("vset/") + name, {{"=0", 4}, {"=some", 4}, {"=31", 1}});
    return i == 0 ? 0 : i == 1 ? prng_.between(1, 30) : 31;
  };
  draw_scaling(f);
  f.offset1 = static_cast<int16_t>(int32());
  f.scalar1 = int32();
  if (!config_.vec_scalars) f.scalar_mult = f.scalar_shift = f.scalar1 = 0;
  if (config_.vec_preshift) f.preshift1 = preshift("preshift1");
  if (config_.vec_binary) {
    f.offset2 = static_cast<int16_t>(int32());
    f.scalar2 = int32();
    if (config_.vec_preshift) f.preshift2 = preshift("preshift2");
    f.s2_0 = stride("s2_0", config_.vec_reduce);
    f.s2_1 = stride("s2_1", config_.vec_reduce);
    f.s2_2 = stride("s2_2", 1);
    f.s2_3 = stride("s2_3", 1);
  }
  return f;
}

void InstructionGenerator::draw_scaling(isa::Vset& f) {
  f.zero_point = static_cast<int8_t>(prng_.bits());
  f.clamp_lo = prng_.one_in(2) ? -128 : static_cast<int8_t>(prng_.bits());
  f.clamp_hi = prng_.one_in(2) ? 127 : static_cast<int8_t>(prng_.bits());
  const int32_t multipliers[] = {
      static_cast<int32_t>(prng_.bits()),                                       // anything
      static_cast<int32_t>(prng_.bits() >> 2 | 1u << 30),                       // Q31 in [1/2, 1)
      static_cast<int32_t>(prng_.between(90, 135) << 23 | prng_.bits() >> 9)};  // fp32
  f.scalar_mult = prng_.pick<int32_t>(multipliers);
  const uint32_t shift = chooser_.pick("vset/", {{"shift right beyond 31", 1},
                                                 {"shift right", 10},
                                                 {"shift zero", 1},
                                                 {"shift left", 3},
                                                 {"shift left beyond 31", 1}});
  const int32_t shifts[] = {-static_cast<int32_t>(prng_.between(32, 128)),
                            -static_cast<int32_t>(prng_.between(1, 31)), 0,
                            static_cast<int32_t>(prng_.between(1, prng_.one_in(2) ? 3 : 31)),
                            static_cast<int32_t>(prng_.between(32, 127))};
  f.scalar_shift = shifts[shift];
}

}  // namespace millrace::cosim
