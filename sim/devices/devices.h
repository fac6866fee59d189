// SPDX-License-Identifier: Apache-2.0
// The devices of this build by name, for every program that opens some.
#pragma once

#include "host/cli/cli.h"

namespace millrace::sim {

// The golden model, the cycle model, the Verilated RTL, the latter two side by side, and each of
// them in a SystemC platform.
DeviceFactory build_factory();

}  // namespace millrace::sim
