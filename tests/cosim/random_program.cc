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
// dump. Only data and dump are writable. The ring of a program whose fetch is refused lies
// elsewhere.
struct Layout {
  uint32_t ring_base = 0, ring_log2 = 0;
  uint32_t read_begin = 0, read_end = kImageBytes;
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

BankWindow draw_window(Prng& prng, uint32_t banks, uint32_t least, bool all) {
  if (all || banks <= least || prng.one_in(4)) return {0, banks};
  const uint32_t count = prng.between(least, std::min(banks, least + 2));
  return {prng.below(banks - count + 1), count};
}

// A body may be some instructions longer than asked for: pairs, and more faults.
uint32_t most_instructions(const ProgramOptions& options, const Windows& windows) {
  return options.count + 8 + 2 * (windows.sp.count + windows.acc.count) + 1;
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

Layout draw_layout(Prng& prng, Chooser& chooser, const isa::Config& c,
                   const ProgramOptions& options, const Windows& windows) {
  Layout l;
  const uint32_t needed = most_instructions(options, windows);
  l.ring_log2 = draw_ring_log2(prng, chooser, needed, options.fault != isa::Fault::kBus);
  const bool wraps = 1u << l.ring_log2 < needed;
  const uint32_t ring_bytes = kInstructionBytes << l.ring_log2;
  const uint32_t table_bytes = (2 * kTableBlocks * block_bytes(c) + 63) / 64 * 64;
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
                 windows.acc.count * bank_bytes(c, isa::Space::kAcc) + 64;
  return l;
}

Segment draw_segment(Prng& prng, const isa::Config& c, const Layout& l) {
  const uint32_t unit = c.dma_unaligned ? 1 : dim_of(c);
  Segment s;
  const uint32_t permissions = prng.one_in(8) ? 0 : prng.between(1, 3);
  s.read = permissions & 1;
  s.write = permissions & 2;
  const uint32_t begin = s.write ? l.data_begin : l.read_begin;
  const uint32_t end = s.write ? l.data_end : l.read_end;
  s.base = (begin + prng.below(end - begin)) / unit * unit;
  const uint32_t room = end - s.base;
  const uint32_t largest[] = {room, room, 4096, 300, 20};
  s.size = prng.below(std::min(room, prng.pick<uint32_t>(largest)) + 1);
  return s;
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

// A readable segment of the largest size whose end lies before its begin, on the other side of the
// end of the address space.
Segment around_segment(Prng& prng, const isa::Config& c) {
  const uint32_t unit = c.dma_unaligned ? 1 : dim_of(c);
  const uint32_t base = prng.between(kImageBytes / 8, kImageBytes / 2) / unit * unit;
  return {base, static_cast<uint32_t>((uint64_t{1} << std::min(32, c.offset_bits)) - 1), true,
          false};
}

// A segment whose first part the bus takes and whose rest it refuses.
Segment refused_segment(Prng& prng, const isa::Config& c) {
  const uint32_t unit = c.dma_unaligned ? 1 : dim_of(c);
  const uint64_t end = uint64_t{1} << c.mem_log2;
  const bool beyond = c.addr_bits > c.mem_log2 && prng.one_in(2);
  const uint64_t edge = beyond ? end : refused_range(c).first;
  const uint32_t before = prng.below(6000) / unit * unit;
  return {static_cast<uint32_t>(edge) - before, before + prng.between(64, 4096), true, true};
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

std::vector<uint8_t> draw_image(Prng& prng, const isa::Config& c, const Layout& l) {
  std::vector<uint8_t> memory(l.dump_base + l.dump_bytes);
  for (uint8_t& byte : memory) byte = static_cast<uint8_t>(prng.bits());
  fill_table(prng, memory, l.table_base, dim_of(c), false);
  fill_table(prng, memory, l.table_base + kTableBlocks * block_bytes(c), dim_of(c), true);
  return memory;
}

// LOADs of random bytes to every bank of the window, in random order.
void add_prologue(Prng& prng, Program& p) {
  std::vector<isa::Instruction> loads;
  for (const isa::Space space : {isa::Space::kSp, isa::Space::kAcc}) {
    const BankWindow& window = space == isa::Space::kSp ? p.sp_window : p.acc_window;
    const uint32_t bytes = bank_bytes(p.config, space);
    for (uint32_t bank = window.first; bank < window.first + window.count; ++bank) {
      isa::Load f;
      f.space = space;
      f.row_bytes = bytes;
      f.dst = bank * chip_of(p.config, space).rows;
      f.dst_hi = bank;
      f.offset = prng.below(p.segments[0].size - bytes + 1) / dim_of(p.config) * dim_of(p.config);
      loads.push_back(f.pack());
    }
  }
  for (uint32_t i = static_cast<uint32_t>(loads.size()); i > 1; --i)
    std::swap(loads[i - 1], loads[prng.below(i)]);
  p.code.insert(p.code.end(), loads.begin(), loads.end());
}

// Sometimes instructions behind the faulting one fault too, perhaps before it does. Returns how
// many.
uint32_t add_more_faults(Prng& prng, Program& p, InstructionGenerator& generator) {
  Chooser chooser(prng, p.options.weights);
  const uint32_t how = chooser.pick("context/", {{"one fault", 3},
                                                 {"older fault after a younger one", 1},
                                                 {"younger fault after an older one", 1}});
  constexpr isa::Fault kFaults[] = {isa::Fault::kBank, isa::Fault::kSegment,
                                    isa::Fault::kPermission};
  const uint32_t more = how == 0 ? 0 : prng.between(1, 4);
  for (uint32_t i = 0; i < more; ++i)
    p.code.push_back(generator.faulty(prng.pick<isa::Fault>(kFaults)));
  return more;
}

void add_body(Prng& prng, Program& p, const Surroundings& surroundings) {
  InstructionGenerator generator(surroundings, prng, p.options.weights);
  p.body_begin = p.code.size();
  const bool faults = p.options.fault != isa::Fault::kNone && !surroundings.refused_fetch;
  const uint32_t fault_at = faults ? prng.below(p.options.count) : p.options.count;
  for (uint32_t n = 0; n < p.options.count || (faults && !p.fault_index);) {
    if (n >= fault_at && !p.fault_index) {
      p.fault_index = p.code.size();
      p.code.push_back(generator.faulty(p.options.fault));
      n += 1 + add_more_faults(prng, p, generator);
      continue;
    }
    for (const isa::Instruction& w : generator.next()) {
      p.code.push_back(w);
      ++n;
    }
  }
  p.body_end = p.code.size();
}

// STOREs of all banks of the window, one after the other.
void add_dump(Program& p) {
  uint32_t offset = 0;
  for (const isa::Space space : {isa::Space::kSp, isa::Space::kAcc}) {
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
}

void add_last_signal(Prng& prng, Program& p) {
  isa::Signal f;
  f.irq = 1;
  f.seg = static_cast<uint32_t>(p.segments.size()) - 1;
  f.offset = p.segments.back().size / 4 - 1;
  f.value = p.last_signal = prng.bits();
  p.code.push_back(f.pack());
}

// One doorbell, or several: the next one when there is room, or when the machine is idle.
void draw_doorbells(Prng& prng, Chooser& chooser, Program& p) {
  const auto all = static_cast<uint32_t>(p.code.size());
  const uint32_t size = 1u << p.ring_log2;
  const uint32_t how = chooser.pick("flow/", {{"one doorbell", 3},
                                              {"doorbell while busy", 1},
                                              {"doorbell while idle", 1},
                                              {"one instruction", 1}});
  uint32_t tail = 0;
  while (tail < all) {
    uint32_t most = std::min(all - tail, size);
    if (how == 1 || how == 2) most = prng.between(1, std::min(most, 40u));
    if (how == 3 && prng.one_in(2)) most = 1;
    const bool wait = how == 2 ? !prng.one_in(4) : how != 0 && prng.one_in(8);
    p.doorbells.push_back({tail += most, wait});
  }
}

// The ring such that instruction `index` is the first one in refused memory.
void move_ring(Prng& prng, Program& p) {
  const auto index = prng.one_in(4) ? 0 : prng.below(static_cast<uint32_t>(p.code.size()));
  p.ring_base = static_cast<uint32_t>(p.slverr.first) - index * kInstructionBytes;
  p.fault_index = index;
}

}  // namespace

std::string Program::repro() const {
  return "random program: configuration " + std::string(config.name) + ", seed " +
         std::to_string(options.seed) + ", count " + std::to_string(options.count) + ", fault " +
         std::string(isa::kFaultNames[static_cast<size_t>(options.fault)]) +
         (options.all_banks ? ", all banks" : "") + (options.dump ? "" : ", no dump");
}

memory::AddressRange refused_range(const isa::Config& config) {
  return {(uint64_t{1} << config.mem_log2) - 0x8000, 0x4000};
}

void spoil_after_fault(Program& p) {
  if (!p.fault_index) return;
  const size_t end = std::min(*p.fault_index + 4, p.code.size());
  for (size_t i = *p.fault_index + 1; i < end; ++i) p.code[i][0] = 0;
  write_ring(p);
}

void write_ring(Program& p) {
  const auto n = static_cast<uint32_t>(std::min(p.code.size(), size_t{1} << p.ring_log2));
  for (uint32_t i = 0; i < n; ++i)
    for (uint32_t w = 0; w < isa::kWords; ++w) {
      const uint32_t at = p.slot_address(i) + 4 * w;
      if (at + 4 <= p.memory_image.size()) put32(p.memory_image, at, p.code[i][w]);
    }
}

namespace {

Surroundings draw_surroundings(Prng& prng, Chooser& chooser, Program& p, const Layout& layout) {
  const isa::Config& c = p.config;
  const uint32_t table = layout.table_base - layout.read_begin;
  Surroundings s = {c,
                    {},
                    {p.sp_window, p.acc_window},
                    {table, kTableBlocks},
                    {table + kTableBlocks * block_bytes(c), kTableBlocks}};
  s.image_bytes = kImageBytes;
  if (p.options.fault == isa::Fault::kBus) {
    p.slverr = refused_range(c);
    s.slverr = p.slverr;
    s.refused_fetch = chooser.pick("fault/bus fetch ", {{"not", 4}, {"first"}, {"later"}}) != 0;
    if (!s.refused_fetch) s.refused_segment = 2;
    if (!s.refused_fetch) p.segments[2] = refused_segment(prng, c);
  } else if (layout.read_end - layout.read_begin == kImageBytes &&
             chooser.pick("load/mem_row=", {{"not around", 4}, {"wrap"}})) {
    s.around_segment = 2;
    p.segments[2] = around_segment(prng, c);
  }
  s.segments = p.segments;
  return s;
}

}  // namespace

Program random_program(const isa::Config& config, const ProgramOptions& options) {
  assert(options.count >= 1 && options.count <= kMaxCount);
  Prng prng(options.seed);
  Chooser chooser(prng, options.weights);
  Program p;
  p.config = config;
  p.options = options;
  const bool all_banks = options.all_banks || chooser.pick("flow/", {{"window", 7}, {"all banks"}});
  p.sp_window = draw_window(prng, static_cast<uint32_t>(config.sp_banks), 4, all_banks);
  p.acc_window = draw_window(prng, static_cast<uint32_t>(config.acc_banks), 3, all_banks);
  const Windows windows = {p.sp_window, p.acc_window};
  const Layout layout = draw_layout(prng, chooser, config, options, windows);
  p.ring_base = layout.ring_base;
  p.ring_log2 = layout.ring_log2;
  p.dump_base = layout.dump_base;
  p.segments = draw_segments(prng, config, layout);
  p.memory_image = draw_image(prng, config, layout);
  const Surroundings surroundings = draw_surroundings(prng, chooser, p, layout);
  add_prologue(prng, p);
  add_body(prng, p, surroundings);
  if (options.dump) add_dump(p);
  add_last_signal(prng, p);
  if (surroundings.refused_fetch) move_ring(prng, p);
  draw_doorbells(prng, chooser, p);
  write_ring(p);
  return p;
}

}  // namespace millrace::cosim
