// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/random_instruction.h"

#include <algorithm>

namespace millrace::cosim {
namespace {

using isa::Fault;
using isa::Space;

// STORE has the fields of LOAD.
isa::Store to_store(const isa::Load& f) {
  return {.space = f.space,
          .flip = f.flip,
          .seg = f.seg,
          .row_bytes = f.row_bytes,
          .src = f.dst,
          .src_hi = f.dst_hi,
          .rows = f.rows,
          .offset = f.offset,
          .mem_row = f.mem_row,
          .mem_plane = f.mem_plane,
          .planes = f.planes,
          .chip_row = f.chip_row,
          .chip_plane = f.chip_plane};
}

// Words (accumulators: rows) on chip that `words` words take.
uint32_t chip_words(Space space, uint32_t words) {
  return space == Space::kSp ? words : (words + 3) / 4;
}

std::vector<uint32_t> dma_deltas(const isa::Config& c, const isa::Load& f) {
  const uint32_t words = (f.row_bytes + dim_of(c) - 1) / dim_of(c);
  std::vector<uint32_t> deltas;
  for (uint32_t i2 = 0; i2 < f.planes; ++i2)
    for (uint32_t i1 = 0; i1 < f.rows; ++i1)
      for (uint32_t j = 0; j < chip_words(f.space, words); ++j)
        deltas.push_back(i2 * f.chip_plane + i1 * f.chip_row + j);
  return deltas;
}

// Accesses of A and B in MATMUL.
struct MatmulDeltas {
  std::vector<uint32_t> a, b, d;
};
MatmulDeltas matmul_deltas(const isa::Config& c, const isa::Matmul& f) {
  MatmulDeltas deltas;
  for (uint32_t ky = 0; ky < f.n_ky; ++ky)
    for (uint32_t kx = 0; kx < f.n_kx; ++kx)
      for (uint32_t ct = 0; ct < f.n_ct; ++ct)
        for (uint32_t oy = 0; oy < f.n_oy; ++oy)
          for (uint32_t ox = 0; ox < f.n_ox; ++ox)
            deltas.a.push_back(oy * f.a_oy + ox * f.a_ox + ky * f.a_ky + kx * f.a_kx + ct * f.a_ct);
  for (uint32_t nt = 0; nt < f.n_nt; ++nt)
    for (uint32_t kt = 0; kt < f.n_ky * f.n_kx * f.n_ct; ++kt)
      for (uint32_t i = 0; i < dim_of(c); ++i)
        deltas.b.push_back(nt * f.b_tile + kt * f.b_k + i * f.b_col);
  for (uint32_t i = 0; i < f.n_nt * f.n_oy * f.n_ox; ++i) deltas.d.push_back(i);
  return deltas;
}

}  // namespace

uint32_t InstructionGenerator::offset_mask() const {
  const uint32_t all = static_cast<uint32_t>((uint64_t{1} << config_.offset_bits) - 1);
  return config_.dma_unaligned ? all : all & ~(dim_of(config_) - 1);
}

uint32_t InstructionGenerator::draw_limit() {
  switch (prng_.below(10)) {
    case 0:
    case 1:
      return prng_.between(100, 400);
    case 2:
    case 3:
    case 4:
      return prng_.between(1, 8);
    default:
      return prng_.between(8, 64);
  }
}

std::optional<uint32_t> InstructionGenerator::draw_segment(bool write, bool permitted) {
  const auto i = prng_.below(static_cast<uint32_t>(s_.segments.size()));
  const Segment& s = s_.segments[i];
  if ((write ? s.write : s.read) != permitted) return std::nullopt;
  // The last segment belongs to the dump.
  if (permitted && i + 1 == s_.segments.size()) return std::nullopt;
  return i;
}

// ---- LOAD and STORE

std::optional<isa::Load> InstructionGenerator::try_dma(bool store, uint32_t limit, Fault fault) {
  isa::Load f;
  const auto segment = draw_segment(store, fault != Fault::kPermission);
  if (!segment) return std::nullopt;
  const uint32_t size = s_.segments[*segment].size;
  f.space = prng_.one_in(3) && config_.dma_acc ? Space::kAcc : Space::kSp;
  f.flip = prng_.one_in(3);
  f.seg = *segment;
  draw_dma_shape(f, limit, size);
  if (!place_dma(f, size, fault)) return std::nullopt;
  return f;
}

void InstructionGenerator::draw_dma_shape(isa::Load& f, uint32_t limit, uint32_t segment_size) {
  const uint32_t dim = dim_of(config_);
  uint32_t words = 1;
  const Loop loops[] = {
      {&words, limit}, {&f.rows, most(config_, 1)}, {&f.planes, most(config_, config_.dma_planes)}};
  draw_counts(prng_, limit, loops);
  f.row_bytes = words * dim;
  if (config_.dma_unaligned && !prng_.one_in(3)) f.row_bytes -= prng_.below(dim);
  f.mem_row = draw_memory_stride(prng_, config_, f.row_bytes, segment_size);
  const uint32_t rows = chip_of(config_, f.space).rows;
  const uint32_t natural = chip_words(f.space, words);
  f.chip_row = draw_stride(prng_, rows, natural, chip_bits(config_));
  if (!config_.dma_planes) return;
  f.mem_plane = draw_memory_stride(prng_, config_, f.row_bytes * f.rows, segment_size);
  f.chip_plane = draw_stride(prng_, rows, natural * f.rows, chip_bits(config_));
}

bool InstructionGenerator::place_dma(isa::Load& f, uint32_t segment_size, Fault fault) {
  const MemoryRows rows = {f.row_bytes, f.rows, f.planes, f.mem_row, f.mem_plane};
  const auto offset = fault == Fault::kPermission ? offset_bits()
                                                  : place_rows(prng_, config_, segment_size, rows,
                                                               fault == Fault::kSegment);
  if (!offset) return false;
  f.offset = *offset;
  std::vector<Request> requests = {{f.space, &f.dst, &f.dst_hi, dma_deltas(config_, f)}};
  return place_all(prng_, config_, s_.windows, requests, fault == Fault::kBank);
}

// ---- MATMUL

std::optional<isa::Matmul> InstructionGenerator::try_matmul(uint32_t limit, Fault fault) {
  isa::Matmul f;
  f.accumulate = prng_.one_in(2);
  f.transpose = config_.transpose_b && prng_.one_in(3);
  draw_matmul_shape(f, limit);
  if (!place_matmul(f, fault)) return std::nullopt;
  return f;
}

void InstructionGenerator::draw_matmul_shape(isa::Matmul& f, uint32_t limit) {
  const uint32_t dim = dim_of(config_);
  const uint32_t rows = chip_of(config_, Space::kSp).rows;
  const auto stride = [&](uint32_t natural) {
    return draw_stride(prng_, rows, natural, config_.sp_addr_bits);
  };
  const Loop tiles[] = {{&f.n_nt, config_.tile_loop ? 256u : 1u},
                        {&f.n_ky, config_.conv_loops ? 16u : 1u},
                        {&f.n_kx, config_.conv_loops ? 16u : 1u},
                        {&f.n_ct, most(config_, 1)}};
  draw_counts(prng_, std::max(limit / dim, prng_.between(1, 6)), tiles);
  const Loop outputs[] = {{&f.n_ox, most(config_, 1)}, {&f.n_oy, most(config_, 1)}};
  const uint32_t n_tiles = f.n_nt * f.n_ky * f.n_kx * f.n_ct;
  draw_counts(prng_, limit / n_tiles, outputs);
  f.a_ox = stride(1);
  f.a_oy = stride(f.n_ox);
  f.a_ct = stride(f.n_oy * f.n_ox);
  f.b_col = stride(1);
  f.b_k = stride(dim);
  if (config_.conv_loops) {
    f.a_kx = stride(1);
    f.a_ky = stride(f.n_ox + f.n_kx - 1);
  }
  if (config_.tile_loop) f.b_tile = stride(dim * f.n_ky * f.n_kx * f.n_ct);
}

bool InstructionGenerator::place_matmul(isa::Matmul& f, Fault fault) {
  MatmulDeltas deltas = matmul_deltas(config_, f);
  std::vector<Request> requests = {{Space::kSp, &f.a, &f.a_hi, std::move(deltas.a)},
                                   {Space::kSp, &f.b, &f.b_hi, std::move(deltas.b)},
                                   {Space::kAcc, &f.d, &f.d_hi, std::move(deltas.d)}};
  return place_all(prng_, config_, s_.windows, requests, fault == Fault::kBank);
}

// ---- SIGNAL

std::optional<isa::Signal> InstructionGenerator::try_signal(Fault fault) {
  const auto segment = draw_segment(true, fault != Fault::kPermission);
  if (!segment) return std::nullopt;
  const uint32_t words = s_.segments[*segment].size / 4;
  isa::Signal f;
  f.irq = prng_.one_in(4);
  f.seg = *segment;
  f.value = prng_.bits();
  if (fault == Fault::kPermission) {
    f.offset = offset_bits() / 4;
  } else if (fault == Fault::kSegment) {
    f.offset = words + (prng_.one_in(2) ? 0 : prng_.below(offset_mask() / 4 - words + 1));
  } else {
    if (words == 0) return std::nullopt;
    f.offset = prng_.one_in(4) ? words - 1 : prng_.below(words);
  }
  return f;
}

// ---- All of them

isa::Opcode InstructionGenerator::draw_opcode(Fault fault) {
  using enum isa::Opcode;
  constexpr isa::Opcode kAny[] = {kLoad,   kLoad,   kLoad,   kLoad,   kStore,  kStore,
                                  kStore,  kMatmul, kMatmul, kMatmul, kMatmul, kVector,
                                  kVector, kVector, kVector, kVset,   kVset,   kSignal};
  constexpr isa::Opcode kChip[] = {kLoad, kStore, kMatmul, kVector};
  constexpr isa::Opcode kMemory[] = {kLoad, kStore, kSignal};
  if (fault == Fault::kBank) return prng_.pick<isa::Opcode>(kChip);
  if (fault == Fault::kNone) return prng_.pick<isa::Opcode>(kAny);
  return prng_.pick<isa::Opcode>(kMemory);
}

std::optional<isa::Instruction> InstructionGenerator::attempt(isa::Opcode opcode, uint32_t limit,
                                                              Fault fault) {
  const auto pack = [](const auto& f) -> std::optional<isa::Instruction> {
    if (!f) return std::nullopt;
    return f->pack();
  };
  switch (opcode) {
    case isa::Opcode::kLoad:
      return pack(try_dma(false, limit, fault));
    case isa::Opcode::kStore: {
      const auto f = try_dma(true, limit, fault);
      if (!f) return std::nullopt;
      return to_store(*f).pack();
    }
    case isa::Opcode::kMatmul:
      return pack(try_matmul(limit, fault));
    case isa::Opcode::kVector:
      return pack(try_vector(limit, fault));
    case isa::Opcode::kVset:
      return vset().pack();
    case isa::Opcode::kSignal:
      return pack(try_signal(fault));
  }
  return std::nullopt;
}

isa::Instruction InstructionGenerator::draw(Fault fault) {
  const isa::Opcode opcode = draw_opcode(fault);
  std::optional<isa::Instruction> w;
  for (uint32_t limit = draw_limit(); !w; limit = limit > 1 ? limit * 3 / 4 : draw_limit())
    w = attempt(opcode, limit, fault);
  return *w;
}

std::vector<isa::Instruction> InstructionGenerator::next() {
  const isa::Instruction w = draw(Fault::kNone);
  const auto opcode = static_cast<isa::Opcode>(w[0] & 0xff);
  if (opcode == isa::Opcode::kVset) vset_ = isa::Vset::unpack(w);
  if (opcode == isa::Opcode::kVector) {
    const isa::Vector f = isa::Vector::unpack(w);
    if (f.channel && !prng_.one_in(3))
      if (const auto load = channel_load(f)) return {*load, w};
  }
  return {w};
}

}  // namespace millrace::cosim
