// SPDX-License-Identifier: Apache-2.0
// Cases of MATMUL. A lies in scratchpad bank 0, B in the banks behind it, D in any accumulators.
#include <algorithm>

#include "host/kernels/math.h"
#include "host/selftest/cases.h"
#include "host/selftest/placement.h"

namespace millrace::selftest {
namespace {

using isa::Space;

constexpr uint32_t kOffA = 5, kOffB = 7;  // words from the start of a bank

std::array<Axis, 5> axes_of_a(const isa::Matmul& f) {
  return {
      Axis{f.n_oy, f.a_oy}, {f.n_ox, f.a_ox}, {f.n_ky, f.a_ky}, {f.n_kx, f.a_kx}, {f.n_ct, f.a_ct}};
}
std::array<Axis, 3> axes_of_b(const isa::Config& c, const isa::Matmul& f) {
  return {Axis{u32(c.dim), f.b_col}, {f.n_ky * f.n_kx * f.n_ct, f.b_k}, {f.n_nt, f.b_tile}};
}

// A at the beginning of its bank and B in [first, last]; strides that are too long become 0.
bool place(const isa::Config& c, isa::Matmul& f) {
  const uint32_t size = u32(c.sp_words()), rows = u32(c.sp_rows);
  std::array a = axes_of_a(f);
  shrink(a, size, rows);
  f.a_oy = a[0].stride, f.a_ox = a[1].stride, f.a_ky = a[2].stride, f.a_kx = a[3].stride,
  f.a_ct = a[4].stride;
  f.a = begin_of(reach_of(a, size), rows, kOffA);
  f.a_hi = 0;
  std::array b = axes_of_b(c, f);
  const std::span<Axis> tiles = std::span(b).subspan(1);
  const uint64_t column = reach_of(std::span(b).first(1), size).places();
  if (column > size - rows) return false;
  shrink(tiles, size, size - rows - column + 1);
  f.b_k = b[1].stride, f.b_tile = b[2].stride;
  const Reach reach = reach_of(b, size);
  f.b = rows + begin_of(reach, size - rows, kOffB);
  f.b_hi = (f.b + static_cast<uint32_t>(reach.high)) / rows;
  f.d_hi = u32(c.acc_banks) - 1;
  return true;
}

std::set<uint32_t> rows_of(const isa::Config& c, const isa::Matmul& f) {
  const Axis all[] = {{f.n_nt * f.n_oy * f.n_ox, 1}};
  return places_of(f.d, all, u32(c.acc_words()));
}

// Small enough to lie at the end of a bank.
isa::Matmul small(const isa::Config& c) {
  isa::Matmul f;
  f.n_ox = 3;
  f.a_ox = f.b_col = 1;
  f.n_ct = 2;
  f.a_ct = 3;
  f.b_k = u32(c.dim);
  return f;
}

}  // namespace

std::optional<Case> matmul_case(const isa::Config& c, const Variant& variant) {
  isa::Matmul f = isa::Matmul::unpack(variant.words);
  if (!place(c, f)) return std::nullopt;
  const isa::InstructionInfo& info = info_of(isa::Opcode::kMatmul);
  if (!variant.field.empty() &&
      get_field(info, f.pack(), variant.field) != get_field(info, variant.words, variant.field))
    return std::nullopt;
  Frame frame(c, variant.name, isa::Opcode::kMatmul, f.b_hi + 1);
  frame.accumulators();
  frame.test(f.pack());
  frame.dump(Space::kAcc, rows_of(c, f));
  return frame.take();
}

void matmul_walks(const isa::Config& c, std::vector<Case>& list) {
  const uint32_t rows = u32(c.sp_rows), banks = u32(c.sp_banks), dim = u32(c.dim);
  const uint32_t acc_rows = u32(c.acc_rows), acc_banks = u32(c.acc_banks);
  for (const bool walk_a : {true, false}) {
    Frame frame(c, std::string("matmul ") + (walk_a ? "a" : "b") + "=every bank",
                isa::Opcode::kMatmul, banks);
    frame.accumulators();
    std::set<uint32_t> places;
    for (uint32_t bank = 0; bank < banks; ++bank) {
      const uint32_t other = bank == 0 ? 1 : 0;
      isa::Matmul f = small(c);
      f.a_hi = walk_a ? bank : other;
      f.b_hi = walk_a ? other : bank;
      f.a = walk_a ? (bank + 1) * rows - 6 : other * rows;
      f.b = walk_a ? other * rows : (bank + 1) * rows - 2 * dim;
      f.d = 3 * bank;
      f.d_hi = (f.d + 2) / acc_rows;
      frame.test(f.pack());
      places.merge(rows_of(c, f));
    }
    frame.dump(Space::kAcc, places);
    list.push_back(frame.take());
  }
  Frame frame(c, "matmul d=every bank", isa::Opcode::kMatmul);
  frame.accumulators();
  std::set<uint32_t> places;
  for (uint32_t bank = 0; bank < acc_banks; ++bank) {
    isa::Matmul f = small(c);
    f.b = rows;
    f.b_hi = 1;
    f.d = (bank + 1) * acc_rows - 3;
    f.d_hi = bank;
    frame.test(f.pack());
    places.merge(rows_of(c, f));
  }
  frame.dump(Space::kAcc, places);
  list.push_back(frame.take());

  // Rows beyond the last one are the first ones again: once, in one tile, in another tile.
  const uint32_t all = u32(c.acc_words());
  const auto around = [&](const char* what, uint32_t n_ox, uint32_t n_oy, uint32_t n_nt) {
    isa::Matmul f = small(c);
    f.n_ct = 1;
    f.n_ox = n_ox;
    f.n_oy = n_oy;
    f.n_nt = n_nt;
    f.a_oy = n_oy > 1 ? 1 : 0;
    f.b_k = 0;
    f.b_tile = n_nt > 1 ? 2 : 0;
    f.d = 5;
    if (!place(c, f)) return;
    Frame frame(c, std::string("matmul d ") + what, isa::Opcode::kMatmul);
    frame.accumulators();
    frame.test(f.pack());
    frame.dump(Space::kAcc, rows_of(c, f));
    list.push_back(frame.take());
  };
  const uint32_t most = std::min(all, 1u << c.count_bits);
  around("around the end", most, all / most, 1);
  around("again in a tile", most, 2 * all / most, 1);
  if (c.tile_loop) around("again in another tile", most / 2, all / most, 3);
}

}  // namespace millrace::selftest
