// SPDX-License-Identifier: Apache-2.0
// Devices that are wrong on purpose, one thing each: what the suite must find, and where.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "host/driver/device.h"

namespace millrace::conformance {

struct WrongDevice {
  const char* name;
  const char* chapter;  // that finds it; empty: nothing is wrong
  const char* config;
  bool time;  // it is the cycle model, else the golden model
  std::function<std::unique_ptr<Device>(const isa::Config&)> make;
};

std::vector<WrongDevice> wrong_devices();

}  // namespace millrace::conformance
