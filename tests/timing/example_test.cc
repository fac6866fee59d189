// SPDX-License-Identifier: Apache-2.0
// The numbers of the worked examples of docs/reference/timing.md.
#include <vector>

#include "tests/timing/bench.h"

namespace millrace::timing {
namespace {

struct Example {
  const char* config;
  const char* memory;
  isa::Instruction words;
  Cycle done;  // from the start
  Cycle next;  // the unit's next instruction starts, from the start; 0: not said
};

isa::Instruction as_store(isa::Load op) {
  isa::Instruction words = op.pack();
  words[0] = (words[0] & ~0xffu) | static_cast<uint32_t>(isa::Opcode::kStore);
  return words;
}

std::vector<Example> examples() {
  const isa::Matmul matmul{
      .n_nt = 4, .n_ox = 128, .b = 1024, .b_hi = 1, .d_hi = 3, .n_ct = 8, .a_ox = 1};
  isa::Vector channel{.channel = 1};
  channel.n3 = 4, channel.n2 = 64, channel.quant = isa::Quant::kQ31;
  channel.param = 1024, channel.param_hi = 1;
  isa::Vector two;
  two.n2 = 2;
  const isa::Load rows{.row_bytes = 256, .rows = 8, .mem_row = 1024};
  const isa::Load low{.row_bytes = 40, .offset = 8};
  isa::Vector serial = channel;
  serial.n3 = 2, serial.n2 = 5, serial.param = 256;
  const isa::Load nano{.row_bytes = 64, .rows = 8, .mem_row = 64};
  return {
      {"base", "ideal", matmul.pack(), 4122, 4114},
      {"base", "ideal", channel.pack(), 578, 569},
      {"base", "ideal", two.pack(), 25, 16},
      {"base", "ideal", isa::Vset{}.pack(), 21, 1},
      {"base", "fixed:30:0", rows.pack(), 160, 8},
      {"base", "fixed:30:8", rows.pack(), 287, 0},
      {"base", "fixed:30:0", as_store(rows), 162, 8},
      {"base", "ideal", low.pack(), 6, 0},
      {"base", "ideal", as_store(low), 8, 0},
      {"base", "ideal", isa::Signal{.value = 1}.pack(), 6, 7},
      {"nano", "ideal", serial.pack(), 2139, 2140},
      {"nano", "ideal", nano.pack(), 145, 146},
      {"nano", "ideal", as_store(nano), 193, 194},
  };
}

TEST(Timing, Examples) {
  uint64_t points = 0;
  for (const Example& e : examples()) {
    auto bench = Bench::open(e.config, e.memory);
    if (!bench) continue;
    const auto done = [&](Cycle c) { return page::Course{0, c + e.done}; };
    if (!bench->check_one(e.words, isa::Fault::kNone, done, "example")) return;
    page::Memory quick({.latency = 1});  // pop depends on it only where the example says so
    page::Machine machine(bench->config(), quick, bench->segments());
    const auto times = machine.run(0, 0, std::span(&e.words, 1))[0];
    EXPECT_TRUE(e.next == 0 || times.course.pop + 1 - times.start == e.next) << points;
    ++points;
  }
  std::printf("worked examples: %llu\n", static_cast<unsigned long long>(points));
}

// One accumulator bank: MATMUL, VECTOR of its rows, the next MATMUL.
TEST(Timing, BankExample) {
  auto bench = Bench::open("nano", "ideal");
  if (!bench) return;
  const isa::Matmul matmul{.a_hi = 1, .n_ox = 64, .b = 512, .b_hi = 2, .n_ct = 4, .a_ox = 1};
  isa::Vector vector{.src1_kind = isa::Source::kAcc, .quant = isa::Quant::kQ31, .channel = 1};
  vector.n2 = 64, vector.dst_hi = 0;
  vector.param = 768, vector.param_hi = 3;
  const isa::Instruction program[] = {matmul.pack(), vector.pack(), matmul.pack()};
  const Cycle doorbell = bench->start(program);
  const Cycle c = bench->page().first_start(doorbell, bench->ring_address());
  const std::vector<Retirement> expected = {{c + 268, 2, 0, isa::Fault::kNone},
                                            {c + 13847, 3, 1, isa::Fault::kNone},
                                            {c + 13848 + 268, 2, 2, isa::Fault::kNone}};
  EXPECT_TRUE(bench->wait(3) == expected);
  bench->report("worked example: one accumulator bank", 3);
}

}  // namespace
}  // namespace millrace::timing
