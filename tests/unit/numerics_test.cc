// SPDX-License-Identifier: Apache-2.0
// The golden model's arithmetic against references written another way: q31 as round-half-up and
// round-half-away of exact quotients, fp32_scale with the host's floats.
#include "model/ref/numerics.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace millrace::ref {
namespace {

constexpr int32_t kMin = std::numeric_limits<int32_t>::min();
constexpr int32_t kMax = std::numeric_limits<int32_t>::max();

const std::vector<int32_t> kCorners = {kMin,
                                       kMin + 1,
                                       -(1 << 30) - 1,
                                       -(1 << 30),
                                       -(1 << 24) - 1,
                                       -65537,
                                       -32769,
                                       -32768,
                                       -129,
                                       -128,
                                       -3,
                                       -2,
                                       -1,
                                       0,
                                       1,
                                       2,
                                       3,
                                       127,
                                       128,
                                       32767,
                                       32768,
                                       65535,
                                       (1 << 24) - 1,
                                       1 << 24,
                                       (1 << 24) + 1,
                                       (1 << 24) + 3,
                                       (1 << 25) + 2,
                                       (1 << 25) + 6,
                                       (1 << 30) - 1,
                                       1 << 30,
                                       (1 << 30) + 1,
                                       kMax - 64,
                                       kMax - 63,
                                       kMax - 1,
                                       kMax};

// Ties of the first rounding go up: floor(x + 1/2). Ties of the second go away from zero.
int32_t q31_reference(int32_t t, int32_t mult, int shift) {
  const int left = shift > 31 ? 31 : shift > 0 ? shift : 0;
  const int right = shift < -31 ? 31 : shift < 0 ? -shift : 0;
  const int32_t x = std::bit_cast<int32_t>(std::bit_cast<uint32_t>(t) << left);
  __extension__ using Wide = __int128;
  Wide h = (Wide{x} * mult + (Wide{1} << 30)) >> 31;
  if (h > kMax) h = kMax;
  const Wide half = (Wide{1} << right) >> 1;
  const Wide result = h >= 0 ? (h + half) >> right : -((-h + half) >> right);
  return static_cast<int32_t>(result);
}

int32_t fp32_reference(int32_t t, int32_t mult) {
  const int exponent = mult >> 23 & 255;
  if (exponent == 0 || t == 0) return 0;
  if (exponent == 255) return (t < 0) == (mult < 0) ? kMax : kMin;
  const float product = static_cast<float>(t) * std::bit_cast<float>(mult);
  if (product >= 2147483648.0f) return kMax;
  if (product <= -2147483648.0f) return kMin;
  return static_cast<int32_t>(std::nearbyint(product));
}

void expect_q31(int32_t t, int32_t mult, int shift) {
  ASSERT_EQ(q31(t, mult, shift), q31_reference(t, mult, shift))
      << "q31(" << t << ", " << mult << ", " << shift << ")";
}

void expect_fp32(int32_t t, uint32_t bits) {
  const int32_t mult = std::bit_cast<int32_t>(bits);
  ASSERT_EQ(fp32_scale(t, mult), fp32_reference(t, mult))
      << "fp32_scale(" << t << ", 0x" << std::hex << bits << ")";
}

int32_t random_int(std::mt19937& random) { return static_cast<int32_t>(random()); }

TEST(Numerics, Wrap32) {
  EXPECT_EQ(wrap32(0), 0);
  EXPECT_EQ(wrap32(int64_t{kMax} + 1), kMin);
  EXPECT_EQ(wrap32(int64_t{kMin} - 1), kMax);
  EXPECT_EQ(wrap32(int64_t{1} << 32), 0);
  EXPECT_EQ(wrap32(-(int64_t{1} << 32) - 5), -5);
  EXPECT_EQ(wrap32(std::numeric_limits<int64_t>::min()), 0);
}

TEST(Numerics, Saturate32) {
  EXPECT_EQ(saturate32(int64_t{kMax} + 1), kMax);
  EXPECT_EQ(saturate32(int64_t{kMin} - 1), kMin);
  for (int32_t v : kCorners) EXPECT_EQ(saturate32(v), v);
}

TEST(Numerics, ClampUpperBoundWins) {
  EXPECT_EQ(clamp(5, -128, 127), 5);
  EXPECT_EQ(clamp(-500, -128, 127), -128);
  EXPECT_EQ(clamp(500, -128, 127), 127);
  EXPECT_EQ(clamp(0, 10, -10), -10);
}

TEST(Numerics, Q31ByHand) {
  EXPECT_EQ(q31(100, 1 << 30, 0), 50);
  EXPECT_EQ(q31(1, 1 << 30, 0), 1);    // 0.5 goes up
  EXPECT_EQ(q31(-1, 1 << 30, 0), 0);   // -0.5 goes up
  EXPECT_EQ(q31(-3, 1 << 30, 0), -1);  // -1.5 goes up
  EXPECT_EQ(q31(6, 1 << 30, -1), 2);   // 3 / 2 = 1.5 goes away from zero
  EXPECT_EQ(q31(-6, 1 << 30, -1), -2);
  EXPECT_EQ(q31(kMin, kMin, 0), kMax);
  EXPECT_EQ(q31(kMin, kMin, -1), 1 << 30);
  EXPECT_EQ(q31(3, kMax, 31), kMin + 1);         // 3 << 31 wraps to -2^31
  EXPECT_EQ(q31(2, kMax, 127), 0);               // acts as 31
  EXPECT_EQ(q31(kMax, kMax, -128), 1);           // acts as -31: 0.99.. rounds to 1
  EXPECT_EQ(q31((1 << 30) - 1, kMax, -128), 0);  // just below one half
}

TEST(Numerics, Q31Corners) {
  for (int32_t t : kCorners)
    for (int32_t mult : kCorners)
      for (int shift = -128; shift <= 127; ++shift) expect_q31(t, mult, shift);
}

TEST(Numerics, Q31SmallValuesExhaustively) {
  for (int32_t mult : {1 << 30, (1 << 30) + 1, 0x60000000, kMax, -(1 << 30), kMin, 1 << 29})
    for (int shift = -9; shift <= 3; ++shift)
      for (int32_t t = -5000; t <= 5000; ++t) expect_q31(t, mult, shift);
}

TEST(Numerics, Q31Random) {
  std::mt19937 random(1);
  for (int i = 0; i < 1'000'000; ++i) {
    const int32_t t = random_int(random) >> (random() % 32);
    expect_q31(t, random_int(random), static_cast<int>(random() % 80) - 40);
  }
}

TEST(Numerics, Fp32ByHand) {
  const auto scale = [](float f) { return std::bit_cast<int32_t>(f); };
  EXPECT_EQ(fp32_scale(5, scale(0.5f)), 2);  // ties to even
  EXPECT_EQ(fp32_scale(7, scale(0.5f)), 4);
  EXPECT_EQ(fp32_scale(-5, scale(0.5f)), -2);
  EXPECT_EQ(fp32_scale(5, scale(-0.5f)), -2);
  EXPECT_EQ(fp32_scale((1 << 24) + 1, scale(1.0f)), 1 << 24);
  EXPECT_EQ(fp32_scale(kMax, scale(1.0f)), kMax);
  EXPECT_EQ(fp32_scale(kMin, scale(1.0f)), kMin);
  EXPECT_EQ(fp32_scale(kMin, scale(-1.0f)), kMax);
  EXPECT_EQ(fp32_scale(1, 0x7f800000), kMax);   // infinity
  EXPECT_EQ(fp32_scale(-1, 0x7fc00000), kMin);  // a NaN counts as a large number
  EXPECT_EQ(fp32_scale(-1, scale(-std::numeric_limits<float>::infinity())), kMax);
  EXPECT_EQ(fp32_scale(0, 0x7fc00000), 0);
  EXPECT_EQ(fp32_scale(kMax, 0x007fffff), 0);  // a subnormal scale counts as zero
  EXPECT_EQ(fp32_scale(kMin, scale(-0.0f)), 0);
}

TEST(Numerics, Fp32AllUpperHalves) {
  for (uint32_t upper = 0; upper < 1u << 16; ++upper)
    for (int32_t t : kCorners) {
      expect_fp32(t, upper << 16);
      expect_fp32(t, upper << 16 | 0xffff);
    }
}

TEST(Numerics, Fp32SmallValuesExhaustively) {
  for (uint32_t exponent = 112; exponent <= 130; ++exponent)
    for (uint32_t fraction : {0u, 1u, 0x200000u, 0x400000u, 0x400001u, 0x555555u, 0x7fffffu})
      for (int32_t t = -4000; t <= 4000; ++t) expect_fp32(t, exponent << 23 | fraction);
}

TEST(Numerics, Fp32Random) {
  std::mt19937 random(2);
  for (int i = 0; i < 1'000'000; ++i) {
    const int32_t t = random_int(random) >> (random() % 32);
    expect_fp32(t, static_cast<uint32_t>(random()));
    const uint32_t exponent = static_cast<uint32_t>(96 + random() % 64);
    expect_fp32(t, exponent << 23 | static_cast<uint32_t>(random() & 0x807fffff));
  }
}

}  // namespace
}  // namespace millrace::ref
