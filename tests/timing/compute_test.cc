// SPDX-License-Identifier: Apache-2.0
// MATMUL, VECTOR and VSET on the Verilated machine against the closed forms of
// docs/reference/timing.md.
#include <vector>

#include "tests/timing/bench.h"

namespace millrace::timing {
namespace {

using isa::Matmul;
using isa::Vector;

uint32_t sp_bank(const isa::Config& c, uint32_t bank) {
  return bank * static_cast<uint32_t>(c.sp_rows);
}

// A in bank 0, B in bank 1, results anywhere.
Matmul small_matmul(const isa::Config& c) {
  Matmul m;
  m.b = sp_bank(c, 1);
  m.b_hi = 1;
  m.b_col = 1;
  m.a_ox = 1;
  m.d_hi = static_cast<uint32_t>(c.acc_banks) - 1;
  return m;
}

std::vector<Matmul> matmul_points(const isa::Config& c) {
  const uint32_t dim = static_cast<uint32_t>(c.dim);
  std::vector<Matmul> points;
  for (uint32_t rows : {1u, 2u, dim - 1, dim, dim + 1, 2 * dim + 3, 97u})
    for (uint32_t outer : {1u, 2u})
      for (uint32_t ct : {1u, 2u, 5u})
        for (uint32_t kernel : {1u, 3u})
          for (uint32_t nt : {1u, 2u}) {
            if ((kernel > 1 && !c.conv_loops) || (nt > 1 && !c.tile_loop)) continue;
            Matmul m = small_matmul(c);
            m.n_ox = rows, m.n_oy = outer, m.n_ct = ct, m.n_nt = nt;
            m.n_ky = kernel, m.n_kx = kernel > 1 ? 2 : 1;
            m.accumulate = rows & 1;
            m.transpose = c.transpose_b && outer == 2;
            points.push_back(m);
          }
  return points;
}

void matmul_sweep(Bench& bench) {
  const isa::Config& c = bench.config();
  uint64_t points = 0;
  for (const Matmul& m : matmul_points(c)) {
    const auto course = [&](Cycle start) { return page::matmul(c, m, start); };
    const std::string what = "MATMUL " + std::to_string(page::matmul_rows(m)) + " rows, " +
                             std::to_string(page::matmul_tiles(m)) + " tiles";
    if (!bench.check_one(m.pack(), isa::Fault::kNone, course, what)) return;
    ++points;
  }
  bench.report("MATMUL: done", points);
}

TEST(Timing, MatmulDone) {
  for (const char* config : kConfigs)
    for (const char* memory : {"ideal", "fixed:20:4"})
      if (auto bench = Bench::open(config, memory)) matmul_sweep(*bench);
}

// When the next one may start: pairs, the second one waiting in the queue. The two are apart in
// accumulator banks where there are several; with one the second waits for the first one's done.
// There a VSET behind them shows when the first one leaves a queue of one instruction.
TEST(Timing, MatmulPop) {
  for (const char* config : kConfigs) {
    auto bench = Bench::open(config, "ideal");
    if (!bench) continue;
    uint64_t points = 0;
    for (const Matmul& first : matmul_points(bench->config())) {
      Matmul second = small_matmul(bench->config());
      second.a = sp_bank(bench->config(), 2);
      second.a_hi = 2;
      second.b = sp_bank(bench->config(), 3);
      second.b_hi = 3;
      second.d_hi = second.d = 0;
      Matmul elsewhere = first;
      const uint32_t acc_rows = static_cast<uint32_t>(bench->config().acc_rows);
      if (page::matmul_rows(first) * first.n_nt > acc_rows) continue;
      elsewhere.d_hi = bench->config().acc_banks > 1 ? 1 : 0;
      elsewhere.d = elsewhere.d_hi * acc_rows;
      const isa::Instruction program[] = {elsewhere.pack(), second.pack(), isa::Vset{}.pack()};
      if (!bench->check(program, "two MATMUL")) return;
      ++points;
    }
    bench->report("MATMUL: the next one starts", points);
  }
}

struct MatmulFault {
  Matmul op;
  Cycle tile, row;
};

std::vector<MatmulFault> matmul_faults(const isa::Config& c) {
  const uint32_t dim = static_cast<uint32_t>(c.dim), rows = static_cast<uint32_t>(c.sp_rows);
  std::vector<MatmulFault> faults;
  for (uint32_t n_ox : {1u, dim, 3 * dim + 1}) {
    Matmul m = small_matmul(c);
    m.n_ox = n_ox, m.n_ct = 3;
    Matmul b = m;
    b.b_k = rows;  // the second tile's B
    faults.push_back({b, 1, 0});
    b.b_k = rows / 2;  // the third one's
    faults.push_back({b, 2, 0});
    Matmul column = m;
    column.b = sp_bank(c, 2) - dim / 2;  // a column in the middle of the first tile
    faults.push_back({column, 0, 0});
    Matmul a = m;
    a.a_ct = rows / 2;  // A of the third tile
    faults.push_back({a, 2, 0});
    if (n_ox == 1) continue;
    Matmul row = m;
    row.a = sp_bank(c, 1) - n_ox + 1;  // the last row
    faults.push_back({row, 0, n_ox - 1});
    if (c.acc_banks == 1) continue;  // D wraps around within its bank
    Matmul d = m;
    d.d = static_cast<uint32_t>(c.acc_rows) - 2;  // the third row
    d.d_hi = 0;
    faults.push_back({d, 0, 2});
  }
  return faults;
}

TEST(Timing, MatmulFault) {
  for (const char* config : kConfigs) {
    auto bench = Bench::open(config, "ideal");
    if (!bench) continue;
    const isa::Config& c = bench->config();
    uint64_t points = 0;
    for (const MatmulFault& f : matmul_faults(c)) {
      const auto course = [&](Cycle start) {
        return page::matmul_fault(c, f.op, start, f.tile, f.row);
      };
      const std::string what =
          "fault in tile " + std::to_string(f.tile) + ", row " + std::to_string(f.row);
      if (!bench->check_one(f.op.pack(), isa::Fault::kBank, course, what)) return;
      ++points;
    }
    bench->report("MATMUL: done with a fault", points);
    if (c.acc_banks == 1) bench->skip("MATMUL: a fault of D", "acc_banks = 1");
  }
}

// ---- VECTOR.

// Source 1 in bank 0, the result in bank 1, parameters in bank 2.
Vector small_vector(const isa::Config& c) {
  Vector v;
  v.src1_kind = isa::Source::kSp;
  v.dst = sp_bank(c, 1);
  v.dst_hi = 1;
  v.param = sp_bank(c, 2);
  v.param_hi = 2;
  return v;
}

void add_places(const isa::Config& c, Vector v, std::vector<Vector>& points) {
  points.push_back(v);
  if (c.vec_acc) {
    v.dst_kind = isa::Space::kAcc;
    v.dst = v.dst_hi = 0;
    points.push_back(v);
  }
  v.src1_kind = isa::Source::kAcc;
  v.src1_hi = c.acc_banks > 1 ? 1 : 0;
  v.src1 = v.src1_hi * static_cast<uint32_t>(c.acc_rows);
  points.push_back(v);
  v.src1_kind = isa::Source::kScalar;
  v.src1 = v.src1_hi = 0;
  if (c.vec_binary) {
    v.src2_kind = isa::Source::kSp;
    v.src2 = sp_bank(c, 3);
    v.src2_hi = 3;
    v.op = isa::Binary::kMul;
  }
  points.push_back(v);
}

std::vector<Vector> vector_points(const isa::Config& c) {
  std::vector<Vector> points;
  for (uint32_t channel : {0u, 1u})
    for (isa::Quant quant : {isa::Quant::kNone, isa::Quant::kQ31, isa::Quant::kFp32})
      for (uint32_t n3 : {1u, 2u, 5u})
        for (uint32_t n2 : {1u, 2u, 7u})
          for (uint32_t n0 : {1u, 3u}) {
            if (quant == isa::Quant::kFp32 && !c.vec_fp32) continue;
            if (n0 > 1 && !c.vec_reduce) continue;
            Vector v = small_vector(c);
            v.channel = channel, v.quant = quant;
            v.n3 = n3, v.n2 = n2, v.n0 = n0, v.n1 = n0 > 1 ? 2 : 1;
            add_places(c, v, points);
          }
  return points;
}

std::string name(const Vector& v) {
  return "VECTOR " + std::to_string(v.n3) + " x " + std::to_string(v.n2) + " x " +
         std::to_string(v.n1) + " x " + std::to_string(v.n0) + (v.channel ? " channel" : "");
}

TEST(Timing, VectorDone) {
  for (const char* config : kConfigs)
    for (const char* memory : {"ideal", "fixed:20:4"}) {
      auto bench = Bench::open(config, memory);
      if (!bench) continue;
      const isa::Config& c = bench->config();
      uint64_t points = 0;
      for (const Vector& v : vector_points(c)) {
        const auto course = [&](Cycle start) { return page::vector(c, v, start); };
        if (!bench->check_one(v.pack(), isa::Fault::kNone, course, name(v))) return;
        ++points;
      }
      bench->report("VECTOR: done", points);
      if (!c.vec_acc) bench->skip("VECTOR: to the accumulators", "vec_acc = 0");
    }
}

// The next instruction of the unit: a VECTOR and two VSETs behind each point.
TEST(Timing, VectorPop) {
  for (const char* config : kConfigs) {
    auto bench = Bench::open(config, "ideal");
    if (!bench) continue;
    const isa::Config& c = bench->config();
    Vector apart;  // shares no bank with any point
    apart.dst = sp_bank(c, static_cast<uint32_t>(c.sp_banks) - 1);
    apart.dst_hi = static_cast<uint32_t>(c.sp_banks) - 1;
    uint64_t points = 0;
    for (const Vector& v : vector_points(c)) {
      if (v.src2_hi >= apart.dst_hi) continue;
      const isa::Instruction program[] = {isa::Vset{}.pack(), v.pack(), apart.pack(),
                                          isa::Vset{}.pack(), isa::Vset{}.pack()};
      if (!bench->check(program, name(v) + " and followers")) return;
      ++points;
    }
    bench->report("VECTOR, VSET: the next one starts", points);
  }
}

struct VectorFault {
  Vector op;
  bool in_params;
  Cycle i3, position;
};

std::vector<VectorFault> vector_faults(const isa::Config& c) {
  const uint32_t rows = static_cast<uint32_t>(c.sp_rows);
  std::vector<VectorFault> faults;
  for (uint32_t channel : {0u, 1u}) {
    Vector v = small_vector(c);
    v.channel = channel, v.n3 = 3, v.n2 = 4;
    if (c.vec_reduce) v.n1 = 2, v.n0 = 3;
    const Cycle result = Cycle{v.n1} * v.n0;  // steps of one
    Vector source = v;
    source.s1_2 = rows;  // the second result's first step
    faults.push_back({source, false, 0, result});
    source.s1_2 = 0, source.s1_3 = rows / 2;  // the third iteration's first step
    faults.push_back({source, false, 2, 0});
    Vector dest = v;
    dest.d_2 = rows / 2;  // the third result's last step
    faults.push_back({dest, false, 0, 3 * result - 1});
    dest.d_2 = 0, dest.d_3 = rows;
    faults.push_back({dest, false, 1, result - 1});
    for (uint32_t good : {1u, 5u, 8u, 9u, 10u, 17u, 18u, 26u}) {
      if (!channel) continue;
      Vector param = v;
      param.param = sp_bank(c, 3) - good;  // so many words inside
      faults.push_back({param, true, good / 9, good % 9});
    }
  }
  return faults;
}

TEST(Timing, VectorFault) {
  for (const char* config : kConfigs) {
    auto bench = Bench::open(config, "ideal");
    if (!bench) continue;
    const isa::Config& c = bench->config();
    uint64_t points = 0;
    for (const VectorFault& f : vector_faults(c)) {
      const auto course = [&](Cycle start) {
        return f.in_params ? page::vector_param_fault(c, f.op, start, f.i3, f.position)
                           : page::vector_step_fault(c, f.op, start, f.i3, f.position);
      };
      const std::string what = name(f.op) + (f.in_params ? " parameter " : " step ") +
                               std::to_string(f.position) + " of iteration " + std::to_string(f.i3);
      if (!bench->check_one(f.op.pack(), isa::Fault::kBank, course, what)) return;
      ++points;
    }
    bench->report("VECTOR: done with a fault", points);
  }
}

}  // namespace
}  // namespace millrace::timing
