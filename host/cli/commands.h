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
  std::string timing, quantum;  // of the SystemC platform
  bool progress = false;
  bool profile = false;
  std::string timeline;                // file to write
  std::string file;                    // model, program or program text
  std::string input, output, compare;  // run, compare also gemm; output also of asm and disasm
  std::string listen;                  // serve
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
  std::shared_ptr<Device> device;
  std::unique_ptr<Runtime> runtime;
};

inline constexpr const char* kAddresses = "serial:///dev/PORT[?baud=N] and tcp://HOST:PORT";
inline constexpr const char* kDefaultConfig = "base";
inline constexpr const char* kReferenceDevice = "ref";
inline constexpr const char* kCycleDevice = "cycle";

// The request that the options make; `config` overrides an empty --config. Unknown names list the
// valid ones. A machine outside this process is opened, and has its own configuration.
Result<DeviceRequest> device_request(const Options& options, const DeviceFactory& factory,
                                     std::string config);
// The device of a request.
Result<std::shared_ptr<Device>> open_device(const DeviceFactory& factory,
                                            const DeviceRequest& request);
// For a program of so many instructions; 0: not known yet.
Result<Machine> open_machine(const DeviceFactory& factory, DeviceRequest request,
                             size_t instructions = 0);
// Whether --compare names a device that is to run the same.
bool compares_devices(const Options& options);
// That device, with the configuration and the ring of `machine`.
Result<Machine> open_reference(const Options& options, const DeviceFactory& factory,
                               const DeviceRequest& request, const Machine& machine);
// With --compare cycle, notes the cycles of that device next to those in the report.
Status compare_cycles(const Options& options, const Execution& reference, Report& report);

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
Result<int> serve(const Options& options, const DeviceFactory& factory);
Result<int> run_selftest(const Options& options, const DeviceFactory& factory);
Result<int> assemble_file(const Options& options);
Result<int> disassemble_file(const Options& options);

}  // namespace millrace::cli
