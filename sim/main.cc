// SPDX-License-Identifier: Apache-2.0
// The program `millrace`: the command line with the devices of this build, the golden model and the
// Verilated RTL.
#include <sstream>

#include "host/cli/cli.h"
#include "sim/ref/ref_device.h"
#include "sim/verilator/rtl_device.h"

namespace millrace {
namespace {

constexpr const char* kRef = "ref";
constexpr const char* kRtl = "rtl";

// Names separated by commas.
std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream in(text);
  for (std::string name; std::getline(in >> std::ws, name, ',');) names.push_back(name);
  return names;
}

Result<std::unique_ptr<Device>> open_device(const DeviceRequest& request) {
  sim::SimOptions options;
  if (!request.memory.empty()) {
    const auto parsed = memory::parse_memory_spec(request.memory);
    if (const std::string* wrong = std::get_if<std::string>(&parsed)) return input_error(*wrong);
    options.memory = std::get<memory::MemorySpec>(parsed);
  }
  if (request.device == kRef) {
    if (!request.wave.empty())
      return input_error("--wave needs --device rtl; the golden model has no signals");
    return {std::make_unique<RefDevice>(*request.config)};
  }
  options.wave = request.wave;
  options.progress = request.progress;
  Result<std::unique_ptr<sim::RtlDevice>> device = sim::open_rtl(request.config->name, options);
  if (!device) return device.error();
  return {std::move(*device)};
}

DeviceFactory build_factory() {
  std::vector<std::string> all;
  for (const isa::Config& config : isa::kConfigs) all.emplace_back(config.name);
  return {{{kRef, "the golden model: exact, without time", all},
           {kRtl, "the Verilated RTL: exact to the cycle", split_names(sim::rtl_configs())}},
          open_device};
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  return millrace::cli_main(argc, argv, millrace::build_factory());
}
