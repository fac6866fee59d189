// SPDX-License-Identifier: Apache-2.0
// What a run has to say, as a table for people and as JSON for programs. Missing values are null in
// JSON and left out of the table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/runtime/runtime.h"

namespace millrace::cli {

struct Report {
  std::string command;  // "run", "gemm"
  std::string subject;  // file or dimensions
  std::string device, config, memory;
  std::optional<uint64_t> cycles;        // absent on devices without time
  std::optional<uint64_t> model_cycles;  // of the cycle model, when compared
  std::optional<uint64_t> macs;          // multiply-accumulates of the whole task
  std::optional<double> utilization;     // device MACs / (cycles * dim^2)
  std::optional<double> offload_macs;    // share of the MACs on the device, 0 to 1
  std::optional<double> offload_ops;     // share of the operations on the device, 0 to 1
  std::optional<uint64_t> mismatches;    // elements that differ; absent without a comparison
  std::optional<uint64_t> compared;      // elements compared
  std::optional<uint64_t> argmax;        // largest element of an output that is one list
  std::string first_mismatch;            // empty if nothing differs
  std::optional<Counters> counters;      // absent on devices and configurations without
  double run_seconds = 0;                // processor time of the host, submission to completion
  double host_seconds = 0;               // ... of the whole command
};

std::string to_table(const Report& report);
// Where every cycle of every unit went.
std::string to_profile(const Report& report);
std::string to_json(const Report& report);

}  // namespace millrace::cli
