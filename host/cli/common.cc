// SPDX-License-Identifier: Apache-2.0
// What the commands share: choosing and opening a device, and the report of a run.
#include <algorithm>
#include <bit>
#include <cstdio>

#include "host/cli/commands.h"
#include "host/cli/timeline.h"
#include "host/io/file.h"
#include "host/link/address.h"

namespace millrace::cli {
namespace {

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Result<const isa::Config*> find_config(const std::string& name) {
  std::vector<std::string> configs;
  for (const isa::Config& c : isa::kConfigs) configs.emplace_back(c.name);
  const isa::Config* found = isa::find_config(name);
  if (found == nullptr)
    return input_error("unknown configuration '" + name + "'; configurations: " + join(configs));
  return found;
}

Result<DeviceRequest> linked_request(const Options& options) {
  const std::pair<const char*, const std::string*> simulated[] = {{"--wave", &options.wave},
                                                                  {"--kernel", &options.kernel},
                                                                  {"--timeline", &options.timeline},
                                                                  {"--timing", &options.timing},
                                                                  {"--quantum", &options.quantum}};
  for (const auto& [option, value] : simulated)
    if (!value->empty())
      return input_error(std::string(option) + " is for machines simulated in this process; " +
                         options.device + " is outside it");
  DeviceRequest request;
  request.device = options.device;
  request.exact = options.compare == kCycleDevice;
  if (!options.memory.empty() && !request.exact)
    return input_error("--memory: " + options.device +
                       " has its own memory; with --compare cycle it names the model's");
  if (!options.config.empty())
    if (const auto known = find_config(options.config); !known) return known.error();
  Result<std::unique_ptr<link::LinkDevice>> device = link::open_link(options.device);
  if (!device) return device.error();
  request.linked = std::move(*device);
  request.config = &request.linked->config();
  if (!options.config.empty() && options.config != request.config->name)
    return input_error("the machine at " + options.device + " has configuration " +
                       std::string(request.config->name) + ", not " + options.config +
                       "; leave --config out");
  return request;
}

}  // namespace

Result<DeviceRequest> device_request(const Options& options, const DeviceFactory& factory,
                                     std::string config) {
  if (link::is_address(options.device)) return linked_request(options);
  const std::string name = options.config.empty() ? std::move(config) : options.config;
  const DeviceFactory::Kind* kind = nullptr;
  std::vector<std::string> kinds;
  for (const DeviceFactory::Kind& k : factory.kinds) {
    kinds.push_back(k.name);
    if (k.name == options.device) kind = &k;
  }
  if (kind == nullptr)
    return input_error("unknown device '" + options.device + "'; devices: " + join(kinds) +
                       ", and outside this process " + kAddresses);
  const Result<const isa::Config*> found = find_config(name);
  if (!found) return found.error();
  if (std::find(kind->configs.begin(), kind->configs.end(), name) == kind->configs.end())
    return input_error("device " + kind->name + " is not built for configuration " + name +
                       "; it has: " + join(kind->configs));
  if (!options.timeline.empty()) {
    if (!kind->timeline)
      return input_error("--timeline needs --device cycle: " + kind->name +
                         " does not tell when its instructions ran");
    if (const Status status = check_writable(options.timeline); !status) return status.error();
  }
  DeviceRequest request;
  request.device = options.device;
  request.config = *found;
  request.memory = options.memory;
  request.wave = options.wave;
  request.progress = options.progress;
  request.kernel = options.kernel;
  request.timing = options.timing;
  request.quantum = options.quantum;
  request.timeline = !options.timeline.empty();
  request.exact = options.compare == kCycleDevice;
  if (request.exact && options.device == kReferenceDevice)
    return input_error("--compare cycle needs a device with time; ref has none");
  return request;
}

Result<std::shared_ptr<Device>> open_device(const DeviceFactory& factory,
                                            const DeviceRequest& request) {
  if (request.linked) return std::shared_ptr<Device>(request.linked);
  Result<std::unique_ptr<Device>> device = factory.open(request);
  if (!device) return device.error();
  return std::shared_ptr<Device>(std::move(*device));
}

Result<Machine> open_machine(const DeviceFactory& factory, DeviceRequest request,
                             size_t instructions) {
  Machine machine;
  machine.activities = std::make_unique<std::vector<Activity>>();
  if (request.timeline) request.activities = machine.activities.get();
  Result<std::shared_ptr<Device>> device = open_device(factory, request);
  if (!device) return device.error();
  machine.device = std::move(*device);
  RuntimeOptions options;
  // All of it, and the SIGNAL: the machine must not wait for the line while it runs.
  if (request.linked) options.instructions = instructions + 1;
  Result<std::unique_ptr<Runtime>> runtime = Runtime::create(*machine.device, options);
  if (!runtime) return runtime.error();
  machine.runtime = std::move(*runtime);
  if (request.exact && machine.runtime->ring_size() < options.instructions)
    return input_error("a program of " + std::to_string(instructions) +
                       " instructions does not fit into a ring in a quarter of the machine's "
                       "memory, so its cycles depend on the line; use --compare ref");
  return machine;
}

bool compares_devices(const Options& options) {
  return options.compare == kReferenceDevice || options.compare == kCycleDevice;
}

Result<Machine> open_reference(const Options& options, const DeviceFactory& factory,
                               const DeviceRequest& request, const Machine& machine) {
  DeviceRequest other;
  other.device = options.compare;
  other.config = request.config;
  if (other.device == kCycleDevice) other.memory = options.memory;
  // Boards have on-chip memory.
  if (other.device == kCycleDevice && request.linked && other.memory.empty())
    other.memory = "onchip";
  Result<std::unique_ptr<Device>> device = factory.open(other);
  if (!device) return device.error();
  const int ring_log2 = std::countr_zero(machine.runtime->ring_size());
  Result<std::unique_ptr<Runtime>> runtime = Runtime::create(**device, {.ring_log2 = ring_log2});
  if (!runtime) return runtime.error();
  return Machine{nullptr, std::move(*device), std::move(*runtime)};
}

Status compare_cycles(const Options& options, const Execution& reference, Report& report) {
  if (options.compare != kCycleDevice) return {};
  if (!report.cycles)
    return input_error(report.device +
                       " counts no cycles, as the golden model does; use --compare ref");
  report.model_cycles = reference.counters.cycles;
  return {};
}

void describe_run(const DeviceRequest& request, const Execution& execution,
                  std::optional<uint64_t> macs, Report& report) {
  const isa::Config& config = *request.config;
  report.device = request.device;
  report.config = std::string(config.name);
  if (!request.linked) report.memory = request.memory;
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
  const bool same_cycles = !report.model_cycles || report.model_cycles == report.cycles;
  return report.mismatches.value_or(0) == 0 && same_cycles ? 0 : 1;
}

}  // namespace millrace::cli
