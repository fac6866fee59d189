// SPDX-License-Identifier: Apache-2.0
// The DRAMs' parameters. Nanoseconds of the standards become clocks, rounded up.
#include <cassert>

#include "model/memory/dram.h"

namespace millrace::memory {
namespace {

// Controller and PHY: 10 ns to the first command and 10 ns back, the default of gem5's MemCtrl
// (static_frontend_latency, static_backend_latency).

// JESD79-3F, speed bin DDR3-1600K (11-11-11), tCK 1.25 ns, BL8: two 4 Gb x16 devices, a 32-bit bus,
// pages of 2 KiB in each.
constexpr DramParams kDdr3 = {
    .clock_mhz = 800,
    .bytes_per_clock = 8,
    .banks = 8,
    .t_ccd = 4,
    .read_latency = 11,  // CL
    .write_latency = 8,  // CWL
    .t_rcd = 11,         // 13.75 ns
    .t_rp = 11,          // 13.75 ns
    .t_ras = 28,         // 35 ns
    .t_rtp = 6,          // max(4 nCK, 7.5 ns)
    .t_wr = 12,          // 15 ns
    .t_wtr = 6,          // max(4 nCK, 7.5 ns)
    .t_rtw = 9,          // CL + tCCD + 2 - CWL
    .t_rrd = 6,          // 2 KiB page: max(4 nCK, 7.5 ns)
    .t_faw = 32,         // 2 KiB page: 40 ns
    .t_refi = 6240,      // 7.8 us
    .t_refresh = 219,    // tRP + tRFC of 4 Gb, 260 ns = 208 nCK
    .controller_in = 8,
    .controller_out = 8,
};

// JESD209-4, LPDDR4-2400, tCK 0.833 ns, BL16, no DBI, write latency set A: one 8 Gb device, its two
// 16-bit channels in lock-step, pages of 2 KiB in each.
constexpr DramParams kLpddr4 = {
    .clock_mhz = 1200,
    .bytes_per_clock = 8,
    .banks = 8,
    .t_ccd = 8,
    .read_latency = 29,   // RL 24, then tDQSCK of at most 3.5 ns
    .write_latency = 13,  // WL 12, then tDQSS of 1 nCK
    .t_rcd = 22,          // 18 ns
    .t_rp = 22,           // tRPpb, 18 ns
    .t_ras = 51,          // 42 ns
    .t_rtp = 9,           // max(8 nCK, 7.5 ns)
    .t_wr = 22,           // 18 ns
    .t_wtr = 12,          // max(8 nCK, 10 ns)
    .t_rtw = 27,          // RL + tDQSCK + BL/2 - WL + tWPRE of 2 nCK
    .t_rrd = 12,          // max(4 nCK, 10 ns)
    .t_faw = 48,          // 40 ns
    .t_refi = 4684,       // 3.904 us
    .t_refresh = 242,     // tRPab 21 ns = 26 nCK, tRFCab of 4 Gb a channel 180 ns = 216 nCK
    .controller_in = 12,
    .controller_out = 12,
};

// JESD235 for the structure: one pseudo-channel of 64 bits, BL4, 2 Gb/s a pin, pages of 1 KiB. It
// leaves the array's times to the vendors; they are those of gem5's HBM_2000_4H_1x64, which agree
// with DRAMSys' HBM2 memory specification, but for tRFC. The bank groups interleave every 32 bytes,
// so four banks, one of each group, act as one with a row of 4 KiB: columns follow each other at
// tCCDS, and an activate stands for four, tRRDS (4) apart, which together fill tFAW (16).
constexpr DramParams kHbm2 = {
    .clock_mhz = 1000,
    .bytes_per_clock = 16,
    .banks = 4,
    .t_ccd = 2,          // tCCDS, BL4
    .read_latency = 18,  // RL 17, then tDQSCK
    .write_latency = 7,  // WL
    .t_rcd = 18,         // 12 ns; the fourth bank is 3 tRRDS later, its column 3 tCCDS
    .t_rp = 14,          // 14 ns
    .t_ras = 28,         // 28 ns
    .t_rtp = 5,          // 5 ns
    .t_wr = 14,          // 14 ns
    .t_wtr = 9,          // tWTRL, 9 ns
    .t_rtw = 18,         // 18 ns
    .t_rrd = 16,         // four activates
    .t_faw = 64,         // 4 tRRD: no limit of its own
    .t_refi = 3900,      // 3.9 us
    .t_refresh = 286,    // last of four precharges at 12, tRP 14, tRFC of 4 Gb a channel 260 ns
    .controller_in = 10,
    .controller_out = 10,
};

}  // namespace

const DramParams& dram_params(Preset preset) {
  if (preset == Preset::kDdr3) return kDdr3;
  if (preset == Preset::kLpddr4) return kLpddr4;
  assert(preset == Preset::kHbm2);
  return kHbm2;
}

}  // namespace millrace::memory
