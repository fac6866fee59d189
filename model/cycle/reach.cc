// SPDX-License-Identifier: Apache-2.0
#include "model/cycle/reach.h"

#include <initializer_list>

namespace millrace::cycle {
namespace {

struct Axis {
  uint64_t count;
  uint32_t stride;
};

// Whether base + sum of index * stride stays in the range for all indices. A stride is taken as the
// shorter way around the memory, so false may also mean "not settled".
bool stays(const Banks& banks, uint32_t base, std::initializer_list<Axis> axes) {
  int64_t low = base, high = base;
  for (const Axis& axis : axes) {
    const uint32_t up = banks.wrap(axis.stride);
    const int64_t stride = up < banks.size / 2 ? int64_t{up} : int64_t{up} - int64_t{banks.size};
    const int64_t span = static_cast<int64_t>(axis.count - 1) * stride;
    (span < 0 ? low : high) += span;
  }
  return low >= int64_t{banks.first} && high < int64_t{banks.end};
}

struct MatmulBanks {
  Banks a, b, d;
};

// Address of the first word of a B tile outside its range.
std::optional<uint32_t> tile_outside(const isa::Config& config, const Banks& b,
                                     const isa::Matmul& op, uint32_t base) {
  for (uint32_t c = 0; c < static_cast<uint32_t>(config.dim); ++c) {
    const uint32_t addr = b.wrap(base + c * op.b_col);
    if (!b.contains(addr)) return addr;
  }
  return std::nullopt;
}

// Rows of a tile before the first one outside; with the address there.
MatmulReach rows_inside(const MatmulBanks& banks, const isa::Matmul& op, uint32_t a, uint32_t d) {
  MatmulReach reach;
  for (uint32_t oy = 0; oy < op.n_oy; ++oy)
    for (uint32_t ox = 0; ox < op.n_ox; ++ox) {
      const uint32_t x = banks.a.wrap(a + oy * op.a_oy + ox * op.a_ox);
      const uint32_t y = banks.d.wrap(d + reach.rows);
      if (!banks.a.contains(x))
        reach.fault = x;
      else if (!banks.d.contains(y))
        reach.fault = y;
      if (reach.fault) return reach;
      ++reach.rows;
    }
  return reach;
}

MatmulReach walk(const isa::Config& config, const MatmulBanks& banks, const isa::Matmul& op) {
  MatmulReach reach;
  const uint32_t rows = op.n_oy * op.n_ox;
  for (uint32_t nt = 0; nt < op.n_nt; ++nt) {
    uint32_t kt = 0;
    for (uint32_t ky = 0; ky < op.n_ky; ++ky)
      for (uint32_t kx = 0; kx < op.n_kx; ++kx)
        for (uint32_t ct = 0; ct < op.n_ct; ++ct, ++kt, ++reach.tiles) {
          reach.fault = tile_outside(config, banks.b, op, op.b + nt * op.b_tile + kt * op.b_k);
          if (reach.fault) return reach;
          const uint32_t a = op.a + ky * op.a_ky + kx * op.a_kx + ct * op.a_ct;
          const MatmulReach tile = rows_inside(banks, op, a, op.d + nt * rows);
          if (tile.fault) return {reach.tiles, tile.rows, tile.fault};
        }
  }
  return reach;
}

struct VectorBanks {
  Banks src1, src2, dst, param;
};

isa::Space space_of(isa::Source kind) {
  return kind == isa::Source::kAcc ? isa::Space::kAcc : isa::Space::kSp;
}

bool outside(const Banks& banks, isa::Source kind, uint32_t addr) {
  return kind != isa::Source::kScalar && !banks.contains(banks.wrap(addr));
}

// One iteration of loop 3, its parameters aside. `steps` counts from its beginning.
std::optional<uint32_t> walk_results(const VectorBanks& banks, const isa::Vector& op,
                                     const isa::Vset& vset, uint32_t i3, VectorReach& reach) {
  for (uint32_t i2 = 0; i2 < op.n2; ++i2, ++reach.results)
    for (uint32_t i1 = 0; i1 < op.n1; ++i1)
      for (uint32_t i0 = 0; i0 < op.n0; ++i0, ++reach.position) {
        const uint32_t x = op.src1 + i0 * op.s1_0 + i1 * op.s1_1 + i2 * op.s1_2 + i3 * op.s1_3;
        const uint32_t y =
            op.src2 + i0 * vset.s2_0 + i1 * vset.s2_1 + i2 * vset.s2_2 + i3 * vset.s2_3;
        const uint32_t z = op.dst + i2 * op.d_2 + i3 * op.d_3;
        if (outside(banks.src1, op.src1_kind, x)) return banks.src1.wrap(x);
        if (outside(banks.src2, op.src2_kind, y)) return banks.src2.wrap(y);
        const bool result = i1 + 1 == op.n1 && i0 + 1 == op.n0;
        if (result && !banks.dst.contains(banks.dst.wrap(z))) return banks.dst.wrap(z);
      }
  return std::nullopt;
}

VectorReach walk(const VectorBanks& banks, const isa::Vector& op, const isa::Vset& vset) {
  constexpr uint32_t kParamWords = 9;
  VectorReach reach;
  for (; reach.i3 < op.n3; ++reach.i3) {
    reach.in_params = op.channel != 0;
    reach.position = 0;
    for (; reach.in_params && reach.position < kParamWords; ++reach.position) {
      const uint32_t w = banks.param.wrap(op.param + kParamWords * reach.i3 + reach.position);
      if (banks.param.contains(w)) continue;
      reach.fault = w;
      return reach;
    }
    reach.in_params = false;
    reach.position = 0;
    reach.fault = walk_results(banks, op, vset, reach.i3, reach);
    if (reach.fault) return reach;
  }
  return reach;
}

}  // namespace

Banks::Banks(const isa::Config& config, isa::Space space, uint32_t base, uint32_t hi) {
  const bool sp = space == isa::Space::kSp;
  const uint32_t rows = static_cast<uint32_t>(sp ? config.sp_rows : config.acc_rows);
  size = static_cast<uint32_t>(sp ? config.sp_words() : config.acc_words());
  first = base / rows * rows;
  end = (hi + 1) * rows;
}

MatmulReach reach(const isa::Config& config, const isa::Matmul& op) {
  const MatmulBanks banks = {{config, isa::Space::kSp, op.a, op.a_hi},
                             {config, isa::Space::kSp, op.b, op.b_hi},
                             {config, isa::Space::kAcc, op.d, op.d_hi}};
  const uint64_t k_tiles = uint64_t{op.n_ky} * op.n_kx * op.n_ct;
  const uint64_t rows = uint64_t{op.n_oy} * op.n_ox;
  const bool inside = stays(banks.a, op.a,
                            {{op.n_oy, op.a_oy},
                             {op.n_ox, op.a_ox},
                             {op.n_ky, op.a_ky},
                             {op.n_kx, op.a_kx},
                             {op.n_ct, op.a_ct}}) &&
                      stays(banks.b, op.b,
                            {{op.n_nt, op.b_tile},
                             {k_tiles, op.b_k},
                             {static_cast<uint64_t>(config.dim), op.b_col}}) &&
                      stays(banks.d, op.d, {{op.n_nt * rows, 1}});
  if (inside) return {op.n_nt * k_tiles, 0, std::nullopt};
  return walk(config, banks, op);
}

VectorReach reach(const isa::Config& config, const isa::Vector& op, const isa::Vset& vset) {
  const VectorBanks banks = {{config, space_of(op.src1_kind), op.src1, op.src1_hi},
                             {config, space_of(op.src2_kind), op.src2, op.src2_hi},
                             {config, op.dst_kind, op.dst, op.dst_hi},
                             {config, isa::Space::kSp, op.param, op.param_hi}};
  const bool inside =
      (op.src1_kind == isa::Source::kScalar ||
       stays(banks.src1, op.src1,
             {{op.n0, op.s1_0}, {op.n1, op.s1_1}, {op.n2, op.s1_2}, {op.n3, op.s1_3}})) &&
      (op.src2_kind == isa::Source::kScalar ||
       stays(banks.src2, op.src2,
             {{op.n0, vset.s2_0}, {op.n1, vset.s2_1}, {op.n2, vset.s2_2}, {op.n3, vset.s2_3}})) &&
      stays(banks.dst, op.dst, {{op.n2, op.d_2}, {op.n3, op.d_3}}) &&
      (!op.channel || stays(banks.param, op.param, {{uint64_t{op.n3} * 9, 1}}));
  if (inside) return {uint64_t{op.n2} * op.n3, op.n3, false, 0, std::nullopt};
  return walk(banks, op, vset);
}

std::optional<uint32_t> first_outside(const Banks& banks, isa::Space space, uint32_t chip,
                                      uint32_t words) {
  const uint32_t in_row = space == isa::Space::kSp ? 1 : 4;  // words at one address
  const uint64_t first = banks.wrap(chip);
  const uint64_t last = first + (words - 1) / in_row;
  if (first >= banks.first && last < banks.end) return std::nullopt;
  for (uint32_t j = 0; j < words; ++j)
    if (!banks.contains(banks.wrap(first + j / in_row))) return j;
  return std::nullopt;
}

}  // namespace millrace::cycle
