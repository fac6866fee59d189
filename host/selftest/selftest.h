// SPDX-License-Identifier: Apache-2.0
// The self-test of a machine: link and registers, memory, every instruction in every mode, faults,
// and a load that lasts. Each step tells what it did, or what is wrong first and where to look. The
// golden model, opened as the reference device, says what is right.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/driver/device.h"
#include "host/runtime/runtime.h"

namespace millrace::selftest {

struct Options {
  uint64_t seed = 1;        // of patterns, inputs and matrices
  bool quick = false;       // a smaller share of memory, fewer repetitions
  double soak_seconds = 0;  // of the last step; 0: 2, or 0.3 if quick
  std::string only;         // run only the instruction cases whose name contains it
  std::function<void(const std::string&)> progress;  // told what runs at the moment; may be empty
};

struct Step {
  std::string name;
  bool skipped = false;
  double seconds = 0;                                   // wall clock
  std::string detail;                                   // what was done
  std::string failure;                                  // what is wrong; empty: nothing
  std::vector<std::pair<std::string, double>> figures;  // for programs
  bool passed() const { return !skipped && failure.empty(); }
};

struct Report {
  std::vector<Step> steps;
  // CRC-32 of what all cases of an instruction wrote, in the order of isa::kInstructions; absent
  // where one of them failed.
  std::array<std::optional<uint32_t>, isa::kInstructions.size()> checksums{};
  uint32_t build_id = 0, isa_hash = 0;
  bool passed() const;
};

// What the steps share.
struct Session {
  Device& device;
  Device& reference;
  const Options& options;
  Report& report;
  void progress(const std::string& text) const {
    if (options.progress) options.progress(text);
  }
};

// All steps in order; one that the others build on ends the test by failing. `done` is called after
// each.
Report run(Device& device, Device& reference, const Options& options,
           const std::function<void(const Step&)>& done);

// The steps. The last three want a runtime on each device.
Step check_link(Session& session);
Step check_memory(Session& session);
Step check_instructions(Session& session, Runtime& device, Runtime& reference);
Step check_faults(Session& session, Runtime& device, Runtime& reference);
Step check_soak(Session& session, Runtime& device);

// A runtime whose ring leaves room in a small memory.
Result<std::unique_ptr<Runtime>> open_runtime(Device& device);

// "0x0000abcd".
std::string hex32(uint32_t value);
// "12.3 MB/s" of bytes; "12.3 k/s" of anything else.
std::string per_second(double value, const char* unit);

}  // namespace millrace::selftest
