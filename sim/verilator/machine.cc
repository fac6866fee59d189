// SPDX-License-Identifier: Apache-2.0
// Compiled once for every configuration, with MILLRACE_CONFIG its name and MILLRACE_HEADER its
// Verilated header and MILLRACE_ROOT that of its signals.
#include "sim/verilator/verilated_machine.h"

#include MILLRACE_HEADER
#include MILLRACE_ROOT

#define MILLRACE_JOIN2(a, b) a##b
#define MILLRACE_JOIN(a, b) MILLRACE_JOIN2(a, b)

namespace millrace::sim {

std::unique_ptr<Machine> MILLRACE_JOIN(new_machine_, MILLRACE_CONFIG)(uint64_t seed) {
  return std::make_unique<VerilatedMachine<MILLRACE_JOIN(Vmillrace_, MILLRACE_CONFIG)>>(seed);
}

}  // namespace millrace::sim
