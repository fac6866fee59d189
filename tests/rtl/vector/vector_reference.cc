// SPDX-License-Identifier: Apache-2.0
#include "tests/rtl/vector/vector_reference.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace millrace::bench {
namespace {

using isa::Config;
using isa::Vector;
using isa::Vset;

int32_t wrap(int64_t v) { return static_cast<int32_t>(static_cast<uint32_t>(v)); }

// Constants of the unit's headers: vec_datapath.sv and vec_serial.sv.
struct Timing {
  uint64_t row, release, done, param_gap;
};
Timing timing_of(const Config& c, const Vector& v) {
  if (c.serial_quant != 0) {
    const uint64_t element = v.quant == isa::Quant::kQ31 ? 53 : 7;
    return {element * static_cast<uint64_t>(c.dim), 1, 1, 1};
  }
  return {static_cast<uint64_t>(c.slices), 11, 21, 4};
}

int32_t binary(isa::Binary op, int32_t a, int32_t b) {
  switch (op) {
    case isa::Binary::kPass:
      return a;
    case isa::Binary::kAdd:
      return wrap(int64_t{a} + b);
    case isa::Binary::kSub:
      return wrap(int64_t{a} - b);
    case isa::Binary::kMul:
      return static_cast<int16_t>(a) * static_cast<int16_t>(b);
    case isa::Binary::kMax:
      return std::max(a, b);
    case isa::Binary::kMin:
      return std::min(a, b);
  }
  std::abort();
}

int32_t reduce(isa::Reduce op, int32_t r, int32_t v) {
  switch (op) {
    case isa::Reduce::kLast:
      return v;
    case isa::Reduce::kSum:
      return wrap(int64_t{r} + v);
    case isa::Reduce::kMax:
      return std::max(r, v);
    case isa::Reduce::kMin:
      return std::min(r, v);
  }
  std::abort();
}

// One VECTOR under execution.
class Run {
 public:
  Run(const Config& c, Memories& mem, const Vset& s, const Vector& v)
      : c_(c), mem_(mem), s_(s), v_(v), t_(timing_of(c, v)), result_(static_cast<size_t>(c.dim)) {}

  Outcome all() {
    for (uint32_t i3 = 0; i3 < v_.n3; ++i3) {
      if (v_.channel && !parameters(i3)) return finish();
      for (uint32_t i2 = 0; i2 < v_.n2; ++i2)
        if (!result(i2, i3)) return finish();
    }
    return finish();
  }

 private:
  // The address modulo its memory, after the check of its range.
  bool check(bool acc, uint32_t address, uint32_t base, uint32_t hi, uint32_t* out) {
    const uint32_t rows = static_cast<uint32_t>(acc ? c_.acc_rows : c_.sp_rows);
    *out = address % static_cast<uint32_t>(acc ? c_.acc_words() : c_.sp_words());
    if (*out / rows >= base / rows && *out / rows <= hi) return true;
    outcome_.fault = isa::Fault::kBank;
    outcome_.addr = *out;
    last_ = now_;  // the fault takes the item's first cycle
    return false;
  }

  bool parameters(uint32_t i3) {
    for (uint32_t p = 0; p < 9; ++p) {
      uint32_t w;
      if (!check(false, v_.param + 9 * i3 + p, v_.param, v_.param_hi, &w)) return false;
      if (p == 0 && row_seen_) now_ = std::max(now_, last_row_ + t_.param_gap);
      ++now_;
      for (uint32_t k = 0; k < dim(); ++k)
        params_[p * dim() + k] = static_cast<uint8_t>(mem_.sp[w * dim() + k]);
    }
    return true;
  }

  bool result(uint32_t i2, uint32_t i3) {
    uint32_t x = 0, y = 0, z = 0;
    for (uint32_t i1 = 0; i1 < v_.n1; ++i1) {
      for (uint32_t i0 = 0; i0 < v_.n0; ++i0) {
        x = v_.src1 + i0 * v_.s1_0 + i1 * v_.s1_1 + i2 * v_.s1_2 + i3 * v_.s1_3;
        y = v_.src2 + i0 * s_.s2_0 + i1 * s_.s2_1 + i2 * s_.s2_2 + i3 * s_.s2_3;
        if (!source_check(v_.src1_kind, v_.src1, v_.src1_hi, &x)) return false;
        if (!source_check(v_.src2_kind, v_.src2, v_.src2_hi, &y)) return false;
        const bool end = i1 == v_.n1 - 1 && i0 == v_.n0 - 1;
        const uint32_t d = v_.dst + i2 * v_.d_2 + i3 * v_.d_3;
        if (end && !check(v_.dst_kind == isa::Space::kAcc, d, v_.dst, v_.dst_hi, &z)) return false;
        now_ += t_.row;
        last_ = last_row_ = now_ - 1;
        row_seen_ = true;
        for (uint32_t l = 0; l < dim(); ++l) {
          const int32_t a = source(v_.src1_kind, x, l, s_.scalar1, s_.offset1, s_.preshift1);
          const int32_t b = source(v_.src2_kind, y, l, s_.scalar2, s_.offset2, s_.preshift2);
          const int32_t value = binary(v_.op, a, b);
          result_[l] = i0 == 0 && i1 == 0 ? value : reduce(v_.reduce, result_[l], value);
        }
      }
    }
    for (uint32_t l = 0; l < dim(); ++l) write(z, l);
    return true;
  }

  bool source_check(isa::Source kind, uint32_t base, uint32_t hi, uint32_t* address) {
    return kind == isa::Source::kScalar ||
           check(kind == isa::Source::kAcc, *address, base, hi, address);
  }

  int32_t source(isa::Source kind, uint32_t address, uint32_t lane, int32_t scalar, int32_t offset,
                 uint32_t shift) const {
    if (kind == isa::Source::kScalar) return scalar;
    const size_t i = size_t{address} * dim() + lane;
    const int64_t m = kind == isa::Source::kSp ? mem_.sp[i] : mem_.acc[i];
    return wrap(int64_t{wrap(m + offset)} << shift);
  }

  int32_t param32(uint32_t first, uint32_t lane) const {
    const uint8_t* p = &params_[first * dim() + 4 * lane];
    return wrap(int64_t{p[0]} | int64_t{p[1]} << 8 | int64_t{p[2]} << 16 | int64_t{p[3]} << 24);
  }

  void write(uint32_t z, uint32_t l) {
    const int32_t bias = v_.channel ? param32(0, l) : 0;
    const int32_t mult = v_.channel ? param32(4, l) : s_.scalar_mult;
    const int32_t shift =
        v_.channel ? static_cast<int8_t>(params_[8 * dim() + l]) : s_.scalar_shift;
    const int32_t t = wrap(int64_t{result_[l]} + bias);
    const int32_t q = v_.quant == isa::Quant::kNone  ? t
                      : v_.quant == isa::Quant::kQ31 ? q31(t, mult, shift)
                                                     : fp32_scale(t, mult);
    const size_t i = size_t{z} * dim() + l;
    const int64_t raised = std::max<int64_t>(int64_t{q} + s_.zero_point, s_.clamp_lo);
    if (v_.dst_kind == isa::Space::kAcc)
      mem_.acc[i] = q;
    else
      mem_.sp[i] = static_cast<int8_t>(std::min<int64_t>(raised, s_.clamp_hi));
  }

  Outcome finish() {
    outcome_.release = last_ + t_.release;
    outcome_.done = last_ + t_.done;
    return outcome_;
  }
  uint32_t dim() const { return static_cast<uint32_t>(c_.dim); }

  const Config& c_;
  Memories& mem_;
  const Vset& s_;
  const Vector& v_;
  const Timing t_;
  std::vector<int32_t> result_;
  std::array<uint8_t, size_t{9} * 32> params_{};
  Outcome outcome_;
  uint64_t now_ = 1, last_ = 0, last_row_ = 0;
  bool row_seen_ = false;
};

}  // namespace

int32_t q31(int32_t t, int32_t mult, int32_t shift) {
  const int32_t s = std::clamp(shift, -31, 31);
  const int32_t x = wrap(static_cast<int64_t>(static_cast<uint64_t>(int64_t{t}) << std::max(s, 0)));
  constexpr int32_t kMin = std::numeric_limits<int32_t>::min();
  int64_t h = std::numeric_limits<int32_t>::max();
  if (x != kMin || mult != kMin) {
    const int64_t ab = int64_t{x} * mult;
    h = (ab + (ab >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30))) / (int64_t{1} << 31);
  }
  const int32_t e = std::max(-s, 0);
  const int64_t mask = (int64_t{1} << e) - 1;
  return wrap((h >> e) + ((h & mask) > (mask >> 1) + (h < 0 ? 1 : 0) ? 1 : 0));
}

int32_t fp32_scale(int32_t t, int32_t mult) {
  const uint32_t bits = static_cast<uint32_t>(mult), exponent = bits >> 23 & 0xff;
  if (t == 0 || exponent == 0) return 0;
  const bool negative = (t < 0) != (mult < 0);
  const int32_t limit =
      negative ? std::numeric_limits<int32_t>::min() : std::numeric_limits<int32_t>::max();
  if (exponent == 255) return limit;
  const float product = static_cast<float>(t) * std::bit_cast<float>(bits);
  if (std::fabs(product) >= 2147483648.0f) return limit;
  return static_cast<int32_t>(std::nearbyint(product));
}

Outcome execute(const Config& config, Memories& mem, const Vset& vset, const Vector& v) {
  return Run(config, mem, vset, v).all();
}

Outcome vset_outcome(const Config& config) {
  return {.release = 0, .done = config.serial_quant != 0 ? uint64_t{1} : uint64_t{21}};
}

}  // namespace millrace::bench
