// SPDX-License-Identifier: Apache-2.0
// The rules of docs/reference/memory.md once more, the slow way: a controller that tries every
// clock for every command against the log of all commands before it, with the standards'
// nanoseconds. Shares nothing with model/memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace millrace::memory {

// What the standards say, in picoseconds or clocks (n...).
struct Datasheet {
  std::string_view name;
  uint64_t mhz, bus_bytes, banks;
  uint64_t n_burst;  // clocks of a column's data
  uint64_t n_read, n_write, n_read_to_write;
  uint64_t rcd, rp, ras, rtp, wr, wtr, rrd, faw, refi, rp_all, rfc;  // ps
};

inline const Datasheet kDatasheets[] = {
    {"ddr3-1600", 800, 8, 8, 4, 11, 8, 11 + 4 + 2 - 8,  //
     13750, 13750, 35000, 7500, 15000, 7500, 7500, 40000, 7'800'000, 13750, 260'000},
    {"lpddr4-2400", 1200, 8, 8, 8, 24 + 5, 12 + 1, 24 + 5 + 8 - 12 + 2,  //
     18000, 18000, 42000, 7500, 18000, 10000, 10000, 40000, 3'904'000, 21000, 180'000},
    {"hbm2", 1000, 16, 4, 2, 18, 7, 18,  //
     12000 + 6000, 14000, 28000, 5000, 14000, 9000, 16000, 16000, 3'900'000, 12000 + 14000,
     260'000},
};

class ReferenceDram {
 public:
  ReferenceDram(const Datasheet& sheet, uint64_t core_mhz) : s_(sheet), core_mhz_(core_mhz) {}

  // Cycles in which the responses are due: of every beat of a read, or the one of a write.
  std::vector<uint64_t> accept(bool write, uint64_t cycle, uint64_t addr, uint32_t beats,
                               uint32_t beat_bytes) {
    uint64_t arrival = cycle * s_.mhz / core_mhz_;  // to be: first edge not before the cycle's end
    while (arrival * core_mhz_ < (cycle + 1) * s_.mhz) ++arrival;
    arrival += clocks(10'000);
    const uint64_t column_bytes = s_.n_burst * s_.bus_bytes;
    std::vector<uint64_t> columns;
    const uint64_t last_column = (addr + beats * beat_bytes - 1) / column_bytes;
    for (uint64_t at = addr / column_bytes; at <= last_column; ++at)
      columns.push_back(column(write, addr, arrival, columns.empty()));
    std::vector<uint64_t> due;
    if (write) {
      due.push_back(response((columns.back() + s_.n_write + s_.n_burst) * s_.bus_bytes));
    } else {
      for (uint32_t i = 0; i < beats; ++i) {
        const uint64_t last = addr % column_bytes + uint64_t{i + 1} * beat_bytes - 1;
        const uint64_t start = columns[last / column_bytes] + s_.n_read;
        due.push_back(response(start * s_.bus_bytes + last % column_bytes + 1));
      }
    }
    return due;
  }

 private:
  // Commands of the log that can still matter: 128 columns a burst, eight banks.
  static constexpr size_t kWindow = 1200;
  enum Kind { kActivate, kPrecharge, kRead, kWrite };
  struct Command {
    Kind kind;
    uint64_t bank, time;
  };

  uint64_t clocks(uint64_t ps) const { return (ps * s_.mhz + 999'999) / 1'000'000; }
  // Clocks from a command to a later one; 0: any order. The least numbers of clocks that JEDEC
  // gives beside some of the times are met at these speeds.
  uint64_t gap(const Command& a, Kind next, uint64_t bank) const {
    const bool same = a.bank == bank;
    const uint64_t written = s_.n_write + s_.n_burst;
    switch (next) {
      case kActivate:
        if (a.kind == kActivate) return same ? clocks(s_.ras) + clocks(s_.rp) : clocks(s_.rrd);
        return a.kind == kPrecharge && same ? clocks(s_.rp) : 0;
      case kPrecharge:
        if (!same) return 0;
        if (a.kind == kActivate) return clocks(s_.ras);
        if (a.kind == kRead) return clocks(s_.rtp);
        return a.kind == kWrite ? written + clocks(s_.wr) : 0;
      case kRead:
        if (a.kind == kActivate && same) return clocks(s_.rcd);
        if (a.kind == kWrite) return written + clocks(s_.wtr);
        return a.kind == kRead ? s_.n_burst : 0;
      case kWrite:
        if (a.kind == kActivate && same) return clocks(s_.rcd);
        if (a.kind == kRead) return s_.n_read_to_write;
        return a.kind == kWrite ? s_.n_burst : 0;
    }
    return 0;
  }
  // Whether a command may come at `time`; if not, `later` is no later than the first time it may.
  bool legal(Kind kind, uint64_t bank, uint64_t time, uint64_t& later) const {
    const bool column = kind == kRead || kind == kWrite;
    size_t activates = 0;
    later = time;
    for (size_t i = log_.size(), seen = 0; i-- > 0 && seen < kWindow; ++seen) {
      const Command& c = log_[i];
      const uint64_t least = gap(c, kind, bank);
      if (least != 0) later = std::max(later, c.time + least);
      if (column && (c.kind == kRead || c.kind == kWrite) && overlap(c, kind, time))
        later = std::max(later, time + 1);
      activates += c.kind == kActivate && time < c.time + clocks(s_.faw);
    }
    if (kind == kActivate && activates >= 4) later = std::max(later, time + 1);
    return later == time;
  }
  bool overlap(const Command& a, Kind next, uint64_t time) const {
    const uint64_t first = a.time + (a.kind == kRead ? s_.n_read : s_.n_write);
    const uint64_t second = time + (next == kRead ? s_.n_read : s_.n_write);
    return first < second + s_.n_burst && second < first + s_.n_burst;
  }
  uint64_t issue(Kind kind, uint64_t bank, uint64_t time) {
    for (uint64_t later; !legal(kind, bank, time, later);) time = later;
    log_.push_back({kind, bank, time});
    return time;
  }
  // The time of the next column command of a burst. A refresh that is due comes before the first.
  uint64_t column(bool write, uint64_t addr, uint64_t arrival, bool first) {
    const uint64_t row = addr / 4096, bank = row % s_.banks;
    for (;;) {
      const size_t before = log_.size();
      const auto open = open_.find(bank);
      if (open == open_.end() || open->second != row) {
        if (open != open_.end()) issue(kPrecharge, bank, arrival);
        issue(kActivate, bank, std::max(arrival, refreshed_));
      }
      const uint64_t time = issue(write ? kWrite : kRead, bank, arrival);
      if (!first || time < next_refresh_) {
        open_[bank] = row;
        return time;
      }
      log_.resize(before);  // not before the refresh
      while (next_refresh_ + clocks_down(s_.refi) <= time) next_refresh_ += clocks_down(s_.refi);
      uint64_t start = next_refresh_;
      for (uint64_t b = 0, later; b < s_.banks; ++b)
        if (!legal(kPrecharge, b, start, later)) start = later;
      refreshed_ = start + clocks(s_.rp_all) + clocks(s_.rfc);
      next_refresh_ += clocks_down(s_.refi);
      open_.clear();
    }
  }
  uint64_t clocks_down(uint64_t ps) const { return ps * s_.mhz / 1'000'000; }
  // The first cycle that starts when byte `bytes` of the bus's time has passed and come back.
  uint64_t response(uint64_t bytes) const {
    const uint64_t at = bytes + clocks(10'000) * s_.bus_bytes;
    uint64_t cycle = at * core_mhz_ / (s_.bus_bytes * s_.mhz);
    while (cycle * s_.bus_bytes * s_.mhz < at * core_mhz_) ++cycle;
    return cycle;
  }

  Datasheet s_;
  uint64_t core_mhz_;
  std::vector<Command> log_;
  std::map<uint64_t, uint64_t> open_;
  uint64_t refreshed_ = 0;
  uint64_t next_refresh_ = clocks_down(s_.refi);
};

}  // namespace millrace::memory
