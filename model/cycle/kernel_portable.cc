// SPDX-License-Identifier: Apache-2.0
// The kernel for any host: plain loops that compilers vectorise.
#include <cstdint>

#include "model/cycle/kernels.h"
#include "model/cycle/vector_rows.h"

namespace millrace::cycle {
namespace {

// ---- VECTOR

struct PortableLanes {
  static void q31(int32_t* values, uint32_t n, const Channel& c) {
    for (uint32_t i = 0; i < n; i += kMaxDim)
      for (uint32_t lane = 0; lane < kMaxDim; ++lane) {
        const auto t = static_cast<uint32_t>(values[i + lane]);
        const auto x = static_cast<int32_t>(t << c.left[lane]);
        // Both roundings of the definition are one: the nearest, ties up. The overflow is the only
        // way to 2^31.
        const int64_t wide = (int64_t{x} * c.mult[lane] + (int64_t{1} << 30)) >> 31;
        const int32_t h = wide > INT32_MAX ? INT32_MAX : static_cast<int32_t>(wide);
        const int32_t threshold = c.threshold[lane] + (h < 0 ? 1 : 0);
        const int32_t up = (h & c.mask[lane]) > threshold ? 1 : 0;
        values[i + lane] = (h >> c.right[lane]) + up;
      }
  }

  static void fp32_scale(int32_t* values, uint32_t n, const Channel& c) {
    // Below 2^23, adding and subtracting that rounds; from there on floats are integers.
    constexpr float kRound = 0x1p23f, kLimit = 0x1p31f;
    for (uint32_t i = 0; i < n; i += kMaxDim)
      for (uint32_t lane = 0; lane < kMaxDim; ++lane) {
        const float p = static_cast<float>(values[i + lane]) * c.scale[lane];
        const float round = p < 0 ? -kRound : kRound;
        const float r = p < kRound && p > -kRound ? (p + round) - round : p;
        values[i + lane] = r >= kLimit   ? INT32_MAX
                           : r < -kLimit ? INT32_MIN
                                         : static_cast<int32_t>(r);
      }
  }
};

// ---- MATMUL. Both operands are widened to int16 with the contraction axis contiguous, so that
// the inner loop is a plain dot product.

constexpr uint32_t kDepth = 512;  // lanes of the contraction axis that are multiplied at a time

struct Scratch {
  int16_t b[kMaxDim][kDepth];  // columns of an output tile
  int16_t a[kDepth];           // a row
};

int16_t lane_of(uint8_t biased) { return static_cast<int16_t>(biased - kSpBias); }

// k-tiles [k, k + n) of output tile nt.
void widen_b(const Product& p, uint32_t nt, uint32_t k, uint32_t n, Scratch& s) {
  const uint32_t dim = p.memories.dim;
  for (uint32_t i = 0; i < n; ++i)
    for (uint32_t c = 0; c < dim; ++c) {
      const uint32_t addr = p.b + nt * p.b_tile + (k + i) * p.b_k + c * p.b_col;
      const uint8_t* const word = p.memories.sp + size_t{addr & p.memories.sp_mask} * dim;
      for (uint32_t lane = 0; lane < dim; ++lane) {
        int16_t& to = p.transpose ? s.b[lane][i * dim + c] : s.b[c][i * dim + lane];
        to = lane_of(word[lane]);
      }
    }
}

// The row whose A starts at `addr`.
void widen_a(const Product& p, uint32_t addr, uint32_t k, uint32_t n, Scratch& s) {
  const uint32_t dim = p.memories.dim;
  for (uint32_t i = 0; i < n; ++i) {
    const size_t at = (addr + p.a_k[k + i]) & p.memories.sp_mask;
    const uint8_t* const word = p.memories.sp + at * dim;
    for (uint32_t lane = 0; lane < dim; ++lane) s.a[i * dim + lane] = lane_of(word[lane]);
  }
}

// Four columns of one row; `depth` is a multiple of 4.
void multiply(const int16_t* __restrict a, const int16_t (*__restrict b)[kDepth], uint32_t depth,
              bool add, int32_t* __restrict d) {
  int32_t sums[4] = {};  // at most kDepth * 2^14
  for (uint32_t i = 0; i < depth; ++i) {
    sums[0] += a[i] * b[0][i];
    sums[1] += a[i] * b[1][i];
    sums[2] += a[i] * b[2][i];
    sums[3] += a[i] * b[3][i];
  }
  for (uint32_t n = 0; n < 4; ++n) {
    const uint32_t before = add ? static_cast<uint32_t>(d[n]) : 0;
    d[n] = static_cast<int32_t>(before + static_cast<uint32_t>(sums[n]));
  }
}

void portable_matmul(const Product& p) {
  const uint32_t dim = p.memories.dim;
  const uint32_t chunk = kDepth / dim;
  Scratch s;
  for (uint32_t nt = 0; nt < p.n_nt; ++nt)
    for (uint32_t k = 0; k < p.n_k; k += chunk) {
      const uint32_t n = p.n_k - k < chunk ? p.n_k - k : chunk;
      widen_b(p, nt, k, n, s);
      for (uint32_t row = 0; row < p.n_rows; ++row) {
        widen_a(p, p.a_rows[row], k, n, s);
        const size_t y = (p.d + nt * p.d_tile + row) & p.memories.acc_mask;
        for (uint32_t c = 0; c < dim; c += 4)
          multiply(s.a, s.b + c, n * dim, p.accumulate || k > 0, p.memories.acc + y * dim + c);
      }
    }
}

}  // namespace

const KernelCode kPortableCode = {portable_matmul, execute_vector<PortableLanes>};

}  // namespace millrace::cycle
