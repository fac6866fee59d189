// SPDX-License-Identifier: Apache-2.0
// VECTOR for every kernel. Each kernel's file includes this once, and the compiler vectorises the
// loops for the file's instruction set; what it cannot, the file passes as `Lanes`:
//
//   static void q31(int32_t* values, uint32_t n, const Channel& channel);
//   static void fp32_scale(int32_t* values, uint32_t n, const Channel& channel);
//
// which requantise n values, a multiple of kMaxDim, in place.
//
// Results are computed in blocks of rows, one step of arithmetic after the other for a whole block,
// so that choosing an operation costs little and no loop contains a choice.
#pragma once

#include <cstdint>
#include <cstring>

#include "model/cycle/kernels.h"

namespace millrace::cycle {
namespace {

constexpr uint32_t kBlock = 1024;  // values of a block: whole rows, and well within a level-1 cache

// What requantisation needs of each lane, repeated to kMaxDim lanes: value i of a block belongs to
// lane i % dim, so parameter i % kMaxDim is its own.
struct alignas(64) Channel {
  int32_t bias[kMaxDim];
  int32_t mult[kMaxDim];
  int32_t left[kMaxDim], right[kMaxDim];      // shifts, 0 to 31
  int32_t mask[kMaxDim], threshold[kMaxDim];  // of the right shift: 2^right - 1, and half of that
  float scale[kMaxDim];                       // for fp32: finite and not subnormal
};

// A block: the values so far, and two operands.
struct alignas(64) Block {
  int32_t values[kBlock];
  int32_t a[kBlock], b[kBlock];
};

// The scale as a float that gives the same results: exponent 0 counts as zero; 2^127 times
// anything but 0 saturates, too.
inline float float_scale(int32_t mult) {
  uint32_t bits = static_cast<uint32_t>(mult);
  const uint32_t exponent = bits >> 23 & 0xff;
  if (exponent == 0) bits = 0;
  if (exponent == 255) bits = (bits & 0x80000000u) | 254u << 23;
  float scale;
  std::memcpy(&scale, &bits, sizeof scale);
  return scale;
}

inline void set_lane(Channel& c, uint32_t lane, int32_t bias, int32_t mult, int32_t shift) {
  c.bias[lane] = bias;
  c.mult[lane] = mult;
  c.left[lane] = shift < 0 ? 0 : shift > 31 ? 31 : shift;
  c.right[lane] = shift > 0 ? 0 : shift < -31 ? 31 : -shift;
  c.mask[lane] = static_cast<int32_t>((uint32_t{1} << c.right[lane]) - 1);
  c.threshold[lane] = c.mask[lane] >> 1;
  c.scale[lane] = float_scale(mult);
}

// Rows of an operand.
struct Rows {
  isa::Source kind;
  uint32_t addr, stride, count;
  int32_t scalar;
  uint32_t offset, shift;
};

template <class Lanes, uint32_t kDim>
class VectorUnit {
 public:
  explicit VectorUnit(const VectorWork& work)
      : m_(work.memories), f_(*work.op), v_(*work.vset), results_(work.results) {
    for (uint32_t i = 0; i < kMaxDim; ++i)
      set_lane(channel_, i, 0, v_.scalar_mult, v_.scalar_shift);
  }

  void run() {
    constexpr uint32_t kRows = kBlock / kDim;
    for (uint32_t i3 = 0; i3 < f_.n3 && results_ > 0; ++i3) {
      if (f_.channel) read_channel(i3);
      const uint32_t n = results_ < f_.n2 ? static_cast<uint32_t>(results_) : f_.n2;
      for (uint32_t i2 = 0; i2 < n; i2 += kRows) {
        const uint32_t rows = n - i2 < kRows ? n - i2 : kRows;
        reduce(i2, i3, rows);
        finish(i2, i3, rows);
      }
      results_ -= n;
    }
  }

 private:
  static int32_t wrap(uint32_t v) { return static_cast<int32_t>(v); }
  static uint32_t bits(int32_t v) { return static_cast<uint32_t>(v); }

  uint8_t* word(uint32_t addr) const { return m_.sp + size_t{addr & m_.sp_mask} * kDim; }
  int32_t* row(uint32_t addr) const { return m_.acc + size_t{addr & m_.acc_mask} * kDim; }

  void read_channel(uint32_t i3) {
    uint8_t bytes[9 * kDim];
    for (uint32_t p = 0; p < 9; ++p)
      for (uint32_t i = 0; i < kDim; ++i)
        bytes[p * kDim + i] = static_cast<uint8_t>(word(f_.param + 9 * i3 + p)[i] ^ kSpBias);
    for (uint32_t i = 0; i < kMaxDim; ++i) {
      const uint32_t lane = i % kDim;
      int32_t bias, mult;
      std::memcpy(&bias, bytes + 4 * lane, 4);
      std::memcpy(&mult, bytes + 4 * kDim + 4 * lane, 4);
      set_lane(channel_, i, bias, mult, static_cast<int8_t>(bytes[8 * kDim + lane]));
    }
  }

  // Loops 0 and 1 of results i2 to i2 + rows: into block_.values.
  void reduce(uint32_t i2, uint32_t i3, uint32_t rows) {
    // Only the last step counts without a reduction.
    const bool last = f_.reduce == isa::Reduce::kLast;
    bool first = true;
    for (uint32_t i1 = last ? f_.n1 - 1 : 0; i1 < f_.n1; ++i1)
      for (uint32_t i0 = last ? f_.n0 - 1 : 0; i0 < f_.n0; ++i0) {
        int32_t* const to = first ? block_.values : block_.a;
        const uint32_t x = f_.src1 + i0 * f_.s1_0 + i1 * f_.s1_1 + i2 * f_.s1_2 + i3 * f_.s1_3;
        load({f_.src1_kind, x, f_.s1_2, rows, v_.scalar1, bits(v_.offset1), v_.preshift1}, to);
        if (f_.op != isa::Binary::kPass) {
          const uint32_t y = f_.src2 + i0 * v_.s2_0 + i1 * v_.s2_1 + i2 * v_.s2_2 + i3 * v_.s2_3;
          load({f_.src2_kind, y, v_.s2_2, rows, v_.scalar2, bits(v_.offset2), v_.preshift2},
               block_.b);
          binary(to, block_.b, rows * kDim);
        }
        if (!first) combine(block_.values, block_.a, rows * kDim);
        first = false;
      }
  }

  // Operands, converted. Rows are copied, the arithmetic is one loop over all lanes.
  void load(const Rows& r, int32_t* __restrict to) const {
    const uint32_t n = r.count * kDim;
    uint32_t addr = r.addr;
    switch (r.kind) {
      case isa::Source::kScalar:
        for (uint32_t i = 0; i < n; ++i) to[i] = r.scalar;
        return;
      case isa::Source::kSp: {
        alignas(64) uint8_t bytes[kBlock];
        for (uint32_t i = 0; i < n; i += kDim, addr += r.stride)
          std::memcpy(bytes + i, word(addr), kDim);
        const uint32_t offset = r.offset - kSpBias;
        for (uint32_t i = 0; i < n; ++i) to[i] = wrap((bytes[i] + offset) << r.shift);
        return;
      }
      case isa::Source::kAcc:
        for (uint32_t i = 0; i < n; i += kDim, addr += r.stride)
          std::memcpy(to + i, row(addr), sizeof(int32_t) * kDim);
        if (r.offset == 0 && r.shift == 0) return;
        for (uint32_t i = 0; i < n; ++i) to[i] = wrap((bits(to[i]) + r.offset) << r.shift);
        return;
    }
  }

  void binary(int32_t* __restrict a, const int32_t* __restrict b, uint32_t n) const {
    switch (f_.op) {
      case isa::Binary::kPass:
        return;
      case isa::Binary::kAdd:
        for (uint32_t i = 0; i < n; ++i) a[i] = wrap(bits(a[i]) + bits(b[i]));
        return;
      case isa::Binary::kSub:
        for (uint32_t i = 0; i < n; ++i) a[i] = wrap(bits(a[i]) - bits(b[i]));
        return;
      case isa::Binary::kMul:
        for (uint32_t i = 0; i < n; ++i)
          a[i] = static_cast<int16_t>(a[i]) * static_cast<int16_t>(b[i]);
        return;
      case isa::Binary::kMax:
        for (uint32_t i = 0; i < n; ++i) a[i] = a[i] > b[i] ? a[i] : b[i];
        return;
      case isa::Binary::kMin:
        for (uint32_t i = 0; i < n; ++i) a[i] = a[i] < b[i] ? a[i] : b[i];
        return;
    }
  }

  void combine(int32_t* __restrict r, const int32_t* __restrict v, uint32_t n) const {
    switch (f_.reduce) {
      case isa::Reduce::kLast:
        return;
      case isa::Reduce::kSum:
        for (uint32_t i = 0; i < n; ++i) r[i] = wrap(bits(r[i]) + bits(v[i]));
        return;
      case isa::Reduce::kMax:
        for (uint32_t i = 0; i < n; ++i) r[i] = r[i] > v[i] ? r[i] : v[i];
        return;
      case isa::Reduce::kMin:
        for (uint32_t i = 0; i < n; ++i) r[i] = r[i] < v[i] ? r[i] : v[i];
        return;
    }
  }

  // Requantises block_.values and writes them.
  void finish(uint32_t i2, uint32_t i3, uint32_t rows) {
    const uint32_t n = (rows * kDim + kMaxDim - 1) / kMaxDim * kMaxDim;
    for (uint32_t i = rows * kDim; i < n; ++i) block_.values[i] = 0;
    if (f_.channel)
      for (uint32_t i = 0; i < n; i += kMaxDim)
        for (uint32_t lane = 0; lane < kMaxDim; ++lane)
          block_.values[i + lane] = wrap(bits(block_.values[i + lane]) + bits(channel_.bias[lane]));
    if (f_.quant == isa::Quant::kQ31) Lanes::q31(block_.values, n, channel_);
    if (f_.quant == isa::Quant::kFp32) Lanes::fp32_scale(block_.values, n, channel_);
    uint32_t z = f_.dst + i2 * f_.d_2 + i3 * f_.d_3;
    if (f_.dst_kind == isa::Space::kSp) return write_words(z, rows * kDim);
    for (uint32_t i = 0; i < rows * kDim; i += kDim, z += f_.d_2)
      std::memcpy(row(z), block_.values + i, sizeof(int32_t) * kDim);
  }

  // max(q + zero, lo), then min with hi, without the overflow: bounds less `zero` are applied to q.
  void write_words(uint32_t z, uint32_t n) const {
    const int32_t lo = v_.clamp_lo - v_.zero_point, hi = v_.clamp_hi - v_.zero_point;
    const int32_t zero = v_.zero_point + kSpBias;
    alignas(64) uint8_t bytes[kBlock];
    for (uint32_t i = 0; i < n; ++i) {
      const int32_t q = block_.values[i];
      const int32_t raised = q > lo ? q : lo;
      bytes[i] = static_cast<uint8_t>((raised < hi ? raised : hi) + zero);
    }
    for (uint32_t i = 0; i < n; i += kDim, z += f_.d_2) std::memcpy(word(z), bytes + i, kDim);
  }

  const Memories m_;
  const isa::Vector& f_;
  const isa::Vset& v_;
  uint64_t results_;
  Channel channel_;
  Block block_;
};

template <class Lanes>
void execute_vector(const VectorWork& work) {
  switch (work.memories.dim) {
    case 4:
      return VectorUnit<Lanes, 4>(work).run();
    case 8:
      return VectorUnit<Lanes, 8>(work).run();
    case 16:
      return VectorUnit<Lanes, 16>(work).run();
    case 32:
      return VectorUnit<Lanes, 32>(work).run();
    default:
      return;
  }
}

}  // namespace
}  // namespace millrace::cycle
