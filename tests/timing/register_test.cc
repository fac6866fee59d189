// SPDX-License-Identifier: Apache-2.0
// Register accesses, segment scans, counters, interrupts and soft reset on the Verilated machine
// against docs/reference/timing.md.
#include <algorithm>
#include <vector>

#include "tests/timing/bench.h"

namespace millrace::timing {
namespace {

using Program = std::vector<isa::Instruction>;

constexpr uint32_t kIdle = 1u << reg::kStatusIdleLow;
constexpr uint32_t kScan = 1u << reg::kStatusScanLow;

Cycle number(int value) { return static_cast<Cycle>(value); }

// The scan after a write in cycle w: STATUS.scan is up in [first, end).
struct Scan {
  Cycle first, end;
};
Scan scan(const isa::Config& c, Cycle w, bool ring) {
  const Cycle first = w + (ring ? 2 : 1);
  return {first, c.alias_check ? first + number(c.segments) + 1 : first};
}

void look_at_scan(Bench& bench, uint32_t offset, bool ring) {
  const isa::Config& c = bench.config();
  const uint32_t value = bench.read(offset);
  const auto write = [&] {
    bench.run_to(bench.now() + number(c.segments) + 2);
    return bench.write(offset, value);
  };
  Cycle w = write();  // the next write is taken when the scan is over
  EXPECT_EQ(bench.write(reg::kIrqEnable, 0), std::max(w + 2, scan(c, w, ring).end)) << offset;
  const uint32_t cycles = bench.read(reg::kCycles);
  w = write();
  EXPECT_EQ(bench.read_at(w + 2, reg::kStatus), c.alias_check ? kScan : kIdle) << offset;
  if (!c.alias_check) return;
  bench.run_to(scan(c, w, ring).end);
  EXPECT_EQ(bench.read(reg::kCycles), cycles + number(c.segments) + 1) << offset;
  w = write();
  EXPECT_EQ(bench.read_at(scan(c, w, ring).end - 1, reg::kStatus), kScan) << offset;
  w = write();
  EXPECT_EQ(bench.read_at(scan(c, w, ring).end, reg::kStatus), kIdle) << offset;
}

TEST(Timing, SegmentScan) {
  for (const char* config : kConfigs) {
    auto bench = Bench::open(config, "ideal");
    if (!bench) continue;
    for (uint32_t offset : {reg::kSegBase, reg::kSegSize, reg::kSegCtrl})
      look_at_scan(*bench, offset + reg::kSegStride, false);
    for (uint32_t offset : {reg::kRingBase, reg::kRingLog2}) look_at_scan(*bench, offset, true);
    bench->report("registers: scan, and the write after it", 5 * 5);
  }
}

// The machine has run one instruction, of unit `unit`, from `start` to `done`, after a doorbell:
// each cycle is busy or empty in every unit, and nothing has waited.
void look_at_units(Bench& bench, Cycle doorbell, Cycle start, Cycle done, uint32_t unit) {
  const bool counters = bench.config().counters;
  for (uint32_t u = 0; u < 4; ++u) {
    const Cycle busy = u == unit ? done - start + 1 : 0;
    EXPECT_EQ(bench.read(busy_counter(u)), counters ? busy : 0) << u << " of " << unit;
    for (uint32_t v = 0; v < 4; ++v) {
      const Cycle empty = counters && u == v ? done - doorbell - busy : 0;
      EXPECT_EQ(bench.read(stall_counter(u, v)), empty) << u << " for " << v << " of " << unit;
    }
  }
}

// All counters, of one instruction: a memory of latency 12, a burst of 4 beats.
TEST(Timing, Counters) {
  for (const char* config : kConfigs) {
    auto bench = Bench::open(config, "fixed:12:0");
    if (!bench) continue;
    const isa::Config& c = bench->config();
    isa::Matmul m;
    m.n_ox = 30, m.n_ct = 3, m.b = static_cast<uint32_t>(c.sp_rows), m.b_hi = 1;
    isa::Vector v;
    v.n2 = 20;
    const isa::Load load{.seg = kData, .row_bytes = 4 * static_cast<uint32_t>(c.dim)};
    isa::Instruction store = load.pack();
    store[0] ^=
        static_cast<uint32_t>(isa::Opcode::kLoad) ^ static_cast<uint32_t>(isa::Opcode::kStore);
    const isa::Instruction all[] = {load.pack(), store, m.pack(), v.pack()};
    for (uint32_t unit = 0; unit < 4; ++unit) {
      bench->soft_reset();
      const Program program = {all[unit]};
      const Cycle t = bench->start(program);
      const page::Times times = bench->page().run(t, bench->ring_address(), program)[0];
      const Cycle s = times.start, e = times.course.done;
      bench->wait(1);
      look_at_units(*bench, t, s, e, times.unit);
      const auto memory = [&](bool moves, Cycle cycles) {
        return c.counters && moves ? cycles : 0;
      };
      EXPECT_EQ(bench->read(reg::kMemoryLoad), memory(unit == 0, 12)) << config;
      EXPECT_EQ(bench->read(reg::kMemoryStore), memory(unit == 1, 3 + 12)) << config;
      EXPECT_EQ(bench->read(reg::kCyclesHi), 0u) << config;
      EXPECT_EQ(bench->read(reg::kCycles), e - t) << config << " unit " << unit;
      const Cycle steps = unit == 2 ? page::matmul_tiles(m) * page::matmul_rows(m) : 0;
      EXPECT_EQ(bench->read(reg::kMatmulSteps), c.counters ? steps : 0) << config;
    }
    bench->report("counters", 4 * (4 + 16 + 5));
  }
}

// While a MATMUL runs: row r of tile k is counted from c + dim + 4 + k * P + r on.
TEST(Timing, MatmulSteps) {
  for (const char* config : kConfigs) {
    auto bench = Bench::open(config, "ideal");
    if (!bench) continue;
    const isa::Config& c = bench->config();
    if (!c.counters) {
      bench->skip("counters: MATMUL_STEPS on the way", "counters = 0");
      continue;
    }
    isa::Matmul m;
    m.n_ox = 5, m.n_ct = 3, m.b = static_cast<uint32_t>(c.sp_rows), m.b_hi = 1;
    uint64_t points = 0;
    for (Cycle after = 0; after < 70; after += 3) {
      bench->soft_reset();
      const Cycle t = bench->start(Program{m.pack()});
      const Cycle now = bench->page().first_start(t, bench->ring_address()) + after;
      Cycle steps = 0;
      for (Cycle k = 0; k < 3; ++k)
        for (Cycle r = 0; r < 5; ++r)
          steps += now >= now - after + number(c.dim) + 4 + k * std::max(5, c.dim) + r;
      EXPECT_EQ(bench->read_at(now, reg::kMatmulSteps), steps) << config << " after " << after;
      bench->wait(1);
      ++points;
    }
    bench->report("counters: MATMUL_STEPS on the way", points);
  }
}

// SIGNAL_VALUE and IRQ_STATUS show a SIGNAL in the cycle after its done, and so does the interrupt.
TEST(Timing, SignalIsSeen) {
  for (const char* config : kConfigs)
    for (const char* memory : {"ideal", "fixed:20:0"}) {
      auto bench = Bench::open(config, memory);
      if (!bench) continue;
      for (uint32_t look : {0u, 1u}) {
        for (uint32_t offset : {reg::kSignalValue, reg::kIrqStatus, reg::kStatus}) {
          bench->soft_reset();
          bench->write(reg::kIrqEnable, 1);
          const Program program = {isa::Signal{.irq = 1, .seg = kData, .value = 1}.pack()};
          const Cycle t = bench->start(program);
          const Cycle done = bench->page().run(t, bench->ring_address(), program)[0].course.done;
          const bool none = offset == reg::kSignalValue && !bench->config().signal_register;
          EXPECT_EQ(bench->read_at(done + look, offset) & 1, none ? 0 : look)
              << config << " " << offset;
        }
        bench->soft_reset();
        bench->write(reg::kIrqEnable, 1);
        const Program program = {isa::Signal{.irq = 1, .seg = kData, .value = 1}.pack()};
        const Cycle t = bench->start(program);
        const Cycle done = bench->page().run(t, bench->ring_address(), program)[0].course.done;
        bench->run_to(done + look);
        EXPECT_EQ(bench->device().irq(), look == 1) << config;
      }
      bench->report("SIGNAL: registers and interrupt", 8);
    }
}

// STATUS: which port waits. A LOAD's address is offered a cycle after its start.
TEST(Timing, Waits) {
  for (const char* config : kConfigs)
    for (Cycle l : {6, 25}) {
      auto bench = Bench::open(config, "fixed:" + std::to_string(l) + ":0");
      if (!bench) continue;
      const Program program = {
          isa::Load{.seg = kData, .row_bytes = 4 * static_cast<uint32_t>(bench->config().dim)}
              .pack()};
      const Cycle from_start = l + 4;  // of the last beat
      for (Cycle after : {Cycle{0}, Cycle{1}, from_start, from_start + 1}) {
        const Cycle t = bench->start(program);
        const Cycle s = bench->page().first_start(t, bench->ring_address());
        const uint32_t status = bench->read_at(s + after, reg::kStatus);
        EXPECT_EQ(status >> reg::kStatusReadWaitLow & 1, after >= 1 && after <= from_start);
        bench->wait(1);
      }
      for (Cycle late : {0, 1}) {
        const Cycle t = bench->start(program);
        const uint32_t status = bench->read_at(t + 1 + l + 7 + late, reg::kStatus);
        EXPECT_EQ(status >> reg::kStatusFetchWaitLow & 1, !late);
        bench->wait(1);
      }
      bench->report("STATUS: waiting for the memory", 6);
    }
}

// ---- Soft reset. STATUS.resetting is up from w + 1 to the cycle after the first one with nothing
// outstanding; the machine is idle in the next.

// The write's handshake is in w and the last response in `response` (0: nothing is outstanding).
void look_at_reset(Bench& bench, Cycle w, Cycle response, bool late, const std::string& what) {
  const Cycle quiet = std::max(w, response) + 1;
  const uint32_t status = bench.read_at(quiet + 1 + late, reg::kStatus);
  EXPECT_EQ(status, late ? kIdle : 1u << reg::kStatusResettingLow) << what;
}

TEST(Timing, SoftReset) {
  for (const char* config : kConfigs)
    for (Cycle l : {1, 25, 60}) {
      auto bench = Bench::open(config, "fixed:" + std::to_string(l) + ":0");
      if (!bench) continue;
      const isa::Config& c = bench->config();
      isa::Load op{.seg = kData, .row_bytes = 4 * static_cast<uint32_t>(c.dim)};
      isa::Instruction store = op.pack();
      store[0] ^=
          static_cast<uint32_t>(isa::Opcode::kLoad) ^ static_cast<uint32_t>(isa::Opcode::kStore);
      for (bool late : {false, true}) {
        bench->soft_reset();
        look_at_reset(*bench, bench->write(reg::kCtrl, 1), 0, late, "idle");
        bench->soft_reset();  // the instruction is being fetched
        Cycle t = bench->start(Program{store});
        look_at_reset(*bench, bench->write(reg::kCtrl, 1), t + 1 + l + 7, late, "fetch");
        bench->soft_reset();  // the LOAD's burst is on its way
        t = bench->start(Program{op.pack()});
        Cycle s = bench->page().first_start(t, bench->ring_address());
        bench->run_to(s + 1);
        look_at_reset(*bench, bench->write(reg::kCtrl, 1), s + 1 + l + 3, late, "LOAD");
        bench->soft_reset();  // the STORE owes its beats
        t = bench->start(Program{store});
        s = bench->page().first_start(t, bench->ring_address());
        bench->run_to(s + 1);
        look_at_reset(*bench, bench->write(reg::kCtrl, 1), s + 4 + 3 + l, late, "STORE");
      }
      bench->report("soft reset", 8);
    }
}

}  // namespace
}  // namespace millrace::timing
