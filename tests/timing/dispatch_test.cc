// SPDX-License-Identifier: Apache-2.0
// Fetch, decode, dispatch, start and fault stop on the Verilated machine against
// docs/reference/timing.md.
#include <algorithm>
#include <vector>

#include "tests/timing/bench.h"

namespace millrace::timing {
namespace {

using Program = std::vector<isa::Instruction>;

const isa::Instruction kVset = isa::Vset{}.pack();

Cycle vset_time(const isa::Config& c) { return c.serial_quant ? 1 : 21; }
// From the doorbell to the first dispatch, and from dispatch to dispatch, on a memory of latency l.
Cycle first_dispatch(const isa::Config& c, Cycle l) { return l + (c.fetch_words ? 10 : 9); }
Cycle period(const isa::Config& c, Cycle l) { return c.fetch_words ? 9 : 9 + l; }

// A long MATMUL on banks that the others leave alone.
isa::Matmul long_matmul(uint32_t rows, uint32_t tiles) {
  isa::Matmul m;
  m.n_ox = rows;
  m.n_ct = tiles;
  return m;
}

isa::Matmul with_b(const isa::Config& c, isa::Matmul m, uint32_t bank) {
  m.b = bank * static_cast<uint32_t>(c.sp_rows);
  m.b_hi = bank;
  return m;
}

template <typename Body>
void for_all(const std::vector<Cycle>& latencies, const Body& body) {
  for (const char* config : kConfigs)
    for (Cycle l : latencies) {
      auto bench = Bench::open(config, "fixed:" + std::to_string(l) + ":0");
      if (bench && !testing::Test::HasFailure()) body(*bench, bench->config(), l);
    }
}

TEST(Timing, DoorbellToDispatch) {
  for_all({1, 7, 50}, [](Bench& bench, const isa::Config& c, Cycle l) {
    for (uint32_t look : {0u, 1u}) {  // RING_HEAD counts it in the cycle after its dispatch
      bench.soft_reset();
      const Cycle d = bench.start(Program{kVset}) + first_dispatch(c, l);
      EXPECT_EQ(bench.read_at(d + look, reg::kRingHead), look) << c.name << " latency " << l;
      EXPECT_EQ(bench.wait(1).at(0).cycle, d + 1 + vset_time(c)) << c.name << " latency " << l;
    }
    bench.report("doorbell to dispatch", 4);
  });
}

TEST(Timing, DispatchRate) {
  for_all({1, 4, 30}, [](Bench& bench, const isa::Config& c, Cycle l) {
    const size_t count = c.fetch_words ? static_cast<size_t>(c.fetch_words) / 8 : 6;
    const Cycle t = bench.start(Program(count, kVset));
    const std::vector<Retirement>& got = bench.wait(count);
    ASSERT_EQ(got.size(), count);
    for (size_t k = 0; k < count; ++k)
      EXPECT_EQ(got[k].cycle, t + first_dispatch(c, l) + k * period(c, l) + 1 + vset_time(c));
    bench.report("dispatch: instruction after instruction", count);
  });
}

// The prefetch buffer holds fetch_words / 8 instructions: the next one is asked for when the first
// has left it.
TEST(Timing, FetchBuffer) {
  for_all({20, 200}, [](Bench& bench, const isa::Config& c, Cycle l) {
    if (c.fetch_words == 0)
      return bench.skip("fetch: room in the prefetch buffer", "fetch_words = 0");
    const size_t room = static_cast<size_t>(c.fetch_words) / 8, count = 3 * room + 1;
    const Cycle t = bench.start(Program(count, kVset));
    const std::vector<Retirement>& got = bench.wait(count);
    ASSERT_EQ(got.size(), count);
    std::vector<Cycle> d;
    for (size_t k = 0; k < count; ++k) {
      d.push_back(t + first_dispatch(c, l));
      if (k > 0) d[k] = std::max(d[k], d[k - 1] + 9);
      if (k >= room) d[k] = std::max(d[k], d[k - room] + 9 + l);
      EXPECT_EQ(got[k].cycle, d[k] + 1 + vset_time(c)) << c.name << " instruction " << k;
    }
    bench.report("fetch: room in the prefetch buffer", count);
  });
}

// A slot that completes in e takes another instruction in e + 1.
TEST(Timing, SlotReuse) {
  for_all({1, 9}, [](Bench& bench, const isa::Config& c, Cycle l) {
    const size_t slots = static_cast<size_t>(c.slots);
    for (uint32_t tiles : {6u, 7u}) {
      Program program(slots + 1, kVset);
      const isa::Matmul m = with_b(c, long_matmul(97, tiles), 1);
      program[0] = m.pack();
      const Cycle t = bench.start(program);
      const Cycle e = page::matmul(c, m, t + first_dispatch(c, l) + 1).done;
      const std::vector<Retirement>& got = bench.wait(program.size());
      ASSERT_EQ(got.size(), program.size());
      EXPECT_EQ(got[slots - 1], (Retirement{e, 2, 0, isa::Fault::kNone}));
      EXPECT_EQ(got[slots].cycle, e + 1 + 1 + vset_time(c)) << c.name;
    }
    bench.report("dispatch: a slot is used again", 2);
  });
}

// A full queue holds up dispatch until the cycle after its head is popped.
TEST(Timing, QueueFull) {
  for_all({1, 9}, [](Bench& bench, const isa::Config& c, Cycle l) {
    const size_t depth = static_cast<size_t>(c.queue_depth);
    for (uint32_t tiles : {6u, 7u}) {
      const isa::Matmul m = with_b(c, long_matmul(97, tiles), 1);
      Program program(depth + 1, m.pack());
      program.push_back(kVset);
      const Cycle t = bench.start(program);
      const Cycle pop = page::matmul(c, m, t + first_dispatch(c, l) + 1).pop;
      const Cycle vset = pop + 1 + period(c, l) + 1 + vset_time(c);
      const std::vector<Retirement>& got = bench.wait(program.size());
      ASSERT_EQ(got.size(), program.size());
      for (const Retirement& r : got)
        EXPECT_TRUE(r.unit == 2 || r.cycle == vset) << c.name << " cycle " << r.cycle;
    }
    bench.report("dispatch: a full queue", 2);
  });
}

// ---- Waiting for older slots.

struct Pair {
  const char* what;
  isa::Instruction older, younger;
  bool waits;
};

isa::Load load(const isa::Config& c, uint32_t bank, uint32_t seg) {
  return {.seg = seg,
          .row_bytes = 64,
          .dst = bank * static_cast<uint32_t>(c.sp_rows),
          .dst_hi = bank,
          .rows = 8,
          .mem_row = 64};
}
isa::Instruction store(const isa::Config& c, uint32_t bank, uint32_t seg) {
  isa::Instruction words = load(c, bank, seg).pack();
  words[0] = (words[0] & ~0xffu) | static_cast<uint32_t>(isa::Opcode::kStore);
  return words;
}
isa::Vector vector(const isa::Config& c, uint32_t from, uint32_t to) {
  const uint32_t rows = static_cast<uint32_t>(c.sp_rows);
  isa::Vector v;
  v.src1_kind = isa::Source::kSp;
  v.src1 = from * rows, v.src1_hi = from;
  v.dst = to * rows, v.dst_hi = to;
  v.n2 = 50;
  return v;
}

std::vector<Pair> pairs(const isa::Config& c) {
  const bool apart = c.alias_check;  // segments apart are known to be so
  const isa::Instruction matmul = with_b(c, long_matmul(97, 2), 1).pack();
  isa::Matmul third_bank = long_matmul(97, 2);
  third_bank.a = 2 * static_cast<uint32_t>(c.sp_rows), third_bank.a_hi = 2;
  const isa::Instruction other_matmul = with_b(c, third_bank, 3).pack();
  isa::Vector from_acc = vector(c, 0, 2);
  from_acc.src1_kind = isa::Source::kAcc;
  const isa::Instruction signal = isa::Signal{.seg = kOther, .value = 1}.pack();
  return {
      {"MATMUL, VECTOR of its accumulators", matmul, from_acc.pack(), true},
      {"VECTOR of accumulators, MATMUL to them", from_acc.pack(), matmul, true},
      {"MATMUL, MATMUL to its accumulators", matmul, other_matmul, true},
      {"MATMUL, VECTOR elsewhere", matmul, vector(c, 2, 3).pack(), false},
      {"MATMUL, STORE of its A", matmul, store(c, 0, kData), true},
      {"VECTOR, MATMUL with its source", vector(c, 0, 3).pack(), matmul, true},
      {"VECTOR, STORE of its result", vector(c, 0, 3).pack(), store(c, 3, kData), true},
      {"LOAD, MATMUL with it", load(c, 1, kData).pack(), matmul, true},
      {"LOAD, VECTOR elsewhere", load(c, 1, kData).pack(), vector(c, 2, 3).pack(), false},
      {"LOAD, STORE to its segment", load(c, 1, kData).pack(), store(c, 2, kData), true},
      {"STORE, LOAD from its segment", store(c, 2, kData), load(c, 1, kData).pack(), true},
      {"STORE, LOAD from another one", store(c, 2, kData), load(c, 1, kOther).pack(), !apart},
      {"MATMUL, SIGNAL", matmul, signal, true},
      {"SIGNAL, VECTOR", signal, vector(c, 2, 3).pack(), false},
      {"SIGNAL, LOAD from its segment", signal, load(c, 1, kOther).pack(), true},
  };
}

TEST(Timing, WaitForOlder) {
  for_all({1, 40}, [](Bench& bench, const isa::Config& c, Cycle l) {
    uint64_t points = 0;
    for (const Pair& p : pairs(c)) {
      const Program program = {p.older, p.younger};
      page::Memory same({.latency = l});
      const auto times = page::Machine(c, same, bench.segments()).run(0, 0, program);
      const Cycle done = times[0].course.done, dispatch = times[1].dispatch;
      EXPECT_EQ(times[1].start, (p.waits ? std::max(done, dispatch) : dispatch) + 1) << p.what;
      if (!bench.check(program, p.what)) return;
      points += done > dispatch;  // the others show nothing
    }
    bench.report("start: done of an older slot + 1, or at once", points);
  });
}

// ---- Faults.

// MATMUL that faults in row `row`, then VSETs: those that start no later than the fault's done in e
// run, those dispatched no later count. The record is final in the cycle after the last one's done.
void stop_at(Bench& bench, uint32_t row, bool late) {
  const isa::Config& c = bench.config();
  isa::Matmul m = with_b(c, long_matmul(row + 2, 1), 2);
  m.a = static_cast<uint32_t>(c.sp_rows) - row;
  m.a_ox = 1;
  m.a_hi = 0;
  Program program(static_cast<size_t>(c.slots), kVset);
  program[0] = m.pack();
  const Cycle t = bench.start(program);
  const Cycle d0 = t + first_dispatch(c, 1);
  const Cycle e = page::matmul_fault(c, m, d0 + 1, 0, row).done;
  std::vector<Retirement> expected = {{e, 2, 0, isa::Fault::kBank}};
  uint32_t head = 1;
  Cycle last = e;
  for (uint32_t k = 1; k < program.size(); ++k) {
    const Cycle d = d0 + k * period(c, 1), done = d + 1 + vset_time(c);
    head += d <= e;
    if (d + 1 > e) continue;
    expected.push_back({done, 3, k, isa::Fault::kNone});
    last = std::max(last, done);
  }
  const uint32_t status = bench.read_at(last + late, reg::kStatus);
  EXPECT_EQ(status >> reg::kStatusFaultLow & 1, late) << c.name << " row " << row;
  std::vector<Retirement> got = bench.wait(program.size(), 300);
  EXPECT_EQ(bench.read(reg::kRingHead), head) << c.name << " row " << row;
  const auto order = [](const Retirement& r) { return std::pair(r.cycle, r.unit); };
  std::ranges::sort(expected, {}, order);
  EXPECT_EQ(got.size(), expected.size()) << c.name << " row " << row;
  EXPECT_TRUE(got == expected) << c.name << " row " << row;
  bench.soft_reset();
}

TEST(Timing, FaultStop) {
  for_all({1}, [](Bench& bench, const isa::Config&, Cycle) {
    for (uint32_t row = 1; row < 24 && !HasFailure(); ++row)
      for (bool late : {false, true}) stop_at(bench, row, late);
    bench.report("fault: what starts, what is dispatched, the end", 2 * 23);
  });
}

// What is older than the fault and waits still starts.
TEST(Timing, OlderStartsAfterFault) {
  for_all({1, 30}, [](Bench& bench, const isa::Config& c, Cycle) {
    isa::Vector waiting = vector(c, 0, 2);
    waiting.src1_kind = isa::Source::kAcc;
    isa::Load closed = load(c, 3, kClosed);
    const Program program = {with_b(c, long_matmul(97, 3), 1).pack(), waiting.pack(),
                             closed.pack()};
    for (uint32_t look : {0u, 1u}) {
      const Cycle t = bench.start(program);
      const auto times = bench.page().run(t, bench.ring_address(), program);
      const Cycle last = times[1].course.done;
      EXPECT_EQ(times[1].start, times[0].course.done + 1);
      EXPECT_LT(times[2].course.done, times[1].start);
      EXPECT_EQ(bench.read_at(last + look, reg::kStatus) >> reg::kStatusFaultLow & 1, look);
      const std::vector<Retirement>& got = bench.wait(3);
      ASSERT_EQ(got.size(), 3u);
      EXPECT_EQ(got[0].cycle, times[2].course.done);
      EXPECT_EQ(got[2].cycle, last);
      bench.soft_reset();
    }
    bench.report("fault: older instructions start and complete", 2);
  });
}

// An instruction that decode refuses stops the machine in the cycle in which it is whole.
TEST(Timing, DecodeFault) {
  for_all({1, 30}, [](Bench& bench, const isa::Config& c, Cycle l) {
    constexpr uint32_t kIrq = 1u << reg::kIrqStatusFaultLow;
    for (uint32_t rows : {1u, 40u})
      for (uint32_t look : {0u, 1u, 2u}) {
        const isa::Matmul m = with_b(c, long_matmul(rows, 1), 1);
        const Program program = {m.pack(), isa::Instruction{}, kVset};
        const Cycle d = bench.start(program) + first_dispatch(c, l);
        const Cycle last = std::max(d + period(c, l), page::matmul(c, m, d + 1).done);
        const bool irq = look == 2 || (rows == 1 && look == 1);  // a cycle after STATUS
        const uint32_t seen = bench.read_at(last + look, irq ? reg::kIrqStatus : reg::kStatus);
        const uint32_t status = look << reg::kStatusFaultLow;
        EXPECT_EQ(seen, irq ? (look == 2 ? kIrq : 0) : status) << c.name << " rows " << rows;
        EXPECT_EQ(bench.wait(3, 300).size(), 1u);
        EXPECT_EQ(bench.read(reg::kRingHead), 1u);
        bench.soft_reset();
      }
    bench.report("fault: of decode", 6);
  });
}

// ... whether or not there is a slot for it. The record shows it in the next cycle.
TEST(Timing, DecodeFaultWithoutSlot) {
  for_all({1, 7}, [](Bench& bench, const isa::Config& c, Cycle l) {
    for (uint32_t look : {0u, 1u}) {
      const isa::Matmul m = with_b(c, long_matmul(97, 9), 1);
      Program program(static_cast<size_t>(c.slots) + 1, kVset);
      program.front() = m.pack();
      program.back() = isa::Instruction{};
      const Cycle d = bench.start(program) + first_dispatch(c, l);
      const Cycle whole = d + (program.size() - 1) * period(c, l);
      EXPECT_LT(whole + 1, page::matmul(c, m, d + 1).done);
      const uint32_t code = bench.read_at(whole + look, reg::kFault) & 0xf;
      EXPECT_EQ(code, look * static_cast<uint32_t>(isa::Fault::kIllegal)) << c.name;
      bench.wait(program.size(), 2000);
      bench.soft_reset();
    }
    bench.report("fault: of decode, without a slot", 2);
  });
}

}  // namespace
}  // namespace millrace::timing
