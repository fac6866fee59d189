// SPDX-License-Identifier: Apache-2.0
// An SDR SDRAM of 4 banks x 8192 rows x 512 columns x 16 bits at its pins, which notes every
// command that a data sheet forbids. Times are the longest of the sheets of AS4C16M16SA-7 (Alliance
// Memory, rev. 3.0, table 16) and W9825G6JH-75 (Winbond, rev. A04, 9.5). Bursts of 4, CAS
// latency 2.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace millrace::sim {

struct SdramPins {
  bool ras_n = true, cas_n = true, we_n = true;
  uint32_t ba = 0, a = 0, dqm = 3;
  bool oe = false;  // the controller drives dq
  uint16_t dq = 0;
};

class SdramChip {
 public:
  explicit SdramChip(double clock_khz)
      : ns_(1e6 / clock_khz), memory_(size_t{1} << 24), random_(7) {
    power_up();
  }

  // As after switching on, but for the contents: rows count as closed.
  void power_up() {
    banks_ = {};
    start_ = now_;
    precharged_ = ready_ = false;
    refreshes_ = 0;
    write_left_ = 0;
    for (Column& column : out_) column.driven = false;
    read_ = refresh_ = mode_ = activate_ = kNever;
  }
  // One rising edge of the chip's clock. The controller's outputs have been stable for half a
  // cycle.
  void edge(const SdramPins& pins) {
    out_[slot(0)].driven = false;
    command(pins);
    data(pins);
    if (ready_ &&
        static_cast<double>(now_ - mode_) * ns_ > kRefi * static_cast<double>(refreshes_ + 2)) {
      fail("refresh is late");
      ++refreshes_;
    }
    ++now_;
  }
  // Level of dq around the edge to come, if the controller does not drive it.
  uint16_t dq() {
    const Column& column = out_[slot(0)];
    const auto noise = static_cast<uint16_t>(random_());
    if (!column.driven) return noise;
    return static_cast<uint16_t>((column.value & ~column.masked) | (noise & column.masked));
  }
  // A word of 16 bits by its address in bytes: row, bank, column.
  uint16_t& word(uint32_t address) { return memory_[address >> 1 & 0xffffff]; }
  const std::vector<std::string>& violations() const { return violations_; }
  uint64_t refreshes() const { return refreshes_; }  // since initialisation
  uint64_t activates() const { return activates_; }

  static constexpr double kRcd = 21, kRp = 21, kRas = 45, kRc = 65, kRfc = 65, kRrd = 14, kMrd = 14;
  static constexpr double kWr = 14, kRasMax = 100'000, kRefi = 64e6 / 8192, kHz = 6;
  static constexpr int kRrdClocks = 2, kMrdClocks = 2, kWrClocks = 2, kLatency = 2, kBurst = 4;

 private:
  static constexpr int64_t kNever = -1'000'000'000;
  struct Bank {
    bool open = false;
    uint32_t row = 0;
    int64_t activate = kNever, precharge = kNever, read = kNever, write_end = kNever;
  };
  struct Column {
    bool driven = false;
    uint16_t value = 0, masked = 0;
  };

  size_t slot(int64_t ahead) const { return static_cast<size_t>(now_ + ahead) % out_.size(); }
  void fail(const std::string& what) {
    if (violations_.size() < 20)
      violations_.push_back("edge " + std::to_string(now_) + ": " + what);
  }
  void apart(int64_t since, double ns, int clocks, const char* what) {
    if (static_cast<double>(now_ - since) * ns_ < ns - 1e-6 || now_ - since < clocks) fail(what);
  }
  bool idle() const {
    for (const Bank& bank : banks_)
      if (bank.open) return false;
    return true;
  }
  uint32_t address(const Bank& bank, uint32_t ba, uint32_t column) const {
    return bank.row << 12 | ba << 10 | column << 1;
  }

  void command(const SdramPins& pins) {
    const int code = pins.ras_n << 2 | pins.cas_n << 1 | static_cast<int>(pins.we_n);
    if (!precharged_ && pins.dqm != 3) fail("dqm low at power-up");
    if (code == 7) return;
    if (static_cast<double>(now_ - start_) * ns_ < 200e3) fail("command within 200 us of power-up");
    if (code != 2 && !precharged_) fail("not precharged at power-up");
    if ((code == 3 || code == 5 || code == 4) && !ready_) fail("access before initialisation");
    apart(refresh_, kRfc, 1, "tRFC");
    apart(mode_, kMrd, kMrdClocks, "tMRD");
    switch (code) {
      case 3:
        return activate(pins);
      case 5:
      case 4:
        return column(pins);
      case 2:
        return precharge(pins);
      case 1:
        return refresh();
      case 0:
        return mode(pins);
      default:
        return fail("burst stop");
    }
  }
  void activate(const SdramPins& pins) {
    Bank& bank = banks_[pins.ba];
    if (bank.open) fail("activate of an open bank");
    apart(bank.precharge, kRp, 1, "tRP");
    apart(bank.activate, kRc, 1, "tRC");
    apart(activate_, kRrd, kRrdClocks, "tRRD");
    bank.open = true;
    bank.row = pins.a;
    bank.activate = activate_ = now_;
    ++activates_;
  }
  void column(const SdramPins& pins) {
    Bank& bank = banks_[pins.ba];
    if (!bank.open) return fail("column command to a closed bank");
    apart(bank.activate, kRcd, 1, "tRCD");
    if (write_left_ > 0 || now_ - read_ < kBurst) fail("burst cut by a column command");
    if (pins.a >> 9) fail("auto precharge or no such column");
    const uint32_t block = pins.a & ~3u;
    if (!pins.we_n) {
      write_left_ = kBurst;
      write_bank_ = pins.ba;
      write_column_ = pins.a;
      return;
    }
    read_ = bank.read = now_;
    for (uint32_t i = 0; i < kBurst; ++i)
      out_[slot(kLatency + i)] = {true, word(address(bank, pins.ba, block | ((pins.a + i) & 3))),
                                  0};
  }
  void precharge(const SdramPins& pins) {
    const bool all = pins.a >> 10 & 1;
    for (uint32_t b = 0; b < banks_.size(); ++b) {
      Bank& bank = banks_[b];
      if (!bank.open || (!all && b != pins.ba)) continue;
      apart(bank.activate, kRas, 1, "tRAS");
      apart(bank.write_end, kWr, kWrClocks, "tWR");
      if ((write_left_ > 0 && write_bank_ == b) || now_ - bank.read < kBurst)
        fail("burst cut by a precharge");
      if (static_cast<double>(now_ - bank.activate) * ns_ > kRasMax) fail("tRAS, longest");
      bank.open = false;
      bank.precharge = now_;
    }
    if (all) precharged_ = true;
  }
  void refresh() {
    if (!idle()) fail("refresh with an open bank");
    for (const Bank& bank : banks_) apart(bank.precharge, kRp, 1, "tRP before refresh");
    refresh_ = now_;
    ++refreshes_;
  }
  void mode(const SdramPins& pins) {
    if (!idle()) fail("mode with an open bank");
    for (const Bank& bank : banks_) apart(bank.precharge, kRp, 1, "tRP before mode");
    if (pins.a != 0x22 || pins.ba != 0) fail("not this mode: bursts of 4, CAS latency 2");
    if (refreshes_ < 8) fail("mode before eight refreshes");
    ready_ = true;
    refreshes_ = 0;
    mode_ = now_;
  }

  void data(const SdramPins& pins) {
    const auto mask =
        static_cast<uint16_t>((pins.dqm & 1 ? 0xff : 0) | (pins.dqm & 2 ? 0xff00 : 0));
    // A mask goes for what is read two edges later.
    if (out_[slot(kLatency)].driven) out_[slot(kLatency)].masked = mask;
    // The controller drives from half a cycle before the edge to half a cycle after it, the chip
    // from the edge before its first data to kHz after its last.
    const double from = static_cast<double>(read_ + kLatency - 1);
    const double to = static_cast<double>(read_ + kLatency + kBurst - 1) + kHz / ns_;
    const auto now = static_cast<double>(now_);
    if (pins.oe && now + 0.5 > from && now - 0.5 < to) fail("both drive dq");
    if (write_left_ == 0) return;
    Bank& bank = banks_[write_bank_];
    if (!pins.oe && mask != 0xffff) fail("nobody drives the data of a write");
    const uint32_t offset = static_cast<uint32_t>(kBurst - write_left_);
    const uint32_t at = (write_column_ & ~3u) | ((write_column_ + offset) & 3);
    uint16_t& cell = word(address(bank, write_bank_, at));
    cell = static_cast<uint16_t>((cell & mask) | (pins.dq & ~mask));
    bank.write_end = now_;
    --write_left_;
  }

  double ns_;  // of a cycle
  std::vector<uint16_t> memory_;
  std::mt19937 random_;
  std::vector<std::string> violations_;
  int64_t now_ = 0, start_ = 0;
  std::array<Bank, 4> banks_;
  std::array<Column, 8> out_;
  bool precharged_ = false, ready_ = false;
  uint64_t refreshes_ = 0, activates_ = 0;
  int write_left_ = 0;
  uint32_t write_bank_ = 0, write_column_ = 0;
  int64_t read_ = kNever, refresh_ = kNever, mode_ = kNever, activate_ = kNever;
};

}  // namespace millrace::sim
