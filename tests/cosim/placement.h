// SPDX-License-Identifier: Apache-2.0
// Random choice of loop counts, strides, on-chip addresses and segment offsets for the program
// generator. An access pattern is a list of deltas: addresses relative to the operand's base.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "millrace/isa.h"
#include "tests/cosim/classes.h"
#include "tests/cosim/prng.h"
#include "tests/cosim/random_program.h"
#include "tests/cosim/weights.h"

namespace millrace::cosim {

// A loop of an instruction: its count, the largest one allowed and the name of its choice.
struct Loop {
  uint32_t* count;
  uint32_t max;
  std::string point;
};
// Draws all counts such that their product is at most `limit`, or, where one is at its maximum, at
// most `extreme`.
void draw_counts(Prng& prng, Chooser& chooser, uint32_t limit, uint32_t extreme,
                 std::span<const Loop> loops);
inline constexpr uint32_t kExtreme = 1100;  // a little more than the largest count

// A stride of `bits` bits for a memory; `natural` is what makes accesses contiguous.
uint32_t draw_stride(Prng& prng, Chooser& chooser, const std::string& point, const Chip& chip,
                     uint32_t natural, int bits);

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
// A stride in memory of the class, for steps over `contiguous` bytes in a segment of `size` bytes.
uint32_t draw_memory_stride(Prng& prng, const isa::Config& config, MemoryStride which,
                            uint32_t contiguous, uint32_t size);

// Where rows may lie: in the segment, and at bus addresses below `limit`.
struct Room {
  uint32_t base = 0;
  uint32_t size = 0;
  uint64_t limit = 0;
};
// How the rows are placed: `page` puts one across 4 KiB, `around` steps over the end of the
// offsets.
struct Wish {
  bool page = false;
  bool around = false;
  bool violate = false;
};
// An offset where all rows lie in the room; with `violate`, at least one does not.
std::optional<uint32_t> place_rows(Prng& prng, const isa::Config& config, const Room& room,
                                   const MemoryRows& rows, const Wish& wish);

}  // namespace millrace::cosim
