// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/placement.h"

#include <algorithm>

namespace millrace::cosim {
namespace {

constexpr int kTries = 12;

uint32_t low_bits(int bits) { return static_cast<uint32_t>((uint64_t{1} << bits) - 1); }

// A row of a bank, often one at its ends.
uint32_t draw_row(Prng& prng, uint32_t rows) {
  switch (prng.below(4)) {
    case 0:
      return prng.below(4);
    case 1:
      return rows - 1 - prng.below(std::min(rows, 24u));
    default:
      return prng.below(rows);
  }
}

bool fits(const Chip& chip, const Place& p, std::span<const uint32_t> deltas) {
  const uint32_t lo = p.base / chip.rows;
  return std::all_of(deltas.begin(), deltas.end(), [&](uint32_t delta) {
    const uint32_t bank = (p.base + delta) % chip.size() / chip.rows;
    return lo <= bank && bank <= p.hi;
  });
}

// The smallest range that fits, if it is no larger than `hi`.
std::optional<Place> shrink(const Chip& chip, Place p, std::span<const uint32_t> deltas) {
  if (!fits(chip, p, deltas)) return std::nullopt;
  uint32_t last = p.base / chip.rows;
  for (uint32_t delta : deltas) last = std::max(last, (p.base + delta) % chip.size() / chip.rows);
  return Place{p.base, last};
}

}  // namespace

Chip chip_of(const isa::Config& config, isa::Space space) {
  if (space == isa::Space::kSp)
    return {static_cast<uint32_t>(config.sp_banks), static_cast<uint32_t>(config.sp_rows)};
  return {static_cast<uint32_t>(config.acc_banks), static_cast<uint32_t>(config.acc_rows)};
}

void draw_counts(Prng& prng, uint32_t limit, std::span<const Loop> loops) {
  uint32_t left = std::max(limit, 1u);
  const uint32_t first = prng.below(static_cast<uint32_t>(loops.size()));
  for (size_t i = 0; i < loops.size(); ++i) {
    const Loop& loop = loops[(first + i) % loops.size()];
    const uint32_t most = std::min(loop.max, left);
    switch (prng.below(4)) {
      case 0:
        *loop.count = prng.between(1, most);
        break;
      case 1:
        *loop.count = prng.between(1, std::min(most, 4u));
        break;
      case 2:
        *loop.count = prng.one_in(4) ? most : std::min(most, 2u);
        break;
      default:
        *loop.count = 1;
    }
    left /= *loop.count;
  }
}

uint32_t draw_stride(Prng& prng, uint32_t rows, uint32_t natural, int bits) {
  const uint32_t mask = low_bits(bits);
  switch (prng.below(10)) {
    case 0:
      return 0;
    case 1:
      return (0u - prng.between(1, 8)) & mask;
    case 2:
      return (rows + prng.below(5) - 2) & mask;
    case 3:
      return (0u - rows + prng.below(3)) & mask;
    case 4:
      return prng.bits() & mask;
    case 5:
    case 6:
      return prng.between(1, 8) & mask;
    default:
      return natural & mask;
  }
}

std::optional<std::vector<BankRange>> split_banks(Prng& prng, const BankWindow& window,
                                                  uint32_t n) {
  if (n > window.count) return std::nullopt;
  std::vector<BankRange> ranges;
  uint32_t next = window.first;
  for (uint32_t i = 0; i < n; ++i) {
    const uint32_t spare = window.first + window.count - next - (n - i);
    const uint32_t lo = next + (prng.one_in(3) ? prng.below(spare + 1) : 0);
    const uint32_t most = window.first + window.count - (n - i);  // leaves one bank to each other
    const uint32_t hi = prng.between(lo, prng.one_in(3) ? most : std::min(most, lo + 1));
    ranges.push_back({lo, hi});
    next = hi + 1;
  }
  for (uint32_t i = n; i > 1; --i) std::swap(ranges[i - 1], ranges[prng.below(i)]);
  return ranges;
}

std::optional<Place> place(Prng& prng, const Chip& chip, const BankRange& range,
                           std::span<const uint32_t> deltas, bool violate) {
  for (int i = 0; i < kTries; ++i) {
    const uint32_t bank = prng.between(range.lo, range.hi);
    const Place widest = {bank * chip.rows + draw_row(prng, chip.rows), range.hi};
    if (violate) {
      const Place p = {widest.base, prng.between(bank, range.hi)};
      if (!fits(chip, p, deltas)) return p;
    } else if (const auto p = shrink(chip, widest, deltas)) {
      return Place{p->base, prng.one_in(3) ? prng.between(p->hi, range.hi) : p->hi};
    }
  }
  return std::nullopt;
}

// Places all operands in disjoint banks; with `violate`, one of them breaks its declared range.
bool place_all(Prng& prng, const isa::Config& config, const Windows& windows,
               std::vector<Request>& requests, bool violate) {
  const size_t violator =
      violate ? prng.below(static_cast<uint32_t>(requests.size())) : requests.size();
  for (const isa::Space space : {isa::Space::kSp, isa::Space::kAcc}) {
    const auto here = [&](const Request& r) { return r.space == space; };
    const auto n = static_cast<uint32_t>(std::count_if(requests.begin(), requests.end(), here));
    const auto ranges = split_banks(prng, space == isa::Space::kSp ? windows.sp : windows.acc, n);
    if (!ranges) return false;
    size_t next = 0;
    for (size_t i = 0; i < requests.size(); ++i) {
      if (!here(requests[i])) continue;
      const auto p =
          place(prng, chip_of(config, space), (*ranges)[next++], requests[i].deltas, i == violator);
      if (!p) return false;
      *requests[i].base = p->base;
      *requests[i].hi = p->hi;
    }
  }
  return true;
}

std::vector<uint32_t> row_deltas(const MemoryRows& r) {
  std::vector<uint32_t> deltas;
  for (uint32_t i2 = 0; i2 < r.planes; ++i2)
    for (uint32_t i1 = 0; i1 < r.rows; ++i1) deltas.push_back(i2 * r.mem_plane + i1 * r.mem_row);
  return deltas;
}

uint32_t draw_memory_stride(Prng& prng, const isa::Config& config, uint32_t row_bytes,
                            uint32_t size) {
  const uint32_t unit = config.dma_unaligned ? 1 : static_cast<uint32_t>(config.dim);
  uint32_t stride = 0;
  switch (prng.below(7)) {
    case 0:
      break;
    case 1:
      stride = 0u - row_bytes;
      break;
    case 2:
      stride = prng.between(1, 16) * unit;
      break;
    case 3:
      stride = 0u - prng.between(1, 40) * unit;
      break;
    case 4:
      stride = prng.below(size / unit + 1) * unit;
      break;
    default:
      stride = row_bytes + prng.below(3) * unit;
  }
  return stride & low_bits(config.offset_bits);
}

std::optional<uint32_t> place_rows(Prng& prng, const isa::Config& config, uint32_t size,
                                   const MemoryRows& rows, bool violate) {
  const uint32_t mask = low_bits(config.offset_bits);
  const uint32_t unit = config.dma_unaligned ? 1 : static_cast<uint32_t>(config.dim);
  const std::vector<uint32_t> deltas = row_deltas(rows);
  const auto inside = [&](uint32_t delta, uint32_t offset) {
    return uint64_t{(offset + delta) & mask} + rows.row_bytes <= size;
  };
  if (!violate && rows.row_bytes > size) return std::nullopt;
  for (int i = 0; i < kTries; ++i) {
    // A row somewhere in the segment, often at one of its ends, is row 0 or the last one.
    const uint32_t room = violate ? size : size - rows.row_bytes;
    uint32_t at = prng.one_in(4) ? room : prng.one_in(4) ? 0 : prng.below(room + 1);
    if (prng.one_in(2)) at -= deltas.back();
    const uint32_t offset = (at & mask) / unit * unit;
    const bool ok =
        std::all_of(deltas.begin(), deltas.end(), [&](uint32_t d) { return inside(d, offset); });
    if (ok != violate) return offset;
  }
  return std::nullopt;
}

}  // namespace millrace::cosim
