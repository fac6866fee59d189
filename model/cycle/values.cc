// SPDX-License-Identifier: Apache-2.0
#include "model/cycle/values.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "model/cycle/kernels.h"

namespace millrace::cycle {
namespace {

// Quarters of accumulator rows are little-endian bytes.
static_assert(std::endian::native == std::endian::little);

bool can_run(Kernel kernel) {
#ifdef MILLRACE_X86_KERNELS
  if (kernel == Kernel::kAvx2) return __builtin_cpu_supports("avx2");
  if (kernel == Kernel::kVnni)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni");
#endif
  return kernel == Kernel::kPortable;
}

const KernelCode& code_of(Kernel kernel) {
#ifdef MILLRACE_X86_KERNELS
  if (kernel == Kernel::kAvx2) return kAvx2Code;
  if (kernel == Kernel::kVnni) return kVnniCode;
#endif
  assert(kernel == Kernel::kPortable);
  return kPortableCode;
}

void copy_flipped(const uint8_t* from, size_t bytes, uint8_t flip, uint8_t* to) {
  for (size_t i = 0; i < bytes; ++i) to[i] = static_cast<uint8_t>(from[i] ^ flip);
}

// Bit 7 of a byte in memory that the on-chip memory holds inverted.
uint8_t flip_of(isa::Space space, bool flip) {
  const uint8_t bias = space == isa::Space::kSp ? kSpBias : 0;
  return static_cast<uint8_t>(bias ^ (flip ? 0x80 : 0));
}

}  // namespace

std::vector<Kernel> available_kernels() {
  std::vector<Kernel> list;
  for (const Kernel kernel : {Kernel::kPortable, Kernel::kAvx2, Kernel::kVnni})
    if (can_run(kernel)) list.push_back(kernel);
  return list;
}

std::string_view name(Kernel kernel) {
  switch (kernel) {
    case Kernel::kPortable:
      return "portable";
    case Kernel::kAvx2:
      return "avx2";
    case Kernel::kVnni:
      return "vnni";
  }
  return "";
}

std::optional<Kernel> find_kernel(std::string_view wanted) {
  for (const Kernel kernel : available_kernels())
    if (name(kernel) == wanted) return kernel;
  return std::nullopt;
}

Values::Values(const isa::Config& config, Kernel kernel)
    : config_(config),
      code_(&code_of(kernel)),
      sp_((sp_lanes() + 63) / 64),
      acc_((acc_lanes() + 15) / 16) {
  assert(can_run(kernel));
  assert(dim() <= kMaxDim && std::has_single_bit(dim()));
  assert(std::has_single_bit(sp_lanes()) && std::has_single_bit(acc_lanes()));
  std::fill_n(sp_[0].data(), sp_lanes(), kSpBias);
}

// ---- MATMUL

void Values::matmul(const isa::Matmul& op, uint64_t tiles, uint64_t rows) {
  list_k_tiles(op);
  const auto n_k = static_cast<uint32_t>(a_k_.size());
  const auto whole = static_cast<uint32_t>(tiles / n_k);
  const auto rest = static_cast<uint32_t>(tiles % n_k);
  run_tiles(op, {0, whole}, {0, n_k}, op.n_oy * op.n_ox);
  run_tiles(op, {whole, whole + 1}, {0, rest}, op.n_oy * op.n_ox);
  run_tiles(op, {whole, whole + 1}, {rest, rest + 1}, static_cast<uint32_t>(rows));
}

// Cuts the work so that no part meets an accumulator row twice.
void Values::run_tiles(const isa::Matmul& op, Range nt, Range k, uint32_t rows) {
  if (nt.size() == 0 || k.size() == 0 || rows == 0) return;
  const auto limit = static_cast<uint32_t>(config_.acc_words());
  const uint64_t outputs = uint64_t{nt.size() - 1} * op.n_oy * op.n_ox + rows;
  if (outputs <= limit) {
    multiply(op, nt, k, {0, rows});
    return;
  }
  if (nt.size() > 1) {
    for (uint32_t i = nt.from; i < nt.to; ++i) run_tiles(op, {i, i + 1}, k, rows);
    return;
  }
  for (uint32_t i = k.from; i < k.to; ++i)
    for (uint32_t row = 0; row < rows; row += limit)
      multiply(op, nt, {i, i + 1}, {row, std::min(rows, row + limit)});
}

void Values::multiply(const isa::Matmul& op, Range nt, Range k, Range rows) {
  list_rows(op, rows);
  const uint32_t all_rows = op.n_oy * op.n_ox;
  code_->matmul(
      {.memories = {sp_[0].data(), acc_[0].data(), static_cast<uint32_t>(config_.sp_words() - 1),
                    static_cast<uint32_t>(config_.acc_words() - 1),
                    static_cast<uint32_t>(config_.dim)},
       .transpose = op.transpose != 0,
       .accumulate = op.accumulate || k.from > 0,
       .a_rows = a_rows_.data(),
       .a_k = &a_k_[k.from],
       .b = op.b + nt.from * op.b_tile + k.from * op.b_k,
       .b_tile = op.b_tile,
       .b_k = op.b_k,
       .b_col = op.b_col,
       .d = op.d + nt.from * all_rows + rows.from,
       .d_tile = all_rows,
       .n_nt = nt.size(),
       .n_k = k.size(),
       .n_rows = rows.size()});
}

void Values::list_rows(const isa::Matmul& op, Range rows) {
  a_rows_.clear();
  uint32_t oy = rows.from / op.n_ox, ox = rows.from % op.n_ox;
  for (uint32_t i = rows.from; i < rows.to; ++i) {
    a_rows_.push_back(op.a + oy * op.a_oy + ox * op.a_ox);
    if (++ox == op.n_ox) {
      ox = 0;
      ++oy;
    }
  }
}

void Values::list_k_tiles(const isa::Matmul& op) {
  a_k_.clear();
  for (uint32_t ky = 0; ky < op.n_ky; ++ky)
    for (uint32_t kx = 0; kx < op.n_kx; ++kx)
      for (uint32_t ct = 0; ct < op.n_ct; ++ct)
        a_k_.push_back(ky * op.a_ky + kx * op.a_kx + ct * op.a_ct);
}

// ---- VECTOR, LOAD, STORE

void Values::vector(const isa::Vector& op, const isa::Vset& vset, uint64_t results) {
  code_->vector(
      {.memories = {sp_[0].data(), acc_[0].data(), static_cast<uint32_t>(config_.sp_words() - 1),
                    static_cast<uint32_t>(config_.acc_words() - 1),
                    static_cast<uint32_t>(config_.dim)},
       .op = &op,
       .vset = &vset,
       .results = results});
}

void Values::load_row(isa::Space space, uint32_t addr, bool flip, const uint8_t* from,
                      uint32_t bytes) {
  const bool sp = space == isa::Space::kSp;
  uint8_t* const memory = sp ? sp_[0].data() : reinterpret_cast<uint8_t*>(acc_[0].data());
  const size_t size = bytes_of(space).size();
  const size_t padded = (bytes + dim() - 1) / dim() * dim();
  size_t at = addr * (sp ? dim() : 4 * dim()) % size;
  for (size_t done = 0; done < padded;) {
    const bool data = done < bytes;
    const size_t n = std::min((data ? bytes : padded) - done, size - at);
    if (data)
      copy_flipped(from + done, n, flip_of(space, flip), memory + at);
    else
      std::fill_n(memory + at, n, flip_of(space, false));
    done += n;
    at = (at + n) % size;
  }
}

void Values::store_row(isa::Space space, uint32_t addr, uint32_t first_word, bool flip, uint8_t* to,
                       uint32_t skip, uint32_t bytes) const {
  const std::span<const uint8_t> memory = bytes_of(space);
  const size_t unit = space == isa::Space::kSp ? dim() : 4 * dim();
  size_t at = (addr * unit + first_word * dim() + skip) % memory.size();
  for (size_t done = 0; done < bytes;) {
    const size_t n = std::min(bytes - done, memory.size() - at);
    copy_flipped(&memory[at], n, flip_of(space, flip), to + done);
    done += n;
    at = (at + n) % memory.size();
  }
}

// ---- The memories

std::span<const uint8_t> Values::bytes_of(isa::Space space) const {
  if (space == isa::Space::kSp) return {sp_[0].data(), sp_lanes()};
  return {reinterpret_cast<const uint8_t*>(acc_[0].data()), 4 * acc_lanes()};
}

std::vector<int8_t> Values::scratchpad() const {
  std::vector<int8_t> lanes(sp_lanes());
  const uint8_t* const from = sp_[0].data();
  for (size_t i = 0; i < lanes.size(); ++i) lanes[i] = static_cast<int8_t>(from[i] ^ kSpBias);
  return lanes;
}

void Values::set_scratchpad(std::span<const int8_t> lanes) {
  assert(lanes.size() == sp_lanes());
  uint8_t* const to = sp_[0].data();
  for (size_t i = 0; i < lanes.size(); ++i)
    to[i] = static_cast<uint8_t>(static_cast<uint8_t>(lanes[i]) ^ kSpBias);
}

}  // namespace millrace::cycle
