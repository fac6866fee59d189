// SPDX-License-Identifier: Apache-2.0
// The cycle model's closed forms against those of docs/reference/timing.md, in every configuration,
// without a machine.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "model/cycle/formulas.h"
#include "tests/timing/page_units.h"

namespace millrace::timing {
namespace {

constexpr int kPoints = 20000;  // of each formula and configuration
using page::Cycle;

void expect_same(const cycle::Course& model, const page::Course& page, const char* what) {
  EXPECT_EQ(model.popped, page.pop) << what;
  EXPECT_EQ(model.done, page.done) << what;
}

class Fields {
 public:
  explicit Fields(const isa::Config& config) : config_(config) {}
  uint32_t upto(uint32_t most) { return 1 + static_cast<uint32_t>(rng_() % most); }
  Cycle start() { return rng_() % 1000000; }

  isa::Matmul matmul() {
    isa::Matmul op;
    op.n_ox = upto(upto(1u << config_.count_bits)), op.n_oy = upto(8), op.n_ct = upto(64);
    if (config_.conv_loops) op.n_ky = upto(16), op.n_kx = upto(16);
    if (config_.tile_loop) op.n_nt = upto(256);
    return op;
  }
  isa::Vector vector() {
    isa::Vector op;
    op.n2 = upto(upto(1u << config_.count_bits)), op.n3 = upto(20);
    if (config_.vec_reduce) op.n0 = upto(64), op.n1 = upto(64);
    op.quant = static_cast<isa::Quant>(rng_() % (config_.vec_fp32 ? 3 : 2));
    op.channel = rng_() & 1;
    return op;
  }

 private:
  const isa::Config& config_;
  std::mt19937 rng_{7};
};

template <typename Body>
void for_all(const char* formula, const Body& body) {
  for (const isa::Config& config : isa::kConfigs) {
    Fields fields(config);
    for (int i = 0; i < kPoints && !testing::Test::HasFailure(); ++i) body(config, fields);
    std::printf("%-44s %6d points  (%s)\n", formula, kPoints, std::string(config.name).c_str());
  }
}

TEST(CycleFormulas, Matmul) {
  for_all("MATMUL: done, pop", [](const isa::Config& config, Fields& fields) {
    const isa::Matmul op = fields.matmul();
    const Cycle c = fields.start();
    const cycle::MatmulReach whole = {page::matmul_tiles(op), 0, std::nullopt};
    expect_same(cycle::matmul_course(config, op, whole, c), page::matmul(config, op, c), "whole");
    const Cycle tile = fields.upto(static_cast<uint32_t>(page::matmul_tiles(op))) - 1;
    const Cycle row = fields.upto(static_cast<uint32_t>(page::matmul_rows(op))) - 1;
    expect_same(cycle::matmul_course(config, op, {tile, row, 0}, c),
                page::matmul_fault(config, op, c, tile, row), "fault");
  });
}

TEST(CycleFormulas, MatmulSteps) {
  for_all("MATMUL_STEPS on the way", [](const isa::Config& config, Fields& fields) {
    const isa::Matmul op = fields.matmul();
    const Cycle c = fields.start(), t = page::matmul_tiles(op), r = page::matmul_rows(op);
    const Cycle dim = static_cast<Cycle>(config.dim), p = std::max(r, dim);
    const Cycle now = c + fields.upto(static_cast<uint32_t>((t + 1) * p + 2 * dim));
    const Cycle first = c + dim + 4;  // row 0 of tile 0 is counted
    Cycle steps = 0;
    if (now >= first) {
      const Cycle tiles = std::min(t, (now - first) / p);
      steps = tiles * r + (tiles < t ? std::min(r, (now - first) % p + 1) : 0);
    }
    EXPECT_EQ(cycle::matmul_steps(config, op, {t, 0, std::nullopt}, c, now), steps)
        << config.name << " rows " << r << " tiles " << t << " after " << now - c;
  });
}

TEST(CycleFormulas, Vector) {
  for_all("VECTOR: done, pop", [](const isa::Config& config, Fields& fields) {
    const isa::Vector op = fields.vector();
    const Cycle c = fields.start();
    const cycle::VectorReach whole = {Cycle{op.n2} * op.n3, op.n3, false, 0, std::nullopt};
    expect_same(cycle::vector_course(config, op, whole, c), page::vector(config, op, c), "whole");
    const uint32_t i3 = fields.upto(op.n3) - 1;
    const Cycle step = fields.upto(op.n2 * op.n1 * op.n0) - 1;
    expect_same(cycle::vector_course(config, op, {0, i3, false, step, 0}, c),
                page::vector_step_fault(config, op, c, i3, step), "step");
    if (!op.channel) return;
    const Cycle word = fields.upto(9) - 1;
    expect_same(cycle::vector_course(config, op, {0, i3, true, word, 0}, c),
                page::vector_param_fault(config, op, c, i3, word), "parameter");
  });
}

TEST(CycleFormulas, Vset) {
  for_all("VSET: done, pop", [](const isa::Config& config, Fields& fields) {
    const Cycle c = fields.start();
    expect_same(cycle::vset_course(config, c), page::vset(config, c), "VSET");
  });
}

}  // namespace
}  // namespace millrace::timing
