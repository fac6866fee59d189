// SPDX-License-Identifier: Apache-2.0
// The matmul unit alone: random MATMUL instructions back to back against the manual's semantics,
// element by element, with the on-chip memories modelled at their stated latency, and the
// completion time against the formula in matmul.sv.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include "Vmatmul_base.h"
#include "Vmatmul_nano.h"
#include "Vmatmul_small.h"
#include "millrace/isa.h"

namespace millrace {
namespace {

using isa::Matmul;

template <typename Port>
void put_bytes(Port& port, const uint8_t* bytes) {
  std::copy_n(bytes, sizeof(port), reinterpret_cast<uint8_t*>(&port));
}
template <typename Port>
void get_bytes(const Port& port, uint8_t* bytes) {
  std::copy_n(reinterpret_cast<const uint8_t*>(&port), sizeof(port), bytes);
}

struct Outcome {
  isa::Fault fault = isa::Fault::kNone;
  uint32_t addr = 0;
  bool operator==(const Outcome&) const = default;
};

// The manual's semantics, on plain arrays.
struct Memories {
  const isa::Config* c;
  std::vector<int8_t> sp;
  std::vector<int32_t> acc;

  bool in_sp(uint32_t word, uint32_t base, uint32_t hi) const {
    const uint32_t rows = static_cast<uint32_t>(c->sp_rows);
    return word / rows >= base / rows && word / rows <= hi;
  }
  Outcome run(const Matmul& m) {
    const uint32_t sp_words = static_cast<uint32_t>(c->sp_words()),
                   dim = static_cast<uint32_t>(c->dim);
    const uint32_t acc_words = static_cast<uint32_t>(c->acc_words()),
                   acc_rows = static_cast<uint32_t>(c->acc_rows);
    for (uint32_t nt = 0; nt < m.n_nt; ++nt) {
      for (uint32_t kt = 0; kt < m.n_ky * m.n_kx * m.n_ct; ++kt) {
        const uint32_t ct = kt % m.n_ct, kx = kt / m.n_ct % m.n_kx, ky = kt / m.n_ct / m.n_kx;
        for (uint32_t col = 0; col < dim; ++col) {
          const uint32_t w = (m.b + nt * m.b_tile + kt * m.b_k + col * m.b_col) % sp_words;
          if (!in_sp(w, m.b, m.b_hi)) return {isa::Fault::kBank, w};
        }
        for (uint32_t row = 0; row < m.n_oy * m.n_ox; ++row) {
          const uint32_t x = (m.a + row / m.n_ox * m.a_oy + row % m.n_ox * m.a_ox + ky * m.a_ky +
                              kx * m.a_kx + ct * m.a_ct) %
                             sp_words;
          if (!in_sp(x, m.a, m.a_hi)) return {isa::Fault::kBank, x};
          const uint32_t y = (m.d + nt * m.n_oy * m.n_ox + row) % acc_words;
          if (y / acc_rows < m.d / acc_rows || y / acc_rows > m.d_hi) return {isa::Fault::kBank, y};
          for (uint32_t n = 0; n < dim; ++n) {
            int32_t sum = 0;
            for (uint32_t k = 0; k < dim; ++k) {
              const uint32_t word =
                  (m.b + nt * m.b_tile + kt * m.b_k + (m.transpose ? k : n) * m.b_col) % sp_words;
              sum += sp[x * dim + k] * sp[word * dim + (m.transpose ? n : k)];
            }
            int32_t& d = acc[y * dim + n];
            d = static_cast<int32_t>(static_cast<uint32_t>(kt == 0 && !m.accumulate ? 0 : d) +
                                     static_cast<uint32_t>(sum));
          }
        }
      }
    }
    return {};
  }
};

template <typename Top>
class Bench {
 public:
  explicit Bench(const isa::Config& c, uint32_t seed) : c_(c), rng_(seed) {
    const auto dim = static_cast<size_t>(c.dim);
    hw_ = {&c, std::vector<int8_t>(static_cast<size_t>(c.sp_words()) * dim),
           std::vector<int32_t>(static_cast<size_t>(c.acc_words()) * dim)};
    for (auto& v : hw_.sp)
      v = static_cast<int8_t>(rng_() % 4 ? rng_() : (rng_() % 2 ? 0x80 : 0x7f));
    for (auto& v : hw_.acc) v = static_cast<int32_t>(rng_());
    golden_ = hw_;
    top_.rst_ni = 0;
    tick();
    tick();
    top_.rst_ni = 1;
  }

  uint32_t pick(uint32_t lo, uint32_t hi) {
    return lo + static_cast<uint32_t>(rng_() % (hi - lo + 1));
  }

  Matmul random_instruction(bool faulty) {
    const auto rows = static_cast<uint32_t>(c_.sp_rows), banks = static_cast<uint32_t>(c_.sp_banks);
    const auto acc_rows = static_cast<uint32_t>(c_.acc_rows), dim = static_cast<uint32_t>(c_.dim);
    Matmul m;
    m.accumulate = pick(0, 1);
    m.transpose = c_.transpose_b ? pick(0, 1) : 0;
    m.n_nt = c_.tile_loop ? pick(1, 3) : 1;
    m.n_ky = c_.conv_loops ? pick(1, 3) : 1;
    m.n_kx = c_.conv_loops ? pick(1, 3) : 1;
    m.n_ct = pick(1, 3);
    m.n_ox = pick(1, pick(0, 1) ? 3 : dim + 3);
    m.n_oy = pick(1, 4);
    const uint32_t split = pick(1, banks - 1);  // A below, B from here on, or the other way round
    const bool swap = pick(0, 1);
    auto place = [&](uint32_t lo, uint32_t hi, uint32_t& base, uint32_t& last) {
      last = pick(lo, hi);
      base = pick(lo, last) * rows + pick(0, rows - 1);
    };
    place(swap ? split : 0, swap ? banks - 1 : split - 1, m.a, m.a_hi);
    place(swap ? 0 : split, swap ? split - 1 : banks - 1, m.b, m.b_hi);
    m.d_hi = pick(0, static_cast<uint32_t>(c_.acc_banks) - 1);
    m.d = pick(0, m.d_hi) * acc_rows + pick(0, acc_rows - 1);
    const uint32_t big = faulty ? rows / 2 : 5;
    m.a_ox = pick(0, big);
    m.a_oy = pick(0, big);
    m.a_ct = pick(0, big);
    if (c_.conv_loops) m.a_kx = pick(0, big), m.a_ky = pick(0, big);
    m.b_col = pick(0, 3);
    m.b_k = pick(0, big);
    if (c_.tile_loop) m.b_tile = pick(0, big);
    return m;
  }

  // Runs the instructions; returns what each did and in which cycle it completed after the first
  // was offered.
  std::vector<Outcome> run(const std::vector<Matmul>& program,
                           std::vector<uint64_t>* times = nullptr) {
    std::vector<Outcome> out;
    size_t next = 0;
    const uint64_t start = cycle_;
    while (out.size() < program.size()) {
      top_.op_valid_i = next < program.size();
      if (next < program.size()) {
        const isa::Instruction w = program[next].pack();
        for (size_t i = 0; i < 8; ++i) top_.op_data_i[i] = w[i];
        top_.op_slot_i = static_cast<uint8_t>(next % static_cast<size_t>(c_.slots));
      }
      top_.eval();
      if (top_.done_valid_o) {
        EXPECT_EQ(top_.done_slot_o, out.size() % static_cast<size_t>(c_.slots));
        out.push_back(
            {static_cast<isa::Fault>(top_.done_fault_o), top_.done_fault_o ? top_.done_addr_o : 0});
        if (times) times->push_back(cycle_ - start);
      }
      if (top_.op_valid_i && top_.op_ready_o) ++next;
      tick();
      if (cycle_ - start > 500000) {
        ADD_FAILURE() << "the unit hangs";
        break;
      }
    }
    return out;
  }

  Memories hw_, golden_;

 private:
  struct Read {
    bool valid = false;
    uint32_t addr = 0;
  };
  void tick() {
    top_.clk_i = 0;
    top_.eval();
    const auto dim = static_cast<size_t>(c_.dim);
    a_.push_back({top_.a_rd_valid_o != 0, top_.a_rd_addr_o});
    b_.push_back({top_.b_rd_valid_o != 0, top_.b_rd_addr_o});
    d_.push_back({top_.d_rd_valid_o != 0, top_.d_rd_addr_o});
    // Data of a read in cycle t is on the port in cycle t + 2; the memory is sampled at the end of
    // cycle t.
    const bool write = top_.d_wr_valid_o;
    const uint32_t write_addr = top_.d_wr_addr_o;
    std::vector<uint8_t> write_data(dim * 4), row(dim * 4);
    get_bytes(top_.d_wr_data_o, write_data.data());
    const int32_t* d_row = &hw_.acc[d_.back().addr * dim];
    d_rows_.push_back(std::vector<int32_t>(dim));  // 0 where no read was asked for
    if (d_.back().valid) d_rows_.back().assign(d_row, d_row + dim);
    top_.clk_i = 1;
    top_.eval();
    if (write)
      std::copy_n(write_data.data(), dim * 4,
                  reinterpret_cast<uint8_t*>(&hw_.acc[write_addr * dim]));
    if (a_.size() == 2) {
      put_bytes(top_.a_rd_data_i, reinterpret_cast<const uint8_t*>(&hw_.sp[a_.front().addr * dim]));
      put_bytes(top_.b_rd_data_i, reinterpret_cast<const uint8_t*>(&hw_.sp[b_.front().addr * dim]));
      put_bytes(top_.d_rd_data_i, reinterpret_cast<const uint8_t*>(d_rows_.front().data()));
      a_.pop_front();
      b_.pop_front();
      d_.pop_front();
      d_rows_.pop_front();
    }
    ++cycle_;
  }

  const isa::Config& c_;
  std::mt19937 rng_;
  Top top_;
  uint64_t cycle_ = 0;
  std::deque<Read> a_, b_, d_;
  std::deque<std::vector<int32_t>> d_rows_;
};

template <typename Top>
void compare(const char* name, uint32_t seed, bool faulty) {
  const isa::Config& c = *isa::find_config(name);
  Bench<Top> bench(c, seed);
  std::vector<Matmul> program;
  std::vector<Outcome> expected;
  for (int i = 0; i < 12; ++i) {
    program.push_back(bench.random_instruction(faulty));
    expected.push_back(bench.golden_.run(program.back()));
  }
  const std::vector<Outcome> got = bench.run(program);
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].fault, expected[i].fault) << name << " seed " << seed << " instruction " << i;
    EXPECT_EQ(got[i].addr, expected[i].addr) << name << " seed " << seed << " instruction " << i;
  }
  EXPECT_TRUE(bench.hw_.acc == bench.golden_.acc)
      << name << " seed " << seed << ": accumulators differ";
}

template <typename Top>
void sweep(const char* name) {
  for (uint32_t seed = 1; seed <= 60 && !testing::Test::HasFailure(); ++seed)
    compare<Top>(name, seed, seed % 3 == 0);
}

// Completion of one instruction, from the cycle it is offered: see the header of matmul.sv.
template <typename Top>
void timing(const char* name) {
  const isa::Config& c = *isa::find_config(name);
  Bench<Top> bench(c, 7);
  for (uint32_t rows : {1u, 2u, static_cast<uint32_t>(c.dim) - 1, static_cast<uint32_t>(c.dim),
                        static_cast<uint32_t>(c.dim) + 1, 40u}) {
    for (uint32_t tiles : {1u, 2u, 5u}) {
      Matmul m;
      m.n_ox = rows;
      m.n_ct = tiles;
      m.b = static_cast<uint32_t>(c.sp_rows);
      m.b_hi = 1;
      std::vector<uint64_t> times;
      bench.run({m}, &times);
      const uint64_t dim = static_cast<uint64_t>(c.dim), tile = std::max<uint64_t>(rows, dim);
      EXPECT_EQ(times.at(0),
                (dim + 1) + (tiles - 1) * tile + (rows - 1) + 6 + static_cast<uint64_t>(c.dim_log2))
          << name << " rows " << rows << " tiles " << tiles;
    }
  }
}

TEST(RtlMatmul, NanoEqualsManual) { sweep<Vmatmul_nano>("nano"); }
TEST(RtlMatmul, SmallEqualsManual) { sweep<Vmatmul_small>("small"); }
TEST(RtlMatmul, BaseEqualsManual) { sweep<Vmatmul_base>("base"); }
TEST(RtlMatmul, CompletionTime) {
  timing<Vmatmul_nano>("nano");
  timing<Vmatmul_small>("small");
  timing<Vmatmul_base>("base");
}

}  // namespace
}  // namespace millrace
