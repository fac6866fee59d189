// SPDX-License-Identifier: Apache-2.0
#include "tests/timing/page_machine.h"

#include <algorithm>
#include <array>

namespace millrace::page {
namespace {

isa::Opcode opcode(const isa::Instruction& words) {
  return static_cast<isa::Opcode>(words[0] & 0xff);
}

uint32_t mask(uint32_t lo, uint32_t hi) { return (2u << hi) - (1u << lo); }

// Fetch and decode, an instruction at a time.
class Front {
 public:
  Front(const isa::Config& config, Memory& memory, Cycle doorbell, uint32_t ring)
      : config_(config), memory_(memory), doorbell_(doorbell), ring_(ring) {}

  // The cycle in which the next instruction is whole in decode; dispatch() follows.
  Cycle complete() {
    const size_t i = taken_.size();
    const bool buffered = config_.fetch_words > 0;
    Cycle offered = doorbell_ + 1;
    if (i > 0) offered = std::max(offered, address_ + 1);
    if (i > 0 && !buffered) offered = std::max(offered, dispatched_ + 1);
    const size_t room = static_cast<size_t>(config_.fetch_words / 8);
    if (buffered && i >= room) offered = std::max(offered, taken_[i - room] + 1);
    address_ = memory_.ready(Port::kFetch, Channel::kAr, offered);
    Cycle last = memory_.last_beat(Port::kFetch, address_, ring_ + 32 * i, 8, 4);
    if (buffered) ++last;
    if (buffered && i > 0) last = std::max(last, dispatched_ + 8);
    taken_.push_back(last);
    return last + 1;
  }
  void dispatch(Cycle cycle) { dispatched_ = cycle; }

 private:
  const isa::Config& config_;
  Memory& memory_;
  Cycle doorbell_, address_ = 0, dispatched_ = 0;
  uint32_t ring_;
  std::vector<Cycle> taken_;  // by instruction: decode takes its last word
};

}  // namespace

Cycle Machine::first_complete(Cycle doorbell, uint32_t ring) {
  return Front(config_, memory_, doorbell, ring).complete();
}

std::vector<Times> Machine::run(Cycle doorbell, uint32_t ring,
                                std::span<const isa::Instruction> program) {
  Front front(config_, memory_, doorbell, ring);
  Dma load(config_, memory_, false), store(config_, memory_, true);
  const size_t slots = static_cast<size_t>(config_.slots);
  const size_t depth = static_cast<size_t>(config_.queue_depth);
  std::vector<Times> times;
  std::vector<Use> uses;
  std::array<std::vector<Cycle>, 4> pops;
  for (size_t i = 0; i < program.size(); ++i) {
    Times t;
    t.unit = unit(program[i]);
    std::vector<Cycle>& queue = pops[t.unit];
    t.dispatch = front.complete();
    if (i >= slots) t.dispatch = std::max(t.dispatch, times[i - slots].course.done + 1);
    if (queue.size() >= depth) t.dispatch = std::max(t.dispatch, queue[queue.size() - depth] + 1);
    front.dispatch(t.dispatch);
    t.start = t.dispatch + 1;
    if (!queue.empty()) t.start = std::max(t.start, queue.back() + 1);
    uses.push_back(use(program[i]));
    for (size_t k = 0; k < i; ++k)
      if (conflict(uses[k], uses[i])) t.start = std::max(t.start, times[k].course.done + 1);
    t.course = course(load, store, program[i], t.start);
    queue.push_back(t.course.pop);
    times.push_back(t);
  }
  return times;
}

uint32_t Machine::unit(const isa::Instruction& words) const {
  switch (opcode(words)) {
    case isa::Opcode::kLoad:
      return config_.dma_shared ? 1 : 0;
    case isa::Opcode::kStore:
    case isa::Opcode::kSignal:
      return 1;
    case isa::Opcode::kMatmul:
      return 2;
    default:
      return 3;
  }
}

Machine::Use Machine::use(const isa::Instruction& words) const {
  const uint32_t sp_rows = static_cast<uint32_t>(config_.sp_rows);
  const uint32_t acc_rows = static_cast<uint32_t>(config_.acc_rows);
  Use u;
  const auto sp = [&](uint32_t base, uint32_t hi) { u.sp |= mask(base / sp_rows, hi); };
  const auto acc = [&](uint32_t base, uint32_t hi) { u.acc |= mask(base / acc_rows, hi); };
  const auto operand = [&](isa::Source kind, uint32_t base, uint32_t hi) {
    if (kind == isa::Source::kSp) sp(base, hi);
    if (kind == isa::Source::kAcc) acc(base, hi);
  };
  const isa::Opcode code = opcode(words);
  if (code == isa::Opcode::kLoad || code == isa::Opcode::kStore) {
    const isa::Load f = isa::Load::unpack(words);
    if (f.space == isa::Space::kSp)
      sp(f.dst, f.dst_hi);
    else
      acc(f.dst, f.dst_hi);
  } else if (code == isa::Opcode::kMatmul) {
    const isa::Matmul f = isa::Matmul::unpack(words);
    sp(f.a, f.a_hi);
    sp(f.b, f.b_hi);
    acc(f.d, f.d_hi);
  } else if (code == isa::Opcode::kVector) {
    const isa::Vector f = isa::Vector::unpack(words);
    operand(f.src1_kind, f.src1, f.src1_hi);
    operand(f.src2_kind, f.src2, f.src2_hi);
    if (f.dst_kind == isa::Space::kSp)
      sp(f.dst, f.dst_hi);
    else
      acc(f.dst, f.dst_hi);
    if (f.channel) sp(f.param, f.param_hi);
  }
  u.signal = code == isa::Opcode::kSignal;
  u.reads = code == isa::Opcode::kLoad;
  u.writes = code == isa::Opcode::kStore || u.signal;
  u.segment = words[0] >> 12 & 0xf;
  return u;
}

bool Machine::share(uint32_t a, uint32_t b) const {
  if (a == b || !config_.alias_check) return true;
  const Segment &s = segments_[a], &t = segments_[b];
  return s.size > 0 && t.size > 0 && s.base < t.base + t.size && t.base < s.base + s.size;
}

bool Machine::conflict(const Use& older, const Use& younger) const {
  if (younger.signal || (older.sp & younger.sp) != 0 || (older.acc & younger.acc) != 0) return true;
  const bool opposed = (older.reads && younger.writes) || (older.writes && younger.reads);
  return opposed && share(older.segment, younger.segment);
}

Course Machine::course(Dma& load, Dma& store, const isa::Instruction& words, Cycle start) const {
  switch (opcode(words)) {
    case isa::Opcode::kLoad:
    case isa::Opcode::kStore: {
      const isa::Load op = isa::Load::unpack(words);
      Dma& dma = opcode(words) == isa::Opcode::kLoad ? load : store;
      return dma.run(op, segments_[op.seg], start, false);
    }
    case isa::Opcode::kSignal: {
      const uint32_t seg = words[0] >> 12 & 0xf;
      const isa::Load op{.seg = seg, .row_bytes = 4, .offset = words[2]};
      return store.run(op, segments_[seg], start, true);
    }
    case isa::Opcode::kMatmul:
      return matmul(config_, isa::Matmul::unpack(words), start);
    case isa::Opcode::kVector:
      return vector(config_, isa::Vector::unpack(words), start);
    default:
      return vset(config_, start);
  }
}

}  // namespace millrace::page
