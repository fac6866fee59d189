// SPDX-License-Identifier: Apache-2.0
// The kernel for AVX2. Its byte multiplication saturates, so both operands are widened to 16 bits:
// vpmaddwd multiplies pairs and adds the two products, in 8 int32 lanes. A lane is a column of an
// output tile; pairs of lanes of A are broadcast. The work is cut into panels of 8 columns: an
// output tile has dim / 8, with dim 4 the panel is half empty. Two panels at a time.
#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "model/cycle/kernels.h"
#include "model/cycle/vector_rows.h"

namespace millrace::cycle {
namespace {

__m256i load(const void* from) { return _mm256_load_si256(static_cast<const __m256i*>(from)); }
void store(void* to, __m256i v) { _mm256_store_si256(static_cast<__m256i*>(to), v); }

// ---- VECTOR

struct Avx2Lanes {
  // See kernel_portable.cc. Products of the even lanes end up in the low halves of 64 bits, those
  // of the odd lanes in the high halves. Comparisons give -1.
  static void q31(int32_t* values, uint32_t n, const Channel& c) {
    const __m256i half = _mm256_set1_epi64x(int64_t{1} << 30);
    const __m256i lowest = _mm256_set1_epi32(INT32_MIN);
    for (uint32_t lane = 0; lane < kMaxDim; lane += 8) {
      const __m256i mult = load(c.mult + lane), odd_mult = _mm256_srli_epi64(mult, 32);
      const __m256i left = load(c.left + lane), right = load(c.right + lane);
      const __m256i mask = load(c.mask + lane), threshold = load(c.threshold + lane);
      for (uint32_t i = lane; i < n; i += kMaxDim) {
        const __m256i x = _mm256_sllv_epi32(load(values + i), left);
        const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, mult), half);
        const __m256i odd =
            _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), odd_mult), half);
        __m256i h =
            _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xaa);
        // Only the overflow gives -2^31, and it is to be 2^31 - 1.
        h = _mm256_add_epi32(h, _mm256_cmpeq_epi32(h, lowest));
        const __m256i limit = _mm256_sub_epi32(threshold, _mm256_srai_epi32(h, 31));
        const __m256i up = _mm256_cmpgt_epi32(_mm256_and_si256(h, mask), limit);
        store(values + i, _mm256_sub_epi32(_mm256_srav_epi32(h, right), up));
      }
    }
  }

  // The conversion gives -2^31 for all that does not fit: right for what is too small. The host
  // rounds to nearest even unless somebody told it otherwise.
  static void fp32_scale(int32_t* values, uint32_t n, const Channel& c) {
    const __m256 limit = _mm256_set1_ps(0x1p31f);
    for (uint32_t lane = 0; lane < kMaxDim; lane += 8) {
      const __m256 scale = _mm256_load_ps(c.scale + lane);
      for (uint32_t i = lane; i < n; i += kMaxDim) {
        const __m256 p = _mm256_mul_ps(_mm256_cvtepi32_ps(load(values + i)), scale);
        const __m256i above = _mm256_castps_si256(_mm256_cmp_ps(p, limit, _CMP_GE_OQ));
        store(values + i, _mm256_xor_si256(_mm256_cvtps_epi32(p), above));
      }
    }
  }
};

// ---- MATMUL

constexpr uint32_t kColumns = 8;  // of a panel
constexpr uint32_t kPairs = 256;  // of lanes of the contraction axis, at a time
constexpr uint32_t kMaxRows = 4;  // at a time

// B of some k-tiles for 8 columns, and where their sums go.
struct alignas(64) Panel {
  int16_t b[kPairs][2 * kColumns];  // two lanes of column 0, of column 1, ...
  __m256i excess;                   // 128 * sum over B of every column
  int32_t* acc;                     // the columns in accumulator row 0
  uint32_t d;                       // row of the first output
};

template <uint32_t kDim>
class Multiplier {
 public:
  explicit Multiplier(const Product& product) : p_(product) {}

  void run() {
    constexpr uint32_t kChunk = kPairs / kTilePairs;
    for (uint32_t k = 0; k < p_.n_k; k += kChunk) {
      k_ = k;
      n_k_ = p_.n_k - k < kChunk ? p_.n_k - k : kChunk;
      const uint32_t panels = p_.n_nt * kTilePanels;
      uint32_t i = 0;
      for (; i + 2 <= panels; i += 2) {
        prepare(i, panels_[0]);
        prepare(i + 1, panels_[1]);
        stream<2>();
      }
      if (i < panels) {
        prepare(i, panels_[0]);
        stream<1>();
      }
    }
  }

 private:
  static constexpr uint32_t kTilePairs = kDim / 2;
  static constexpr uint32_t kTilePanels = kDim > kColumns ? kDim / kColumns : 1;
  static constexpr uint32_t kUsed = kDim < kColumns ? kDim : kColumns;

  const uint8_t* word(uint32_t addr) const {
    return p_.memories.sp + size_t{addr & p_.memories.sp_mask} * kDim;
  }

  // ---- B

  void prepare(uint32_t number, Panel& panel) {
    const uint32_t nt = number / kTilePanels, first = number % kTilePanels * kColumns;
    panel.acc = p_.memories.acc + first;
    panel.d = p_.d + nt * p_.d_tile;
    __m256i excess = _mm256_setzero_si256();
    const __m256i bias = _mm256_set1_epi16(kSpBias);
    for (uint32_t i = 0; i < n_k_; ++i) {
      const uint32_t base = p_.b + nt * p_.b_tile + (k_ + i) * p_.b_k;
      int16_t(*const b)[2 * kColumns] = panel.b + i * kTilePairs;
      if constexpr (kDim < 16)
        copy_lanes(base, b);
      else if (p_.transpose)
        interleave_rows(base, first, b);
      else
        transpose_columns(base, first, b);
      for (uint32_t pair = 0; pair < kTilePairs; ++pair) {
        const __m256i signed_b = _mm256_sub_epi16(load(b[pair]), bias);
        store(b[pair], signed_b);
        excess = _mm256_add_epi32(excess, _mm256_madd_epi16(signed_b, bias));
      }
    }
    panel.excess = excess;
  }

  // Small tiles, lane by lane; what lies beyond them does not matter.
  void copy_lanes(uint32_t base, int16_t (*b)[2 * kColumns]) const {
    for (uint32_t c = 0; c < kDim; ++c)
      for (uint32_t lane = 0; lane < kDim; ++lane) {
        const uint32_t k = p_.transpose ? c : lane, n = p_.transpose ? lane : c;
        b[k / 2][2 * n + k % 2] = word(base + c * p_.b_col)[lane];
      }
  }

  // Words are columns: 8 x 8 pairs are transposed, first 4 x 4 of them.
  void transpose_columns(uint32_t base, uint32_t first, int16_t (*b)[2 * kColumns]) const {
    for (uint32_t half = 0; half < kDim; half += 16) {
      __m256i r[2][4];
      for (uint32_t c = 0; c < kColumns; ++c)
        r[c / 4][c % 4] = widened(word(base + (first + c) * p_.b_col) + half);
      __m256i t[2][4];  // pairs 0 and 4, 1 and 5, 2 and 6, 3 and 7 of four columns
      for (uint32_t i = 0; i < 2; ++i) {
        const __m256i low01 = _mm256_unpacklo_epi32(r[i][0], r[i][1]);
        const __m256i high01 = _mm256_unpackhi_epi32(r[i][0], r[i][1]);
        const __m256i low23 = _mm256_unpacklo_epi32(r[i][2], r[i][3]);
        const __m256i high23 = _mm256_unpackhi_epi32(r[i][2], r[i][3]);
        t[i][0] = _mm256_unpacklo_epi64(low01, low23);
        t[i][1] = _mm256_unpackhi_epi64(low01, low23);
        t[i][2] = _mm256_unpacklo_epi64(high01, high23);
        t[i][3] = _mm256_unpackhi_epi64(high01, high23);
      }
      for (uint32_t i = 0; i < 4; ++i) {
        store(b[half / 2 + i], _mm256_permute2x128_si256(t[0][i], t[1][i], 0x20));
        store(b[half / 2 + 4 + i], _mm256_permute2x128_si256(t[0][i], t[1][i], 0x31));
      }
    }
  }

  // Words are rows: two of them are interleaved.
  void interleave_rows(uint32_t base, uint32_t first, int16_t (*b)[2 * kColumns]) const {
    for (uint32_t pair = 0; pair < kTilePairs; ++pair) {
      const auto lanes = [&](uint32_t c) {
        const uint8_t* const from = word(base + c * p_.b_col) + first;
        return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
      };
      const __m128i both = _mm_unpacklo_epi8(lanes(2 * pair), lanes(2 * pair + 1));
      store(b[pair], _mm256_cvtepu8_epi16(both));
    }
  }

  // ---- A and D

  template <uint32_t kN>
  void stream() const {
    uint32_t row = 0;
    for (; row + kMaxRows <= p_.n_rows; row += kMaxRows) multiply<kMaxRows, kN>(row);
    for (; row < p_.n_rows; ++row) multiply<1, kN>(row);
  }

  int32_t* output(const Panel& panel, uint32_t row) const {
    return panel.acc + size_t{(panel.d + row) & p_.memories.acc_mask} * kDim;
  }

  static __m256i widened(const uint8_t* from) {
    return _mm256_cvtepu8_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(from)));
  }

  // A word of A as 16-bit lanes.
  static void widen(const uint8_t* from, int16_t* to) {
    if constexpr (kDim < 16)
      for (uint32_t i = 0; i < kDim; ++i) to[i] = from[i];
    else
      for (uint32_t i = 0; i < kDim; i += 16) store(to + i, widened(from + i));
  }

  // kRows rows of kN panels. Loops over either are unrolled early, so that sums are registers.
  template <uint32_t kRows, uint32_t kN>
  void multiply(uint32_t row) const {
    alignas(64) int16_t a[kRows][2 * kPairs];
    for (uint32_t r = 0; r < kRows; ++r)
      for (uint32_t i = 0; i < n_k_; ++i)
        widen(word(p_.a_rows[row + r] + p_.a_k[k_ + i]), a[r] + i * kDim);
    __m256i sums[kRows][kN];
#pragma GCC unroll 4
    for (uint32_t r = 0; r < kRows; ++r)
#pragma GCC unroll 2
      for (uint32_t j = 0; j < kN; ++j) sums[r][j] = before(panels_[j], row + r);
    for (uint32_t pair = 0; pair < n_k_ * kTilePairs; ++pair) {
      __m256i b[kN];
#pragma GCC unroll 2
      for (uint32_t j = 0; j < kN; ++j) b[j] = load(panels_[j].b[pair]);
#pragma GCC unroll 4
      for (uint32_t r = 0; r < kRows; ++r) {
        int32_t lanes;
        std::memcpy(&lanes, a[r] + 2 * pair, 4);
        const __m256i x = _mm256_set1_epi32(lanes);
#pragma GCC unroll 2
        for (uint32_t j = 0; j < kN; ++j)
          sums[r][j] = _mm256_add_epi32(sums[r][j], _mm256_madd_epi16(x, b[j]));
      }
    }
#pragma GCC unroll 4
    for (uint32_t r = 0; r < kRows; ++r)
#pragma GCC unroll 2
      for (uint32_t j = 0; j < kN; ++j)
        std::memcpy(output(panels_[j], row + r), &sums[r][j], 4 * kUsed);
  }

  // What a row's sums begin with.
  __m256i before(const Panel& panel, uint32_t row) const {
    __m256i value = _mm256_setzero_si256();
    if (p_.accumulate || k_ > 0) std::memcpy(&value, output(panel, row), 4 * kUsed);
    return _mm256_sub_epi32(value, panel.excess);
  }

  const Product& p_;
  uint32_t k_ = 0, n_k_ = 0;  // k-tiles [k_, k_ + n_k_)
  Panel panels_[2];
};

void avx2_matmul(const Product& p) {
  switch (p.memories.dim) {
    case 4:
      return Multiplier<4>(p).run();
    case 8:
      return Multiplier<8>(p).run();
    case 16:
      return Multiplier<16>(p).run();
    case 32:
      return Multiplier<32>(p).run();
    default:
      return;
  }
}

}  // namespace

const KernelCode kAvx2Code = {avx2_matmul, execute_vector<Avx2Lanes>};

}  // namespace millrace::cycle
