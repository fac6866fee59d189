// SPDX-License-Identifier: Apache-2.0
#include "tests/rtl/vector/vector_random.h"

#include <algorithm>
#include <array>

namespace millrace::bench {

using isa::Source;
using isa::Space;

int32_t Generator::value() {
  static constexpr std::array kCorners = {int32_t{0}, 1,          -1,          2,
                                          -2,         127,        -128,        128,
                                          0x3fffffff, 0x40000000, 0x40000001,  -0x40000000,
                                          0x7fffffff, 0x7ffffffe, -0x7fffffff, -0x7fffffff - 1,
                                          0xffffff,   0x1000001};
  if (one_in(4)) return kCorners[below(kCorners.size())];
  const int32_t bits = static_cast<int32_t>(rng_());
  return bits >> below(32);
}

int32_t Generator::fp32_scale() {
  const uint32_t exponent = one_in(4) ? below(256) : 127 - below(40) + below(8);
  const uint32_t mantissa = one_in(4) ? (one_in(2) ? 0 : 0x7fffff) : below(1 << 23);
  return static_cast<int32_t>(below(2) << 31 | exponent << 23 | mantissa);
}

Memories Generator::memories() {
  Memories m;
  m.sp.resize(static_cast<size_t>(c_.sp_words() * c_.dim));
  m.acc.resize(static_cast<size_t>(c_.acc_words() * c_.dim));
  for (int8_t& b : m.sp) b = static_cast<int8_t>(rng_());
  for (int32_t& a : m.acc) a = value();
  return m;
}

isa::Vset Generator::vset() {
  isa::Vset s;
  const auto int8 = [&] { return static_cast<int32_t>(static_cast<int8_t>(rng_())); };
  s.zero_point = int8();
  s.clamp_lo = one_in(2) ? -128 : int8();
  s.clamp_hi = one_in(2) ? 127 : int8();
  s.offset1 = one_in(3) ? 0 : static_cast<int16_t>(rng_());
  s.scalar_mult = one_in(2) ? value() : fp32_scale();
  s.scalar_shift = one_in(8) ? int8() : static_cast<int32_t>(below(40)) - 32;
  s.scalar1 = value();
  if (!c_.vec_scalars) s.scalar_mult = s.scalar_shift = s.scalar1 = 0;
  if (c_.vec_preshift) {
    s.preshift1 = one_in(2) ? 0 : below(32);
    s.preshift2 = one_in(2) ? 0 : below(32);
  }
  if (c_.vec_binary) {
    const uint32_t words = static_cast<uint32_t>(c_.sp_words());
    s.offset2 = one_in(3) ? 0 : static_cast<int16_t>(rng_());
    s.scalar2 = value();
    s.s2_2 = stride(words);
    s.s2_3 = stride(words);
    if (c_.vec_reduce) {
      s.s2_0 = stride(words);
      s.s2_1 = stride(words);
    }
  }
  return s;
}

// Mostly small, forwards or backwards.
uint32_t Generator::stride(uint32_t modulus) {
  if (one_in(40)) return below(modulus);
  return (modulus + below(6) - (one_in(3) ? 3 : 0)) % modulus;
}

// Disjoint bank ranges in random order, each with a base in its first bank.
std::vector<Generator::Range> Generator::ranges(size_t n, uint32_t banks, uint32_t rows) {
  std::vector<uint32_t> order(n);
  for (uint32_t i = 0; i < n; ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), rng_);
  std::vector<Range> out(n);
  uint32_t low = 0;
  for (size_t k = 0; k < n; ++k) {
    const uint32_t left = static_cast<uint32_t>(n - k - 1);  // ranges still to place
    const uint32_t first = low + (one_in(2) ? 0 : below(banks - left - low));
    const uint32_t last = first + below(banks - left - first);
    low = last + 1;
    const uint32_t row =
        one_in(5) ? (one_in(2) ? below(8) : rows - 1 - below(8)) : rows / 4 + below(rows / 2);
    out[order[k]] = {first * rows + row, last};
  }
  return out;
}

isa::Vector Generator::vector(Memories& mem) {
  isa::Vector v;
  const uint32_t sp_words = static_cast<uint32_t>(c_.sp_words()),
                 acc_rows = static_cast<uint32_t>(c_.acc_words());
  v.src1_kind = static_cast<Source>(one_in(6) ? 0 : 1 + below(2));
  v.dst_kind = static_cast<Space>(below(2) & static_cast<uint32_t>(c_.vec_acc));
  v.channel = one_in(2);
  v.quant = static_cast<isa::Quant>(below(c_.vec_fp32 ? 3 : 2));
  v.n2 = one_in(4) ? 1 : 1 + below(6);
  v.n3 = one_in(3) ? 1 : 1 + below(4);
  if (c_.vec_binary) {
    v.src2_kind = static_cast<Source>(below(3));
    v.op = static_cast<isa::Binary>(below(6));
  }
  if (c_.vec_reduce) {
    v.reduce = static_cast<isa::Reduce>(below(4));
    v.n0 = one_in(2) ? 1 : 1 + below(4);
    v.n1 = one_in(2) ? 1 : 1 + below(3);
    v.s1_0 = stride(sp_words);
    v.s1_1 = stride(sp_words);
  }
  v.s1_2 = stride(sp_words);
  v.s1_3 = stride(sp_words);
  v.d_2 = one_in(3) ? stride(acc_rows) : 1;
  v.d_3 = one_in(3) ? stride(acc_rows) : v.n2;
  if (v.dst_kind == Space::kSp && v.d_2 > 100)
    v.d_2 += sp_words - acc_rows;  // still small and negative
  if (v.dst_kind == Space::kSp && v.d_3 > 100) v.d_3 += sp_words - acc_rows;

  const bool sp[] = {v.src1_kind == Source::kSp, v.src2_kind == Source::kSp,
                     v.dst_kind == Space::kSp, v.channel != 0};
  const bool acc[] = {v.src1_kind == Source::kAcc, v.src2_kind == Source::kAcc,
                      v.dst_kind == Space::kAcc, false};
  const auto in_sp = ranges(static_cast<size_t>(std::count(sp, sp + 4, true)),
                            static_cast<uint32_t>(c_.sp_banks), static_cast<uint32_t>(c_.sp_rows));
  const auto in_acc =
      ranges(static_cast<size_t>(std::count(acc, acc + 4, true)),
             static_cast<uint32_t>(c_.acc_banks), static_cast<uint32_t>(c_.acc_rows));
  size_t next_sp = 0, next_acc = 0;
  uint32_t* base[] = {&v.src1, &v.src2, &v.dst, &v.param};
  uint32_t* hi[] = {&v.src1_hi, &v.src2_hi, &v.dst_hi, &v.param_hi};
  for (int k = 0; k < 4; ++k) {
    if (!sp[k] && !acc[k]) continue;
    const Range r = sp[k] ? in_sp[next_sp++] : in_acc[next_acc++];
    *base[k] = r.base;
    *hi[k] = r.hi;
  }
  if (v.channel) parameters(mem, v);
  return v;
}

void Generator::parameters(Memories& mem, const isa::Vector& v) {
  const uint32_t dim = static_cast<uint32_t>(c_.dim), words = static_cast<uint32_t>(c_.sp_words());
  for (uint32_t i3 = 0; i3 < v.n3; ++i3) {
    for (uint32_t k = 0; k < 9 * dim; ++k) {
      const auto at = [&](uint32_t byte) {
        return &mem.sp[((v.param + 9 * i3 + byte / dim) % words) * dim + byte % dim];
      };
      if (k < 8 * dim && k % 4 == 0) {
        const bool scale = k >= 4 * dim && v.quant == isa::Quant::kFp32;
        const uint32_t x = static_cast<uint32_t>(scale ? fp32_scale() : value());
        for (uint32_t b = 0; b < 4; ++b) *at(k + b) = static_cast<int8_t>(x >> 8 * b);
      } else if (k >= 8 * dim) {
        *at(k) = static_cast<int8_t>(one_in(8) ? below(256) : below(44) - 34);
      }
    }
  }
}

}  // namespace millrace::bench
