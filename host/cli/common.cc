// SPDX-License-Identifier: Apache-2.0
// What the commands share: choosing and opening a device, and the report of a run.
#include <algorithm>
#include <cstdio>

#include "host/cli/commands.h"
#include "host/cli/timeline.h"
#include "host/io/file.h"

namespace millrace::cli {
namespace {

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Result<DeviceRequest> device_request(const Options& options, const DeviceFactory& factory,
                                     std::string config) {
  const std::string name = options.config.empty() ? std::move(config) : options.config;
  const DeviceFactory::Kind* kind = nullptr;
  std::vector<std::string> kinds, configs;
  for (const DeviceFactory::Kind& k : factory.kinds) {
    kinds.push_back(k.name);
    if (k.name == options.device) kind = &k;
  }
  if (kind == nullptr)
    return input_error("unknown device '" + options.device + "'; devices: " + join(kinds));
  for (const isa::Config& c : isa::kConfigs) configs.emplace_back(c.name);
  const isa::Config* found = isa::find_config(name);
  if (found == nullptr)
    return input_error("unknown configuration '" + name + "'; configurations: " + join(configs));
  if (std::find(kind->configs.begin(), kind->configs.end(), name) == kind->configs.end())
    return input_error("device " + kind->name + " is not built for configuration " + name +
                       "; it has: " + join(kind->configs));
  if (!options.timeline.empty()) {
    if (!kind->timeline)
      return input_error("--timeline needs --device cycle: " + kind->name +
                         " does not tell when its instructions ran");
    if (const Status status = check_writable(options.timeline); !status) return status.error();
  }
  return DeviceRequest{options.device,
                       found,
                       options.memory,
                       options.wave,
                       options.progress,
                       options.kernel,
                       !options.timeline.empty(),
                       nullptr};
}

Result<Machine> open_machine(const DeviceFactory& factory, DeviceRequest request) {
  auto activities = std::make_unique<std::vector<Activity>>();
  if (request.timeline) request.activities = activities.get();
  Result<std::unique_ptr<Device>> device = factory.open(request);
  if (!device) return device.error();
  Result<std::unique_ptr<Runtime>> runtime = Runtime::create(**device);
  if (!runtime) return runtime.error();
  return Machine{std::move(activities), std::move(*device), std::move(*runtime)};
}

Result<Machine> open_reference(const DeviceFactory& factory, const isa::Config& config) {
  return open_machine(factory,
                      DeviceRequest{kReferenceDevice, &config, "", "", false, "", false, nullptr});
}

void describe_run(const DeviceRequest& request, const Execution& execution,
                  std::optional<uint64_t> macs, Report& report) {
  const isa::Config& config = *request.config;
  report.device = request.device;
  report.config = std::string(config.name);
  report.memory = request.memory;
  report.run_seconds = execution.host_seconds;
  if (execution.counters.cycles == 0) return;  // a device without time
  report.cycles = execution.counters.cycles;
  const double peak =
      static_cast<double>(config.dim) * config.dim * static_cast<double>(execution.counters.cycles);
  if (macs) report.utilization = static_cast<double>(*macs) / peak;
  if (config.counters != 0) report.counters = execution.counters;
}

Result<int> finish(const Options& options, std::span<const Activity> activities, Report& report) {
  report.host_seconds = static_cast<double>(std::clock() - options.started) / CLOCKS_PER_SEC;
  if (!options.timeline.empty()) {
    if (const Status status = write_file(options.timeline, to_timeline(activities)); !status)
      return status.error();
  }
  if (!options.json.empty())
    if (const Status status = write_file(options.json, to_json(report)); !status)
      return status.error();
  std::fputs(to_table(report).c_str(), stdout);
  if (options.profile) std::fputs(to_profile(report).c_str(), stdout);
  return report.mismatches.value_or(0) == 0 ? 0 : 1;
}

}  // namespace millrace::cli
