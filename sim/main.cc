// SPDX-License-Identifier: Apache-2.0
// The program `millrace`: the command line with the devices of this build.
#include "sim/devices/devices.h"

int main(int argc, char** argv) {
  return millrace::cli_main(argc, argv, millrace::sim::build_factory());
}
