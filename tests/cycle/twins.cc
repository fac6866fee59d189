// SPDX-License-Identifier: Apache-2.0
#include "tests/cycle/twins.h"

#include <limits>
#include <sstream>

#include "model/ref/decode.h"

namespace millrace::cycle {
namespace {

using isa::Space;

// An operand's accesses, checked one by one.
class Checker {
 public:
  Checker(const isa::Config& config, Space space, uint32_t base, uint32_t hi)
      : config_(config), operand_{space, base, hi} {}
  Checker(const isa::Config& config, isa::Source kind, uint32_t base, uint32_t hi)
      : Checker(config, kind == isa::Source::kAcc ? Space::kAcc : Space::kSp, base, hi) {
    used_ = kind != isa::Source::kScalar;
  }
  bool allows(uint32_t addr) const {
    const uint32_t size = ref::geometry(config_, operand_.space).size();
    return !used_ || ref::in_range(config_, operand_, addr % size);
  }

 private:
  const isa::Config& config_;
  ref::Operand operand_;
  bool used_ = true;
};

int32_t random_lane(Prng& prng, uint32_t mode) {
  constexpr int32_t kExtreme[] = {std::numeric_limits<int32_t>::min(),
                                  std::numeric_limits<int32_t>::min() + 1,
                                  std::numeric_limits<int32_t>::max(),
                                  -1,
                                  0,
                                  1,
                                  1 << 30,
                                  (1 << 24) + 1,
                                  -(1 << 24) - 3};
  if (mode == 0) return prng.pick<int32_t>(kExtreme);
  return static_cast<int32_t>(prng.bits()) >> (mode == 1 ? prng.below(32) : 12);
}

template <typename T, typename U>
std::string first_difference(const char* what, const T& expected, const U& actual) {
  if (std::ranges::equal(expected, actual)) return "";  // fast
  const auto [e, a] = std::ranges::mismatch(expected, actual);
  std::ostringstream text;
  text << what << "[" << e - expected.begin() << "] is " << int64_t{*a} << ", not " << int64_t{*e};
  return text.str();
}

}  // namespace

Progress matmul_progress(const isa::Config& config, const isa::Matmul& f) {
  const Checker a(config, Space::kSp, f.a, f.a_hi), b(config, Space::kSp, f.b, f.b_hi),
      d(config, Space::kAcc, f.d, f.d_hi);
  const uint32_t n_k = f.n_ky * f.n_kx * f.n_ct, n_rows = f.n_oy * f.n_ox;
  for (uint32_t tile = 0; tile < f.n_nt * n_k; ++tile) {
    const uint32_t nt = tile / n_k, kt = tile % n_k;
    const uint32_t ct = kt % f.n_ct, kx = kt / f.n_ct % f.n_kx, ky = kt / f.n_ct / f.n_kx;
    for (uint32_t c = 0; c < static_cast<uint32_t>(config.dim); ++c)
      if (!b.allows(f.b + nt * f.b_tile + kt * f.b_k + c * f.b_col)) return {tile, 0};
    for (uint32_t row = 0; row < n_rows; ++row) {
      const uint32_t oy = row / f.n_ox, ox = row % f.n_ox;
      const uint32_t x = f.a + oy * f.a_oy + ox * f.a_ox + ky * f.a_ky + kx * f.a_kx + ct * f.a_ct;
      if (!a.allows(x) || !d.allows(f.d + nt * n_rows + row)) return {tile, row};
    }
  }
  return {Values::matmul_tiles(f), 0};
}

uint64_t vector_progress(const isa::Config& config, const isa::Vector& f, const isa::Vset& vset) {
  const Checker a(config, f.src1_kind, f.src1, f.src1_hi),
      b(config, f.src2_kind, f.src2, f.src2_hi), d(config, f.dst_kind, f.dst, f.dst_hi),
      param(config, Space::kSp, f.param, f.param_hi);
  for (uint32_t i3 = 0; i3 < f.n3; ++i3) {
    for (uint32_t p = 0; f.channel && p < 9; ++p)
      if (!param.allows(f.param + 9 * i3 + p)) return uint64_t{i3} * f.n2;
    for (uint32_t i2 = 0; i2 < f.n2; ++i2) {
      const uint64_t done = uint64_t{i3} * f.n2 + i2;
      for (uint32_t i = 0; i < f.n1 * f.n0; ++i) {
        const uint32_t i1 = i / f.n0, i0 = i % f.n0;
        if (!a.allows(f.src1 + i0 * f.s1_0 + i1 * f.s1_1 + i2 * f.s1_2 + i3 * f.s1_3)) return done;
        if (!b.allows(f.src2 + i0 * vset.s2_0 + i1 * vset.s2_1 + i2 * vset.s2_2 + i3 * vset.s2_3))
          return done;
      }
      if (!d.allows(f.dst + i2 * f.d_2 + i3 * f.d_3)) return done;
    }
  }
  return uint64_t{f.n3} * f.n2;
}

void Twins::fill(Prng& prng) {
  const bool extreme = prng.one_in(3);
  for (int8_t& lane : golden_.scratchpad()) {
    lane = static_cast<int8_t>(prng.bits());
    if (extreme) lane = prng.one_in(3) ? 127 : -128;
  }
  const uint32_t mode = prng.below(3);
  for (int32_t& lane : golden_.accumulators()) lane = random_lane(prng, mode);
  copy();
}

void Twins::copy() {
  values_.set_scratchpad(golden_.scratchpad());
  std::ranges::copy(golden_.accumulators(), values_.accumulators().begin());
}

bool Twins::step(const isa::Instruction& w) {
  const auto fault = golden_.step(w);
  if (fault) golden_.reset();
  if (fault && fault->unit == isa::Unit::kFetch) return true;
  switch (static_cast<isa::Opcode>(w[0] & 0xff)) {
    case isa::Opcode::kLoad:
      if (!fault) load(isa::Load::unpack(w));
      break;
    case isa::Opcode::kStore:
      if (!fault) store(isa::Store::unpack(w));
      break;
    case isa::Opcode::kMatmul: {
      const isa::Matmul f = isa::Matmul::unpack(w);
      const Progress progress = matmul_progress(config_, f);
      values_.matmul(f, progress.tiles, progress.rows);
      break;
    }
    case isa::Opcode::kVector: {
      const isa::Vector f = isa::Vector::unpack(w);
      values_.vector(f, vset_, vector_progress(config_, f, vset_));
      break;
    }
    case isa::Opcode::kVset:
      vset_ = isa::Vset::unpack(w);
      break;
    case isa::Opcode::kSignal:
      if (!fault) signal(isa::Signal::unpack(w));
      break;
  }
  return fault.has_value();
}

std::string Twins::difference() {
  std::string text = first_difference("scratchpad", golden_.scratchpad(), values_.scratchpad());
  if (text.empty())
    text = first_difference("accumulators", golden_.accumulators(), values_.accumulators());
  if (text.empty()) text = first_difference("memory", golden_memory_, memory_);
  return text;
}

uint32_t Twins::bus_address(uint32_t seg, uint32_t off) const {
  const auto low = static_cast<uint32_t>(off & ((uint64_t{1} << config_.offset_bits) - 1));
  const uint64_t space = uint64_t{1} << config_.addr_bits;
  return static_cast<uint32_t>((golden_.segment(seg).base + uint64_t{low}) & (space - 1));
}

void Twins::load(const isa::Load& f) {
  for (uint32_t i2 = 0; i2 < f.planes; ++i2)
    for (uint32_t i1 = 0; i1 < f.rows; ++i1) {
      const uint32_t from = bus_address(f.seg, f.offset + i2 * f.mem_plane + i1 * f.mem_row);
      const uint32_t to = f.dst + i2 * f.chip_plane + i1 * f.chip_row;
      values_.load_row(f.space, to, f.flip, &memory_[from], f.row_bytes);
    }
}

// Every row in parts of different sizes, as bursts are.
void Twins::store(const isa::Store& f) {
  const auto dim = static_cast<uint32_t>(config_.dim);
  for (uint32_t i2 = 0; i2 < f.planes; ++i2)
    for (uint32_t i1 = 0; i1 < f.rows; ++i1) {
      const uint32_t to = bus_address(f.seg, f.offset + i2 * f.mem_plane + i1 * f.mem_row);
      const uint32_t from = f.src + i2 * f.chip_plane + i1 * f.chip_row;
      for (uint32_t done = 0, part = 1; done < f.row_bytes; done += part, part = part * 3 + 1) {
        part = std::min(part, f.row_bytes - done);
        values_.store_row(f.space, from, done / dim, f.flip, &memory_[to + done], done % dim, part);
      }
    }
}

void Twins::signal(const isa::Signal& f) {
  for (uint32_t i = 0; i < 4; ++i)
    memory_[bus_address(f.seg, 4 * f.offset) + i] = static_cast<uint8_t>(f.value >> 8 * i);
}

}  // namespace millrace::cycle
