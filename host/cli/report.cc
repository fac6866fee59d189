// SPDX-License-Identifier: Apache-2.0
// Formatting of a report; see report.h.
#include "host/cli/report.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace millrace::cli {
namespace {

template <typename T>
nlohmann::ordered_json optional_value(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

void line(std::string& table, const std::string& name, const std::string& value) {
  char text[64];
  std::snprintf(text, sizeof text, "%-14s ", name.c_str());
  table += text + value + "\n";
}

}  // namespace

std::string to_table(const Report& r) {
  std::string table;
  line(table, r.command, r.subject);
  line(table, "device",
       r.device + ", configuration " + r.config + (r.memory.empty() ? "" : ", memory " + r.memory));
  if (r.cycles) line(table, "cycles", std::to_string(*r.cycles));
  if (r.macs) line(table, "MACs", std::to_string(*r.macs));
  if (r.utilization) line(table, "utilization", percent(*r.utilization));
  if (r.offload_macs && r.offload_ops)
    line(table, "on the device",
         percent(*r.offload_macs) + " of MACs, " + percent(*r.offload_ops) + " of operations");
  for (const auto& [unit, cycles] : r.busy)
    line(table, "busy " + unit,
         r.cycles && *r.cycles > 0
             ? percent(static_cast<double>(cycles) / static_cast<double>(*r.cycles))
             : std::to_string(cycles));
  if (r.argmax) line(table, "argmax", std::to_string(*r.argmax));
  if (r.mismatches)
    line(table, "differences",
         std::to_string(*r.mismatches) + " of " + std::to_string(r.compared.value_or(0)) +
             (r.first_mismatch.empty() ? "" : "; first: " + r.first_mismatch));
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.2f s", r.host_seconds);
  line(table, "host time", seconds);
  return table;
}

std::string to_json(const Report& r) {
  nlohmann::ordered_json json;
  json["command"] = r.command;
  json["subject"] = r.subject;
  json["device"] = r.device;
  json["config"] = r.config;
  json["memory"] = r.memory;
  json["cycles"] = optional_value(r.cycles);
  json["macs"] = optional_value(r.macs);
  json["utilization"] = optional_value(r.utilization);
  json["offload_macs"] = optional_value(r.offload_macs);
  json["offload_ops"] = optional_value(r.offload_ops);
  json["mismatches"] = optional_value(r.mismatches);
  json["argmax"] = optional_value(r.argmax);
  json["compared"] = optional_value(r.compared);
  for (const auto& [unit, cycles] : r.busy) json["busy"][unit] = cycles;
  json["host_seconds"] = r.host_seconds;
  // Names of files need not be UTF-8.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace millrace::cli
