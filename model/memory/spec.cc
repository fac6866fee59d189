// SPDX-License-Identifier: Apache-2.0
// Parsing: a kind and numbers between colons.
#include "model/memory/spec.h"

#include <charconv>
#include <optional>
#include <vector>

namespace millrace::memory {
namespace {

constexpr std::string_view kUsage =
    "use ideal, fixed:LATENCY:BYTES_PER_CYCLE or "
    "random:SEED[:LATENCY[:BYTES_PER_CYCLE[:PERCENT]]]";

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
  return "";
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
  if (parts[0] == "ideal") {
    if (!values.empty()) return wrong(text, "ideal takes no numbers");
  } else if (parts[0] == "fixed") {
    if (values.size() != 2) return wrong(text, "fixed takes two numbers");
    spec.latency = values[0];
    spec.bytes_per_cycle = values[1];
  } else if (parts[0] == "random") {
    if (values.empty() || values.size() > 4) return wrong(text, "random takes one to four numbers");
    values.resize(4, 0);
    spec.seed = values[0];
    spec.latency = parts.size() > 2 ? values[1] : kRandomLatency;
    spec.bytes_per_cycle = values[2];
    const uint64_t percent = parts.size() > 4 ? values[3] : kRandomPercent;
    spec.stall_percent = static_cast<uint32_t>(std::min<uint64_t>(percent, kMaxPercent + 1));
  } else {
    return wrong(text, "unknown kind");
  }
  if (const std::string why = broken_limit(spec); !why.empty()) return wrong(text, why);
  return spec;
}

std::string to_string(const MemorySpec& spec) {
  const std::string latency = std::to_string(spec.latency);
  const std::string bandwidth = std::to_string(spec.bytes_per_cycle);
  if (spec == MemorySpec{}) return "ideal";
  if (spec.stall_percent == 0 && spec.seed == 0) return "fixed:" + latency + ":" + bandwidth;
  return "random:" + std::to_string(spec.seed) + ":" + latency + ":" + bandwidth + ":" +
         std::to_string(spec.stall_percent);
}

}  // namespace millrace::memory
