// SPDX-License-Identifier: Apache-2.0
// A DRAM channel behind a controller that serves bursts in the order of acceptance: open rows, bank
// timing, turnaround of the data bus and refresh. All state is times in DRAM clocks, touched once a
// burst; nothing ticks. The rules, what they leave out and the parameters are in
// docs/reference/memory.md.
#pragma once

#include <array>
#include <cstdint>

#include "model/memory/schedule.h"
#include "model/memory/spec.h"

namespace millrace::memory {

// A row holds this much in every preset: no less than an AXI burst can span (AMBA AXI4, A3.4.1), so
// a burst never needs a second row.
inline constexpr uint32_t kRowBytes = 4096;
inline constexpr uint32_t kMaxBanks = 8;

// Times are in DRAM clocks (JEDEC's nCK), rounded up as a controller rounds them; names are
// JEDEC's.
struct DramParams {
  uint32_t clock_mhz;
  uint32_t bytes_per_clock;  // of the data bus, both edges
  uint32_t banks;            // a power of two, at most kMaxBanks
  uint32_t t_ccd;         // column command to the next in the same direction; the bus time of one
  uint32_t read_latency;  // column command to the first data
  uint32_t write_latency;
  uint32_t t_rcd;           // activate to column command
  uint32_t t_rp;            // precharge to activate
  uint32_t t_ras;           // activate to precharge; tRC is no more than tRAS + tRP in any preset
  uint32_t t_rtp;           // read command to precharge
  uint32_t t_wr;            // last write data to precharge
  uint32_t t_wtr;           // last write data to read command
  uint32_t t_rtw;           // read command to write command
  uint32_t t_rrd;           // activate to activate of another bank
  uint32_t t_faw;           // activate to the fourth activate after it
  uint32_t t_refi;          // from refresh to refresh
  uint32_t t_refresh;       // precharge of all banks to the first activate: tRP + tRFC
  uint32_t controller_in;   // acceptance to the first command
  uint32_t controller_out;  // data to the response
};

// `preset` is one of the DRAMs.
const DramParams& dram_params(Preset preset);

class Dram {
 public:
  Dram(const DramParams& params, uint32_t core_mhz);
  // As MemoryTiming::accept().
  Schedule accept(bool write, uint64_t cycle, uint64_t addr, uint32_t beats, uint32_t beat_bytes);

 private:
  static constexpr uint64_t kClosed = UINT64_MAX;
  struct Bank {
    uint64_t row = kClosed;  // address / kRowBytes
    uint64_t precharge = 0;  // first clock to close it
  };
  // The clocks of a burst's activate, if its row is not open, and of its first column command.
  struct Plan {
    bool hit;
    uint64_t activate, column;
  };

  Plan plan(const Bank& bank, uint64_t row, uint64_t arrival, bool write) const;
  void refresh(uint64_t now);
  void commit(Bank& bank, uint64_t row, const Plan& plan, bool write, uint64_t last);

  DramParams p_;
  uint64_t core_mhz_;
  std::array<Bank, kMaxBanks> banks_;
  // First clock for the next command of a kind, as far as it depends on the channel as a whole.
  uint64_t read_ = 0, write_ = 0;
  uint64_t activate_ = 0;
  uint64_t precharge_all_ = 0;
  std::array<uint64_t, 4> four_ = {};  // ring: when the activate four later may come
  uint32_t oldest_ = 0;                // in four_
  uint64_t next_refresh_;
};

}  // namespace millrace::memory
