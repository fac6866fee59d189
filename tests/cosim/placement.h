// SPDX-License-Identifier: Apache-2.0
// Random choice of loop counts, strides, on-chip addresses and segment offsets for the program
// generator. An access pattern is a list of deltas: addresses relative to the operand's base.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "millrace/isa.h"
#include "tests/cosim/prng.h"
#include "tests/cosim/random_program.h"

namespace millrace::cosim {

// One on-chip memory.
struct Chip {
  uint32_t banks;
  uint32_t rows;
  uint32_t size() const { return banks * rows; }
};
Chip chip_of(const isa::Config& config, isa::Space space);

// A loop of an instruction: its count and the largest one allowed.
struct Loop {
  uint32_t* count;
  uint32_t max;
};
// Draws all counts such that their product is at most `limit`.
void draw_counts(Prng& prng, uint32_t limit, std::span<const Loop> loops);

// A stride of `bits` bits for a memory of banks of `rows`: often 0, 1, `natural`, a bank or
// backwards.
uint32_t draw_stride(Prng& prng, uint32_t rows, uint32_t natural, int bits);

// Disjoint bank ranges [lo, hi], one for each of `n` operands; nothing if the window is too small.
struct BankRange {
  uint32_t lo, hi;
};
std::optional<std::vector<BankRange>> split_banks(Prng& prng, const BankWindow& window, uint32_t n);

// Base address and last declared bank of an operand.
struct Place {
  uint32_t base;
  uint32_t hi;
};
// A place in `range` where every access is in the declared banks; with `violate`, at least one is
// not.
std::optional<Place> place(Prng& prng, const Chip& chip, const BankRange& range,
                           std::span<const uint32_t> deltas, bool violate);

// The banks a program may use.
struct Windows {
  BankWindow sp, acc;
};
// One operand to place: the fields it goes to and what it touches.
struct Request {
  isa::Space space;
  uint32_t* base;
  uint32_t* hi;
  std::vector<uint32_t> deltas;
};
// Places all operands in disjoint banks; with `violate`, one of them breaks its declared range.
bool place_all(Prng& prng, const isa::Config& config, const Windows& windows,
               std::vector<Request>& requests, bool violate);

// Rows of a DMA instruction in memory.
struct MemoryRows {
  uint32_t row_bytes;
  uint32_t rows, planes;
  uint32_t mem_row, mem_plane;
};
// Offsets of the rows relative to the first one.
std::vector<uint32_t> row_deltas(const MemoryRows& rows);
// A stride in memory for rows in a segment of `size` bytes.
uint32_t draw_memory_stride(Prng& prng, const isa::Config& config, uint32_t row_bytes,
                            uint32_t size);
// An offset where all rows lie in the segment; with `violate`, at least one does not.
std::optional<uint32_t> place_rows(Prng& prng, const isa::Config& config, uint32_t size,
                                   const MemoryRows& rows, bool violate);

}  // namespace millrace::cosim
