// SPDX-License-Identifier: Apache-2.0
// A row of the table for each kind of device; see devices.h.
#include "sim/devices/devices.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <sstream>

#include "host/io/file.h"
#include "sim/cycle/cycle_device.h"
#include "sim/lockstep/lockstep_device.h"
#include "sim/ref/ref_device.h"
#include "sim/server/server.h"
#include "sim/systemc/tlm_device.h"

namespace millrace::sim {
namespace {

constexpr uint64_t kMaxQuantum = 1'000'000'000;

using Opened = Result<std::unique_ptr<Device>>;

// What a request says, checked.
struct Chosen {
  SimOptions sim;
  std::optional<cycle::Kernel> kernel;
  systemc::TlmOptions tlm;  // its timing and quantum
};

struct Row {
  DeviceFactory::Kind kind;
  bool signals, kernels;  // it takes --wave, --kernel
  Opened (*open)(const DeviceRequest&, const Chosen&);
};

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

// From the Result of a particular device.
template <typename T>
Opened as_device(Result<std::unique_ptr<T>> device) {
  if (!device) return device.error();
  return {std::move(*device)};
}

Opened open_cycle(const DeviceRequest& request, const Chosen& chosen) {
  auto device = std::make_unique<CycleDevice>(*request.config,
                                              CycleOptions{chosen.sim.memory, {}, chosen.kernel});
  if (request.activities != nullptr)
    device->machine().observe([out = request.activities](const cycle::Passage& p) {
      out->push_back({p.words, p.index, p.unit, p.dispatched, p.started, p.done});
    });
  return {std::move(device)};
}

Opened open_tlm(const DeviceRequest& request, const Chosen& chosen) {
  systemc::TlmOptions options = chosen.tlm;
  options.memory = chosen.sim.memory;
  options.trace = request.wave;
  if (!request.wave.empty() && !options.approximate)
    return input_error(
        "--wave with device tlm needs --timing at: loosely timed transactions are "
        "not in the order of time");
  if (!request.wave.empty() && !request.wave.ends_with(".vcd"))
    return input_error("--wave " + request.wave + ": device tlm writes VCD; end the name in .vcd");
  return systemc::open_tlm(*request.config, options);
}

Opened open_tlm_rtl(const DeviceRequest& request, const Chosen& chosen) {
  systemc::TlmOptions options = chosen.tlm;
  options.memory = chosen.sim.memory;
  options.core = systemc::make_rtl_core;
  options.kind = "tlm-rtl";
  options.wave = request.wave;
  return systemc::open_tlm(*request.config, options);
}

// Of --timing and --quantum.
Status choose_timing(const DeviceRequest& request, systemc::TlmOptions& tlm) {
  if (!request.device.starts_with("tlm")) {
    if (request.timing.empty() && request.quantum.empty()) return {};
    return input_error(std::string(request.timing.empty() ? "--quantum" : "--timing") +
                       " is for devices tlm and tlm-rtl; " + request.device + " is not in SystemC");
  }
  tlm.approximate = request.timing == "at";
  if (!request.timing.empty() && request.timing != "lt" && request.timing != "at")
    return input_error("--timing " + request.timing +
                       ": lt (loosely timed) or at (approximately timed)");
  if (request.quantum.empty()) return {};
  if (tlm.approximate)
    return input_error("--quantum is for --timing lt; with at nobody runs ahead of time");
  const char* end = request.quantum.data() + request.quantum.size();
  const auto [stop, error] = std::from_chars(request.quantum.data(), end, tlm.quantum);
  if (error != std::errc() || stop != end || tlm.quantum > kMaxQuantum)
    return input_error("--quantum " + request.quantum + ": a number of cycles from 0 to " +
                       std::to_string(kMaxQuantum));
  return {};
}

std::vector<Row> rows() {
  std::vector<std::string> all;
  for (const isa::Config& config : isa::kConfigs) all.emplace_back(config.name);
  const std::vector<std::string> verilated = split_names(rtl_configs());
  return {
      {{"ref", "the golden model: exact, without time", all, false, false},
       false,
       false,
       [](const DeviceRequest& request, const Chosen&) -> Opened {
         return {std::make_unique<RefDevice>(*request.config)};
       }},
      {{"cycle", "the cycle model: bytes and cycles of the RTL, fast; kernels " + kernel_names(),
        all, true},
       false,
       true,
       open_cycle},
      {{"rtl", "the Verilated RTL", verilated},
       true,
       false,
       [](const DeviceRequest& request, const Chosen& chosen) {
         return as_device(open_rtl(request.config->name, chosen.sim));
       }},
      {{"lockstep", "the cycle model beside the RTL, everything compared", verilated},
       true,
       true,
       [](const DeviceRequest& request, const Chosen& chosen) {
         return as_device(LockstepDevice::open(request.config->name, chosen.sim, chosen.kernel));
       }},
      {{"tlm", "the cycle model in a SystemC TLM-2.0 platform", all}, true, false, open_tlm},
      {{"tlm-rtl", "the Verilated RTL in that platform", verilated}, true, false, open_tlm_rtl},
  };
}

Opened open_device(const DeviceRequest& request) {
  const std::vector<Row> table = rows();
  const Row& row =
      *std::ranges::find(table, request.device, [](const Row& r) { return r.kind.name; });
  Chosen chosen;
  chosen.sim.wave = request.wave;
  chosen.sim.progress = request.progress;
  if (!request.memory.empty()) {
    const auto parsed = memory::parse_memory_spec(request.memory);
    if (const std::string* wrong = std::get_if<std::string>(&parsed)) return input_error(*wrong);
    chosen.sim.memory = std::get<memory::MemorySpec>(parsed);
  }
  if (!request.wave.empty()) {
    if (!row.signals)
      return input_error("--wave needs --device rtl, lockstep, tlm or tlm-rtl; " + request.device +
                         " has no signals");
    if (Status ok = check_writable(request.wave); !ok) return ok.error();
  }
  if (!request.kernel.empty()) {
    if (!row.kernels)
      return input_error("--kernel is for the cycle model; " + request.device + " has none");
    chosen.kernel = cycle::find_kernel(request.kernel);
    if (!chosen.kernel)
      return input_error("no kernel '" + request.kernel + "' on this host; it has " +
                         kernel_names());
  }
  if (Status ok = choose_timing(request, chosen.tlm); !ok) return ok.error();
  return row.open(request, chosen);
}

std::atomic<bool> stop_serving = false;

Status serve_device(const DeviceRequest& request, const std::string& listen) {
  Opened device = open_device(request);
  if (!device) return device.error();
  if (auto* golden = dynamic_cast<RefDevice*>(device->get())) golden->defer();
  Result<std::unique_ptr<Server>> server = Server::create(**device, listen);
  if (!server) return server.error();
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { stop_serving = true; });
  std::printf("listening on %s\n", (*server)->address().c_str());
  std::fflush(stdout);
  return (*server)->run(stop_serving);
}

}  // namespace

DeviceFactory build_factory() {
  DeviceFactory factory{{}, open_device, serve_device};
  for (Row& row : rows()) factory.kinds.push_back(std::move(row.kind));
  return factory;
}

}  // namespace millrace::sim
