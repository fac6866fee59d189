// SPDX-License-Identifier: Apache-2.0
#include "model/ref/numerics.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace millrace::ref {
namespace {

constexpr int32_t kMin = std::numeric_limits<int32_t>::min();
constexpr int32_t kMax = std::numeric_limits<int32_t>::max();

// v / 2^shift, to nearest, ties to even.
uint64_t shift_right_even(uint64_t v, int shift) {
  if (shift <= 0) return v;
  if (shift >= 64) return 0;  // v < 2^63 here, so below one half
  const uint64_t floor = v >> shift;
  const uint64_t rest = v & ((uint64_t{1} << shift) - 1);
  const uint64_t half = uint64_t{1} << (shift - 1);
  return floor + (rest > half || (rest == half && (floor & 1)) ? 1 : 0);
}

// A positive number significand * 2^exponent.
struct Float {
  uint64_t significand;
  int exponent;
};

// Rounded to the 24 significant bits of fp32.
Float round24(Float f) {
  const int excess = static_cast<int>(std::bit_width(f.significand)) - 24;
  if (excess <= 0) return f;
  return {shift_right_even(f.significand, excess), f.exponent + excess};
}

}  // namespace

int32_t wrap32(int64_t v) { return static_cast<int32_t>(static_cast<uint32_t>(v)); }

int32_t saturate32(int64_t v) { return static_cast<int32_t>(clamp(v, kMin, kMax)); }

int64_t clamp(int64_t v, int64_t lo, int64_t hi) { return std::min(std::max(v, lo), hi); }

int32_t q31(int32_t t, int32_t mult, int32_t shift) {
  const int left = static_cast<int>(clamp(shift, 0, 31));
  const int right = static_cast<int>(clamp(-int64_t{shift}, 0, 31));
  const int64_t x = wrap32(int64_t{t} * (int64_t{1} << left));
  const int64_t product = x * mult;
  const int64_t nudge = product >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30);
  const bool overflow = x == kMin && mult == kMin;
  const int64_t h = overflow ? kMax : (product + nudge) / (int64_t{1} << 31);
  const int64_t mask = (int64_t{1} << right) - 1;
  const int64_t threshold = (mask >> 1) + (h < 0 ? 1 : 0);
  return static_cast<int32_t>((h >> right) + ((h & mask) > threshold ? 1 : 0));
}

int32_t fp32_scale(int32_t t, int32_t mult) {
  const uint32_t bits = static_cast<uint32_t>(mult);
  const int exponent = static_cast<int>(bits >> 23 & 0xff);
  const bool negative = (t < 0) != (mult < 0);
  const int32_t limit = negative ? kMin : kMax;
  if (t == 0 || exponent == 0) return 0;
  if (exponent == 255) return limit;

  const uint64_t magnitude = t < 0 ? -static_cast<uint64_t>(int64_t{t}) : static_cast<uint64_t>(t);
  const Float a = round24({magnitude, 0});
  const Float b = {(bits & 0x7fffff) | 0x800000, exponent - 127 - 23};
  const Float p = round24({a.significand * b.significand, a.exponent + b.exponent});
  if (p.exponent > 31) return limit;  // the significand is at least 1
  const uint64_t rounded =
      p.exponent >= 0 ? p.significand << p.exponent : shift_right_even(p.significand, -p.exponent);
  const int64_t value = static_cast<int64_t>(rounded);
  return saturate32(negative ? -value : value);
}

}  // namespace millrace::ref
