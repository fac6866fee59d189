// SPDX-License-Identifier: Apache-2.0
// The commands behind cli_main(), and what they share. Each checks all its input before it opens a
// device or writes a file.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

#include "host/cli/cli.h"
#include "host/cli/report.h"
#include "host/runtime/runtime.h"

namespace millrace::cli {

inline constexpr const char* kOutInt8 = "int8";
inline constexpr const char* kOutInt32 = "int32";

// Options of all commands, as given; empty strings were not given.
struct Options {
  std::string command = "run";  // as the report names it; of run, profile and compare
  std::string device = "ref";
  std::string config;
  std::string memory, wave, json, kernel;
  bool progress = false;
  bool profile = false;
  std::string timeline;                // file to write
  std::string file;                    // model, program or program text
  std::string input, output, compare;  // run; output also of asm and disasm
  int64_t m = 0, n = 0, k = 0;         // gemm
  bool check = false;
  std::string out = kOutInt8;
  uint64_t seed = 1;
  bool quick = false;        // selftest
  double soak = 0;           // selftest: seconds
  std::string only;          // selftest: part of the name of instruction cases
  std::clock_t started = 0;  // processor time at the start of the command
};

// A device with its runtime.
struct Machine {
  std::unique_ptr<std::vector<Activity>> activities;  // of its instructions
  std::unique_ptr<Device> device;
  std::unique_ptr<Runtime> runtime;
};

inline constexpr const char* kDefaultConfig = "base";
inline constexpr const char* kReferenceDevice = "ref";

// The request that the options make; `config` overrides an empty --config. Unknown names list the
// valid ones.
Result<DeviceRequest> device_request(const Options& options, const DeviceFactory& factory,
                                     std::string config);
Result<Machine> open_machine(const DeviceFactory& factory, DeviceRequest request);
// The same configuration on the reference device.
Result<Machine> open_reference(const DeviceFactory& factory, const isa::Config& config);

// Fills in device, configuration, memory, cycles and utilization. `macs` were done by the device.
void describe_run(const DeviceRequest& request, const Execution& execution,
                  std::optional<uint64_t> macs, Report& report);
// Adds the host's processor time, prints the table and writes --json and --timeline. The status of
// the run: 1 if something differs.
Result<int> finish(const Options& options, std::span<const Activity> activities, Report& report);

// Exit status, or the Error to print.
Result<int> info(const Options& options, const DeviceFactory& factory);
Result<int> run(const Options& options, const DeviceFactory& factory);
Result<int> run_program(const Options& options, const DeviceFactory& factory,
                        std::span<const uint8_t> file);
Result<int> run_network(const Options& options, const DeviceFactory& factory);
Result<int> gemm(const Options& options, const DeviceFactory& factory);
Result<int> run_selftest(const Options& options, const DeviceFactory& factory);
Result<int> assemble_file(const Options& options);
Result<int> disassemble_file(const Options& options);

}  // namespace millrace::cli
