// SPDX-License-Identifier: Apache-2.0
#include "host/kernels/program.h"

#include <algorithm>
#include <utility>

#include "host/kernels/math.h"

namespace millrace {
namespace {

// On-chip words (scratchpad) or rows (accumulators) that a memory row occupies.
uint32_t chip_span(const isa::Config& config, const Transfer& t) {
  const uint32_t unit = u32(t.space == isa::Space::kSp ? config.dim : 4 * config.dim);
  return (t.row_bytes + unit - 1) / unit;
}

bool is_whole(const isa::Config& config, const Transfer& t) {
  return t.row_bytes % u32(t.space == isa::Space::kSp ? config.dim : 4 * config.dim) == 0;
}

uint32_t max_row_bytes(const isa::Config& config) {
  const uint32_t legal = isa::kInstructions[0].legal[static_cast<size_t>(config.index)][0] >> 16;
  return legal / u32(4 * config.dim) * u32(4 * config.dim);
}

void shift_planes_down(Transfer& t) {
  if (t.rows > 1) return;
  t.rows = std::exchange(t.planes, 1);
  t.mem_row = t.mem_plane;
  t.chip_row = t.chip_plane;
}

// Joins rows that are neighbours both in memory and on chip.
void coalesce(const isa::Config& config, Transfer& t) {
  shift_planes_down(t);
  for (int level = 0; level < 2; ++level) {
    const bool neighbours =
        t.rows > 1 && t.mem_row == t.row_bytes && t.chip_row == chip_span(config, t);
    if (!neighbours || !is_whole(config, t)) break;
    t.row_bytes *= u32(t.rows);
    t.rows = 1;
    shift_planes_down(t);
  }
  const bool uniform = t.planes > 1 && t.mem_plane == t.mem_row * u32(t.rows) &&
                       t.chip_plane == t.chip_row * u32(t.rows);
  if (!uniform) return;
  t.rows *= t.planes;
  t.planes = 1;
}

}  // namespace

uint32_t Program::sp_bank(uint32_t word) const {
  assert(word < u32(config_.sp_words()));
  return word / u32(config_.sp_rows);
}

uint32_t Program::acc_bank(uint32_t row) const {
  assert(row < u32(config_.acc_words()));
  return row / u32(config_.acc_rows);
}

void Program::append(const isa::Instruction& instruction, int info) {
  [[maybe_unused]] const auto& legal =
      isa::kInstructions[static_cast<size_t>(info)].legal[static_cast<size_t>(config_.index)];
  for (size_t w = 0; w < instruction.size(); ++w) assert((instruction[w] & ~legal[w]) == 0);
  code_.push_back(instruction);
}

// Cuts rows that are too long into columns.
void Program::transfer_pieces(Transfer t, bool is_load) {
  assert(t.row_bytes > 0 && t.rows > 0 && t.planes > 0);
  coalesce(config_, t);
  const uint32_t limit = max_row_bytes(config_);
  for (uint32_t start = 0; start < t.row_bytes; start += limit) {
    Transfer piece = t;
    piece.mem = t.mem.plus(start);
    piece.row_bytes = std::min(limit, t.row_bytes - start);
    piece.chip += start / u32(t.space == isa::Space::kSp ? config_.dim : 4 * config_.dim);
    transfer_planes(piece, is_load);
  }
}

// Cuts counts down to what one instruction takes.
void Program::transfer_planes(const Transfer& transfer, bool is_load) {
  Transfer t = transfer;
  const int limit = 1 << config_.count_bits;
  const int plane_limit = config_.dma_planes ? limit : 1;
  if (!config_.dma_planes && t.planes > t.rows) {
    std::swap(t.planes, t.rows);
    std::swap(t.mem_plane, t.mem_row);
    std::swap(t.chip_plane, t.chip_row);
  }
  for (int plane = 0; plane < t.planes; plane += plane_limit) {
    for (int row = 0; row < t.rows; row += limit) {
      Transfer piece = t;
      piece.planes = std::min(plane_limit, t.planes - plane);
      piece.rows = std::min(limit, t.rows - row);
      piece.mem = t.mem.plus(u32(plane) * t.mem_plane + u32(row) * t.mem_row);
      piece.chip += u32(plane) * t.chip_plane + u32(row) * t.chip_row;
      emit_transfer(piece, is_load);
    }
  }
}

void Program::emit_transfer(const Transfer& t, bool is_load) {
  const bool rows = t.rows > 1, planes = t.planes > 1;
  isa::Load f;
  f.space = t.space;
  f.flip = t.flip;
  f.seg = u32(t.mem.segment);
  f.row_bytes = t.row_bytes;
  f.dst = t.chip;
  f.rows = u32(t.rows);
  f.offset = t.mem.offset;
  f.mem_row = rows ? t.mem_row : 0;
  f.mem_plane = planes ? t.mem_plane : 0;
  f.planes = u32(t.planes);
  f.chip_row = rows ? t.chip_row : 0;
  f.chip_plane = planes ? t.chip_plane : 0;
  const uint32_t last =
      f.dst + (f.rows - 1) * f.chip_row + (f.planes - 1) * f.chip_plane + chip_span(config_, t) - 1;
  f.dst_hi = t.space == isa::Space::kSp ? sp_bank(last) : acc_bank(last);
  if (is_load) return append(f.pack(), 0);
  isa::Store s{f.space,  f.flip,    f.seg,       f.row_bytes, f.dst,      f.dst_hi,    f.rows,
               f.offset, f.mem_row, f.mem_plane, f.planes,    f.chip_row, f.chip_plane};
  append(s.pack(), 1);
}

void Program::matmul(isa::Matmul m) {
  // Strides of loops that do not turn are not used; a configuration may lack their fields.
  const auto unused = [](uint32_t count, uint32_t& stride) { stride = count > 1 ? stride : 0; };
  unused(m.n_ox, m.a_ox);
  unused(m.n_oy, m.a_oy);
  unused(m.n_kx, m.a_kx);
  unused(m.n_ky, m.a_ky);
  unused(m.n_ct, m.a_ct);
  unused(m.n_kx * m.n_ky * m.n_ct, m.b_k);
  unused(m.n_nt, m.b_tile);
  m.a_hi = sp_bank(m.a + (m.n_oy - 1) * m.a_oy + (m.n_ox - 1) * m.a_ox + (m.n_ky - 1) * m.a_ky +
                   (m.n_kx - 1) * m.a_kx + (m.n_ct - 1) * m.a_ct);
  m.b_hi = sp_bank(m.b + (m.n_nt - 1) * m.b_tile + (m.n_ky * m.n_kx * m.n_ct - 1) * m.b_k +
                   u32(config_.dim - 1) * m.b_col);
  m.d_hi = acc_bank(m.d + m.n_nt * m.n_oy * m.n_ox - 1);
  append(m.pack(), 2);
}

void Program::vector(isa::Vector v) {
  const uint32_t src = v.src1 + (v.n2 - 1) * v.s1_2 + (v.n3 - 1) * v.s1_3 + (v.n0 - 1) * v.s1_0 +
                       (v.n1 - 1) * v.s1_1;
  const uint32_t dst = v.dst + (v.n2 - 1) * v.d_2 + (v.n3 - 1) * v.d_3;
  if (v.src1_kind == isa::Source::kSp) v.src1_hi = sp_bank(src);
  if (v.src1_kind == isa::Source::kAcc) v.src1_hi = acc_bank(src);
  v.dst_hi = v.dst_kind == isa::Space::kSp ? sp_bank(dst) : acc_bank(dst);
  if (v.channel) v.param_hi = sp_bank(v.param + 9 * v.n3 - 1);
  append(v.pack(), 3);
}

void Program::vset(const isa::Vset& vset) {
  if (state_ == vset) return;
  state_ = vset;
  append(vset.pack(), 4);
}

}  // namespace millrace
