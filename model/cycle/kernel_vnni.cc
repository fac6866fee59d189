// SPDX-License-Identifier: Apache-2.0
// The kernel for AVX-512 with VNNI: vpdpbusd multiplies four unsigned bytes by four signed ones and
// adds the products to an int32, in 16 lanes. A lane is a column of an output tile; four lanes of a
// word of A are broadcast. The work is cut into panels of 16 columns: with dim 32 an output tile
// has two, with dim 4 or 8 the panel is partly empty. Two panels at a time, so that a broadcast
// serves two multiplications.
#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "model/cycle/kernels.h"
#include "model/cycle/vector_rows.h"

namespace millrace::cycle {
namespace {

// ---- VECTOR

struct VnniLanes {
  static __m512i load(const int32_t* from) { return _mm512_load_si512(from); }

  // See kernel_portable.cc. Products of the even lanes end up in the low halves of 64 bits, those
  // of the odd lanes in the high halves.
  static void q31(int32_t* values, uint32_t n, const Channel& c) {
    const __m512i half = _mm512_set1_epi64(int64_t{1} << 30);
    const __m512i lowest = _mm512_set1_epi32(INT32_MIN), one = _mm512_set1_epi32(1);
    for (uint32_t lane = 0; lane < kMaxDim; lane += 16) {
      const __m512i mult = load(c.mult + lane), odd_mult = _mm512_srli_epi64(mult, 32);
      const __m512i left = load(c.left + lane), right = load(c.right + lane);
      const __m512i mask = load(c.mask + lane), threshold = load(c.threshold + lane);
      for (uint32_t i = lane; i < n; i += kMaxDim) {
        const __m512i x = _mm512_sllv_epi32(load(values + i), left);
        const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, mult), half);
        const __m512i odd =
            _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(x, 32), odd_mult), half);
        __m512i h =
            _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 31), _mm512_slli_epi64(odd, 1));
        // Only the overflow gives -2^31, and it is to be 2^31 - 1.
        h = _mm512_mask_sub_epi32(h, _mm512_cmpeq_epi32_mask(h, lowest), h, one);
        const __m512i limit = _mm512_sub_epi32(threshold, _mm512_srai_epi32(h, 31));
        const __mmask16 up = _mm512_cmpgt_epi32_mask(_mm512_and_si512(h, mask), limit);
        const __m512i floor = _mm512_srav_epi32(h, right);
        _mm512_store_si512(values + i, _mm512_mask_add_epi32(floor, up, floor, one));
      }
    }
  }

  // The conversion gives -2^31 for all that does not fit: right for what is too small.
  static void fp32_scale(int32_t* values, uint32_t n, const Channel& c) {
    constexpr int kRound = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    const __m512i highest = _mm512_set1_epi32(INT32_MAX);
    const __m512 limit = _mm512_set1_ps(0x1p31f);
    for (uint32_t lane = 0; lane < kMaxDim; lane += 16) {
      const __m512 scale = _mm512_load_ps(c.scale + lane);
      for (uint32_t i = lane; i < n; i += kMaxDim) {
        const __m512 t = _mm512_cvt_roundepi32_ps(load(values + i), kRound);
        const __m512 p = _mm512_mul_round_ps(t, scale, kRound);
        const __mmask16 above = _mm512_cmp_ps_mask(p, limit, _CMP_GE_OQ);
        const __m512i q =
            _mm512_mask_mov_epi32(_mm512_cvt_roundps_epi32(p, kRound), above, highest);
        _mm512_store_si512(values + i, q);
      }
    }
  }
};

// ---- MATMUL

constexpr uint32_t kColumns = 16;  // of a panel
constexpr uint32_t kPanels = 2;    // at a time
constexpr uint32_t kGroups = 256;  // of four lanes of the contraction axis, at a time
constexpr uint32_t kMaxRows = 8;   // at a time

// B of some k-tiles for 16 columns, and where their sums go.
struct alignas(64) Panel {
  uint8_t b[kGroups][4 * kColumns];  // signed: four lanes of column 0, of column 1, ...
  __m512i excess;                    // 128 * sum over B of every column
  int32_t* acc;                      // the columns in accumulator row 0
  uint32_t d;                        // row of the first output
};

template <uint32_t kDim>
class Multiplier {
 public:
  explicit Multiplier(const Product& product) : p_(product) {}

  void run() {
    constexpr uint32_t kChunk = kGroups / kTileGroups;
    for (uint32_t k = 0; k < p_.n_k; k += kChunk) {
      k_ = k;
      n_k_ = p_.n_k - k < kChunk ? p_.n_k - k : kChunk;
      const uint32_t panels = p_.n_nt * kTilePanels;
      uint32_t i = 0;
      for (; i + kPanels <= panels; i += kPanels) {
        for (uint32_t j = 0; j < kPanels; ++j) prepare(i + j, panels_[j]);
        stream<kPanels>();
      }
      for (; i < panels; ++i) {
        prepare(i, panels_[0]);
        stream<1>();
      }
    }
  }

 private:
  static constexpr uint32_t kTileGroups = kDim / 4;
  static constexpr uint32_t kTilePanels = kDim > kColumns ? kDim / kColumns : 1;
  static constexpr __mmask16 kMask = kDim < kColumns ? (1u << kDim) - 1 : 0xffff;

  const uint8_t* word(uint32_t addr) const {
    return p_.memories.sp + size_t{addr & p_.memories.sp_mask} * kDim;
  }

  // ---- B

  void prepare(uint32_t number, Panel& panel) {
    const uint32_t nt = number / kTilePanels, first = number % kTilePanels * kColumns;
    panel.acc = p_.memories.acc + first;
    panel.d = p_.d + nt * p_.d_tile;
    __m512i excess = _mm512_setzero_si512();
    const __m512i bias = _mm512_set1_epi8(static_cast<char>(kSpBias));
    for (uint32_t i = 0; i < n_k_; ++i) {
      const uint32_t base = p_.b + nt * p_.b_tile + (k_ + i) * p_.b_k;
      uint8_t(*const b)[4 * kColumns] = panel.b + i * kTileGroups;
      if constexpr (kDim < kColumns)
        copy_lanes(base, b);
      else if (p_.transpose)
        interleave_rows(base, first, b);
      else
        transpose_columns(base, first, b);
      for (uint32_t g = 0; g < kTileGroups; ++g) {
        const __m512i signed_b = _mm512_xor_si512(_mm512_load_si512(b[g]), bias);
        _mm512_store_si512(b[g], signed_b);
        excess = _mm512_dpbusd_epi32(excess, bias, signed_b);
      }
    }
    panel.excess = excess;
  }

  // Small tiles, lane by lane; what lies beyond them does not matter.
  void copy_lanes(uint32_t base, uint8_t (*b)[4 * kColumns]) const {
    for (uint32_t c = 0; c < kDim; ++c)
      for (uint32_t lane = 0; lane < kDim; ++lane) {
        const uint32_t k = p_.transpose ? c : lane, n = p_.transpose ? lane : c;
        b[k / 4][4 * n + k % 4] = word(base + c * p_.b_col)[lane];
      }
  }

  // Words are columns: 4 x 4 blocks of 4 lanes are transposed.
  void transpose_columns(uint32_t base, uint32_t first, uint8_t (*b)[4 * kColumns]) const {
    for (uint32_t half = 0; half < kDim; half += 16) {
      __m512i r[4];  // columns j, j + 4, j + 8, j + 12
      for (uint32_t j = 0; j < 4; ++j) {
        const auto column = [&](uint32_t c) {
          const uint8_t* const from = word(base + (first + c) * p_.b_col) + half;
          return _mm_load_si128(reinterpret_cast<const __m128i*>(from));
        };
        r[j] = _mm512_castsi128_si512(column(j));
        r[j] = _mm512_inserti32x4(r[j], column(j + 4), 1);
        r[j] = _mm512_inserti32x4(r[j], column(j + 8), 2);
        r[j] = _mm512_inserti32x4(r[j], column(j + 12), 3);
      }
      const __m512i low01 = _mm512_unpacklo_epi32(r[0], r[1]);
      const __m512i high01 = _mm512_unpackhi_epi32(r[0], r[1]);
      const __m512i low23 = _mm512_unpacklo_epi32(r[2], r[3]);
      const __m512i high23 = _mm512_unpackhi_epi32(r[2], r[3]);
      uint8_t(*const to)[4 * kColumns] = b + half / 4;
      _mm512_store_si512(to[0], _mm512_unpacklo_epi64(low01, low23));
      _mm512_store_si512(to[1], _mm512_unpackhi_epi64(low01, low23));
      _mm512_store_si512(to[2], _mm512_unpacklo_epi64(high01, high23));
      _mm512_store_si512(to[3], _mm512_unpackhi_epi64(high01, high23));
    }
  }

  // Words are rows: four of them are interleaved byte by byte.
  void interleave_rows(uint32_t base, uint32_t first, uint8_t (*b)[4 * kColumns]) const {
    for (uint32_t g = 0; g < kTileGroups; ++g) {
      __m128i r[4];
      for (uint32_t j = 0; j < 4; ++j) {
        const uint8_t* const from = word(base + (4 * g + j) * p_.b_col) + first;
        r[j] = _mm_load_si128(reinterpret_cast<const __m128i*>(from));
      }
      const __m128i low01 = _mm_unpacklo_epi8(r[0], r[1]), high01 = _mm_unpackhi_epi8(r[0], r[1]);
      const __m128i low23 = _mm_unpacklo_epi8(r[2], r[3]), high23 = _mm_unpackhi_epi8(r[2], r[3]);
      auto* const to = reinterpret_cast<__m128i*>(b[g]);
      _mm_store_si128(to + 0, _mm_unpacklo_epi16(low01, low23));
      _mm_store_si128(to + 1, _mm_unpackhi_epi16(low01, low23));
      _mm_store_si128(to + 2, _mm_unpacklo_epi16(high01, high23));
      _mm_store_si128(to + 3, _mm_unpackhi_epi16(high01, high23));
    }
  }

  // ---- A and D

  template <uint32_t kN>
  void stream() const {
    uint32_t row = 0;
    for (; row + kMaxRows <= p_.n_rows; row += kMaxRows) multiply<kMaxRows, kN>(row);
    if (p_.n_rows - row >= 4) multiply<4, kN>(row), row += 4;
    if (p_.n_rows - row >= 2) multiply<2, kN>(row), row += 2;
    if (p_.n_rows - row >= 1) multiply<1, kN>(row);
  }

  int32_t* output(const Panel& panel, uint32_t row) const {
    return panel.acc + size_t{(panel.d + row) & p_.memories.acc_mask} * kDim;
  }

  // kRows rows of kN panels. Loops over either are unrolled early, so that sums are registers.
  template <uint32_t kRows, uint32_t kN>
  void multiply(uint32_t row) const {
    __m512i sums[kRows][kN];
    const __mmask16 before = p_.accumulate || k_ > 0 ? kMask : 0;
#pragma GCC unroll 8
    for (uint32_t r = 0; r < kRows; ++r)
#pragma GCC unroll 2
      for (uint32_t j = 0; j < kN; ++j) {
        const __m512i d = _mm512_maskz_loadu_epi32(before, output(panels_[j], row + r));
        sums[r][j] = _mm512_sub_epi32(d, panels_[j].excess);
      }
    const uint32_t* const a_rows = p_.a_rows + row;
    const uint8_t* b = panels_[0].b[0];
    for (uint32_t i = 0; i < n_k_; ++i) {
      const uint8_t* a[kRows];
#pragma GCC unroll 8
      for (uint32_t r = 0; r < kRows; ++r) a[r] = word(a_rows[r] + p_.a_k[k_ + i]);
#pragma GCC unroll 8
      for (uint32_t g = 0; g < kTileGroups; ++g) {
        __m512i columns[kN];
#pragma GCC unroll 2
        for (uint32_t j = 0; j < kN; ++j) columns[j] = _mm512_load_si512(b + j * sizeof(Panel));
        b += 4 * kColumns;
#pragma GCC unroll 8
        for (uint32_t r = 0; r < kRows; ++r) {
          int32_t lanes;
          std::memcpy(&lanes, a[r] + 4 * g, 4);
          const __m512i x = _mm512_set1_epi32(lanes);
#pragma GCC unroll 2
          for (uint32_t j = 0; j < kN; ++j)
            sums[r][j] = _mm512_dpbusd_epi32(sums[r][j], x, columns[j]);
        }
      }
    }
#pragma GCC unroll 8
    for (uint32_t r = 0; r < kRows; ++r)
#pragma GCC unroll 2
      for (uint32_t j = 0; j < kN; ++j)
        _mm512_mask_storeu_epi32(output(panels_[j], row + r), kMask, sums[r][j]);
  }

  const Product& p_;
  uint32_t k_ = 0, n_k_ = 0;  // k-tiles [k_, k_ + n_k_)
  Panel panels_[kPanels];
};

void vnni_matmul(const Product& p) {
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

const KernelCode kVnniCode = {vnni_matmul, execute_vector<VnniLanes>};

}  // namespace millrace::cycle
