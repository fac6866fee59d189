// SPDX-License-Identifier: Apache-2.0
// The one header for a virtual platform (docs/guide/systemc.md): the accelerator, and, to be taken
// or replaced, the driver, an interconnect and a memory. examples/systemc shows how they are bound.
#pragma once

#include "sim/systemc/accelerator.h"
#include "sim/systemc/bus.h"
#include "sim/systemc/driver.h"
#include "sim/systemc/memory.h"
