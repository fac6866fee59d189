// SPDX-License-Identifier: Apache-2.0
// How an external memory behaves in time, as the user names it (docs/reference/memory.md):
//   ideal                                               latency 1, no limit on bandwidth, no stalls
//   fixed:LATENCY:BYTES_PER_CYCLE
//   random:SEED[:LATENCY[:BYTES_PER_CYCLE[:PERCENT]]]   seeded stalls on every channel
//   onchip                                              block RAM: one beat a cycle
//   ddr3-1600, lpddr4-2400, hbm2, each [:CORE_MHZ]      DRAM
// BYTES_PER_CYCLE 0 means no limit. CORE_MHZ is the accelerator's clock, for the memory's
// nanoseconds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace millrace::memory {

enum class Preset : uint32_t { kNone, kOnchip, kDdr3, kLpddr4, kHbm2 };

struct MemorySpec {
  uint64_t latency = 1;           // cycles from acceptance to first response, 1 to kMaxLatency
  uint64_t bytes_per_cycle = 0;   // shared by all ports and both directions; 0: no limit
  uint32_t stall_percent = 0;     // share of cycles in which a channel stalls, 0 to kMaxPercent
  uint64_t seed = 0;              // of the stalls
  Preset preset = Preset::kNone;  // any other sets latency and bandwidth itself
  uint32_t core_mhz = 0;          // of the accelerator, 1 to kMaxCoreMhz with a DRAM, else 0
  bool operator==(const MemorySpec&) const = default;
};

inline constexpr uint64_t kMaxLatency = 1'000'000;
inline constexpr uint64_t kMaxBytesPerCycle = 65'536;
inline constexpr uint32_t kMaxPercent = 95;
inline constexpr uint32_t kMaxCoreMhz = 4000;
// What `random` and the DRAMs take where nothing is said.
inline constexpr uint64_t kRandomLatency = 16;
inline constexpr uint32_t kRandomPercent = 25;
inline constexpr uint32_t kDefaultCoreMhz = 400;

// The specification, or what is wrong with the text and what to write instead.
std::variant<MemorySpec, std::string> parse_memory_spec(std::string_view text);

// Text that parse_memory_spec() turns into `spec` again. Stalls with a preset have no text and are
// left out.
std::string to_string(const MemorySpec& spec);

}  // namespace millrace::memory
