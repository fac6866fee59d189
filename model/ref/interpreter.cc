// SPDX-License-Identifier: Apache-2.0
#include "model/ref/interpreter.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace millrace::ref {

Machine::Machine(const isa::Config& config, std::span<uint8_t> memory)
    : config_(config),
      dim_(static_cast<size_t>(config.dim)),
      memory_(memory),
      sp_(static_cast<size_t>(config.sp_words()) * dim_),
      acc_(static_cast<size_t>(config.acc_words()) * dim_),
      segments_(static_cast<size_t>(config.segments)) {
  assert(config.dim <= kMaxDim);
}

void Machine::reset() {
  vset_ = isa::Vset{};
  executed_ = 0;
  stopped_ = false;
  signal_value_ = 0;
  irq_ = false;
  matmul_steps_ = 0;
}

bool Machine::take_irq() { return std::exchange(irq_, false); }

std::optional<Fault> Machine::step(const isa::Instruction& instruction) {
  assert(!stopped_);
  const uint32_t index = executed_;
  if (const auto code = check(config_, instruction)) {
    stopped_ = true;
    return Fault{*code, isa::Unit::kFetch, index, 0};
  }
  ++executed_;
  const Outcome outcome = execute(instruction);
  if (!outcome) return std::nullopt;
  stopped_ = true;
  const isa::Unit unit = find_instruction(instruction[0] & 0xff)->unit;
  return Fault{outcome->code, unit, index, outcome->addr};
}

Machine::Outcome Machine::execute(const isa::Instruction& w) {
  switch (static_cast<isa::Opcode>(w[0] & 0xff)) {
    case isa::Opcode::kLoad:
      return load(isa::Load::unpack(w));
    case isa::Opcode::kStore:
      return store(isa::Store::unpack(w));
    case isa::Opcode::kMatmul:
      return matmul(isa::Matmul::unpack(w));
    case isa::Opcode::kVector:
      return vector(isa::Vector::unpack(w));
    case isa::Opcode::kVset:
      vset_ = isa::Vset::unpack(w);
      return std::nullopt;
    case isa::Opcode::kSignal:
      return signal(isa::Signal::unpack(w));
  }
  return std::nullopt;
}

// ---- Addresses. Sums wrap modulo 2^32, of which every memory size is a divisor.

uint32_t Machine::segment_offset(uint32_t off) const {
  return static_cast<uint32_t>(off & ((uint64_t{1} << config_.offset_bits) - 1));
}

uint32_t Machine::bus_address(uint32_t seg, uint32_t off) const {
  const uint64_t mask = (uint64_t{1} << config_.addr_bits) - 1;
  return static_cast<uint32_t>((segments_[seg].base + off) & mask);
}

uint32_t Machine::chip_address(isa::Space space, uint32_t addr) const {
  return addr % geometry(config_, space).size();
}

Machine::Outcome Machine::check_segment(uint32_t seg, uint32_t off, uint64_t bytes,
                                        bool write) const {
  const Segment& s = segments_[seg];
  if (write ? !s.write : !s.read) return Stop{isa::Fault::kPermission, off};
  if (off + bytes > s.size) return Stop{isa::Fault::kSegment, off};
  return std::nullopt;
}

Machine::Outcome Machine::check_bank(const Operand& operand, uint32_t addr) const {
  if (in_range(config_, operand, addr)) return std::nullopt;
  return Stop{isa::Fault::kBank, addr};
}

Machine::Outcome Machine::check_bus(uint32_t addr, size_t bytes) const {
  if (addr + bytes <= memory_.size()) return std::nullopt;
  return Stop{isa::Fault::kBus, addr};
}

// ---- Words of dim bytes: a scratchpad word, or a quarter of an accumulator row (little-endian).

std::array<uint8_t, Machine::kMaxDim> Machine::read_word(isa::Space space, uint32_t addr,
                                                         uint32_t quarter) const {
  std::array<uint8_t, kMaxDim> word{};
  for (size_t i = 0; i < dim_; ++i) {
    if (space == isa::Space::kSp) {
      word[i] = static_cast<uint8_t>(sp_[addr * dim_ + i]);
    } else {
      const size_t lane = (quarter * dim_ + i) / 4;
      word[i] = static_cast<uint8_t>(static_cast<uint32_t>(acc_[addr * dim_ + lane]) >> i % 4 * 8);
    }
  }
  return word;
}

void Machine::write_word(isa::Space space, uint32_t addr, uint32_t quarter,
                         const std::array<uint8_t, kMaxDim>& word) {
  for (size_t i = 0; i < dim_; ++i) {
    if (space == isa::Space::kSp) {
      sp_[addr * dim_ + i] = static_cast<int8_t>(word[i]);
    } else {
      int32_t& lane = acc_[addr * dim_ + (quarter * dim_ + i) / 4];
      const size_t shift = i % 4 * 8;
      const uint32_t others = static_cast<uint32_t>(lane) & ~(uint32_t{0xff} << shift);
      lane = static_cast<int32_t>(others | static_cast<uint32_t>(word[i]) << shift);
    }
  }
}

// ---- Instructions.

Machine::Outcome Machine::load(const isa::Load& f) {
  const Operand dst = {f.space, f.dst, f.dst_hi};
  const uint32_t dim = static_cast<uint32_t>(dim_);
  for (uint32_t i2 = 0; i2 < f.planes; ++i2)
    for (uint32_t i1 = 0; i1 < f.rows; ++i1) {
      const uint32_t off = segment_offset(f.offset + i2 * f.mem_plane + i1 * f.mem_row);
      if (const auto stop = check_segment(f.seg, off, f.row_bytes, false)) return stop;
      const uint32_t row = f.dst + i2 * f.chip_plane + i1 * f.chip_row;
      for (uint32_t j = 0; j * dim < f.row_bytes; ++j) {
        const uint32_t bytes = std::min(dim, f.row_bytes - j * dim);
        const uint32_t from = bus_address(f.seg, off + j * dim);
        if (const auto stop = check_bus(from, bytes)) return stop;
        std::array<uint8_t, kMaxDim> word{};
        for (uint32_t i = 0; i < bytes; ++i)
          word[i] = static_cast<uint8_t>(memory_[from + i] ^ (f.flip ? 0x80 : 0));
        const uint32_t a = chip_address(f.space, row + (f.space == isa::Space::kSp ? j : j / 4));
        if (const auto stop = check_bank(dst, a)) return stop;
        write_word(f.space, a, j % 4, word);
      }
    }
  return std::nullopt;
}

Machine::Outcome Machine::store(const isa::Store& f) {
  const Operand src = {f.space, f.src, f.src_hi};
  const uint32_t dim = static_cast<uint32_t>(dim_);
  for (uint32_t i2 = 0; i2 < f.planes; ++i2)
    for (uint32_t i1 = 0; i1 < f.rows; ++i1) {
      const uint32_t off = segment_offset(f.offset + i2 * f.mem_plane + i1 * f.mem_row);
      if (const auto stop = check_segment(f.seg, off, f.row_bytes, true)) return stop;
      const uint32_t row = f.src + i2 * f.chip_plane + i1 * f.chip_row;
      for (uint32_t j = 0; j * dim < f.row_bytes; ++j) {
        const uint32_t a = chip_address(f.space, row + (f.space == isa::Space::kSp ? j : j / 4));
        if (const auto stop = check_bank(src, a)) return stop;
        const auto word = read_word(f.space, a, j % 4);
        const uint32_t bytes = std::min(dim, f.row_bytes - j * dim);
        const uint32_t to = bus_address(f.seg, off + j * dim);
        if (const auto stop = check_bus(to, bytes)) return stop;
        for (uint32_t i = 0; i < bytes; ++i)
          memory_[to + i] = static_cast<uint8_t>(word[i] ^ (f.flip ? 0x80 : 0));
      }
    }
  return std::nullopt;
}

Machine::Outcome Machine::signal(const isa::Signal& f) {
  const uint32_t off = f.offset * 4;
  if (const auto stop = check_segment(f.seg, off, 4, true)) return stop;
  const uint32_t to = bus_address(f.seg, off);
  if (const auto stop = check_bus(to, 4)) return stop;
  for (uint32_t i = 0; i < 4; ++i) memory_[to + i] = static_cast<uint8_t>(f.value >> 8 * i);
  signal_value_ = f.value;
  irq_ = irq_ || f.irq;
  return std::nullopt;
}

Machine::Outcome Machine::matmul(const isa::Matmul& f) {
  Tile tile{};
  for (uint32_t nt = 0; nt < f.n_nt; ++nt) {
    uint32_t kt = 0;
    for (uint32_t ky = 0; ky < f.n_ky; ++ky)
      for (uint32_t kx = 0; kx < f.n_kx; ++kx)
        for (uint32_t ct = 0; ct < f.n_ct; ++ct) {
          const uint32_t b = f.b + nt * f.b_tile + kt * f.b_k;
          if (const auto stop = load_tile(f, b, tile)) return stop;
          const uint32_t a = f.a + ky * f.a_ky + kx * f.a_kx + ct * f.a_ct;
          const uint32_t d = f.d + nt * f.n_oy * f.n_ox;
          if (const auto stop = stream_tile(f, a, d, tile, kt > 0 || f.accumulate)) return stop;
          ++kt;
        }
  }
  return std::nullopt;
}

Machine::Outcome Machine::load_tile(const isa::Matmul& f, uint32_t base, Tile& tile) const {
  const Operand b = {isa::Space::kSp, f.b, f.b_hi};
  for (uint32_t c = 0; c < dim_; ++c) {
    const uint32_t w = chip_address(isa::Space::kSp, base + c * f.b_col);
    if (const auto stop = check_bank(b, w)) return stop;
    for (size_t i = 0; i < dim_; ++i) {
      int16_t& cell = f.transpose ? tile.values[i][c] : tile.values[c][i];
      cell = sp_[w * dim_ + i];
    }
  }
  return std::nullopt;
}

Machine::Outcome Machine::stream_tile(const isa::Matmul& f, uint32_t a, uint32_t d,
                                      const Tile& tile, bool add) {
  const Operand source = {isa::Space::kSp, f.a, f.a_hi};
  const Operand sink = {isa::Space::kAcc, f.d, f.d_hi};
  for (uint32_t oy = 0; oy < f.n_oy; ++oy)
    for (uint32_t ox = 0; ox < f.n_ox; ++ox) {
      const uint32_t x = chip_address(isa::Space::kSp, a + oy * f.a_oy + ox * f.a_ox);
      if (const auto stop = check_bank(source, x)) return stop;
      const uint32_t y = chip_address(isa::Space::kAcc, d + oy * f.n_ox + ox);
      if (const auto stop = check_bank(sink, y)) return stop;
      multiply_row(x, y, tile, add);
    }
  return std::nullopt;
}

void Machine::multiply_row(uint32_t x, uint32_t y, const Tile& tile, bool add) {
  std::array<int16_t, kMaxDim> a{};
  for (size_t k = 0; k < dim_; ++k) a[k] = sp_[x * dim_ + k];
  int32_t* acc = &acc_[y * dim_];
  for (size_t n = 0; n < dim_; ++n) {
    int32_t sum = 0;  // at most 32 * 2^14
    for (size_t k = 0; k < dim_; ++k) sum += a[k] * tile.values[n][k];
    const uint32_t before = add ? static_cast<uint32_t>(acc[n]) : 0;
    acc[n] = static_cast<int32_t>(before + static_cast<uint32_t>(sum));
  }
  ++matmul_steps_;
}

}  // namespace millrace::ref
