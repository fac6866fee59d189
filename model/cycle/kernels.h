// SPDX-License-Identifier: Apache-2.0
// What a kernel for one instruction set of the host consists of. Internal to the values.
//
// The scratchpad is held biased: a lane x is stored as x + 128, unsigned. Host instructions that
// multiply bytes take unsigned by signed ones, so words of A can be used where they lie;
// sum((a + 128) * b) is too large by 128 * sum(b), which is the same for all rows and is computed
// while a tile of B is rearranged.
//
// Files compiled for an instruction set must not leave code behind that others might be linked to:
// here and there no templates of the standard library, and everything in unnamed namespaces.
#pragma once

#include <cstdint>

#include "millrace/isa.h"

namespace millrace::cycle {

inline constexpr uint32_t kMaxDim = 32;
inline constexpr uint8_t kSpBias = 0x80;

// The on-chip memories. Sizes are powers of two: an address is taken modulo by its mask.
struct Memories {
  uint8_t* sp;  // biased
  int32_t* acc;
  uint32_t sp_mask, acc_mask;
  uint32_t dim;
};

// Part of a MATMUL: n_nt output tiles, n_k k-tiles, n_rows rows. No two rows of the output tiles
// are the same accumulator row, so the order does not matter.
struct Product {
  Memories memories;
  bool transpose;
  bool accumulate;         // the first k-tile adds, too
  const uint32_t* a_rows;  // address of A of each row
  const uint32_t* a_k;     // what each k-tile adds to it
  uint32_t b;              // address of the first word of B
  uint32_t b_tile, b_k, b_col;
  uint32_t d;       // accumulator row of the first output
  uint32_t d_tile;  // rows from output tile to output tile
  uint32_t n_nt, n_k, n_rows;
};

// The first `results` results of a VECTOR.
struct VectorWork {
  Memories memories;
  const isa::Vector* op;
  const isa::Vset* vset;
  uint64_t results;
};

struct KernelCode {
  void (*matmul)(const Product&);
  void (*vector)(const VectorWork&);
};

extern const KernelCode kPortableCode;
extern const KernelCode kAvx2Code;
extern const KernelCode kVnniCode;

}  // namespace millrace::cycle
