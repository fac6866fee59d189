// SPDX-License-Identifier: Apache-2.0
// Cases of VECTOR and VSET. Source 1 lies in bank 0, source 2 in bank 1, the destination in bank 2,
// channel parameters in bank 3.
#include <algorithm>

#include "host/kernels/math.h"
#include "host/selftest/cases.h"
#include "host/selftest/placement.h"

namespace millrace::selftest {
namespace {

using isa::Opcode;
using isa::Source;
using isa::Space;

constexpr Space space_of(Source source) {
  return source == Source::kAcc ? Space::kAcc : Space::kSp;
}

constexpr uint32_t kOff1 = 11, kOff2 = 15, kOffDst = 6,
                   kOffParam = 17;  // words from the start of a bank

struct Banks {
  uint32_t src1 = 0, src2 = 1, dst = 2, param = 3, param_off = kOffParam;
};

// Moves the loops of an operand into a bank and returns its base; strides that are too long become
// 0.
uint32_t place(const isa::Config& c, Space space, uint32_t bank, std::span<Axis> axes,
               uint32_t off) {
  const Chip chip = chip_of(c, space);
  shrink(axes, chip.size(), chip.rows);
  return bank * chip.rows + begin_of(reach_of(axes, chip.size()), chip.rows, off);
}

// Whether the banks exist and are different.
bool place(const isa::Config& c, isa::Vector& f, isa::Vset& v, const Banks& banks) {
  std::array<Axis, 4> src1 = {Axis{f.n0, f.s1_0}, {f.n1, f.s1_1}, {f.n2, f.s1_2}, {f.n3, f.s1_3}};
  std::array<Axis, 4> src2 = {Axis{f.n0, v.s2_0}, {f.n1, v.s2_1}, {f.n2, v.s2_2}, {f.n3, v.s2_3}};
  std::array<Axis, 2> dst = {Axis{f.n2, f.d_2}, {f.n3, f.d_3}};
  const auto bank = [&](Space space, uint32_t wanted) {
    return space == Space::kAcc && c.acc_banks == 1 ? 0 : wanted;
  };
  if (f.src1_kind != Source::kScalar) {
    f.src1_hi = bank(space_of(f.src1_kind), banks.src1);
    f.src1 = place(c, space_of(f.src1_kind), f.src1_hi, src1, kOff1);
  }
  if (f.src2_kind != Source::kScalar && c.vec_binary) {
    f.src2_hi = bank(space_of(f.src2_kind), banks.src2);
    f.src2 = place(c, space_of(f.src2_kind), f.src2_hi, src2, kOff2);
  }
  f.dst_hi = bank(f.dst_kind, banks.dst);
  f.dst = place(c, f.dst_kind, f.dst_hi, dst, kOffDst);
  if (f.channel) {
    f.param_hi = banks.param;
    f.param = banks.param * u32(c.sp_rows) + banks.param_off +
              kBlockWords * (f.quant == isa::Quant::kFp32 ? kFp32Block : kQ31Block);
    f.n3 = std::min(f.n3, 3u);
  }
  f.s1_0 = src1[0].stride, f.s1_1 = src1[1].stride, f.s1_2 = src1[2].stride,
  f.s1_3 = src1[3].stride;
  v.s2_0 = src2[0].stride, v.s2_1 = src2[1].stride, v.s2_2 = src2[2].stride,
  v.s2_3 = src2[3].stride;
  f.d_2 = dst[0].stride, f.d_3 = dst[1].stride;
  const uint32_t acc =
      (f.src1_kind == Source::kAcc) + (f.src2_kind == Source::kAcc) + (f.dst_kind == Space::kAcc);
  return acc <= u32(c.acc_banks);
}

std::set<uint32_t> results_of(const isa::Config& c, const isa::Vector& f) {
  const Axis axes[] = {{f.n2, f.d_2}, {f.n3, f.d_3}};
  return places_of(f.dst, axes, chip_of(c, f.dst_kind).size());
}

bool takes_acc(const isa::Vector& f) {
  return f.src1_kind == Source::kAcc || f.src2_kind == Source::kAcc || f.dst_kind == Space::kAcc;
}

// fp32 scales without channel are numbers of that kind.
void choose_scale(const isa::Vector& f, isa::Vset& v) {
  if (f.quant == isa::Quant::kFp32) v.scalar_mult = 0x3b449ba6;  // 0.003
}

// VECTORs that together use every field of VSET.
std::vector<isa::Vector> probes(const isa::Config& c) {
  std::vector<isa::Vector> list;
  const auto add = [&](Source src1, Source src2, isa::Quant quant, uint32_t channel, Space dst) {
    isa::Vector f = isa::Vector::unpack(plain(c, Opcode::kVector));
    f.src1_kind = src1;
    f.src2_kind = c.vec_binary ? src2 : Source::kScalar;
    f.quant = quant;
    f.channel = channel;
    f.dst_kind = dst;
    f.n0 = f.n1 = f.n3 = 1;
    list.push_back(f);
  };
  const std::initializer_list<Space> spaces = {Space::kSp, Space::kAcc};
  for (const Space dst : spaces) {
    if (dst == Space::kAcc && !c.vec_acc) continue;
    add(Source::kSp, Source::kSp, isa::Quant::kNone, 0, dst);
    add(Source::kScalar, Source::kSp, isa::Quant::kNone, 0, dst);
    if (c.vec_binary) add(Source::kSp, Source::kScalar, isa::Quant::kNone, 0, dst);
    add(Source::kAcc, Source::kSp, isa::Quant::kQ31, 0, dst);
    add(Source::kAcc, Source::kSp, isa::Quant::kQ31, 1, dst);
    if (c.vec_fp32) add(Source::kAcc, Source::kSp, isa::Quant::kFp32, 0, dst);
  }
  return list;
}

Case walk(const isa::Config& c, const std::string& field, Space space) {
  const Chip chip = chip_of(c, space);
  Frame frame(c, "vector " + field + (space == Space::kSp ? " sp" : " acc") + "=every bank",
              Opcode::kVector, chip.banks);
  frame.accumulators();
  const isa::Vset vset = plain_vset();
  frame.set(vset);
  std::set<uint32_t> sp, acc;
  for (uint32_t bank = 0; bank < chip.banks; ++bank) {
    // The other operands take the first banks that are left.
    uint32_t others[3], next = 0;
    for (uint32_t b = 0; next < 3; ++b)
      if (b != bank) others[next++] = b;
    isa::Vector f = isa::Vector::unpack(plain(c, Opcode::kVector));
    f.n0 = f.n1 = f.n3 = 1;
    f.src2_kind = Source::kScalar;
    f.dst_kind = space == Space::kAcc && field == "dst" ? Space::kAcc : Space::kSp;
    Banks banks{others[0], others[0], others[1], others[2]};
    const Source kind = space == Space::kAcc ? Source::kAcc : Source::kSp;
    if (field == "src1") f.src1_kind = kind, banks.src1 = bank;
    if (field == "src2") f.src1_kind = Source::kScalar, f.src2_kind = kind, banks.src2 = bank;
    if (field == "dst") banks.dst = bank;
    if (field == "param") {
      f.channel = 1;
      f.quant = isa::Quant::kQ31;
      banks.param = bank;
      banks.param_off = u32(c.sp_rows) - kBlocks * kBlockWords;
      frame.params(bank, banks.param_off);
    }
    isa::Vset placed = vset;
    place(c, f, placed, banks);
    const uint32_t end = chip.rows - 12;  // the end of the bank
    if (field == "src1") f.src1 = bank * chip.rows + end;
    if (field == "src2") f.src2 = bank * chip.rows + end;
    if (field == "dst") f.dst = bank * chip.rows + end;
    if (field != "dst") f.dst += 3 * bank;
    frame.test(f.pack());
    (f.dst_kind == Space::kSp ? sp : acc).merge(results_of(c, f));
  }
  frame.dump(Space::kSp, sp);
  frame.dump(Space::kAcc, acc);
  return frame.take();
}

}  // namespace

std::optional<Case> vector_case(const isa::Config& c, const Variant& variant, Opcode tested) {
  isa::Vector f = isa::Vector::unpack(variant.words);
  isa::Vset vset = variant.vset;
  choose_scale(f, vset);
  if (!place(c, f, vset, {})) return std::nullopt;
  const isa::InstructionInfo& info = info_of(Opcode::kVector);
  if (tested == Opcode::kVector && !variant.field.empty() &&
      get_field(info, f.pack(), variant.field) != get_field(info, variant.words, variant.field))
    return std::nullopt;
  Frame frame(c, variant.name, tested);
  if (takes_acc(f)) frame.accumulators();
  if (f.channel) frame.params(3, kOffParam);
  if (tested == Opcode::kVset)
    frame.test(legal_part(c, vset.pack()));
  else
    frame.set(vset);
  frame.test(f.pack());
  frame.dump(f.dst_kind, results_of(c, f));
  return frame.take();
}

std::optional<Case> vset_case(const isa::Config& c, const Variant& variant) {
  Frame frame(c, variant.name, Opcode::kVset);
  frame.accumulators();
  frame.params(3, kOffParam);
  isa::Vset state = isa::Vset::unpack(variant.words);
  // A right shift would drop what the lowest bits of the multiplier make of a result.
  if (variant.field == "scalar_mult") state.scalar_shift = 0;
  frame.test(legal_part(c, state.pack()));
  std::set<uint32_t> sp, acc;
  uint32_t at = 0;
  for (isa::Vector f : probes(c)) {
    isa::Vset vset = state;
    if (!place(c, f, vset, {})) continue;
    f.dst += at;
    at += f.n2;
    frame.test(f.pack());
    (f.dst_kind == Space::kSp ? sp : acc).merge(results_of(c, f));
  }
  frame.dump(Space::kSp, sp);
  frame.dump(Space::kAcc, acc);
  return frame.take();
}

void vset_strides(const isa::Config& c, std::vector<Case>& list) {
  const isa::InstructionInfo& info = info_of(Opcode::kVset);
  for (const isa::Field& f : info.fields) {
    const uint32_t legal = legal_bits(c, info, f);
    if (role_of(info, f) != Role::kStride || legal == 0) continue;
    for (const NamedValue& value : stride_values(c, legal, Space::kSp)) {
      Variant v;
      v.name = "vset " + std::string(f.name) + "=" + value.name;
      v.words = plain(c, Opcode::kVector);
      turn_only(info_of(Opcode::kVector), v.words, count_of_stride(f.name), value.name);
      isa::Instruction state = plain_vset().pack();
      set_field(info, state, f.name, value.value);
      v.vset = isa::Vset::unpack(state);
      if (std::optional<Case> made = vector_case(c, v, Opcode::kVset))
        list.push_back(std::move(*made));
    }
  }
}

void vector_walks(const isa::Config& c, std::vector<Case>& list) {
  for (const Space space : {Space::kSp, Space::kAcc}) {
    const bool sp = space == Space::kSp;
    list.push_back(walk(c, "src1", space));
    if (c.vec_binary) list.push_back(walk(c, "src2", space));
    if (sp || c.vec_acc) list.push_back(walk(c, "dst", space));
    if (sp) list.push_back(walk(c, "param", space));
  }
}

}  // namespace millrace::selftest
