// SPDX-License-Identifier: Apache-2.0
// Parsing: a kind and numbers between colons.
#include "model/memory/spec.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace millrace::memory {
namespace {

constexpr std::string_view kUsage =
    "use ideal, fixed:LATENCY:BYTES_PER_CYCLE, "
    "random:SEED[:LATENCY[:BYTES_PER_CYCLE[:PERCENT]]], onchip, or ddr3-1600, lpddr4-2400 or hbm2 "
    "with [:CORE_MHZ]";

struct DramName {
  std::string_view name;
  Preset preset;
};
constexpr DramName kDrams[] = {
    {"ddr3-1600", Preset::kDdr3}, {"lpddr4-2400", Preset::kLpddr4}, {"hbm2", Preset::kHbm2}};

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(':', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::string wrong(std::string_view text, std::string_view why) {
  return "memory '" + std::string(text) + "': " + std::string(why) + "; " + std::string(kUsage);
}

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

// Empty, or the first limit that `spec` breaks.
std::string broken_limit(const MemorySpec& spec) {
  if (spec.latency < 1 || spec.latency > kMaxLatency)
    return "LATENCY must be 1 to " + std::to_string(kMaxLatency);
  if (spec.bytes_per_cycle > kMaxBytesPerCycle)
    return "BYTES_PER_CYCLE must be 0 (no limit) to " + std::to_string(kMaxBytesPerCycle);
  if (spec.stall_percent > kMaxPercent)
    return "PERCENT must be 0 to " + std::to_string(kMaxPercent);
  const bool dram = spec.preset != Preset::kNone && spec.preset != Preset::kOnchip;
  if (dram && (spec.core_mhz < 1 || spec.core_mhz > kMaxCoreMhz))
    return "CORE_MHZ must be 1 to " + std::to_string(kMaxCoreMhz);
  return "";
}

// For fields that are narrower than what is written: too large stays too large.
uint32_t narrow(uint64_t value) {
  return static_cast<uint32_t>(std::min<uint64_t>(value, UINT32_MAX));
}

// The kind of memory and its numbers; empty, or what is wrong with them.
std::string fill(std::string_view kind, const std::vector<uint64_t>& values, MemorySpec& spec) {
  const auto given = [&](size_t i, uint64_t otherwise) {
    return i < values.size() ? values[i] : otherwise;
  };
  if (kind == "ideal" || kind == "onchip") {
    if (!values.empty()) return std::string(kind) + " takes no numbers";
    if (kind == "onchip") spec.preset = Preset::kOnchip;
  } else if (kind == "fixed") {
    if (values.size() != 2) return "fixed takes two numbers";
    spec.latency = values[0];
    spec.bytes_per_cycle = values[1];
  } else if (kind == "random") {
    if (values.empty() || values.size() > 4) return "random takes one to four numbers";
    spec.seed = values[0];
    spec.latency = given(1, kRandomLatency);
    spec.bytes_per_cycle = given(2, 0);
    spec.stall_percent = narrow(given(3, kRandomPercent));
  } else {
    const auto* dram = std::ranges::find(kDrams, kind, &DramName::name);
    if (dram == std::end(kDrams)) return "unknown kind";
    if (values.size() > 1) return std::string(kind) + " takes one number";
    spec.preset = dram->preset;
    spec.core_mhz = narrow(given(0, kDefaultCoreMhz));
  }
  return broken_limit(spec);
}

}  // namespace

std::variant<MemorySpec, std::string> parse_memory_spec(std::string_view text) {
  const std::vector<std::string_view> parts = split(text);
  std::vector<uint64_t> values;
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::optional<uint64_t> value = number(parts[i]);
    if (!value) return wrong(text, "'" + std::string(parts[i]) + "' is not a number");
    values.push_back(*value);
  }
  MemorySpec spec;
  if (const std::string why = fill(parts[0], values, spec); !why.empty()) return wrong(text, why);
  return spec;
}

std::string to_string(const MemorySpec& spec) {
  for (const DramName& dram : kDrams)
    if (spec.preset == dram.preset)
      return std::string(dram.name) + ":" + std::to_string(spec.core_mhz);
  if (spec.preset == Preset::kOnchip) return "onchip";
  const std::string latency = std::to_string(spec.latency);
  const std::string bandwidth = std::to_string(spec.bytes_per_cycle);
  if (spec == MemorySpec{}) return "ideal";
  if (spec.stall_percent == 0 && spec.seed == 0) return "fixed:" + latency + ":" + bandwidth;
  return "random:" + std::to_string(spec.seed) + ":" + latency + ":" + bandwidth + ":" +
         std::to_string(spec.stall_percent);
}

}  // namespace millrace::memory
