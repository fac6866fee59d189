// SPDX-License-Identifier: Apache-2.0
// Drives one DMA engine: queue, on-chip memories and an AXI memory with random stalls; checks the
// protocol as it goes.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include "millrace/isa.h"
#include "tests/rtl/dma/dma_reference.h"
#include "verilated.h"

namespace millrace::dma_test {

// Bytes of a port of any width.
template <class Port>
void put_bytes(Port& port, const uint8_t* bytes, size_t count) {
  if constexpr (std::is_integral_v<Port>) {
    port = 0;
    for (size_t i = 0; i < count; ++i) port |= static_cast<Port>(Port{bytes[i]} << (8 * i));
  } else {
    for (size_t i = 0; i < count; i += 4) {
      port[i / 4] =
          bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 | uint32_t{bytes[i + 3]} << 24;
    }
  }
}
template <class Port>
uint8_t get_byte(const Port& port, size_t i) {
  if constexpr (std::is_integral_v<Port>) {
    return static_cast<uint8_t>(port >> (8 * i));
  } else {
    return static_cast<uint8_t>(port[i / 4] >> (8 * (i % 4)));
  }
}

// How hard the surroundings make it.
struct Traffic {
  uint32_t stall_percent = 0;  // of every handshake that is not the engine's
  uint32_t latency = 1;        // from a handshake to its response
  uint32_t gap_percent = 0;    // of cycles in which dispatch holds an instruction back
  bool aw_needs_w = false;     // AWREADY only with WVALID, as AXI allows
};

struct Done {
  uint64_t cycle = 0;
  uint32_t slot = 0;
  Outcome outcome;
  bool signal = false, irq = false;
  uint32_t value = 0;
};

template <class V>
class Bench {
 public:
  Bench(const isa::Config& config, const State& state, const Traffic& traffic, uint32_t seed)
      : config_(config), state_(state), traffic_(traffic), rng_(seed), dut_(&context_, "dma") {
    context_.randReset(2);
    context_.randSeed(static_cast<int>(seed + 1));
    reset();
  }

  void reset() {
    dut_.rst_ni = 0;
    dut_.halt_i = 0;
    dut_.op_valid_i = 0;
    dut_.m_rvalid_i = 0;
    dut_.m_bvalid_i = 0;
    for (int i = 0; i < 3; ++i) clock();
    dut_.rst_ni = 1;
    queue_.clear();
    op_valid_ = false;
    pending_ = 0;
  }

  void issue(const isa::Instruction& op) { queue_.push_back(op); }
  const std::vector<Done>& done() const { return done_; }
  const State& state() const { return state_; }
  uint64_t cycle() const { return cycle_; }
  bool idle() const { return queue_.empty() && pending_ == 0; }
  bool waits() const { return dut_.read_wait_o || dut_.write_wait_o; }
  size_t outstanding() const { return reads_.size() + writes_.size(); }
  uint64_t addresses() const { return addresses_; }
  bool offers() const { return ar_.valid || aw_.valid; }  // an address that has not been taken
  void halt() { dut_.halt_i = 1; }

  // Runs until every instruction is done; fails when nothing happens for long.
  void run() {
    uint64_t last = cycle_;
    size_t count = done_.size();
    while (!idle() && !testing::Test::HasFatalFailure()) {
      step();
      if (done_.size() != count) last = cycle_;
      count = done_.size();
      ASSERT_LT(cycle_ - last, 200000u) << "the engine hangs";
    }
  }

  // One cycle.
  void step() {
    drive();
    dut_.eval();
    check_stable();
    take_addresses();
    take_beats();
    take_words();
    take_completions();
    clock();
  }

 private:
  struct Burst {
    uint32_t addr, beats, sent;
    uint64_t due;
    bool accepted = true;
  };
  struct Held {
    bool valid = false;
    uint32_t addr = 0, len = 0;
  };
  static constexpr uint64_t kNever = ~uint64_t{0};

  bool chance(uint32_t percent) { return percent != 0 && rng_() % 100 < percent; }
  bool go() { return !chance(traffic_.stall_percent); }
  uint64_t due() { return cycle_ + traffic_.latency + (traffic_.stall_percent ? rng_() % 16 : 0); }
  uint32_t dim() const { return static_cast<uint32_t>(config_.dim); }

  void clock() {
    dut_.clk_i = 0;
    dut_.eval();
    dut_.clk_i = 1;
    dut_.eval();
    ++cycle_;
  }

  void drive() {
    drive_op();
    dut_.m_arready_i = go();
    const bool w_seen = dut_.m_wvalid_o || (!writes_.empty() && writes_.back().sent > 0);
    dut_.m_awready_i = go() && (!traffic_.aw_needs_w || w_seen);
    dut_.m_wready_i = go();
    drive_responses();
    put_bytes(dut_.sp_rd_data_i, sp_read_[1].data(), sp_read_[1].size());
    put_bytes(dut_.acc_rd_data_i, acc_read_[1].data(), acc_read_[1].size());
  }

  void drive_op() {
    if (!op_valid_ && !queue_.empty() && pending_ < static_cast<uint32_t>(config_.slots) &&
        !chance(traffic_.gap_percent)) {
      const bool signal = (queue_.front()[0] & 0xff) == static_cast<uint32_t>(isa::Opcode::kSignal);
      op_valid_ = !signal || pending_ == 0;
      if (op_valid_) ++pending_;
    }
    dut_.op_valid_i = op_valid_;
    if (op_valid_) {
      for (size_t i = 0; i < 8; ++i) dut_.op_data_i[i] = queue_.front()[i];
      dut_.op_slot_i = static_cast<uint8_t>(next_slot_);
    } else {
      for (size_t i = 0; i < 8; ++i) dut_.op_data_i[i] = static_cast<uint32_t>(rng_());
      dut_.op_slot_i = 0;
    }
    dut_.eval();
    drive_segment();
  }

  // What dispatch knows of the instruction, and its segment, as segments.sv gives it: write, read,
  // fits, limit, base.
  void drive_segment() {
    const uint32_t word = dut_.op_data_i[0];
    const bool signal = (word & 0xff) == static_cast<uint32_t>(isa::Opcode::kSignal);
    const uint32_t bytes = signal ? 4 : word >> 16;
    const Segment& segment = state_.segments[(word >> 12) % state_.segments.size()];
    dut_.one_row_i = (dut_.op_data_i[1] >> 20) == 0;
    dut_.one_plane_i = (dut_.op_data_i[5] & 0xfff) == 0;
    dut_.segment_i[0] = segment.base;
    dut_.segment_i[1] = segment.size - bytes;
    dut_.segment_i[2] = (segment.size >= bytes) | segment.read << 1 | segment.write << 2;
  }

  void drive_responses() {
    dut_.m_rvalid_i = !reads_.empty() && reads_.front().due <= cycle_ && go();
    std::vector<uint8_t> data(dim());
    for (uint8_t& b : data) b = static_cast<uint8_t>(rng_());
    if (dut_.m_rvalid_i) {
      const uint32_t addr = reads_.front().addr + reads_.front().sent * dim();
      for (uint32_t i = 0; i < dim(); ++i) data[i] = state_.memory[addr + i - state_.memory_base];
      dut_.m_rlast_i = reads_.front().sent + 1 == reads_.front().beats;
      dut_.m_rresp_i = read_error(state_, addr) ? 2 : 0;
    }
    put_bytes(dut_.m_rdata_i, data.data(), data.size());
    dut_.m_bvalid_i = !writes_.empty() && writes_.front().due <= cycle_ && go();
    if (dut_.m_bvalid_i)
      dut_.m_bresp_i = write_error(state_, config_, writes_.front().addr) ? 3 : 0;
  }

  void check_stable() {
    const auto check = [](const Held& held, bool valid, uint32_t addr, uint32_t len,
                          const char* what) {
      if (held.valid) {
        ASSERT_TRUE(valid && addr == held.addr && len == held.len)
            << what << " changed while stalled";
      }
    };
    check(ar_, dut_.m_arvalid_o, dut_.m_araddr_o, dut_.m_arlen_o, "AR");
    check(aw_, dut_.m_awvalid_o, dut_.m_awaddr_o, dut_.m_awlen_o, "AW");
    check(w_, dut_.m_wvalid_o, w_sum(), dut_.m_wlast_o, "W");
    ar_ = {dut_.m_arvalid_o && !dut_.m_arready_i, dut_.m_araddr_o, dut_.m_arlen_o};
    aw_ = {dut_.m_awvalid_o && !dut_.m_awready_i, dut_.m_awaddr_o, dut_.m_awlen_o};
    w_ = {dut_.m_wvalid_o && !dut_.m_wready_i, w_sum(), dut_.m_wlast_o};
  }

  uint32_t w_sum() const {
    uint32_t sum = dut_.m_wstrb_o;
    for (uint32_t i = 0; i < dim(); ++i) {
      if (dut_.m_wstrb_o >> i & 1) sum = sum * 31 + get_byte(dut_.m_wdata_o, i);
    }
    return sum;
  }

  void take_addresses() {
    const auto take = [&](std::deque<Burst>& bursts, uint32_t addr, uint32_t len, uint64_t when) {
      ASSERT_EQ(addr % dim(), 0u);
      ASSERT_LT(len, static_cast<uint32_t>(config_.dma_burst));
      ASSERT_EQ(addr / 4096, (addr + len * dim()) / 4096) << "a burst crosses 4 KiB";
      bursts.push_back({addr, len + 1, 0, when});
      ASSERT_LE(bursts.size(), static_cast<size_t>(config_.dma_outstanding));
    };
    ASSERT_TRUE(dut_.m_rready_o && dut_.m_bready_o);
    if (dut_.m_rvalid_i && ++reads_.front().sent == reads_.front().beats) reads_.pop_front();
    if (dut_.m_bvalid_i) {
      writes_.pop_front();
      --write_index_;
    }
    if (dut_.m_wvalid_o && dut_.m_wready_i) take_w();
    addresses_ += (dut_.m_arvalid_o && dut_.m_arready_i) + (dut_.m_awvalid_o && dut_.m_awready_i);
    if (dut_.m_arvalid_o && dut_.m_arready_i) take(reads_, dut_.m_araddr_o, dut_.m_arlen_o, due());
    // W may come once its address is offered; the response comes after both.
    if (dut_.m_awvalid_o && (writes_.empty() || writes_.back().accepted)) {
      take(writes_, dut_.m_awaddr_o, dut_.m_awlen_o, kNever);
      writes_.back().accepted = false;
    }
    if (dut_.m_awvalid_o && dut_.m_awready_i) {
      writes_.back().accepted = true;
      if (writes_.back().sent == writes_.back().beats) writes_.back().due = due();
    }
  }

  void take_w() {
    ASSERT_LT(write_index_, writes_.size()) << "a W beat before its address";
    Burst& burst = writes_[write_index_];
    const uint32_t at = burst.addr + burst.sent * dim() - state_.memory_base;
    for (uint32_t i = 0; i < dim(); ++i) {
      if (dut_.m_wstrb_o >> i & 1) state_.memory.at(at + i) = get_byte(dut_.m_wdata_o, i);
    }
    ++burst.sent;
    ASSERT_EQ(dut_.m_wlast_o, burst.sent == burst.beats);
    if (dut_.m_wlast_o) {
      if (burst.accepted) burst.due = due();
      ++write_index_;
    }
  }

  // The read ports' two registers.
  void take_beats() {
    if (dut_.sp_rd_en_o) {
      sp_read_[1] = sp_read_[0];
      fetch(sp_read_[0], state_.sp, dut_.sp_rd_valid_o, dut_.sp_rd_addr_o, dim());
    }
    if (dut_.acc_rd_en_o) {
      acc_read_[1] = acc_read_[0];
      fetch(acc_read_[0], state_.acc, dut_.acc_rd_valid_o, dut_.acc_rd_addr_o, 4 * dim());
    }
  }
  void fetch(std::vector<uint8_t>& out, const std::vector<uint8_t>& memory, bool valid,
             uint32_t addr, uint32_t bytes) {
    out.resize(bytes);
    for (uint32_t i = 0; i < bytes; ++i) {
      out[i] = valid ? memory[addr * bytes + i] : static_cast<uint8_t>(rng_());
    }
  }

  void take_words() {
    for (uint32_t i = 0; i < dim(); ++i) {
      if (dut_.sp_wr_valid_o)
        state_.sp[dut_.sp_wr_addr_o * dim() + i] = get_byte(dut_.sp_wr_data_o, i);
      for (uint32_t q = 0; q < 4; ++q) {
        if (dut_.acc_wr_valid_o && (dut_.acc_wr_quarter_o >> q & 1)) {
          state_.acc[(dut_.acc_wr_addr_o * 4 + q) * dim() + i] = get_byte(dut_.acc_wr_data_o, i);
        }
      }
    }
  }

  void take_completions() {
    const auto fault = static_cast<isa::Fault>(dut_.done_fault_o);
    if (dut_.done_valid_o) {
      ASSERT_GT(pending_, 0u);
      --pending_;
      done_.push_back({cycle_,
                       dut_.done_slot_o,
                       {fault, fault == isa::Fault::kNone ? 0 : dut_.done_addr_o},
                       dut_.signal_valid_o != 0,
                       dut_.signal_irq_o != 0,
                       dut_.signal_value_o});
    } else {
      ASSERT_FALSE(dut_.signal_valid_o);
    }
    if (dut_.op_ready_o) {
      ASSERT_TRUE(dut_.op_valid_i);
      queue_.pop_front();
      next_slot_ = (next_slot_ + 1) % static_cast<uint32_t>(config_.slots);
      op_valid_ = false;
    }
  }

  const isa::Config& config_;
  State state_;
  Traffic traffic_;
  std::mt19937 rng_;
  VerilatedContext context_;
  V dut_;
  uint64_t cycle_ = 0;
  uint64_t addresses_ = 0;  // bursts the engine has started
  std::deque<isa::Instruction> queue_;
  bool op_valid_ = false;
  uint32_t next_slot_ = 0;
  uint32_t pending_ = 0;  // started and not done
  std::vector<Done> done_;
  std::deque<Burst> reads_, writes_;
  size_t write_index_ = 0;  // first write burst that waits for beats
  Held ar_, aw_, w_;
  std::vector<uint8_t> sp_read_[2] = {std::vector<uint8_t>(dim()), std::vector<uint8_t>(dim())};
  std::vector<uint8_t> acc_read_[2] = {std::vector<uint8_t>(4 * dim()),
                                       std::vector<uint8_t>(4 * dim())};
};

}  // namespace millrace::dma_test
