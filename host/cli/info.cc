// SPDX-License-Identifier: Apache-2.0
// `millrace info`: what this build knows, and with --device or --config what one device says of
// itself.
#include <cstdio>

#include "host/cli/commands.h"

namespace millrace::cli {
namespace {

void print_configs() {
  std::printf("%-8s %5s %6s %14s %14s %9s %6s  %s\n", "config", "dim", "lanes", "scratchpad",
              "accumulators", "segments", "slots", "ISA hash");
  for (const isa::Config& c : isa::kConfigs) {
    const int sp_kib = c.sp_words() * c.dim / 1024;
    const int acc_kib = c.acc_words() * c.dim * 4 / 1024;
    std::printf("%-8s %5d %6d %7d KiB/%-2d %7d KiB/%-2d %9d %6d  %08x\n",
                std::string(c.name).c_str(), c.dim, c.lanes, sp_kib, c.sp_banks, acc_kib,
                c.acc_banks, c.segments, c.slots, c.isa_hash);
  }
}

// Leaves the machine as it is.
Status print_linked(link::LinkDevice& device) {
  const Result<uint32_t> build = device.read_reg(reg::kBuildId);
  if (!build) return build.error();
  const link::Info& info = device.info();
  char clock[32] = "no clock";
  if (info.clock_10khz != 0)
    std::snprintf(clock, sizeof clock, "%.2f MHz", info.clock_10khz / 100.);
  std::printf(
      "device %s: %s, %s, link version %u\nconfiguration %s: ISA hash %08x, build %08x, %llu bytes "
      "of memory\n",
      device.name().c_str(), std::string(link::board_name(info.board)).c_str(), clock, info.version,
      std::string(device.config().name).c_str(), device.config().isa_hash, *build,
      static_cast<unsigned long long>(device.mem_bytes()));
  return {};
}

Status print_device(const DeviceFactory& factory, const DeviceRequest& request) {
  if (request.linked) return print_linked(*request.linked);
  Result<Machine> machine = open_machine(factory, request);
  if (!machine) return machine.error();
  const Result<uint32_t> build = machine->device->read_reg(reg::kBuildId);
  if (!build) return build.error();
  const Result<uint32_t> hash = machine->device->read_reg(reg::kIsaHash);
  if (!hash) return hash.error();
  std::printf(
      "device %s, configuration %s: ISA hash %08x, build %08x, %llu bytes of memory, ring of %u "
      "instructions\n",
      request.device.c_str(), std::string(request.config->name).c_str(), *hash, *build,
      static_cast<unsigned long long>(machine->device->mem_bytes()), machine->runtime->ring_size());
  return {};
}

}  // namespace

Result<int> info(const Options& options, const DeviceFactory& factory) {
  const Result<DeviceRequest> request = device_request(options, factory, kDefaultConfig);
  if (!request) return request.error();
  std::printf("millrace %s\n\n", kVersion);
  print_configs();
  std::printf("\n");
  for (const DeviceFactory::Kind& kind : factory.kinds) {
    std::string configs;
    for (const std::string& config : kind.configs) configs += " " + config;
    std::printf("device %-8s %s; configurations:%s\n", kind.name.c_str(), kind.doc.c_str(),
                configs.c_str());
  }
  std::printf("outside this process: %s\n", kAddresses);
  if (const Status status = print_device(factory, *request); !status) return status.error();
  return 0;
}

}  // namespace millrace::cli
