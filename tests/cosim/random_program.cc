// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/random_program.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "tests/cosim/random_instruction.h"

namespace millrace::cosim {
namespace {

constexpr uint32_t kImageBytes = 0x10000;  // ring, channel parameters and data
constexpr uint32_t kInstructionBytes = isa::kWords * 4;
constexpr uint32_t kTableBlocks = 16;
constexpr uint32_t kMaxCount = 400;

// Memory: at one end of the image the ring, at the other end the tables, data in between, then the
// dump. Only data and dump are writable.
struct Layout {
  uint32_t ring_base = 0, ring_log2 = 0;
  uint32_t table_base = 0;
  uint32_t data_begin = 0, data_end = 0;
  uint32_t dump_base = kImageBytes;
  uint32_t dump_bytes = 0;
};

uint32_t word_bytes(const isa::Config& c, isa::Space space) {
  return dim_of(c) * (space == isa::Space::kSp ? 1 : 4);
}

uint32_t bank_bytes(const isa::Config& c, isa::Space space) {
  return chip_of(c, space).rows * word_bytes(c, space);
}

uint32_t block_bytes(const isa::Config& c) { return 9 * dim_of(c); }

// Bytes of which segment bases and sizes are multiples.
uint32_t segment_unit(const isa::Config& c) { return 1u << c.segment_log2; }

// Without DMA of accumulators, MATMULs fill them, and VECTORs take them apart into four planes of
// bytes; the instructions for a bank, and the blocks of channel parameters, one a plane.
constexpr uint32_t kPlanes = 4;
uint32_t fill_rows(const isa::Config& c) {
  return std::min(chip_of(c, isa::Space::kAcc).rows, 1u << c.count_bits);
}
uint32_t dump_rows(const isa::Config& c) {
  return std::min(fill_rows(c), chip_of(c, isa::Space::kSp).rows);
}
uint32_t acc_bank_instructions(const isa::Config& c) {
  if (c.dma_acc) return 2;
  return 1 + kPlanes * (1 + 2 * (chip_of(c, isa::Space::kAcc).rows / dump_rows(c)));
}

BankWindow draw_window(Prng& prng, uint32_t banks, uint32_t least, bool all) {
  if (all || banks <= least || prng.one_in(4)) return {0, banks};
  const uint32_t count = prng.between(least, std::min(banks, least + 2));
  return {prng.below(banks - count + 1), count};
}

Layout draw_layout(Prng& prng, const isa::Config& c, const ProgramOptions& options,
                   const Windows& windows) {
  Layout l;
  const uint32_t needed = options.count + 2 + 2 * windows.sp.count +
                          windows.acc.count * acc_bank_instructions(c) +
                          (c.dma_acc ? 1 : 2);  // a body may be two longer
  while (1u << l.ring_log2 < needed) ++l.ring_log2;
  const uint32_t ring_bytes = kInstructionBytes << l.ring_log2;
  const uint32_t blocks = 2 * kTableBlocks + (c.dma_acc ? 0 : kPlanes);
  const uint32_t unit = std::max(64u, segment_unit(c));
  const uint32_t table_bytes = (blocks * block_bytes(c) + unit - 1) / unit * unit;
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
  l.dump_bytes = windows.sp.count * bank_bytes(c, isa::Space::kSp) +
                 windows.acc.count * bank_bytes(c, isa::Space::kAcc) + unit;
  return l;
}

Segment draw_segment(Prng& prng, const isa::Config& c, const Layout& l) {
  const uint32_t unit = segment_unit(c);
  Segment s;
  const uint32_t permissions = prng.one_in(8) ? 0 : prng.between(1, 3);
  s.read = permissions & 1;
  s.write = permissions & 2;
  const uint32_t begin = s.write ? l.data_begin : 0;
  const uint32_t end = s.write ? l.data_end : kImageBytes;
  s.base = (begin + prng.below(end - begin)) / unit * unit;
  const uint32_t room = end - s.base;
  const uint32_t largest[] = {room, room, 4096, 300, 20};
  s.size = prng.below(std::min(room, prng.pick<uint32_t>(largest)) + 1) / unit * unit;
  return s;
}

std::vector<Segment> draw_segments(Prng& prng, const isa::Config& c, const Layout& l) {
  std::vector<Segment> segments(static_cast<size_t>(c.segments));
  segments[0] = {0, kImageBytes, true, false};
  segments[1] = {l.data_begin, l.data_end - l.data_begin, true, true};
  for (size_t i = 2; i + 1 < segments.size(); ++i) {
    segments[i] = draw_segment(prng, c, l);
    if (i > 2 && prng.one_in(5))
      segments[i] = segments[2 + prng.below(static_cast<uint32_t>(i - 2))];
  }
  segments.back() = {l.dump_base, l.dump_bytes, false, true};
  return segments;
}

void put32(std::vector<uint8_t>& memory, uint32_t at, uint32_t value) {
  for (uint32_t i = 0; i < 4; ++i) memory[at + i] = static_cast<uint8_t>(value >> 8 * i);
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

std::vector<uint8_t> draw_image(Prng& prng, const isa::Config& c, const Layout& l) {
  std::vector<uint8_t> memory(l.dump_base + l.dump_bytes);
  for (uint8_t& byte : memory) byte = static_cast<uint8_t>(prng.bits());
  fill_table(prng, memory, l.table_base, dim_of(c), false);
  fill_table(prng, memory, l.table_base + kTableBlocks * block_bytes(c), dim_of(c), true);
  if (!c.dma_acc) fill_planes(memory, l.table_base + 2 * kTableBlocks * block_bytes(c), dim_of(c));
  return memory;
}

// Spaces that LOAD and STORE reach.
std::vector<isa::Space> dma_spaces(const isa::Config& c) {
  if (c.dma_acc) return {isa::Space::kSp, isa::Space::kAcc};
  return {isa::Space::kSp};
}

// A product of the first three scratchpad banks of the window to every accumulator row of it.
void fill_accumulators(Prng& prng, Program& p) {
  if (p.config.dma_acc) return;
  const uint32_t sp_rows = chip_of(p.config, isa::Space::kSp).rows;
  const uint32_t acc_rows = chip_of(p.config, isa::Space::kAcc).rows;
  for (uint32_t bank = p.acc_window.first; bank < p.acc_window.first + p.acc_window.count; ++bank) {
    isa::Matmul f;
    f.n_ox = fill_rows(p.config);
    f.n_oy = acc_rows / f.n_ox;
    f.n_ct = prng.between(1, 4);
    f.a = p.sp_window.first * sp_rows;
    f.a_hi = p.sp_window.first + 1;
    f.a_ox = 1;
    f.a_oy = prng.between(1, 40);
    f.a_ct = prng.between(1, 40);
    f.b = (p.sp_window.first + 2) * sp_rows + prng.below(sp_rows / 2);
    f.b_hi = p.sp_window.first + 2;
    f.b_col = 1;
    f.b_k = dim_of(p.config);
    f.d = bank * acc_rows;
    f.d_hi = bank;
    p.code.push_back(f.pack());
  }
}

// LOADs of random bytes to every bank of the window, in random order.
void add_prologue(Prng& prng, Program& p) {
  std::vector<isa::Instruction> loads;
  for (const isa::Space space : dma_spaces(p.config)) {
    const BankWindow& window = space == isa::Space::kSp ? p.sp_window : p.acc_window;
    const uint32_t bytes = bank_bytes(p.config, space);
    for (uint32_t bank = window.first; bank < window.first + window.count; ++bank) {
      isa::Load f;
      f.space = space;
      f.row_bytes = bytes;
      f.dst = bank * chip_of(p.config, space).rows;
      f.dst_hi = bank;
      f.offset = prng.below(kImageBytes - bytes + 1) / dim_of(p.config) * dim_of(p.config);
      loads.push_back(f.pack());
    }
  }
  for (uint32_t i = static_cast<uint32_t>(loads.size()); i > 1; --i)
    std::swap(loads[i - 1], loads[prng.below(i)]);
  p.code.insert(p.code.end(), loads.begin(), loads.end());
  fill_accumulators(prng, p);
}

void add_body(Prng& prng, Program& p, const Surroundings& surroundings) {
  InstructionGenerator generator(surroundings, prng);
  p.body_begin = p.code.size();
  const bool faults = p.options.fault != isa::Fault::kNone;
  const uint32_t fault_at = faults ? prng.below(p.options.count) : p.options.count;
  for (uint32_t n = 0; n < p.options.count || (faults && !p.fault_index);) {
    if (n >= fault_at && !p.fault_index) {
      p.fault_index = p.code.size();
      p.code.push_back(generator.faulty(p.options.fault));
      ++n;
      continue;
    }
    for (const isa::Instruction& w : generator.next()) {
      p.code.push_back(w);
      ++n;
    }
  }
  p.body_end = p.code.size();
}

// The accumulators as planes of bytes, through the first two scratchpad banks of the window.
void dump_planes(Program& p, uint32_t table, uint32_t offset) {
  const uint32_t sp_rows = chip_of(p.config, isa::Space::kSp).rows;
  const uint32_t acc_rows = chip_of(p.config, isa::Space::kAcc).rows;
  const uint32_t rows = dump_rows(p.config), first = p.sp_window.first;
  p.code.push_back(isa::Vset{.clamp_lo = -128, .clamp_hi = 127}.pack());
  for (uint32_t plane = 0; plane < kPlanes; ++plane) {
    isa::Load load;
    load.row_bytes = block_bytes(p.config);
    load.dst = (first + 1) * sp_rows;
    load.dst_hi = first + 1;
    load.offset = table + plane * load.row_bytes;
    p.code.push_back(load.pack());
    for (uint32_t row = 0; row < p.acc_window.count * acc_rows; row += rows) {
      isa::Vector f;
      f.src1_kind = isa::Source::kAcc;
      f.quant = isa::Quant::kQ31;
      f.channel = 1;
      f.n2 = rows;
      f.src1 = p.acc_window.first * acc_rows + row;
      f.src1_hi = f.src1 / acc_rows;
      f.s1_2 = f.d_2 = 1;
      f.dst = first * sp_rows;
      f.dst_hi = first;
      f.param = load.dst;
      f.param_hi = load.dst_hi;
      isa::Store store;
      store.seg = static_cast<uint32_t>(p.segments.size()) - 1;
      store.row_bytes = rows * dim_of(p.config);
      store.src = f.dst;
      store.src_hi = f.dst_hi;
      store.offset = offset;
      offset += store.row_bytes;
      p.code.push_back(f.pack());
      p.code.push_back(store.pack());
    }
  }
}

// STOREs of all banks of the window, one after the other.
void add_dump(Program& p, uint32_t plane_table) {
  uint32_t offset = 0;
  for (const isa::Space space : dma_spaces(p.config)) {
    const BankWindow& window = space == isa::Space::kSp ? p.sp_window : p.acc_window;
    for (uint32_t bank = window.first; bank < window.first + window.count; ++bank) {
      isa::Store f;
      f.space = space;
      f.seg = static_cast<uint32_t>(p.segments.size()) - 1;
      f.row_bytes = bank_bytes(p.config, space);
      f.src = bank * chip_of(p.config, space).rows;
      f.src_hi = bank;
      f.offset = offset;
      offset += f.row_bytes;
      p.code.push_back(f.pack());
    }
  }
  if (!p.config.dma_acc) dump_planes(p, plane_table, offset);
}

void add_last_signal(Prng& prng, Program& p) {
  isa::Signal f;
  f.irq = 1;
  f.seg = static_cast<uint32_t>(p.segments.size()) - 1;
  f.offset = p.segments.back().size / 4 - 1;
  f.value = p.last_signal = prng.bits();
  p.code.push_back(f.pack());
}

void write_ring(Program& p) {
  assert(p.code.size() <= 1u << p.ring_log2);
  uint32_t at = p.ring_base;
  for (const isa::Instruction& w : p.code)
    for (const uint32_t word : w) {
      put32(p.memory_image, at, word);
      at += 4;
    }
}

// Marks what a STORE or SIGNAL can write.
struct Marker {
  const Program& program;
  std::vector<bool>& comparable;

  void mark(uint32_t seg, uint64_t offset, uint32_t bytes) {
    const Segment& s = program.segments[seg];
    if (!s.write || offset + bytes > s.size) return;
    for (uint64_t i = 0; i < bytes; ++i) comparable[s.base + offset + i] = false;
  }
  void mark(const isa::Store& f) {
    const uint64_t mask = (uint64_t{1} << program.config.offset_bits) - 1;
    if (f.seg >= program.segments.size()) return;
    for (const uint32_t delta : row_deltas({f.row_bytes, f.rows, f.planes, f.mem_row, f.mem_plane}))
      mark(f.seg, (f.offset + delta) & mask, f.row_bytes);
  }
};

}  // namespace

std::string Program::repro() const {
  return "random program: configuration " + std::string(config.name) + ", seed " +
         std::to_string(options.seed) + ", count " + std::to_string(options.count) + ", fault " +
         std::string(isa::kFaultNames[static_cast<size_t>(options.fault)]) +
         (options.all_banks ? ", all banks" : "") + (options.dump ? "" : ", no dump");
}

Program random_program(const isa::Config& config, const ProgramOptions& options) {
  assert(options.count >= 1 && options.count <= kMaxCount);
  assert(options.fault < isa::Fault::kBus);
  Prng prng(options.seed);
  Program p;
  p.config = config;
  p.options = options;
  p.sp_window = draw_window(prng, static_cast<uint32_t>(config.sp_banks), 4, options.all_banks);
  p.acc_window = draw_window(prng, static_cast<uint32_t>(config.acc_banks), 3, options.all_banks);
  const Windows windows = {p.sp_window, p.acc_window};
  const Layout layout = draw_layout(prng, config, options, windows);
  p.ring_base = layout.ring_base;
  p.ring_log2 = layout.ring_log2;
  p.dump_base = layout.dump_base;
  p.segments = draw_segments(prng, config, layout);
  p.memory_image = draw_image(prng, config, layout);
  const uint32_t fp32_table = layout.table_base + kTableBlocks * block_bytes(config);
  add_prologue(prng, p);
  add_body(
      prng, p,
      {config, p.segments, windows, {layout.table_base, kTableBlocks}, {fp32_table, kTableBlocks}});
  if (options.dump) add_dump(p, layout.table_base + 2 * kTableBlocks * block_bytes(config));
  add_last_signal(prng, p);
  write_ring(p);
  return p;
}

std::vector<bool> comparable_after_fault(const Program& program, size_t index) {
  std::vector<bool> comparable(program.memory_image.size(), true);
  Marker marker{program, comparable};
  for (size_t i = index; i < program.code.size(); ++i) {
    const isa::Instruction& w = program.code[i];
    const uint32_t opcode = w[0] & 0xff;
    if (opcode == static_cast<uint32_t>(isa::Opcode::kStore)) marker.mark(isa::Store::unpack(w));
    if (opcode == static_cast<uint32_t>(isa::Opcode::kSignal)) {
      const isa::Signal f = isa::Signal::unpack(w);
      if (f.seg < program.segments.size()) marker.mark(f.seg, uint64_t{f.offset} * 4, 4);
    }
  }
  return comparable;
}

}  // namespace millrace::cosim
