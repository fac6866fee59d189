// SPDX-License-Identifier: Apache-2.0
// One random program on a machine, for example RTL and cycle model in lockstep, and on the golden
// model.
#pragma once

#include "sim/ref/ref_device.h"
#include "tests/cosim/host.h"

namespace millrace::cosim {

// What all random programs of seed `seed` have in common with what the tests promise: a third of
// them has a fault, of every kind in turn.
ProgramOptions options_of(uint64_t seed);

// Runs it on both and compares everything; after a fault the banks too, which the program has not
// dumped then. With `golden` the fault record, the registers that a
// program defines and every byte of memory that is defined; but for BUS faults, which the golden
// model does not know alike. The first difference is an Error. Of the outcome on success: whether
// it ended with a fault.
Result<bool> check(Device& machine, RefDevice& golden, const Program& program);

}  // namespace millrace::cosim
