// SPDX-License-Identifier: Apache-2.0
// The memory of random programs.
#include <algorithm>

#include "tests/cosim/program_frame.h"

namespace millrace::cosim {

void put32(std::vector<uint8_t>& memory, uint32_t at, uint32_t value) {
  for (uint32_t i = 0; i < 4; ++i) memory[at + i] = static_cast<uint8_t>(value >> 8 * i);
}

namespace {

constexpr uint32_t kPlanes = 4;

// Bytes of which segment bases and sizes are multiples.
uint32_t segment_unit(const isa::Config& c) { return 1u << c.segment_log2; }

uint32_t bank_bytes(const isa::Config& c, isa::Space space) {
  return chip_of(c, space).rows * dim_of(c) * (space == isa::Space::kSp ? 1 : 4);
}

uint32_t draw_ring_log2(Prng& prng, Chooser& chooser, uint32_t needed, bool may_wrap) {
  uint32_t enough = 0;
  while (1u << enough < needed) ++enough;
  if (!may_wrap) return enough;
  switch (chooser.pick("flow/", {{"ring holds all", 9},
                                 {"ring wraps", 1},
                                 {"ring wraps three times", 1},
                                 {"ring of one", 1}})) {
    case 0:
      return enough;
    case 1:
      return enough > 1 ? prng.between(1, enough - 1) : 0;
    case 2:
      return enough > 3 ? prng.between(1, enough - 3) : 0;
    default:
      return 0;
  }
}

Segment draw_segment(Prng& prng, const isa::Config& c, const Layout& l) {
  const uint32_t unit = segment_unit(c);
  Segment s;
  const uint32_t permissions = prng.one_in(8) ? 0 : prng.between(1, 3);
  s.read = permissions & 1;
  s.write = permissions & 2;
  const uint32_t begin = s.write ? l.data_begin : l.read_begin;
  const uint32_t end = s.write ? l.data_end : l.read_end;
  s.base = (begin + prng.below(end - begin)) / unit * unit;
  const uint32_t room = end - s.base;
  const uint32_t largest[] = {room, room, 4096, 300, 20};
  s.size = prng.below(std::min(room, prng.pick<uint32_t>(largest)) + 1) / unit * unit;
  return s;
}

// Blocks of dim biases, multipliers (or fp32 scales) and shifts.
void fill_table(Prng& prng, std::vector<uint8_t>& memory, uint32_t base, uint32_t dim, bool fp32) {
  for (uint32_t block = 0; block < kTableBlocks; ++block) {
    const uint32_t at = base + block * 9 * dim;
    for (uint32_t n = 0; n < dim; ++n) {
      put32(memory, at + 4 * n, static_cast<uint32_t>(static_cast<int32_t>(prng.bits()) >> 12));
      const uint32_t mult =
          fp32 ? (prng.one_in(4) ? 1u << 31 : 0) | prng.between(100, 130) << 23 | prng.bits() >> 9
               : prng.bits() >> 2 | 1u << 30;
      put32(memory, at + 4 * (dim + n), mult);
      memory[at + 8 * dim + n] = static_cast<uint8_t>(2u - prng.below(22));
    }
  }
}

// Parameters that make plane p of the accumulators' bytes: byte p as the top one, down to int8. The
// lowest is exact; the others are rounded by the bytes below them.
void fill_planes(std::vector<uint8_t>& memory, uint32_t base, uint32_t dim) {
  for (uint32_t plane = 0; plane < kPlanes; ++plane)
    for (uint32_t n = 0; n < dim; ++n) {
      const uint32_t at = base + plane * 9 * dim;
      put32(memory, at + 4 * n, 0);
      put32(memory, at + 4 * (dim + n), 1u << 7);
      memory[at + 8 * dim + n] = static_cast<uint8_t>(24 - 8 * plane);
    }
}

}  // namespace

Layout draw_layout(Prng& prng, Chooser& chooser, const isa::Config& c,
                   const ProgramOptions& options, const Windows& windows) {
  Layout l;
  // A body may be some instructions longer than asked for: pairs, and more faults.
  const uint32_t needed = options.count + 8 + frame_instructions(c, windows);
  l.ring_log2 = draw_ring_log2(prng, chooser, needed, options.fault != isa::Fault::kBus);
  const bool wraps = 1u << l.ring_log2 < needed;
  const uint32_t unit = std::max(64u, segment_unit(c));
  const auto whole = [&](uint32_t bytes) { return (bytes + unit - 1) / unit * unit; };
  const uint32_t ring_bytes = whole(kInstructionBytes << l.ring_log2);
  const uint32_t blocks = 2 * kTableBlocks + (c.dma_acc ? 0 : kPlanes);
  const uint32_t table_bytes = whole(blocks * block_bytes(c));
  if (prng.one_in(2)) {
    l.ring_base = 0;
    l.table_base = kImageBytes - table_bytes;
    l.data_begin = ring_bytes;
    l.data_end = l.table_base;
  } else {
    l.ring_base = kImageBytes - ring_bytes;
    l.table_base = 0;
    l.data_begin = table_bytes;
    l.data_end = l.ring_base;
  }
  if (wraps) {
    l.read_begin = l.ring_base == 0 ? ring_bytes : 0;
    l.read_end = l.ring_base == 0 ? kImageBytes : l.ring_base;
  }
  l.dump_bytes = windows.sp.count * bank_bytes(c, isa::Space::kSp) +
                 windows.acc.count * bank_bytes(c, isa::Space::kAcc) + unit;
  return l;
}

std::vector<Segment> draw_segments(Prng& prng, const isa::Config& c, const Layout& l) {
  std::vector<Segment> segments(static_cast<size_t>(c.segments));
  segments[0] = {l.read_begin, l.read_end - l.read_begin, true, false};
  segments[1] = {l.data_begin, l.data_end - l.data_begin, true, true};
  for (size_t i = 2; i + 1 < segments.size(); ++i) {
    segments[i] = draw_segment(prng, c, l);
    if (i > 2 && prng.one_in(5))
      segments[i] = segments[2 + prng.below(static_cast<uint32_t>(i - 2))];
  }
  segments.back() = {l.dump_base, l.dump_bytes, false, true};
  return segments;
}

Segment around_segment(Prng& prng, const isa::Config& c) {
  const uint32_t unit = segment_unit(c);
  const uint32_t base = prng.between(kImageBytes / 8, kImageBytes / 2) / unit * unit;
  const uint64_t largest = std::min(uint64_t{1} << c.offset_bits, uint64_t{UINT32_MAX});
  return {base, static_cast<uint32_t>(largest), true, false};
}

Segment refused_segment(Prng& prng, const isa::Config& c) {
  const uint32_t unit = segment_unit(c);
  const uint64_t end = uint64_t{1} << c.mem_log2;
  const bool beyond = c.addr_bits > c.mem_log2 && prng.one_in(2);
  const uint64_t edge = beyond ? end : refused_range(c).first;
  const uint32_t before = prng.below(6000) / unit * unit;
  return {static_cast<uint32_t>(edge) - before,
          before + prng.between(std::max(64u, unit), 4096) / unit * unit, true, true};
}

std::vector<uint8_t> draw_image(Prng& prng, const isa::Config& c, const Layout& l) {
  std::vector<uint8_t> memory(l.dump_base + l.dump_bytes);
  for (uint8_t& byte : memory) byte = static_cast<uint8_t>(prng.bits());
  fill_table(prng, memory, l.table_base, dim_of(c), false);
  fill_table(prng, memory, l.table_base + kTableBlocks * block_bytes(c), dim_of(c), true);
  if (!c.dma_acc) fill_planes(memory, l.table_base + 2 * kTableBlocks * block_bytes(c), dim_of(c));
  return memory;
}

}  // namespace millrace::cosim
