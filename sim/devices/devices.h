// SPDX-License-Identifier: Apache-2.0
// The devices of this build by name, for every program that opens some.
#pragma once

#include "host/cli/cli.h"

namespace millrace::sim {

// The golden model, the cycle model, the Verilated RTL, and the latter two side by side.
DeviceFactory build_factory();

}  // namespace millrace::sim
