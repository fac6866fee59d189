// SPDX-License-Identifier: Apache-2.0
// millrace_conformance: the suite on the devices of this build and on machines outside.
#include "sim/devices/devices.h"
#include "tests/conformance/suite.h"

int main(int argc, char** argv) {
  return millrace::conformance::conformance_main(argc, argv, millrace::sim::build_factory());
}
