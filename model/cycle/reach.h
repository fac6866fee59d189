// SPDX-License-Identifier: Apache-2.0
// How far an instruction gets before an access leaves its declared banks (fault BANK,
// docs/reference/isa.md). The usual answer, "to its end", costs a few additions; only where the
// bounds do not settle it are the elements walked one by one.
#pragma once

#include <cstdint>
#include <optional>

#include "millrace/isa.h"

namespace millrace::cycle {

// Declared range of an operand: addresses [first, end) of a memory of `size` (a power of two).
struct Banks {
  Banks(const isa::Config& config, isa::Space space, uint32_t base, uint32_t hi);
  uint32_t wrap(uint64_t addr) const { return static_cast<uint32_t>(addr) & (size - 1); }
  bool contains(uint32_t addr) const { return addr >= first && addr < end; }
  uint32_t first, end, size;
};

struct MatmulReach {
  uint64_t tiles = 0;             // B tiles with all their rows
  uint64_t rows = 0;              // of the tile that faults
  std::optional<uint32_t> fault;  // address outside
};
MatmulReach reach(const isa::Config& config, const isa::Matmul& op);

struct VectorReach {
  uint64_t results = 0;
  uint32_t i3 = 0;  // iteration of loop 3 that faults
  bool in_params = false;
  uint64_t position = 0;  // of the fault: parameter word, or step of the iteration
  std::optional<uint32_t> fault;
};
VectorReach reach(const isa::Config& config, const isa::Vector& op, const isa::Vset& vset);

// First word, of `words`, of a DMA row at address `chip` that lies outside; nothing if none does.
std::optional<uint32_t> first_outside(const Banks& banks, isa::Space space, uint32_t chip,
                                      uint32_t words);

}  // namespace millrace::cycle
