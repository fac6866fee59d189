// SPDX-License-Identifier: Apache-2.0
// The machines this program was linked with. MILLRACE_MACHINES is a list of X(<config>), written by
// CMake.
#include <array>

#include "sim/verilator/rtl_device.h"

namespace millrace::sim {

#define X(config) std::unique_ptr<Machine> new_machine_##config(uint64_t seed);
MILLRACE_MACHINES
#undef X

namespace {

struct Entry {
  std::string_view config;
  MachineFactory make;
};

constexpr auto kMachines = std::to_array<Entry>({
#define X(config) {#config, new_machine_##config},
    MILLRACE_MACHINES
#undef X
});

}  // namespace

std::string rtl_configs() {
  std::string names;
  for (const Entry& entry : kMachines)
    names += (names.empty() ? "" : ", ") + std::string(entry.config);
  return names;
}

Result<std::unique_ptr<RtlDevice>> open_rtl(std::string_view config, const SimOptions& options) {
  const isa::Config* known = isa::find_config(config);
  for (const Entry& entry : kMachines)
    if (known != nullptr && entry.config == config)
      return RtlDevice::create(*known, entry.make(options.seed), options);
  return input_error("no RTL machine '" + std::string(config) + "' in this build; it has " +
                     rtl_configs());
}

}  // namespace millrace::sim
