// SPDX-License-Identifier: Apache-2.0
// The VECTOR instruction of the golden model.
#include <algorithm>

#include "model/ref/interpreter.h"
#include "model/ref/numerics.h"

namespace millrace::ref {
namespace {

int32_t add(int32_t a, int32_t b) { return wrap32(int64_t{a} + b); }

int32_t binary(isa::Binary op, int32_t a, int32_t b) {
  switch (op) {
    case isa::Binary::kPass:
      return a;
    case isa::Binary::kAdd:
      return add(a, b);
    case isa::Binary::kSub:
      return wrap32(int64_t{a} - b);
    case isa::Binary::kMul:
      return static_cast<int16_t>(a) * static_cast<int16_t>(b);
    case isa::Binary::kMax:
      return std::max(a, b);
    case isa::Binary::kMin:
      return std::min(a, b);
  }
  return 0;
}

int32_t combine(isa::Reduce reduce, int32_t r, int32_t v) {
  switch (reduce) {
    case isa::Reduce::kLast:
      return v;
    case isa::Reduce::kSum:
      return add(r, v);
    case isa::Reduce::kMax:
      return std::max(r, v);
    case isa::Reduce::kMin:
      return std::min(r, v);
  }
  return 0;
}

int32_t requantise(isa::Quant quant, int32_t t, int32_t mult, int32_t shift) {
  switch (quant) {
    case isa::Quant::kNone:
      return t;
    case isa::Quant::kQ31:
      return q31(t, mult, shift);
    case isa::Quant::kFp32:
      return fp32_scale(t, mult);
  }
  return 0;
}

// wrap32((value + offset) << shift).
int32_t convert(int32_t value, int32_t offset, uint32_t shift) {
  return wrap32((int64_t{value} + offset) * (int64_t{1} << shift));
}

isa::Space space_of(isa::Source kind) {
  return kind == isa::Source::kAcc ? isa::Space::kAcc : isa::Space::kSp;
}

}  // namespace

Machine::Outcome Machine::vector(const isa::Vector& f) {
  const Operand dst = {f.dst_kind, f.dst, f.dst_hi};
  Channel channel{};
  channel.mult.fill(vset_.scalar_mult);
  channel.shift.fill(vset_.scalar_shift);
  for (uint32_t i3 = 0; i3 < f.n3; ++i3) {
    if (f.channel)
      if (const auto stop = read_channel(f, i3, channel)) return stop;
    for (uint32_t i2 = 0; i2 < f.n2; ++i2) {
      Row row{};
      if (const auto stop = reduce(f, i2, i3, row)) return stop;
      const uint32_t z = chip_address(f.dst_kind, f.dst + i2 * f.d_2 + i3 * f.d_3);
      if (const auto stop = check_bank(dst, z)) return stop;
      write_result(f, z, row, channel);
    }
  }
  return std::nullopt;
}

Machine::Outcome Machine::read_channel(const isa::Vector& f, uint32_t i3, Channel& channel) const {
  constexpr uint32_t kParamWords = 9;
  const Operand param = {isa::Space::kSp, f.param, f.param_hi};
  std::array<uint8_t, kParamWords * kMaxDim> bytes{};
  for (uint32_t p = 0; p < kParamWords; ++p) {
    const uint32_t w = chip_address(isa::Space::kSp, f.param + kParamWords * i3 + p);
    if (const auto stop = check_bank(param, w)) return stop;
    for (size_t i = 0; i < dim_; ++i) bytes[p * dim_ + i] = static_cast<uint8_t>(sp_[w * dim_ + i]);
  }
  const auto int32_at = [&](size_t at) {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i) value |= static_cast<uint32_t>(bytes[at + i]) << 8 * i;
    return static_cast<int32_t>(value);
  };
  for (size_t lane = 0; lane < dim_; ++lane) {
    channel.bias[lane] = int32_at(4 * lane);
    channel.mult[lane] = int32_at(4 * dim_ + 4 * lane);
    channel.shift[lane] = static_cast<int8_t>(bytes[8 * dim_ + lane]);
  }
  return std::nullopt;
}

// One result: loops 0 and 1.
Machine::Outcome Machine::reduce(const isa::Vector& f, uint32_t i2, uint32_t i3,
                                 Row& result) const {
  const Operand src1 = {space_of(f.src1_kind), f.src1, f.src1_hi};
  const Operand src2 = {space_of(f.src2_kind), f.src2, f.src2_hi};
  Row a, b;
  a.fill(vset_.scalar1);
  b.fill(vset_.scalar2);
  for (uint32_t i1 = 0; i1 < f.n1; ++i1)
    for (uint32_t i0 = 0; i0 < f.n0; ++i0) {
      const uint32_t x = f.src1 + i0 * f.s1_0 + i1 * f.s1_1 + i2 * f.s1_2 + i3 * f.s1_3;
      if (const auto stop = read_source(src1, f.src1_kind, x, a)) return stop;
      const uint32_t y =
          f.src2 + i0 * vset_.s2_0 + i1 * vset_.s2_1 + i2 * vset_.s2_2 + i3 * vset_.s2_3;
      if (const auto stop = read_source(src2, f.src2_kind, y, b)) return stop;
      for (size_t n = 0; n < dim_; ++n) {
        const int32_t a1 = f.src1_kind == isa::Source::kScalar
                               ? a[n]
                               : convert(a[n], vset_.offset1, vset_.preshift1);
        const int32_t b1 = f.src2_kind == isa::Source::kScalar
                               ? b[n]
                               : convert(b[n], vset_.offset2, vset_.preshift2);
        const int32_t v = binary(f.op, a1, b1);
        result[n] = i0 == 0 && i1 == 0 ? v : combine(f.reduce, result[n], v);
      }
    }
  return std::nullopt;
}

// The raw row or word at `addr`; nothing for a scalar.
Machine::Outcome Machine::read_source(const Operand& operand, isa::Source kind, uint32_t addr,
                                      Row& row) const {
  if (kind == isa::Source::kScalar) return std::nullopt;
  const uint32_t a = chip_address(operand.space, addr);
  if (const auto stop = check_bank(operand, a)) return stop;
  for (size_t n = 0; n < dim_; ++n)
    row[n] = kind == isa::Source::kSp ? sp_[a * dim_ + n] : acc_[a * dim_ + n];
  return std::nullopt;
}

void Machine::write_result(const isa::Vector& f, uint32_t addr, const Row& row,
                           const Channel& channel) {
  for (size_t n = 0; n < dim_; ++n) {
    const int32_t t = add(row[n], channel.bias[n]);
    const int32_t q = requantise(f.quant, t, channel.mult[n], channel.shift[n]);
    if (f.dst_kind == isa::Space::kAcc)
      acc_[addr * dim_ + n] = q;
    else
      sp_[addr * dim_ + n] =
          static_cast<int8_t>(clamp(int64_t{q} + vset_.zero_point, vset_.clamp_lo, vset_.clamp_hi));
  }
}

}  // namespace millrace::ref
