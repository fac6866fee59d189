// SPDX-License-Identifier: Apache-2.0
// Coverage of what happens between instructions: hazards, sequences in a unit, what is in flight at
// a fault, queues, slots, ring and fetch.
#include <algorithm>
#include <array>
#include <span>

#include "tests/cosim/coverage.h"
#include "tests/cosim/footprint.h"

namespace millrace::cosim {
namespace {

using cycle::Cycle;
using cycle::kNever;
using cycle::Life;
using isa::Opcode;

constexpr std::array kOpcodes = {Opcode::kLoad,   Opcode::kStore, Opcode::kMatmul,
                                 Opcode::kVector, Opcode::kVset,  Opcode::kSignal};

Opcode opcode_of(const Life& life) { return static_cast<Opcode>(life.words[0] & 0xff); }

std::string pair_name(Opcode older, Opcode younger) {
  return opcode_name(older) + ">" + opcode_name(younger);
}

// Whether an instruction can be dispatched while one in the same unit is not complete. Without that
// it never waits for it: one instruction waits, and the next one leaves the queue when complete.
bool overlaps(const isa::Config& c, uint32_t queue) {
  if (c.queue_depth > 1) return true;
  return queue == 2 || (queue == 1 && !c.dma_shared) || (queue == 3 && !c.serial_quant);
}

bool waits_possible(const isa::Config& c, Opcode older, Opcode younger) {
  if (queue_of(c, older) == queue_of(c, younger)) return overlaps(c, queue_of(c, older));
  // A VSET that need not queue is complete before the next instruction is there.
  return older != Opcode::kVset || overlaps(c, 3);
}

// ---- Lists.

void list_hazards(const isa::Config& c, std::vector<std::string>& list) {
  // Every kind that some instructions of these opcodes can have; all-ones masks stand for them.
  const auto widest = [&](Opcode op) {
    Footprint p;
    p.opcode = op;
    const bool matmul = op == Opcode::kMatmul, vector = op == Opcode::kVector;
    const bool load = op == Opcode::kLoad, store = op == Opcode::kStore;
    p.sp_read = store || matmul || vector;
    p.sp_write = load || vector;
    p.acc_read = (store && c.dma_acc) || matmul || vector;
    p.acc_write = (load && c.dma_acc) || matmul || (vector && c.vec_acc);
    return p;
  };
  for (const Opcode older : kOpcodes)
    for (const Opcode younger : kOpcodes) {
      if (!waits_possible(c, older, younger)) continue;
      const std::string name = "hazard/" + pair_name(older, younger) + " ";
      for (const std::string& kind : conflicts(widest(older), widest(younger), 0))
        list.push_back(name + kind);
      const bool write = older == Opcode::kStore || older == Opcode::kSignal;
      const bool raw = write && younger == Opcode::kLoad;
      const bool war = older == Opcode::kLoad && younger == Opcode::kStore;
      for (const char* via : {"segment ", "alias "})
        if (raw || war) list.push_back(name + via + (raw ? "RAW" : "WAR"));
    }
}

void list_sequences(const isa::Config& c, std::vector<std::string>& list) {
  for (const Opcode a : kOpcodes)
    for (const Opcode b : kOpcodes)
      if (queue_of(c, a) == queue_of(c, b) && (a != Opcode::kVset || overlaps(c, 3)))
        list.push_back("sequence/" + pair_name(a, b));
}

void list_context(std::vector<std::string>& list) {
  for (const char* unit : {"fetch", "load", "store", "matmul", "vector"}) {
    list.push_back("context/" + std::string(unit) + " older in flight");
    if (std::string(unit) == "fetch") continue;
    list.push_back("context/" + std::string(unit) + " younger running");
    list.push_back("context/" + std::string(unit) + " younger held");
  }
  list.push_back("context/older fault after decode fault");
  list.push_back("context/older fault after a younger one");
  list.push_back("context/younger fault after an older one");
}

// ---- Detectors.

class FlowFinder {
 public:
  FlowFinder(const Observation& o, std::set<std::string>& found)
      : o_(o), c_(o.program.config), lives_(o.timeline.lives), found_(found) {}
  void find() {
    for (uint32_t i = 0; i < lives_.size(); ++i) {
      if (lives_[i].dispatched == kNever) continue;
      find_stall(i);
      if (lives_[i].started == kNever) continue;
      find_hazards(i);
      find_sequence(i);
    }
    find_order();
    if (o_.outcome.faulted()) find_context();
    find_host();
  }

 private:
  void hit(const std::string& point) { found_.insert(point); }

  // The younger one waited in its queue for something, and started right after the older one.
  void find_hazards(uint32_t i) {
    const Life& y = lives_[i];
    if (y.ready != y.started || y.ready <= y.dispatched + 1) return;
    const Footprint younger = footprint(c_, y.words);
    const uint32_t shared = shares(c_, o_.program.segments, y.words);
    for (uint32_t j = i - std::min(i, static_cast<uint32_t>(c_.slots)); j < i; ++j) {
      const Life& o = lives_[j];
      if (o.done + 1 != y.ready) continue;
      const std::string name = "hazard/" + pair_name(opcode_of(o), opcode_of(y)) + " ";
      for (const std::string& kind : conflicts(footprint(c_, o.words), younger, shared))
        hit(name + kind);
    }
  }

  void find_sequence(uint32_t i) {
    const uint32_t queue = queue_of(c_, opcode_of(lives_[i]));
    for (uint32_t j = i; j-- > 0;) {
      const Life& before = lives_[j];
      if (queue_of(c_, opcode_of(before)) != queue) continue;
      if (before.done != kNever && lives_[i].started <= before.done + 2)
        hit("sequence/" + pair_name(opcode_of(before), opcode_of(lives_[i])));
      return;
    }
  }

  // Why an instruction that was whole in decode was not dispatched.
  void find_stall(uint32_t i) {
    const Life& life = lives_[i];
    if (life.dispatched == life.complete) return;
    const auto slots = static_cast<uint32_t>(c_.slots);
    if (i >= slots && lives_[i - slots].done != kNever &&
        lives_[i - slots].done + 1 == life.dispatched) {
      hit("flow/slots full");
    } else {
      constexpr std::array kQueues = {"load", "store", "matmul", "vector"};
      hit(std::string("flow/queue full ") + kQueues[queue_of(c_, opcode_of(life))]);
    }
    const auto buffered = static_cast<size_t>(c_.fetch_words / isa::kWords);
    const size_t next = i + 1 + buffered;  // whose fetch waits for the place of instruction i + 1
    if (buffered > 0 && next - 1 < o_.timeline.requested.size() &&
        o_.timeline.requested[next - 1] < life.dispatched && next < o_.timeline.requested.size())
      hit("flow/fetch buffer full");
  }

  void find_order() {
    for (uint32_t i = 1; i < lives_.size(); ++i) {
      const Life &o = lives_[i - 1], &y = lives_[i];
      if (y.done != kNever && o.done != kNever && y.done < o.done) hit("flow/out of order");
      if (opcode_of(o) == Opcode::kSignal && y.started != kNever && y.started < o.started)
        hit("flow/signal with younger in flight");
    }
    find_all_busy();
  }

  void find_all_busy() {
    const auto reach = static_cast<size_t>(2 * c_.slots);
    for (size_t i = 0; i < lives_.size(); ++i) {
      const Life& at = lives_[i];
      if (at.started == kNever) continue;
      uint32_t busy = 0;
      const size_t first = i - std::min(i, reach);
      for (const Life& other :
           std::span(lives_).subspan(first).first(std::min(lives_.size() - first, 2 * reach)))
        if (other.started != kNever && other.started <= at.started && other.done > at.started)
          busy |= 1u << queue_of(c_, opcode_of(other));
      const uint32_t all = c_.dma_shared ? 0xe : 0xf;
      if (busy == all) hit("flow/all units busy");
    }
  }

  void find_context() {
    const uint32_t index = o_.outcome.fault_index;
    if (index >= lives_.size()) return;
    const Life& bad = lives_[index];
    const bool decode = bad.done == kNever;
    const Cycle when = decode ? bad.complete : bad.done;
    const std::string unit =
        "context/" + std::string(isa::kUnitNames[static_cast<size_t>(o_.outcome.unit())]);
    for (uint32_t i = 0; i < lives_.size(); ++i) {
      const Life& l = lives_[i];
      if (i < index && l.done > when && l.dispatched != kNever) hit(unit + " older in flight");
      if (i <= index || l.complete == kNever) continue;
      if (l.started < when && l.done > when && l.done != kNever) hit(unit + " younger running");
      if (l.dispatched < when && l.started == kNever) hit(unit + " younger held");
      if (l.stop && l.done < when) hit("context/older fault after a younger one");
      if (l.stop && l.done > when && l.done != kNever)
        hit("context/younger fault after an older one");
      if (l.dispatched == kNever && l.complete < when && decode_fault(i))
        hit("context/older fault after decode fault");
    }
  }

  // The instruction stopped dispatch: it was whole, and there was room for it.
  bool decode_fault(uint32_t i) const {
    const uint32_t opcode = lives_[i].words[0] & 0xff;
    return lives_[i].bus_error || opcode == 0 || opcode > isa::kInstructions.size();
  }

  void find_host() {
    const Program& p = o_.program;
    const uint32_t size = 1u << p.ring_log2;
    if (lives_.size() > size) hit("flow/ring wraps");
    if (lives_.size() > 3 * size) hit("flow/ring wraps three times");
    if (size == 1) hit("flow/ring of one");
    if (p.code.size() > 200 && !o_.outcome.faulted()) hit("flow/long program");
    uint32_t tail = 0;
    for (const Doorbell& bell : p.doorbells) {
      if (bell.tail - tail == 1) hit("flow/one instruction");
      if (tail > 0 && tail < o_.timeline.requested.size()) {
        const Cycle asked = o_.timeline.requested[tail];
        const bool idle = std::ranges::all_of(std::span(lives_).first(tail),
                                              [&](const Life& l) { return l.done < asked; });
        hit(idle ? "flow/doorbell while idle" : "flow/doorbell while busy");
      }
      tail = bell.tail;
    }
  }

  const Observation& o_;
  const isa::Config& c_;
  const std::vector<Life>& lives_;
  std::set<std::string>& found_;
};

}  // namespace

void list_flow(const isa::Config& c, std::vector<std::string>& list) {
  list_hazards(c, list);
  list_sequences(c, list);
  list_context(list);
  for (const char* name : {"store", "matmul", "vector"})
    list.push_back(std::string("flow/queue full ") + name);
  if (!c.dma_shared) list.push_back("flow/queue full load");
  if (c.fetch_words > 0) list.push_back("flow/fetch buffer full");
  for (const char* name :
       {"slots full", "out of order", "signal with younger in flight", "all units busy",
        "ring wraps", "ring wraps three times", "ring of one", "long program", "one instruction",
        "doorbell while idle", "doorbell while busy"})
    list.push_back(std::string("flow/") + name);
}

void find_flow(const Observation& observation, std::set<std::string>& found) {
  FlowFinder(observation, found).find();
}

}  // namespace millrace::cosim
