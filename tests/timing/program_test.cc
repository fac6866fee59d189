// SPDX-License-Identifier: Apache-2.0
// The page as a whole: random programs of all instructions on the Verilated machine, every
// completion as docs/reference/timing.md has it. Memories without a limit on bandwidth, so that the
// page's formulas can be applied in program order.
#include <vector>

#include "tests/cosim/random_program.h"
#include "tests/timing/bench.h"

namespace millrace::timing {
namespace {

void load_program(Bench& bench, const cosim::Program& program) {
  bench.soft_reset();
  const Status written = bench.device().write_mem(0, program.memory_image);
  if (!written) ADD_FAILURE() << written.error().message;
  std::vector<page::Segment> segments;
  for (const cosim::Segment& s : program.segments)
    segments.push_back({s.base, s.size, s.read, s.write});
  bench.set_up(segments, program.ring_base, program.ring_log2);
}

// In every cycle of CYCLES each unit is busy, or empty, or stands still for one other unit.
void look_at_counters(Bench& bench, const std::string& what) {
  if (!bench.config().counters) return bench.skip("counters of a program", "counters = 0");
  for (uint32_t u = 0; u < 4; ++u) {
    uint32_t sum = bench.read(busy_counter(u));
    for (uint32_t v = 0; v < 4; ++v) sum += bench.read(stall_counter(u, v));
    EXPECT_EQ(sum, bench.read(reg::kCycles)) << what << ", unit " << u;
  }
}

TEST(Timing, RandomPrograms) {
  for (const char* config : kConfigs)
    for (const char* memory : {"ideal", "fixed:40:0", "random:7:16:0:25"}) {
      auto bench = Bench::open(config, memory);
      if (!bench) continue;
      uint64_t points = 0;
      for (uint64_t seed = 1, programs = 0; programs < 8; ++seed) {
        cosim::ProgramOptions options;
        options.seed = seed;
        options.dump = false;
        const cosim::Program program = cosim::random_program(bench->config(), options);
        if (program.ring_wraps()) continue;  // they need several doorbells
        ++programs;
        load_program(*bench, program);
        if (!bench->check(program.code, program.repro())) return;
        points += program.code.size();
        look_at_counters(*bench, program.repro());
      }
      bench->report("random programs", points);
    }
}

}  // namespace
}  // namespace millrace::timing
