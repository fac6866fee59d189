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

std::string unit_name(size_t unit) { return std::string(isa::kUnitNames[unit]); }

double share(const Report& r, uint64_t cycles) {
  return static_cast<double>(cycles) / static_cast<double>(r.counters->cycles);
}

// The cycles of a unit by cause; they sum to all.
nlohmann::ordered_json causes(const Counters& c, size_t unit) {
  const uint32_t memory = unit < c.memory.size() ? c.memory[unit] : 0;
  nlohmann::ordered_json json = {{"running", c.busy[unit] - memory}, {"memory", memory}};
  for (size_t other = 0; other < kUnits; ++other)
    if (other != unit) json["wait_" + unit_name(other)] = c.waits[unit][other];
  json["empty"] = c.waits[unit][unit];
  return json;
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
  if (r.cycles && r.model_cycles)
    line(table, "cycle model",
         std::to_string(*r.model_cycles) + " cycles" +
             (*r.model_cycles == *r.cycles ? ", the same" : ": they differ"));
  if (r.macs) line(table, "MACs", std::to_string(*r.macs));
  if (r.utilization) line(table, "utilization", percent(*r.utilization));
  if (r.offload_macs && r.offload_ops)
    line(table, "on the device",
         percent(*r.offload_macs) + " of MACs, " + percent(*r.offload_ops) + " of operations");
  for (size_t unit = 0; r.counters && unit < kUnits; ++unit)
    line(table, "busy " + unit_name(unit), percent(share(r, r.counters->busy[unit])));
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

std::string to_profile(const Report& r) {
  if (!r.counters) return "no profile: the device or its configuration has no counters\n";
  std::string table = "\nunit      running   memory     load    store   matmul   vector    empty\n";
  char text[96];
  for (size_t unit = 0; unit < kUnits; ++unit) {
    const nlohmann::ordered_json json = causes(*r.counters, unit);
    const auto at = [&](const std::string& name) {
      return json.contains(name) ? percent(share(r, json[name])) : std::string("-");
    };
    std::snprintf(text, sizeof text, "%-8s %8s %8s %8s %8s %8s %8s %8s\n", unit_name(unit).c_str(),
                  at("running").c_str(), at("memory").c_str(), at("wait_load").c_str(),
                  at("wait_store").c_str(), at("wait_matmul").c_str(), at("wait_vector").c_str(),
                  at("empty").c_str());
    table += text;
  }
  return table +
         "Shares of the cycles, each with one cause. running: the unit has an instruction; memory: "
         "it has, and\nwaits for the memory; load to vector: its next instruction waits for one in "
         "that unit; empty: it has none.\n";
}

std::string to_json(const Report& r) {
  nlohmann::ordered_json json;
  json["command"] = r.command;
  json["subject"] = r.subject;
  json["device"] = r.device;
  json["config"] = r.config;
  json["memory"] = r.memory;
  json["cycles"] = optional_value(r.cycles);
  json["model_cycles"] = optional_value(r.model_cycles);
  json["macs"] = optional_value(r.macs);
  json["utilization"] = optional_value(r.utilization);
  json["offload_macs"] = optional_value(r.offload_macs);
  json["offload_ops"] = optional_value(r.offload_ops);
  json["mismatches"] = optional_value(r.mismatches);
  json["argmax"] = optional_value(r.argmax);
  json["compared"] = optional_value(r.compared);
  for (size_t unit = 0; r.counters && unit < kUnits; ++unit) {
    json["busy"][unit_name(unit)] = r.counters->busy[unit];
    json["causes"][unit_name(unit)] = causes(*r.counters, unit);
  }
  json["run_seconds"] = r.run_seconds;
  json["host_seconds"] = r.host_seconds;
  // Names of files need not be UTF-8.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace millrace::cli
