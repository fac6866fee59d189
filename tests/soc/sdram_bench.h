// SPDX-License-Identifier: Apache-2.0
// The Verilated memory of SDRAM between a model of the chip and masters like those of the machine.
// All bytes read are compared with a memory of bytes that changes in the order of acceptance.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

#include "sim/board/sdram_chip.h"
#include "verilated.h"

namespace millrace::soc {

struct Burst {
  uint32_t address = 0, beats = 1;
  std::vector<uint64_t> data = {};  // of a write
  std::vector<uint8_t> strobes = {};
};

template <typename Top>
class SdramBench {
 public:
  SdramBench(double clock_khz, uint64_t seed)
      : chip(clock_khz), random(seed), bytes_(size_t{1} << 25) {
    hold_reset(4);
  }
  ~SdramBench() { top_.final(); }

  sim::SdramChip chip;
  std::mt19937_64 random;
  std::deque<Burst> fetches, reads, writes;       // to be offered
  int address_percent = 100, beat_percent = 100;  // how readily masters offer what they have
  uint64_t reads_done = 0, writes_done = 0, fetches_done = 0;
  // Cycles of the data port: the last read accepted, the last beat read, the last response.
  uint64_t read_accepted = 0, beat_read = 0, responded = 0;

  bool idle() const {
    return fetches.empty() && reads.empty() && writes.empty() && fetch_open_.empty() &&
           read_open_.empty() && owed_.empty() && write_open_ == 0;
  }
  uint64_t cycles() const { return cycles_; }
  uint8_t& byte(uint32_t address) { return bytes_[address]; }

  void cycle() {
    offer();
    top_.eval();
    responses();
    handshakes();
    top_.clk_i = 1;
    top_.eval();
    lower();
    top_.dq_i = chip.dq();
    top_.clk_i = 0;
    top_.eval();
    chip.edge({.ras_n = top_.ras_no != 0,
               .cas_n = top_.cas_no != 0,
               .we_n = top_.we_no != 0,
               .ba = top_.ba_o,
               .a = top_.a_o,
               .dqm = top_.dqm_o,
               .oe = top_.dq_oe_o != 0,
               .dq = top_.dq_o});
    ++cycles_;
  }
  void run(uint64_t cycles) {
    for (uint64_t i = 0; i < cycles; ++i) cycle();
  }
  // Until everything is answered.
  void drain() {
    uint64_t progress = cycles_, seen = 0;
    while (!idle()) {
      cycle();
      const uint64_t now = reads_done + writes_done + fetches_done;
      if (now != seen) progress = cycles_, seen = now;
      ASSERT_LT(cycles_ - progress, 40'000u) << "no answer";
    }
  }
  void host_write(uint32_t address, uint32_t word) {
    host(true, address, word);
    for (uint32_t i = 0; i < 4; ++i) bytes_[address + i] = static_cast<uint8_t>(word >> 8 * i);
  }
  void host_read(uint32_t address) {
    ASSERT_EQ(host(false, address, 0), static_cast<uint32_t>(expected(address, 4)))
        << "host, address " << address;
  }
  uint64_t host_longest = 0;  // cycles

  // Forgets what is under way, as a machine in reset does.
  void reset() {
    fetches.clear(), reads.clear(), writes.clear();
    fetch_open_.clear(), read_open_.clear(), owed_.clear();
    fetch_beat_ = read_beat_ = beats_open_ = unanswered_ = write_open_ = 0;
    write_beat_ = 0;
    top_.f_arvalid_i = top_.m_arvalid_i = top_.m_awvalid_i = top_.m_wvalid_i = top_.h_valid_i = 0;
    hold_reset(3);
    chip.power_up();
  }
  // The chip and the memory of bytes agree on the 4 KiB at an address.
  void compare(uint32_t base) {
    for (uint32_t a = base; a < base + 4096; a += 2)
      ASSERT_EQ(chip.word(a), static_cast<uint16_t>(expected(a, 2))) << "address " << a;
  }
  // Fills 4 KiB without passing through the controller.
  void fill(uint32_t base) {
    for (uint32_t a = base; a < base + 4096; ++a) bytes_[a] = static_cast<uint8_t>(random());
    for (uint32_t a = base; a < base + 4096; a += 2)
      chip.word(a) = static_cast<uint16_t>(expected(a, 2));
  }

 private:
  static constexpr size_t kOutstanding = 8, kFetches = 4;

  bool chance(int percent) { return static_cast<int>(random() % 100) < percent; }
  uint64_t expected(uint32_t address, uint32_t count) const {
    uint64_t value = 0;
    for (uint32_t i = 0; i < count; ++i) value |= uint64_t{bytes_[address + i]} << 8 * i;
    return value;
  }
  void hold_reset(int cycles) {
    top_.rst_ni = 0;
    for (int i = 0; i < cycles; ++i) {
      top_.clk_i = 1;
      top_.eval();
      top_.clk_i = 0;
      top_.eval();
    }
    top_.rst_ni = 1;
  }

  void offer() {
    if (!top_.f_arvalid_i && !fetches.empty() && fetch_open_.size() < 8 * kFetches &&
        chance(address_percent)) {
      top_.f_arvalid_i = 1;
      top_.f_araddr_i = fetches.front().address;
    }
    if (!top_.m_arvalid_i && !reads.empty() && read_open_.size() < kOutstanding &&
        chance(address_percent)) {
      top_.m_arvalid_i = 1;
      top_.m_araddr_i = reads.front().address;
      top_.m_arlen_i = static_cast<uint8_t>(reads.front().beats - 1);
    }
    if (!top_.m_awvalid_i && !writes.empty() && write_open_ < kOutstanding &&
        chance(address_percent)) {
      top_.m_awvalid_i = 1;
      top_.m_awaddr_i = writes.front().address;
      top_.m_awlen_i = static_cast<uint8_t>(writes.front().beats - 1);
      owed_.push_back(writes.front());  // its beats may come from now on
    }
    if (!top_.m_wvalid_i && !owed_.empty() && chance(beat_percent)) {
      const Burst& burst = owed_.front();
      top_.m_wvalid_i = 1;
      top_.m_wdata_i = burst.data[write_beat_];
      top_.m_wstrb_i = burst.strobes[write_beat_];
      top_.m_wlast_i = write_beat_ + 1 == burst.beats;
    }
  }

  // Before the handshakes of this cycle: nothing is answered in the cycle it is accepted.
  void responses() {
    host_done_ = top_.h_done_o != 0;
    host_word_ = top_.h_rdata_o;
    ASSERT_FALSE(host_done_ && !top_.h_valid_i) << "an answer to no host";
    if (top_.f_rvalid_o) {
      ASSERT_FALSE(fetch_open_.empty()) << "a word nobody fetched";
      ASSERT_EQ(top_.f_rdata_o, static_cast<uint32_t>(fetch_open_.front()));
      ASSERT_EQ(top_.f_rlast_o != 0, ++fetch_beat_ % 8 == 0);
      fetch_open_.pop_front();
      if (fetch_beat_ % 8 == 0) ++fetches_done;
    }
    if (top_.m_rvalid_o) {
      ASSERT_FALSE(read_open_.empty()) << "a beat nobody asked for";
      ASSERT_EQ(top_.m_rdata_o, read_open_.front()[read_beat_]) << "cycle " << cycles_;
      ++read_beat_;
      ASSERT_EQ(top_.m_rlast_o != 0, read_beat_ == read_open_.front().size());
      beat_read = cycles_;
      if (top_.m_rlast_o) {
        read_open_.pop_front();
        read_beat_ = 0;
        ++reads_done;
      }
    }
    if (top_.m_bvalid_o) {
      ASSERT_GT(unanswered_, 0u) << "a response to no write";
      --unanswered_;
      --write_open_;
      ++writes_done;
      responded = cycles_;
    }
  }

  void handshakes() {
    taken_fetch_ = top_.f_arvalid_i && top_.f_arready_o;
    taken_read_ = top_.m_arvalid_i && top_.m_arready_o;
    taken_write_ = top_.m_awvalid_i && top_.m_awready_o;
    taken_beat_ = top_.m_wvalid_i && top_.m_wready_o;
    ASSERT_LE(taken_fetch_ + taken_read_ + taken_write_, 1) << "two bursts at once";
    if (taken_fetch_) {
      for (uint32_t i = 0; i < 8; ++i)
        fetch_open_.push_back(expected(fetches.front().address + 4 * i, 4));
      fetches.pop_front();
    }
    if (taken_read_) {
      std::vector<uint64_t> beats;
      for (uint32_t i = 0; i < reads.front().beats; ++i)
        beats.push_back(expected(reads.front().address + 8 * i, 8));
      read_open_.push_back(beats);
      reads.pop_front();
      read_accepted = cycles_;
    }
    if (taken_write_) {
      const Burst& burst = writes.front();
      for (uint32_t i = 0; i < 8 * burst.beats; ++i) {
        if (burst.strobes[i / 8] >> i % 8 & 1)
          bytes_[burst.address + i] = static_cast<uint8_t>(burst.data[i / 8] >> 8 * (i % 8));
      }
      writes.pop_front();
      ++beats_open_;
      ++write_open_;
    }
    if (taken_beat_) {
      ASSERT_GT(beats_open_, 0u) << "a beat taken before its address";
      if (++write_beat_ == owed_.front().beats) {
        owed_.pop_front();
        write_beat_ = 0;
        --beats_open_;
        ++unanswered_;
      }
    }
  }
  void lower() {
    if (taken_fetch_) top_.f_arvalid_i = 0;
    if (taken_read_) top_.m_arvalid_i = 0;
    if (taken_write_) top_.m_awvalid_i = 0;
    if (taken_beat_) top_.m_wvalid_i = 0;
  }

  uint32_t host(bool write, uint32_t address, uint32_t word) {
    top_.h_valid_i = 1;
    top_.h_write_i = write;
    top_.h_addr_i = address >> 2;
    top_.h_wdata_i = word;
    const uint64_t start = cycles_;
    do {
      cycle();
      if (cycles_ - start > 40'000) {
        ADD_FAILURE() << "no answer to the host";
        break;
      }
    } while (!host_done_);
    host_longest = std::max(host_longest, cycles_ - start);
    top_.h_valid_i = 0;
    return host_word_;
  }

  VerilatedContext context_;
  Top top_{&context_};
  uint64_t cycles_ = 0;
  std::vector<uint8_t> bytes_;
  std::deque<uint64_t> fetch_open_;              // words to come
  std::deque<std::vector<uint64_t>> read_open_;  // beats to come
  std::deque<Burst> owed_;                       // writes offered, whose beats are not all taken
  size_t fetch_beat_ = 0, read_beat_ = 0;
  uint32_t write_beat_ = 0;
  // Writes: accepted without all beats, with all beats, accepted; each without a response.
  size_t beats_open_ = 0, unanswered_ = 0, write_open_ = 0;
  bool taken_fetch_ = false, taken_read_ = false, taken_write_ = false, taken_beat_ = false;
  bool host_done_ = false;
  uint32_t host_word_ = 0;
};

}  // namespace millrace::soc
