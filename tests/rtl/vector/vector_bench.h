// SPDX-License-Identifier: Apache-2.0
// Drives a Verilated vector unit with a program, its memories modelled at their stated latency.
// Instructions are offered as dispatch would: in order, an instruction only when no older one that
// is not done shares a bank with it. Every write, fault and cycle of op_ready and done is compared
// with the reference.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <variant>
#include <vector>

#include "millrace/isa.h"
#include "tests/rtl/vector/vector_reference.h"
#include "verilated.h"

namespace millrace::bench {

using Instruction = std::variant<isa::Vset, isa::Vector>;

// A read port: data two cycles after the request.
struct ReadPort {
  std::vector<uint8_t> first, second;
  void clock(bool valid, const uint8_t* row, size_t bytes) {
    second = first;
    if (valid) first.assign(row, row + bytes);
  }
};

template <typename Top>
class Bench {
 public:
  Bench(const isa::Config& config, uint64_t seed) : c_(config), rng_(seed) {
    context_.randReset(2);
    context_.randSeed(static_cast<int>(seed % 1000000) + 1);
    top_ = std::make_unique<Top>(&context_, "vector");
    for (ReadPort* p : {&sp1_, &sp2_}) p->first = p->second = std::vector<uint8_t>(word_bytes());
    for (ReadPort* p : {&acc1_, &acc2_})
      p->first = p->second = std::vector<uint8_t>(4 * word_bytes());
    top_->rst_ni = 0;
    top_->op_valid_i = 0;
    cycle();
    cycle();
    top_->rst_ni = 1;
  }

  // Runs the program from `mem`, with random pauses of up to `max_pause` cycles before an
  // instruction is offered.
  void run(const std::vector<Instruction>& program, const Memories& mem, uint32_t max_pause) {
    mem_ = mem;
    Memories expected = mem;
    free_at_ = now_;
    for (const Instruction& i : program) {
      const uint64_t pause = max_pause == 0 ? 0 : rng_() % (max_pause + 1);
      for (uint64_t k = 0; k < pause; ++k) cycle();
      while (std::any_of(in_flight_.begin(), in_flight_.end(),
                         [&](const Flight& f) { return conflict(f, i); }))
        cycle();
      offer(i, expected);
      if (::testing::Test::HasFatalFailure()) return;
    }
    while (!in_flight_.empty() && !::testing::Test::HasFatalFailure()) cycle();
    for (int k = 0; k < 4; ++k) cycle();
    ASSERT_TRUE(mem_ == expected) << difference(expected);
  }
  uint64_t now() const { return now_; }
  uint64_t elements() const { return elements_; }
  uint64_t faults() const { return faults_; }

 private:
  struct Flight {
    uint32_t slot;
    Outcome outcome;  // cycles absolute
    uint64_t sp, acc;
  };

  size_t word_bytes() const { return static_cast<size_t>(c_.dim); }

  static uint64_t range(uint32_t base, uint32_t hi, uint32_t rows) {
    uint64_t mask = 0;
    for (uint32_t b = base / rows; b <= hi; ++b) mask |= uint64_t{1} << b;
    return mask;
  }
  Flight banks(const Instruction& i) const {
    Flight f{};
    const isa::Vector* v = std::get_if<isa::Vector>(&i);
    if (v == nullptr) return f;
    const auto add = [&](bool acc, uint32_t base, uint32_t hi) {
      (acc ? f.acc : f.sp) |=
          range(base, hi, static_cast<uint32_t>(acc ? c_.acc_rows : c_.sp_rows));
    };
    if (v->src1_kind != isa::Source::kScalar)
      add(v->src1_kind == isa::Source::kAcc, v->src1, v->src1_hi);
    if (v->src2_kind != isa::Source::kScalar)
      add(v->src2_kind == isa::Source::kAcc, v->src2, v->src2_hi);
    add(v->dst_kind == isa::Space::kAcc, v->dst, v->dst_hi);
    if (v->channel) add(false, v->param, v->param_hi);
    return f;
  }
  bool conflict(const Flight& f, const Instruction& i) const {
    const Flight g = banks(i);
    return (f.sp & g.sp) != 0 || (f.acc & g.acc) != 0;
  }

  void offer(const Instruction& i, Memories& expected) {
    Flight f = banks(i);
    f.slot = slot_;
    slot_ = (slot_ + 1) % static_cast<uint32_t>(c_.slots);
    const uint64_t seen = std::max(now_, free_at_);
    if (const isa::Vset* s = std::get_if<isa::Vset>(&i)) {
      vset_ = *s;
      f.outcome = vset_outcome(c_);
    } else {
      const isa::Vector& v = std::get<isa::Vector>(i);
      f.outcome = execute(c_, expected, vset_, v);
      elements_ += uint64_t{v.n3} * v.n2 * static_cast<uint64_t>(c_.dim);
      faults_ += f.outcome.fault != isa::Fault::kNone;
    }
    f.outcome.release += seen;
    f.outcome.done += seen;
    free_at_ = f.outcome.release + 1;
    in_flight_.push_back(f);
    const isa::Instruction words = std::visit([](const auto& x) { return x.pack(); }, i);
    for (size_t w = 0; w < words.size(); ++w) top_->op_data_i[w] = words[w];
    top_->op_slot_i = static_cast<uint8_t>(f.slot);
    top_->op_valid_i = 1;
    for (bool ready = false; !ready && !::testing::Test::HasFatalFailure();) {
      const uint64_t at = now_;
      ready = cycle();
      ASSERT_EQ(ready, at == f.outcome.release) << "op_ready of slot " << f.slot << " at " << at;
    }
    top_->op_valid_i = 0;
    for (size_t w = 0; w < words.size(); ++w) top_->op_data_i[w] = static_cast<uint32_t>(rng_());
  }

  template <typename Port>
  static void put(Port& port, const uint8_t* bytes) {
    std::memcpy(&port, bytes, sizeof(port));
  }
  template <typename Port>
  static std::vector<uint8_t> get(const Port& port) {
    const uint8_t* p = reinterpret_cast<const uint8_t*>(&port);
    return std::vector<uint8_t>(p, p + sizeof(port));
  }

  const uint8_t* sp_row(uint32_t w) const {
    return reinterpret_cast<const uint8_t*>(mem_.sp.data()) + w * word_bytes();
  }
  const uint8_t* acc_row(uint32_t r) const {
    return reinterpret_cast<const uint8_t*>(mem_.acc.data()) + 4 * r * word_bytes();
  }

  // One clock cycle; true if op_ready was high in it.
  bool cycle() {
    top_->clk_i = 0;
    put(top_->sp1_rd_data_i, sp1_.second.data());
    put(top_->sp2_rd_data_i, sp2_.second.data());
    put(top_->acc1_rd_data_i, acc1_.second.data());
    put(top_->acc2_rd_data_i, acc2_.second.data());
    top_->eval();
    const bool ready = top_->op_ready_o != 0 && top_->op_valid_i != 0;
    if (top_->rst_ni != 0) {
      memories();
      completion();
    }
    top_->clk_i = 1;
    top_->eval();
    ++now_;
    return ready;
  }

  void memories() {
    const size_t word = word_bytes();
    if (top_->sp1_rd_en_o) sp1_.clock(top_->sp1_rd_valid_o, sp_row(top_->sp1_rd_addr_o), word);
    if (top_->sp2_rd_en_o) sp2_.clock(top_->sp2_rd_valid_o, sp_row(top_->sp2_rd_addr_o), word);
    if (top_->acc1_rd_en_o && !c_.serial_quant)
      acc1_.clock(top_->acc1_rd_valid_o, acc_row(top_->acc1_rd_addr_o), 4 * word);
    if (c_.serial_quant) narrow_read();
    if (top_->acc2_rd_en_o)
      acc2_.clock(top_->acc2_rd_valid_o, acc_row(top_->acc2_rd_addr_o), 4 * word);
    owned(top_->sp1_rd_valid_o, true, top_->sp1_rd_addr_o);
    owned(top_->sp2_rd_valid_o, true, top_->sp2_rd_addr_o);
    owned(top_->acc1_rd_valid_o, false, top_->acc1_rd_addr_o);
    owned(top_->acc2_rd_valid_o, false, top_->acc2_rd_addr_o);
    owned(top_->sp_wr_valid_o, true, top_->sp_wr_addr_o);
    owned(top_->acc_wr_valid_o, false, top_->acc_wr_addr_o);
    if (top_->sp_wr_valid_o) {
      const std::vector<uint8_t> data = get(top_->sp_wr_data_o);
      std::memcpy(mem_.sp.data() + top_->sp_wr_addr_o * word, data.data(), word);
    }
    if (top_->acc_wr_valid_o) {
      const std::vector<uint8_t> data = get(top_->acc_wr_data_o);
      for (size_t q = 0; q < 4; ++q)
        if (top_->acc_wr_quarter_o >> q & 1)
          std::memcpy(
              reinterpret_cast<uint8_t*>(mem_.acc.data()) + (4 * top_->acc_wr_addr_o + q) * word,
              data.data() + q * word, word);
    }
  }

  // The port of the serial datapath: the quarter asked for in all places, else 0.
  void narrow_read() {
    const size_t word = word_bytes();
    acc1_.second = acc1_.first;
    acc1_.first.assign(4 * word, 0);
    const uint8_t* quarter = acc_row(top_->acc1_rd_addr_o) + top_->acc1_rd_quarter_o * word;
    for (size_t q = 0; q < 4 && top_->acc1_rd_valid_o; ++q)
      std::copy_n(quarter, word, &acc1_.first[q * word]);
  }

  // A request outside the banks of the instructions in flight would break somebody else's memory.
  void owned(bool valid, bool sp, uint32_t address) {
    const uint32_t bank = address / static_cast<uint32_t>(sp ? c_.sp_rows : c_.acc_rows);
    const bool mine = std::any_of(in_flight_.begin(), in_flight_.end(), [&](const Flight& f) {
      return ((sp ? f.sp : f.acc) >> bank & 1) != 0;
    });
    ASSERT_TRUE(!valid || mine) << "address " << address << " at " << now_;
  }

  void completion() {
    const bool due = !in_flight_.empty() && in_flight_.front().outcome.done == now_;
    ASSERT_EQ(top_->done_valid_o != 0, due) << "done at " << now_;
    if (!due) return;
    const Flight f = in_flight_.front();
    in_flight_.pop_front();
    ASSERT_EQ(top_->done_slot_o, f.slot);
    ASSERT_EQ(top_->done_fault_o, static_cast<uint32_t>(f.outcome.fault)) << "slot " << f.slot;
    if (f.outcome.fault == isa::Fault::kNone) return;
    ASSERT_EQ(top_->done_addr_o, f.outcome.addr) << "slot " << f.slot;
  }

  std::string difference(const Memories& expected) const {
    std::string text;
    int left = 8;
    const auto add = [&](const char* name, size_t i, int64_t got, int64_t want) {
      if (left-- > 0)
        text += std::string(name) + "[" + std::to_string(i / word_bytes()) + "][" +
                std::to_string(i % word_bytes()) + "] = " + std::to_string(got) + ", expected " +
                std::to_string(want) + "\n";
    };
    for (size_t i = 0; i < mem_.sp.size(); ++i)
      if (mem_.sp[i] != expected.sp[i]) add("sp", i, mem_.sp[i], expected.sp[i]);
    for (size_t i = 0; i < mem_.acc.size(); ++i)
      if (mem_.acc[i] != expected.acc[i]) add("acc", i, mem_.acc[i], expected.acc[i]);
    return text;
  }

  const isa::Config& c_;
  std::mt19937_64 rng_;
  VerilatedContext context_;
  std::unique_ptr<Top> top_;
  Memories mem_;
  ReadPort sp1_, sp2_, acc1_, acc2_;
  std::deque<Flight> in_flight_;
  isa::Vset vset_{};
  uint64_t now_ = 0, free_at_ = 0, elements_ = 0, faults_ = 0;
  uint32_t slot_ = 0;
};

}  // namespace millrace::bench
