// SPDX-License-Identifier: Apache-2.0
// Arithmetic of the instruction set, bit-exact for all inputs (docs/reference/isa.md,
// "Requantisation"). Integer arithmetic only, so neither the host's rounding mode nor its compiler
// flags matter.
#pragma once

#include <cstdint>

namespace millrace::ref {

// The signed value congruent to `v` modulo 2^32.
int32_t wrap32(int64_t v);

// The int32 nearest to `v`.
int32_t saturate32(int64_t v);

// max(v, lo), then min with hi: hi wins when lo > hi.
int64_t clamp(int64_t v, int64_t lo, int64_t hi);

// MultiplyByQuantizedMultiplier of TensorFlow Lite with double rounding (gemmlowp): a saturating
// rounding doubling high multiply, then a rounding right shift; ties of the first go up, of the
// second away from zero. Shifts beyond [-31, 31] act as -31 and 31; a left shift wraps.
int32_t q31(int32_t t, int32_t mult, int32_t shift);

// `t` converted to fp32, multiplied by the fp32 number whose bits are `mult` (each rounded to
// nearest even), rounded to an integer (ties to even) and saturated. Exponent 0 counts as zero;
// exponent 255 as a magnitude of 2^128 or more, so the result saturates unless `t` is 0.
int32_t fp32_scale(int32_t t, int32_t mult);

}  // namespace millrace::ref
