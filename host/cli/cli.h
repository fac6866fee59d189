// SPDX-License-Identifier: Apache-2.0
// The command line: `millrace info | run | profile | compare | gemm | selftest | serve | asm |
// disasm`. It knows devices only through the factory it is given, and machines outside this
// process. Exit status: 0 success; 1 the machine failed or a comparison found a difference; 2 bad
// input, told in one line on standard error, with no file written.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/driver/activity.h"
#include "host/driver/device.h"
#include "host/link/link_device.h"

namespace millrace {

inline constexpr const char* kVersion = "0.1.0";

struct DeviceRequest {
  std::string device;                   // name of a kind, or an address
  const isa::Config* config = nullptr;  // never null
  std::string memory;                   // behaviour of external memory; empty: the device's default
  std::string wave;                     // waveform file; empty: none
  bool progress = false;                // progress on standard error while it runs long
  std::string kernel;                   // of the cycle model; empty: the best of this host
  std::string timing, quantum;          // of the SystemC platform; empty: its defaults
  bool timeline = false;                // what instructions do is asked for
  // Where the device notes it, if it knows; null: nowhere.
  std::vector<Activity>* activities = nullptr;
  bool exact = false;                        // its cycles are compared with another device's
  std::shared_ptr<link::LinkDevice> linked;  // of an address: open
};

struct DeviceFactory {
  struct Kind {
    std::string name;
    std::string doc;
    std::vector<std::string> configs;  // that it can be opened with
    bool timeline = false;             // it notes what its instructions do
    bool time = true;                  // it counts cycles
  };
  std::vector<Kind> kinds;
  // Called only with a kind of the list and one of its configurations. Checks memory and wave
  // itself.
  std::function<Result<std::unique_ptr<Device>>(const DeviceRequest&)> open;
  // Lets hosts use such a device at an address, until the user ends it.
  std::function<Status(const DeviceRequest&, const std::string& listen)> serve;
};

int cli_main(int argc, const char* const* argv, const DeviceFactory& factory);

}  // namespace millrace
