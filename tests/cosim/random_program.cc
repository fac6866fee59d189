// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/random_program.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "tests/cosim/program_frame.h"
#include "tests/cosim/random_instruction.h"

namespace millrace::cosim {
namespace {

constexpr uint32_t kMaxCount = 400;

BankWindow draw_window(Prng& prng, uint32_t banks, uint32_t least, bool all) {
  if (all || banks <= least || prng.one_in(4)) return {0, banks};
  const uint32_t count = prng.between(least, std::min(banks, least + 2));
  return {prng.below(banks - count + 1), count};
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

// The faulting instruction, and sometimes one beside it that needs nothing of it: in flight before
// it, or behind it and at work when the fault comes. Returns how many.
uint32_t add_fault(Prng& prng, Program& p, InstructionGenerator& generator) {
  const isa::Instruction bad = generator.faulty(p.options.fault);
  const std::string unit = "context/" + generator.unit_of_fault(bad) + " ";
  Chooser chooser(prng, p.options.weights);
  const uint32_t how = chooser.pick(
      unit, {{"alone", 6}, {"older in flight", 1}, {"younger running", 1}, {"younger held", 1}});
  const size_t before = p.code.size();
  if (how == 1) p.code.push_back(generator.beside(bad, 600, false));
  p.fault_index = p.code.size();
  p.code.push_back(bad);
  if (how == 2) p.code.push_back(generator.beside(bad, 600, false));
  if (how == 3) p.code.push_back(generator.beside(bad, 40, true));
  return static_cast<uint32_t>(p.code.size() - before) + add_more_faults(prng, p, generator);
}

void add_body(Prng& prng, Program& p, const Surroundings& surroundings) {
  InstructionGenerator generator(surroundings, prng, p.options.weights);
  p.body_begin = p.code.size();
  const bool faults = p.options.fault != isa::Fault::kNone && !surroundings.refused_fetch;
  const uint32_t fault_at = faults ? prng.below(p.options.count) : p.options.count;
  for (uint32_t n = 0; n < p.options.count || (faults && !p.fault_index);) {
    if (n >= fault_at && faults && !p.fault_index) {
      n += add_fault(prng, p, generator);
      continue;
    }
    for (const isa::Instruction& w : generator.next()) {
      p.code.push_back(w);
      ++n;
    }
  }
  p.body_end = p.code.size();
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
  if (options.dump)
    add_dump(p, surroundings.fp32_table.offset + kTableBlocks * block_bytes(config));
  add_last_signal(prng, p);
  if (surroundings.refused_fetch) move_ring(prng, p);
  draw_doorbells(prng, chooser, p);
  write_ring(p);
  return p;
}

}  // namespace millrace::cosim
