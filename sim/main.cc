// SPDX-License-Identifier: Apache-2.0
// The program `millrace`: the command line with the devices of this build, the golden model, the
// cycle model, the Verilated RTL, and the latter two side by side; and the server that lends them
// to other processes.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <sstream>

#include "host/cli/cli.h"
#include "sim/cycle/cycle_device.h"
#include "sim/lockstep/lockstep_device.h"
#include "sim/ref/ref_device.h"
#include "sim/server/server.h"

namespace millrace {
namespace {

constexpr const char* kRef = "ref";
constexpr const char* kRtl = "rtl";
constexpr const char* kCycle = "cycle";
constexpr const char* kLockstep = "lockstep";

// Names separated by commas.
std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream in(text);
  for (std::string name; std::getline(in >> std::ws, name, ',');) names.push_back(name);
  return names;
}

std::string kernel_names() {
  std::string names;
  for (const cycle::Kernel kernel : cycle::available_kernels())
    names += (names.empty() ? "" : " ") + std::string(cycle::name(kernel));
  return names;
}

std::unique_ptr<Device> open_cycle(const DeviceRequest& request, const sim::CycleOptions& options) {
  auto device = std::make_unique<sim::CycleDevice>(*request.config, options);
  if (request.activities != nullptr)
    device->machine().observe([out = request.activities](const cycle::Passage& p) {
      out->push_back({p.words, p.index, p.unit, p.dispatched, p.started, p.done});
    });
  return device;
}

Result<std::unique_ptr<Device>> open_device(const DeviceRequest& request) {
  sim::SimOptions options;
  if (!request.memory.empty()) {
    const auto parsed = memory::parse_memory_spec(request.memory);
    if (const std::string* wrong = std::get_if<std::string>(&parsed)) return input_error(*wrong);
    options.memory = std::get<memory::MemorySpec>(parsed);
  }
  if (!request.wave.empty() && (request.device == kRef || request.device == kCycle))
    return input_error("--wave needs --device rtl or lockstep; " + request.device +
                       " has no signals");
  std::optional<cycle::Kernel> kernel;
  if (!request.kernel.empty()) {
    if (request.device == kRef || request.device == kRtl)
      return input_error("--kernel is for the cycle model; " + request.device + " has none");
    kernel = cycle::find_kernel(request.kernel);
    if (!kernel)
      return input_error("no kernel '" + request.kernel + "' on this host; it has " +
                         kernel_names());
  }
  if (request.device == kRef) return {std::make_unique<RefDevice>(*request.config)};
  if (request.device == kCycle) return open_cycle(request, {options.memory, {}, kernel});
  options.wave = request.wave;
  options.progress = request.progress;
  if (request.device == kLockstep) {
    auto device = sim::LockstepDevice::open(request.config->name, options, kernel);
    if (!device) return device.error();
    return {std::move(*device)};
  }
  Result<std::unique_ptr<sim::RtlDevice>> device = sim::open_rtl(request.config->name, options);
  if (!device) return device.error();
  return {std::move(*device)};
}

std::atomic<bool> stop_serving = false;

Status serve_device(const DeviceRequest& request, const std::string& listen) {
  Result<std::unique_ptr<Device>> device = open_device(request);
  if (!device) return device.error();
  if (request.device == kRef) static_cast<RefDevice&>(**device).defer();
  Result<std::unique_ptr<sim::Server>> server = sim::Server::create(**device, listen);
  if (!server) return server.error();
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { stop_serving = true; });
  std::printf("listening on %s\n", (*server)->address().c_str());
  std::fflush(stdout);
  return (*server)->run(stop_serving);
}

DeviceFactory build_factory() {
  std::vector<std::string> all;
  for (const isa::Config& config : isa::kConfigs) all.emplace_back(config.name);
  return {{{kRef, "the golden model: exact, without time", all},
           {kCycle, "the cycle model: bytes and cycles of the RTL, fast; kernels " + kernel_names(),
            all, true},
           {kRtl, "the Verilated RTL", split_names(sim::rtl_configs())},
           {kLockstep, "the cycle model beside the RTL, everything compared",
            split_names(sim::rtl_configs())}},
          open_device,
          serve_device};
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  return millrace::cli_main(argc, argv, millrace::build_factory());
}
