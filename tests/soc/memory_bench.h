// SPDX-License-Identifier: Apache-2.0
// Random traffic on all ports of the Verilated onchip_memory, each cycle compared with
// model/memory's `onchip`. The generator keeps to what memory_slots relies on. No byte is read
// while a write to it is in flight, from AW to B.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <random>
#include <vector>

#include "model/memory/timing.h"
#include "verilated.h"

namespace millrace::soc {

struct MemoryShape {
  uint32_t beat_bytes, burst_beats, outstanding, fetches;
  bool whole_words;  // strobes are all or none, and none after the first none of a burst
  bool ring_apart;   // what is fetched is not written
};

// Chances in percent that something begins in a cycle.
struct Traffic {
  uint32_t fetch, read, write, beat, host;
  uint32_t short_bursts;  // share of bursts of one beat
};

template <typename Top>
class MemoryBench {
 public:
  static constexpr uint32_t kBytes = 1 << 14;  // AddrBits of tests/soc/CMakeLists.txt

  static constexpr uint32_t kRingBytes = kBytes / 4;  // from address 0, with ring_apart

  MemoryBench(const MemoryShape& shape, uint64_t seed)
      : shape_(shape),
        timing_({.preset = memory::Preset::kOnchip}),
        random_(seed),
        top_(&context_) {
    top_.clk_i = top_.rst_ni = 0;
    for (int i = 0; i < 3; ++i) edge();
    top_.rst_ni = 1;
    bytes_.resize(kBytes);
    for (uint32_t address = 0; address < kBytes; address += 4) {  // by the host, on a quiet memory
      begin_host(true, address, static_cast<uint32_t>(random_()));
      while (host_.valid) cycle({});
    }
    host_waits_max_ = host_accesses_ = 0;
  }

  void run(uint64_t cycles, const Traffic& traffic) {
    for (uint64_t i = 0; i < cycles && !testing::Test::HasFailure(); ++i) cycle(traffic);
  }
  void drain() {
    while (fetch_open_ + reads_open_ + writes_.size() > 0 && !testing::Test::HasFailure())
      cycle({.fetch = 0, .read = 0, .write = 0, .beat = 100, .host = 0, .short_bursts = 0});
  }
  uint64_t host_accesses() const { return host_accesses_; }
  uint64_t host_waits_max() const { return host_waits_max_; }
  uint64_t beats() const { return beats_; }
  uint64_t answers() const { return answers_; }

 private:
  struct Burst {
    uint32_t address = 0, beats = 0;
  };
  struct Write : Burst {
    uint32_t sent = 0;
    bool none = false;  // strobes are none from here on
    std::vector<uint8_t> data, strobe;
    uint64_t answer = 0;  // cycle of B, once accepted
  };
  struct Beat {
    uint64_t due;
    uint32_t address;
    bool last;
  };
  struct Host {
    bool valid = false, write = false;
    uint32_t address = 0, data = 0;
    uint64_t since = 0;
  };

  bool chance(uint32_t percent) { return random_() % 100 < percent; }
  uint32_t block_bytes() const { return shape_.beat_bytes * shape_.burst_beats; }

  // In use by the machine as a target (writes) or a source (reads): counted by 32 bytes.
  bool free_of(const std::array<uint32_t, kBytes / 32>& uses, uint32_t address,
               uint32_t bytes) const {
    for (uint32_t at = address / 32; at <= (address + bytes - 1) / 32; ++at)
      if (uses[at] != 0) return false;
    return true;
  }
  static void use(std::array<uint32_t, kBytes / 32>& uses, uint32_t address, uint32_t bytes,
                  int by) {
    for (uint32_t at = address / 32; at <= (address + bytes - 1) / 32; ++at)
      uses[at] += static_cast<uint32_t>(by);
  }

  Burst pick(const Traffic& traffic) {
    const uint32_t first = chance(50) ? 0 : static_cast<uint32_t>(random_() % shape_.burst_beats);
    const uint32_t most = chance(traffic.short_bursts) ? 1 : shape_.burst_beats - first;
    // Often where the last one was, to meet what was just written.
    if (chance(50)) block_ = static_cast<uint32_t>(random_() % (kBytes / block_bytes()));
    return {block_ * block_bytes() + first * shape_.beat_bytes,
            1 + static_cast<uint32_t>(random_() % most)};
  }

  void begin_host(bool write, uint32_t address, uint32_t data) {
    host_ = {true, write, address, data, now_};
  }

  void cycle(const Traffic& traffic) {
    check_responses();
    top_.f_arvalid_i = top_.m_arvalid_i = top_.m_awvalid_i = top_.m_wvalid_i = 0;
    top_.f_araddr_i = top_.m_araddr_i = top_.m_awaddr_i = static_cast<uint32_t>(random_());
    top_.m_wdata_i = static_cast<decltype(top_.m_wdata_i + 0)>(random_());
    drive_fetch(traffic);
    drive_read(traffic);
    drive_beat(traffic);  // before AW: no beat in the cycle of its address
    drive_address(traffic);
    drive_host(traffic);
    edge();
    ++now_;
  }

  void edge() {
    top_.clk_i = 0;
    top_.eval();
    top_.clk_i = 1;
    top_.eval();
  }

  void drive_fetch(const Traffic& traffic) {
    if (fetch_open_ >= shape_.fetches || fetch_ended_ == now_ || !chance(traffic.fetch)) return;
    const uint32_t address =
        32 * static_cast<uint32_t>(random_() % ((shape_.ring_apart ? kRingBytes : kBytes) / 32));
    if (!free_of(writing_, address, 32) || (host_.write && overlaps_host(address, 32))) return;
    use(reading_, address, 32, 1);
    top_.f_arvalid_i = 1;
    top_.f_araddr_i = address | high();
    const auto schedule =
        timing_.accept(memory::Port::kFetch, memory::Channel::kR, now_, address, 8, 4);
    for (uint32_t i = 0; i < 8; ++i)
      fetch_beats_.push_back({schedule.due(i), address + 4 * i, i == 7});
    ++fetch_open_;
  }

  // With one burst in flight: nothing begins before the cycle after the last response.
  bool data_port_taken(size_t same) const {
    if (shape_.outstanding > 1) return same >= shape_.outstanding;
    return reads_open_ + writes_.size() > 0 || data_ended_ == now_;
  }

  void drive_read(const Traffic& traffic) {
    if (data_port_taken(reads_open_) || !chance(traffic.read)) return;
    const Burst burst = pick(traffic);
    const uint32_t bytes = burst.beats * shape_.beat_bytes;
    if (!free_of(writing_, burst.address, bytes)) return;
    if (host_.write && overlaps_host(burst.address, bytes)) return;
    use(reading_, burst.address, bytes, 1);
    top_.m_arvalid_i = 1;
    top_.m_araddr_i = burst.address | high();
    top_.m_arlen_i = static_cast<uint8_t>(burst.beats - 1);
    const auto schedule = timing_.accept(memory::Port::kData, memory::Channel::kR, now_,
                                         burst.address, burst.beats, shape_.beat_bytes);
    for (uint32_t i = 0; i < burst.beats; ++i)
      read_beats_.push_back(
          {schedule.due(i), burst.address + i * shape_.beat_bytes, i + 1 == burst.beats});
    read_bursts_.push_back(burst);
    ++reads_open_;
  }

  void drive_address(const Traffic& traffic) {
    if (data_port_taken(writes_.size()) || !chance(traffic.write)) return;
    Write write;
    static_cast<Burst&>(write) = pick(traffic);
    const uint32_t bytes = write.beats * shape_.beat_bytes;
    if (shape_.ring_apart && write.address < kRingBytes) return;
    if (!free_of(writing_, write.address, bytes) || !free_of(reading_, write.address, bytes))
      return;
    if (overlaps_host(write.address, bytes)) return;
    use(writing_, write.address, bytes, 1);
    top_.m_awvalid_i = 1;
    top_.m_awaddr_i = write.address | high();
    top_.m_awlen_i = static_cast<uint8_t>(write.beats - 1);
    writes_.push_back(write);
  }

  void drive_beat(const Traffic& traffic) {
    const auto open = std::find_if(writes_.begin(), writes_.end(),
                                   [](const Write& w) { return w.sent < w.beats; });
    top_.m_wlast_i = random_() & 1;
    if (open == writes_.end() || !chance(traffic.beat)) return;
    uint32_t strobe = static_cast<uint32_t>(random_()) & ((1u << shape_.beat_bytes) - 1);
    if (shape_.whole_words) {
      open->none = open->none || chance(5);
      strobe = open->none ? 0 : 0xf;
    }
    const uint64_t data = random_();
    for (uint32_t i = 0; i < shape_.beat_bytes; ++i) {
      open->data.push_back(static_cast<uint8_t>(data >> 8 * i));
      open->strobe.push_back(strobe >> i & 1);
    }
    ++open->sent;
    const bool last = open->sent == open->beats;
    top_.m_wvalid_i = 1;
    top_.m_wlast_i = last;
    top_.m_wdata_i = static_cast<decltype(top_.m_wdata_i + 0)>(data);
    top_.m_wstrb_i = static_cast<uint8_t>(strobe);
    if (last)
      open->answer = timing_
                         .accept(memory::Port::kData, memory::Channel::kB, now_, open->address,
                                 open->beats, shape_.beat_bytes)
                         .due(0);
  }

  bool overlaps_host(uint32_t address, uint32_t bytes) const {
    return host_.valid && host_.address + 4 > address && host_.address < address + bytes;
  }

  void drive_host(const Traffic& traffic) {
    if (!host_.valid && chance(traffic.host)) {
      const uint32_t address = 4 * static_cast<uint32_t>(random_() % (kBytes / 4));
      const bool write = chance(50);
      if (free_of(writing_, address, 4) && (!write || free_of(reading_, address, 4)))
        begin_host(write, address, static_cast<uint32_t>(random_()));
    }
    // Nothing may begin to write or read where the host writes, nor to write where it reads.
    top_.h_valid_i = host_.valid;
    top_.h_write_i = host_.write;
    top_.h_addr_i = static_cast<uint16_t>(host_.address >> 2);
    top_.h_wdata_i = host_.data;
  }

  // Address bits beyond the memory, which it ignores.
  uint32_t high() { return static_cast<uint32_t>(random_()) & ~(kBytes - 1); }

  uint64_t word(uint32_t address, uint32_t bytes) const {
    uint64_t value = 0;
    for (uint32_t i = 0; i < bytes; ++i) value |= uint64_t{bytes_[address + i]} << 8 * i;
    return value;
  }

  void check_responses() {
    const auto due = [&](const std::deque<Beat>& beats) {
      return !beats.empty() && beats.front().due == now_;
    };
    ASSERT_EQ(top_.f_rvalid_o != 0, due(fetch_beats_)) << "cycle " << now_;
    ASSERT_EQ(top_.m_rvalid_o != 0, due(read_beats_)) << "cycle " << now_;
    if (top_.f_rvalid_o) {
      const Beat beat = fetch_beats_.front();
      fetch_beats_.pop_front();
      ++beats_;
      ASSERT_EQ(top_.f_rdata_o, word(beat.address, 4)) << "cycle " << now_;
      ASSERT_EQ(top_.f_rlast_o != 0, beat.last);
      if (beat.last) {
        use(reading_, beat.address - 28, 32, -1);
        --fetch_open_;
        if (shape_.fetches == 1) fetch_ended_ = now_;
      }
    }
    if (top_.m_rvalid_o) {
      const Beat beat = read_beats_.front();
      read_beats_.pop_front();
      ++beats_;
      ASSERT_EQ(top_.m_rdata_o, word(beat.address, shape_.beat_bytes)) << "cycle " << now_;
      ASSERT_EQ(top_.m_rlast_o != 0, beat.last);
      if (beat.last) {
        const Burst burst = read_bursts_.front();
        read_bursts_.pop_front();
        use(reading_, burst.address, burst.beats * shape_.beat_bytes, -1);
        --reads_open_;
        data_ended_ = now_;
      }
    }
    const bool answer = !writes_.empty() && writes_.front().answer == now_ && now_ != 0;
    ASSERT_EQ(top_.m_bvalid_o != 0, answer) << "cycle " << now_;
    if (answer) {
      const Write& write = writes_.front();
      for (size_t i = 0; i < write.data.size(); ++i)
        if (write.strobe[i]) bytes_[write.address + i] = write.data[i];
      use(writing_, write.address, write.beats * shape_.beat_bytes, -1);
      writes_.pop_front();
      data_ended_ = now_;
      ++answers_;
    }
    check_host();
  }

  void check_host() {
    if (!top_.h_done_o) return;
    ASSERT_TRUE(host_.valid);
    if (host_.write) {
      for (uint32_t i = 0; i < 4; ++i)
        bytes_[host_.address + i] = static_cast<uint8_t>(host_.data >> 8 * i);
    } else {
      ASSERT_EQ(top_.h_rdata_o, word(host_.address, 4)) << "cycle " << now_;
    }
    host_waits_max_ = std::max(host_waits_max_, now_ - host_.since);
    host_.valid = false;
    ++host_accesses_;
  }

  MemoryShape shape_;
  memory::MemoryTiming timing_;
  std::mt19937_64 random_;
  VerilatedContext context_;
  Top top_;
  uint64_t now_ = 0;
  std::vector<uint8_t> bytes_;
  std::array<uint32_t, kBytes / 32> writing_ = {}, reading_ = {};
  std::deque<Beat> fetch_beats_, read_beats_;
  std::deque<Burst> read_bursts_;
  std::deque<Write> writes_;
  size_t fetch_open_ = 0, reads_open_ = 0;
  uint32_t block_ = 0;  // of the last burst picked
  uint64_t fetch_ended_ = UINT64_MAX, data_ended_ = UINT64_MAX;
  Host host_;
  uint64_t host_accesses_ = 0, host_waits_max_ = 0, beats_ = 0, answers_ = 0;
};

}  // namespace millrace::soc
