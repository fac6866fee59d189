// SPDX-License-Identifier: Apache-2.0
// What instructions of the cycle model compute: the on-chip memories of one machine, and kernels
// that execute one whole instruction, or its first elements, on them. When that happens is not
// their business.
//
// Results equal the golden model (model/ref) bit for bit. The caller has found the faults: no
// element that it asks for leaves its declared banks, and operands lie in disjoint banks
// (docs/reference/isa.md). Addresses are modulo the memory's size, so strides may count backwards.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "millrace/isa.h"

namespace millrace::cycle {

struct KernelCode;

// Instruction sets of the host that kernels are written for.
enum class Kernel { kPortable, kAvx2, kVnni };
// Those that this build has and this host can run; the best is the last.
std::vector<Kernel> available_kernels();
std::string_view name(Kernel kernel);
// The kernel of that name; nothing if there is none or this host cannot run it.
std::optional<Kernel> find_kernel(std::string_view name);

class Values {
 public:
  // `kernel` is an available one. Memories start as zeros.
  Values(const isa::Config& config, Kernel kernel);
  const isa::Config& config() const { return config_; }

  // MATMUL: the first `tiles` tiles of B (in order nt, ky, kx, ct) with all their rows, then the
  // first `rows` rows of the next one. The whole instruction has n_nt * n_ky * n_kx * n_ct tiles.
  void matmul(const isa::Matmul& op, uint64_t tiles, uint64_t rows);
  static uint64_t matmul_tiles(const isa::Matmul& op) {
    return uint64_t{op.n_nt} * op.n_ky * op.n_kx * op.n_ct;
  }

  // VECTOR: the first `results` results of n3 * n2, with the state that the last VSET left.
  void vector(const isa::Vector& op, const isa::Vset& vset, uint64_t results);

  // LOAD of one row, or of its first words: `bytes` bytes to whole words from address `addr` on,
  // the last word padded with zeros. `flip` inverts bit 7 of the bytes, not of the padding. Of the
  // accumulators `addr` is a row, and a word is a quarter of one.
  void load_row(isa::Space space, uint32_t addr, bool flip, const uint8_t* from, uint32_t bytes);

  // STORE of a part of a row: the row starts at address `addr`; of its words from `first_word` on,
  // `skip` bytes are passed over and the `bytes` after them written.
  void store_row(isa::Space space, uint32_t addr, uint32_t first_word, bool flip, uint8_t* to,
                 uint32_t skip, uint32_t bytes) const;

  // Words of dim lanes, one after the other. The scratchpad is not stored as it reads (kernels.h),
  // so it is copied.
  std::vector<int8_t> scratchpad() const;
  void set_scratchpad(std::span<const int8_t> lanes);
  std::span<const int32_t> accumulators() const { return {acc_[0].data(), acc_lanes()}; }
  std::span<int32_t> accumulators() { return {acc_[0].data(), acc_lanes()}; }

 private:
  // Cache lines, so that no row of 16 lanes lies across two.
  struct alignas(64) SpLine : std::array<uint8_t, 64> {};
  struct alignas(64) AccLine : std::array<int32_t, 16> {};
  // Ranges [from, to) of an instruction's loops.
  struct Range {
    uint32_t from, to;
    uint32_t size() const { return to - from; }
  };

  void run_tiles(const isa::Matmul& op, Range nt, Range k, uint32_t rows);
  void multiply(const isa::Matmul& op, Range nt, Range k, Range rows);
  void list_rows(const isa::Matmul& op, Range rows);
  void list_k_tiles(const isa::Matmul& op);

  size_t dim() const { return static_cast<size_t>(config_.dim); }
  size_t sp_lanes() const { return static_cast<size_t>(config_.sp_words()) * dim(); }
  size_t acc_lanes() const { return static_cast<size_t>(config_.acc_words()) * dim(); }
  std::span<const uint8_t> bytes_of(isa::Space space) const;

  const isa::Config config_;
  const KernelCode* code_;
  std::vector<SpLine> sp_;
  std::vector<AccLine> acc_;
  std::vector<uint32_t> a_rows_, a_k_;  // of the MATMUL that is executing
};

}  // namespace millrace::cycle
