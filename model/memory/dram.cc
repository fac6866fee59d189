// SPDX-License-Identifier: Apache-2.0
// One burst: when its row is open, when its columns follow, when refresh comes between.
#include "model/memory/dram.h"

#include <algorithm>

namespace millrace::memory {

Dram::Dram(const DramParams& params, uint32_t core_mhz)
    : p_(params), core_mhz_(core_mhz), next_refresh_(params.t_refi) {}

Dram::Plan Dram::plan(const Bank& bank, uint64_t row, uint64_t arrival, bool write) const {
  const uint64_t bus = std::max(arrival, write ? write_ : read_);
  if (bank.row == row) return {true, 0, bus};  // after tRCD: the burst that opened it went before
  uint64_t activate = std::max({arrival, activate_, four_[oldest_]});
  if (bank.row != kClosed)
    activate = std::max(activate, std::max(arrival, bank.precharge) + p_.t_rp);
  return {false, activate, std::max(bus, activate + p_.t_rcd)};
}

// The refresh that was due last at or before `now`; earlier ones found the channel idle. It waits
// for the bursts before it, which JEDEC allows for up to eight intervals.
void Dram::refresh(uint64_t now) {
  const uint64_t due = now - now % p_.t_refi;
  activate_ = std::max(due, precharge_all_) + p_.t_refresh;
  for (Bank& bank : banks_) bank.row = kClosed;
  next_refresh_ = due + p_.t_refi;
}

// `last`: the burst's last column command.
void Dram::commit(Bank& bank, uint64_t row, const Plan& plan, bool write, uint64_t last) {
  if (!plan.hit) {
    bank = {row, plan.activate + p_.t_ras};
    activate_ = plan.activate + p_.t_rrd;
    four_[oldest_] = plan.activate + p_.t_faw;
    oldest_ = (oldest_ + 1) % 4;
  }
  const uint64_t end = last + p_.t_ccd;
  if (write) {
    const uint64_t data_end = end + p_.write_latency;
    write_ = end;
    read_ = data_end + p_.t_wtr;
    bank.precharge = std::max(bank.precharge, data_end + p_.t_wr);
  } else {
    read_ = end;
    write_ = last + p_.t_rtw;
    bank.precharge = std::max(bank.precharge, last + p_.t_rtp);
  }
  precharge_all_ = std::max(precharge_all_, bank.precharge);
}

Schedule Dram::accept(bool write, uint64_t cycle, uint64_t addr, uint32_t beats,
                      uint32_t beat_bytes) {
  // The handshake is at the clock edge that ends the cycle; commands are on DRAM clock edges.
  const uint64_t arrival =
      ((cycle + 1) * p_.clock_mhz + core_mhz_ - 1) / core_mhz_ + p_.controller_in;
  const uint64_t row = addr / kRowBytes;
  Bank& bank = banks_[row & (p_.banks - 1)];
  Plan planned = plan(bank, row, arrival, write);
  while (planned.column >= next_refresh_) {
    refresh(planned.column);
    planned = plan(bank, row, arrival, write);
  }
  const uint32_t column_bytes = p_.bytes_per_clock * p_.t_ccd;  // a power of two
  const uint64_t offset = addr & (column_bytes - 1);
  const uint64_t columns =
      (offset + uint64_t{beats} * beat_bytes + column_bytes - 1) / column_bytes;
  commit(bank, row, planned, write, planned.column + (columns - 1) * p_.t_ccd);

  // A response is presented in the first cycle that starts when it is there, or later.
  const uint64_t fixed = planned.column + p_.controller_out;
  if (write) {
    const uint64_t written = fixed + p_.write_latency + columns * p_.t_ccd;
    return {written * core_mhz_ + p_.clock_mhz - 1, 0, p_.clock_mhz};
  }
  const uint64_t per_cycle = uint64_t{p_.bytes_per_clock} * p_.clock_mhz;
  const uint64_t first = (fixed + p_.read_latency) * p_.bytes_per_clock + offset + beat_bytes;
  return {first * core_mhz_ + per_cycle - 1, uint64_t{beat_bytes} * core_mhz_, per_cycle};
}

}  // namespace millrace::memory
