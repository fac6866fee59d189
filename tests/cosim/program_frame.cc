// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/program_frame.h"

#include <algorithm>
#include <utility>

namespace millrace::cosim {
namespace {

uint32_t bank_bytes(const isa::Config& c, isa::Space space) {
  return chip_of(c, space).rows * dim_of(c) * (space == isa::Space::kSp ? 1 : 4);
}

// Without DMA of accumulators, MATMULs fill them, and VECTORs take them apart into four planes of
// bytes; the instructions for a bank, and the blocks of channel parameters, one a plane.
constexpr uint32_t kPlanes = 4;
uint32_t fill_rows(const isa::Config& c) {
  return std::min(chip_of(c, isa::Space::kAcc).rows, 1u << c.count_bits);
}
uint32_t dump_rows(const isa::Config& c) {
  return std::min(fill_rows(c), chip_of(c, isa::Space::kSp).rows);
}
uint32_t acc_bank_instructions(const isa::Config& c) {
  if (c.dma_acc) return 2;
  return 1 + kPlanes * (1 + 2 * (chip_of(c, isa::Space::kAcc).rows / dump_rows(c)));
}

// Spaces that LOAD and STORE reach.
std::vector<isa::Space> dma_spaces(const isa::Config& c) {
  if (c.dma_acc) return {isa::Space::kSp, isa::Space::kAcc};
  return {isa::Space::kSp};
}

// A product of the first three scratchpad banks of the window to every accumulator row of it.
void fill_accumulators(Prng& prng, Program& p) {
  if (p.config.dma_acc) return;
  const uint32_t sp_rows = chip_of(p.config, isa::Space::kSp).rows;
  const uint32_t acc_rows = chip_of(p.config, isa::Space::kAcc).rows;
  for (uint32_t bank = p.acc_window.first; bank < p.acc_window.first + p.acc_window.count; ++bank) {
    isa::Matmul f;
    f.n_ox = fill_rows(p.config);
    f.n_oy = acc_rows / f.n_ox;
    f.n_ct = prng.between(1, 4);
    f.a = p.sp_window.first * sp_rows;
    f.a_hi = p.sp_window.first + 1;
    f.a_ox = 1;
    f.a_oy = prng.between(1, 40);
    f.a_ct = prng.between(1, 40);
    f.b = (p.sp_window.first + 2) * sp_rows + prng.below(sp_rows / 2);
    f.b_hi = p.sp_window.first + 2;
    f.b_col = 1;
    f.b_k = dim_of(p.config);
    f.d = bank * acc_rows;
    f.d_hi = bank;
    p.code.push_back(f.pack());
  }
}

// The accumulators as planes of bytes, through the first two scratchpad banks of the window.
void dump_planes(Program& p, uint32_t table, uint32_t offset) {
  const uint32_t sp_rows = chip_of(p.config, isa::Space::kSp).rows;
  const uint32_t acc_rows = chip_of(p.config, isa::Space::kAcc).rows;
  const uint32_t rows = dump_rows(p.config), first = p.sp_window.first;
  p.code.push_back(isa::Vset{.clamp_lo = -128, .clamp_hi = 127}.pack());
  for (uint32_t plane = 0; plane < kPlanes; ++plane) {
    isa::Load load;
    load.row_bytes = block_bytes(p.config);
    load.dst = (first + 1) * sp_rows;
    load.dst_hi = first + 1;
    load.offset = table + plane * load.row_bytes;
    p.code.push_back(load.pack());
    for (uint32_t row = 0; row < p.acc_window.count * acc_rows; row += rows) {
      isa::Vector f;
      f.src1_kind = isa::Source::kAcc;
      f.quant = isa::Quant::kQ31;
      f.channel = 1;
      f.n2 = rows;
      f.src1 = p.acc_window.first * acc_rows + row;
      f.src1_hi = f.src1 / acc_rows;
      f.s1_2 = f.d_2 = 1;
      f.dst = first * sp_rows;
      f.dst_hi = first;
      f.param = load.dst;
      f.param_hi = load.dst_hi;
      isa::Store store;
      store.seg = static_cast<uint32_t>(p.segments.size()) - 1;
      store.row_bytes = rows * dim_of(p.config);
      store.src = f.dst;
      store.src_hi = f.dst_hi;
      store.offset = offset;
      offset += store.row_bytes;
      p.code.push_back(f.pack());
      p.code.push_back(store.pack());
    }
  }
}

}  // namespace

uint32_t frame_instructions(const isa::Config& c, const Windows& windows) {
  return 2 * windows.sp.count + windows.acc.count * acc_bank_instructions(c) + 2;
}

// LOADs of random bytes to every bank of the window, in random order.
void add_prologue(Prng& prng, Program& p) {
  std::vector<isa::Instruction> loads;
  for (const isa::Space space : dma_spaces(p.config)) {
    const BankWindow& window = space == isa::Space::kSp ? p.sp_window : p.acc_window;
    const uint32_t bytes = bank_bytes(p.config, space);
    for (uint32_t bank = window.first; bank < window.first + window.count; ++bank) {
      isa::Load f;
      f.space = space;
      f.row_bytes = bytes;
      f.dst = bank * chip_of(p.config, space).rows;
      f.dst_hi = bank;
      f.offset = prng.below(p.segments[0].size - bytes + 1) / dim_of(p.config) * dim_of(p.config);
      loads.push_back(f.pack());
    }
  }
  for (uint32_t i = static_cast<uint32_t>(loads.size()); i > 1; --i)
    std::swap(loads[i - 1], loads[prng.below(i)]);
  p.code.insert(p.code.end(), loads.begin(), loads.end());
  fill_accumulators(prng, p);
}

// STOREs of all banks of the window, one after the other.
void add_dump(Program& p, uint32_t plane_table) {
  uint32_t offset = 0;
  for (const isa::Space space : dma_spaces(p.config)) {
    const BankWindow& window = space == isa::Space::kSp ? p.sp_window : p.acc_window;
    for (uint32_t bank = window.first; bank < window.first + window.count; ++bank) {
      isa::Store f;
      f.space = space;
      f.seg = static_cast<uint32_t>(p.segments.size()) - 1;
      f.row_bytes = bank_bytes(p.config, space);
      f.src = bank * chip_of(p.config, space).rows;
      f.src_hi = bank;
      f.offset = offset;
      offset += f.row_bytes;
      p.code.push_back(f.pack());
    }
  }
  if (!p.config.dma_acc) dump_planes(p, plane_table, offset);
}

void add_last_signal(Prng& prng, Program& p) {
  isa::Signal f;
  f.irq = 1;
  f.seg = static_cast<uint32_t>(p.segments.size()) - 1;
  f.offset = p.segments.back().size / 4 - 1;
  f.value = p.last_signal = prng.bits();
  p.code.push_back(f.pack());
}

}  // namespace millrace::cosim
