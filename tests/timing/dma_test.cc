// SPDX-License-Identifier: Apache-2.0
// LOAD, STORE and SIGNAL on the Verilated machine against the recurrences of
// docs/reference/timing.md, and against its closed forms where those hold.
#include <random>
#include <vector>

#include "tests/timing/bench.h"

namespace millrace::timing {
namespace {

using isa::Load;

// Fields of a LOAD or STORE of all banks.
Load transfer(const isa::Config& c, isa::Space space) {
  Load op;
  op.space = space;
  op.seg = kData;
  op.dst_hi = static_cast<uint32_t>(space == isa::Space::kSp ? c.sp_banks : c.acc_banks) - 1;
  return op;
}

isa::Instruction as_store(const Load& op) {
  isa::Instruction words = op.pack();
  words[0] = (words[0] & ~0xffu) | static_cast<uint32_t>(isa::Opcode::kStore);
  return words;
}

std::vector<Load> transfers(const isa::Config& c) {
  const uint32_t dim = static_cast<uint32_t>(c.dim), unit = c.dma_unaligned ? 1 : dim;
  const uint32_t block = dim * static_cast<uint32_t>(c.dma_burst);
  std::vector<Load> points;
  for (isa::Space space : dma_spaces(c))
    for (uint32_t bytes :
         {unit, dim, dim + unit, 3 * dim - unit, block - unit, block + dim, 2 * block + 5 * unit})
      for (uint32_t low : {0u, unit, dim - unit, block - dim + unit})
        for (uint32_t rows : {1u, 2u, 5u}) {
          Load op = transfer(c, space);
          op.row_bytes = bytes ? bytes : dim;
          op.offset = low % block;
          op.rows = rows;
          op.mem_row = rows > 2 ? op.row_bytes : (op.row_bytes + 3 * unit) / unit * unit;
          if (c.dma_planes && rows == 5) op.planes = 2, op.mem_plane = 9 * unit;
          points.push_back(op);
        }
  return points;
}

void skip_acc(const Bench& bench) {
  if (!bench.config().dma_acc) bench.skip("LOAD, STORE: of accumulators", "dma_acc = 0");
}

std::string name(const char* what, const Load& op) {
  return std::string(what) + " " + std::to_string(op.planes) + " x " + std::to_string(op.rows) +
         " rows of " + std::to_string(op.row_bytes) + " bytes, offset " + std::to_string(op.offset);
}

constexpr const char* kMemories[] = {"ideal",           "fixed:3:0",   "fixed:30:0",
                                     "fixed:7:3",       "fixed:90:16", "random:5:9:0:30",
                                     "random:6:40:0:60"};

// One instruction at a time.
void sweep(Bench& bench, bool store) {
  const char* what = store ? "STORE" : "LOAD";
  uint64_t points = 0;
  for (const Load& op : transfers(bench.config())) {
    const isa::Instruction words[] = {store ? as_store(op) : op.pack()};
    if (!bench.check(words, name(what, op))) return;
    ++points;
  }
  bench.report((std::string(what) + ": recurrence, alone").c_str(), points);
  skip_acc(bench);
}

TEST(Timing, LoadAlone) {
  for (const char* config : kConfigs)
    for (const char* memory : kMemories)
      if (auto bench = Bench::open(config, memory)) sweep(*bench, false);
}

TEST(Timing, StoreAlone) {
  for (const char* config : kConfigs)
    for (const char* memory : kMemories)
      if (auto bench = Bench::open(config, memory)) sweep(*bench, true);
}

// ---- Closed forms: no stalls, latency `l`, `b` bytes a cycle (0: no limit).

struct Beats {
  std::vector<Cycle> bursts;  // beats of each
  Cycle all = 0;
  bool spill = false;  // of the last row
};

Beats beats_of(const isa::Config& c, const page::Segment& segment, const Load& op) {
  Beats beats;
  const uint32_t dim = static_cast<uint32_t>(c.dim);
  const uint32_t block = dim * static_cast<uint32_t>(c.dma_burst);
  for (uint32_t i2 = 0; i2 < op.planes; ++i2)
    for (uint32_t i1 = 0; i1 < op.rows; ++i1) {
      const uint32_t first = segment.base + op.offset + i2 * op.mem_plane + i1 * op.mem_row;
      const uint32_t last = first + op.row_bytes - 1;
      for (uint32_t k = first / block; k <= last / block; ++k) {
        const uint32_t from = std::max(first, k * block), to = std::min(last, (k + 1) * block - 1);
        beats.bursts.push_back(to / dim - from / dim + 1);
        beats.all += beats.bursts.back();
      }
      beats.spill = first % dim + (op.row_bytes - 1) % dim >= dim;
    }
  return beats;
}

// Whether any `outstanding` - 1 bursts in a row have `cycles` beats.
bool covered(const Beats& beats, size_t outstanding, Cycle cycles) {
  if (beats.bursts.size() <= outstanding) return true;
  for (size_t i = 0; i + outstanding <= beats.bursts.size(); ++i) {
    Cycle sum = 0;
    for (size_t k = 1; k < outstanding; ++k) sum += beats.bursts[i + k];
    if (sum < cycles) return false;
  }
  return true;
}

// Nothing if the closed form does not hold.
std::optional<Cycle> load_done(const isa::Config& c, const Beats& n, Cycle s, Cycle l, Cycle b) {
  const Cycle realign = c.dma_unaligned && !n.spill ? 1 : 0;
  const size_t o = static_cast<size_t>(c.dma_outstanding);
  if (b == 0 && o == 1) return s + n.bursts.size() * l + n.all + 1 + realign;
  if (b == 0 ? !covered(n, o, l) : n.bursts.size() > o) return std::nullopt;
  const Cycle w = static_cast<Cycle>(c.dim);
  const Cycle moving = b == 0 ? n.all - 1 : std::max(n.all - 1, (n.all - 1) * w / b);
  return s + 1 + l + moving + 1 + realign;
}

std::optional<Cycle> store_done(const isa::Config& c, const Beats& n, Cycle s, Cycle l, Cycle b) {
  const size_t o = static_cast<size_t>(c.dma_outstanding);
  if (b != 0 && n.bursts.size() > 1) return std::nullopt;
  if (o == 1) return s + n.bursts.size() * (l + 3) + n.all + 1;
  if (!covered(n, o, l + 3)) return std::nullopt;
  return s + 3 + n.all + l + 1;
}

void closed_forms(Bench& bench, Cycle l, Cycle b, bool store) {
  const isa::Config& c = bench.config();
  uint64_t points = 0;
  for (const Load& op : transfers(c)) {
    const Beats n = beats_of(c, bench.segments()[op.seg], op);
    if (!(store ? store_done(c, n, 0, l, b) : load_done(c, n, 0, l, b))) continue;
    const auto course = [&](Cycle s) {
      return page::Course{0, store ? *store_done(c, n, s, l, b) : *load_done(c, n, s, l, b)};
    };
    const isa::Instruction words = store ? as_store(op) : op.pack();
    const char* what = store ? "STORE" : "LOAD";
    if (!bench.check_one(words, isa::Fault::kNone, course, name(what, op))) return;
    bench.run_to(bench.now() + (b != 0 ? 400 : 0));  // the bus is free again
    ++points;
  }
  bench.report(store ? "STORE: closed form" : "LOAD: closed form", points);
  skip_acc(bench);
}

TEST(Timing, DmaClosedForms) {
  for (const char* config : kConfigs)
    for (Cycle l : {1, 5, 40})
      for (Cycle b : {0, 3, 16})
        for (bool store : {false, true}) {
          const std::string memory = "fixed:" + std::to_string(l) + ":" + std::to_string(b);
          if (auto bench = Bench::open(config, memory)) closed_forms(*bench, l, b, store);
        }
}

// ---- Several in a row: overlap, room in the queues, bursts in flight. No limit on bandwidth.

// Random short transfers; SIGNALs among the stores. Loads read kOther and stores write kData, so
// that only banks and the engines themselves hold anything back.
std::vector<isa::Instruction> sequence(const isa::Config& c, uint32_t seed, bool loads,
                                       bool stores) {
  std::mt19937 rng(seed);
  const auto below = [&](uint32_t n) { return static_cast<uint32_t>(rng() % n); };
  const uint32_t dim = static_cast<uint32_t>(c.dim), unit = c.dma_unaligned ? 1 : dim;
  std::vector<isa::Instruction> program;
  for (int i = 0; i < 24; ++i) {
    const bool store = stores && (!loads || below(2));
    Load op = transfer(c, below(2) || !c.dma_acc ? isa::Space::kSp : isa::Space::kAcc);
    op.dst_hi = below(op.dst_hi + 1);  // words beyond would fault: rows stay short
    op.seg = store ? kData : kOther;
    op.row_bytes = unit * (1 + below(below(4) ? 4 * dim / unit : 40 * dim / unit));
    op.offset = unit * below(512);
    op.rows = 1 + below(below(3) ? 3 : 20);
    op.mem_row = unit * below(64);
    program.push_back(store ? as_store(op) : op.pack());
    if (store && below(6) == 0)
      program.push_back(isa::Signal{.seg = kData, .offset = below(256), .value = 1}.pack());
  }
  return program;
}

void sequences(Bench& bench, bool loads, bool stores) {
  uint64_t points = 0;
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    const auto program = sequence(bench.config(), seed, loads, stores);
    if (!bench.check(program, "sequence " + std::to_string(seed))) return;
    points += program.size();
  }
  bench.report(loads && stores ? "LOAD, STORE, SIGNAL: recurrence, mixed"
               : loads         ? "LOAD: recurrence, in a row"
                               : "STORE, SIGNAL: recurrence, in a row",
               points);
}

TEST(Timing, DmaSequences) {
  for (const char* config : kConfigs)
    for (const char* memory : {"ideal", "fixed:60:0", "random:8:20:0:40"})
      for (int mix : {1, 2, 3})
        if (auto bench = Bench::open(config, memory)) sequences(*bench, mix & 1, mix & 2);
}

// ---- Faults. Only where the segment ends an instruction, or a STORE meets a word outside its
// banks, do they change its time.

struct DmaFault {
  isa::Instruction words;
  isa::Fault fault;
};

std::vector<DmaFault> faults(const isa::Config& c, const page::Segment& small) {
  const uint32_t size = static_cast<uint32_t>(small.size);
  const uint32_t dim = static_cast<uint32_t>(c.dim);
  std::vector<DmaFault> list;
  for (bool store : {false, true})
    for (isa::Space space : dma_spaces(c))
      for (uint32_t rows : {1u, 2u, 4u}) {
        Load op = transfer(c, space);
        op.row_bytes = 6 * dim;
        op.rows = rows;
        const auto add = [&](const Load& f, isa::Fault fault) {
          list.push_back({store ? as_store(f) : f.pack(), fault});
        };
        Load closed = op;
        closed.seg = kClosed;
        add(closed, isa::Fault::kPermission);
        Load beyond = op;  // the last row
        beyond.seg = kShort;
        beyond.row_bytes = dim;
        beyond.offset = size - (rows - 1) * dim;
        beyond.mem_row = dim;
        if (beyond.offset <= size) add(beyond, isa::Fault::kSegment);
        Load bank = op;  // words of the last row, and of others before
        bank.dst_hi = 0;
        const uint32_t end =
            static_cast<uint32_t>(space == isa::Space::kSp ? c.sp_rows : c.acc_rows);
        bank.chip_row = 1;
        bank.dst = end - rows;
        add(bank, isa::Fault::kBank);
      }
  for (bool store : {false, true}) {  // the first burst is refused, or the second
    Load refused = transfer(c, isa::Space::kSp);
    refused.seg = kOther;
    refused.row_bytes = 2 * dim;
    refused.rows = 3;
    refused.mem_row = 1024;
    list.push_back({store ? as_store(refused) : refused.pack(), isa::Fault::kBus});
    refused.offset = 2048 - 1024;
    list.push_back({store ? as_store(refused) : refused.pack(), isa::Fault::kBus});
  }
  list.push_back({isa::Signal{.seg = kClosed}.pack(), isa::Fault::kPermission});
  list.push_back({isa::Signal{.seg = kShort, .offset = size / 4}.pack(), isa::Fault::kSegment});
  return list;
}

TEST(Timing, DmaFaults) {
  for (const char* config : kConfigs)
    for (const char* memory : {"ideal", "fixed:25:0", "random:3:9:0:30"}) {
      const uint32_t other = std::string(config) == "nano" ? 0x8000 : 0x800000;
      auto bench = Bench::open(config, memory, {other + 2048, 16});
      if (!bench) continue;
      uint64_t points = 0;
      for (const DmaFault& f : faults(bench->config(), bench->segments()[kShort])) {
        const isa::Instruction words[] = {f.words};
        const Cycle doorbell = bench->start(words);
        const Cycle done = bench->page().run(doorbell, bench->ring_address(), words)[0].course.done;
        const auto& got = bench->wait(1);
        ASSERT_EQ(got.size(), 1u);
        EXPECT_EQ(got[0].cycle, done) << config << ", " << memory << ", point " << points;
        EXPECT_EQ(got[0].fault, f.fault) << config << ", point " << points;
        if (HasFailure()) return;
        bench->soft_reset();
        ++points;
      }
      bench->report("LOAD, STORE, SIGNAL: done with a fault", points);
      skip_acc(*bench);
    }
}

// A STORE's first word outside its banks waits until all older stores are answered.
TEST(Timing, StoreWaitsForItsBankFault) {
  for (const char* config : kConfigs)
    for (const char* memory : {"ideal", "fixed:80:0"}) {
      auto bench = Bench::open(config, memory);
      if (!bench) continue;
      const isa::Config& c = bench->config();
      const uint32_t dim = static_cast<uint32_t>(c.dim);
      uint64_t points = 0;
      for (uint32_t good : {1u, 2u, 5u}) {
        Load older = transfer(c, isa::Space::kSp), bad = older;
        older.dst_hi = 0;
        older.row_bytes = 2 * dim;
        older.rows = 3;
        bad.dst = static_cast<uint32_t>(c.sp_rows) * 2 - good;
        bad.dst_hi = 1;
        bad.row_bytes = 8 * dim;
        const isa::Instruction program[] = {as_store(older), as_store(bad)};
        const Cycle doorbell = bench->start(program);
        const auto times = bench->page().run(doorbell, bench->ring_address(), program);
        const auto& got = bench->wait(2);
        ASSERT_EQ(got.size(), 2u);
        EXPECT_EQ(got[0].cycle, times[0].course.done) << config << ", " << memory;
        EXPECT_EQ(got[1].cycle, times[1].course.done) << config << ", " << memory;
        EXPECT_EQ(got[1].fault, isa::Fault::kBank);
        bench->soft_reset();
        points += 2;
      }
      bench->report("STORE: a bad word behind older stores", points);
    }
}

}  // namespace
}  // namespace millrace::timing
