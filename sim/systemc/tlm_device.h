// SPDX-License-Identifier: Apache-2.0
// The virtual platform as a Device, for programs that know nothing of SystemC: host, interconnect,
// memory and one accelerator. Every call lets SystemC's time run until it is answered. A process
// has one SystemC kernel and that cannot be built again, so it can open one such device.
#pragma once

#include <memory>
#include <string>

#include "host/driver/device.h"
#include "model/memory/spec.h"
#include "sim/systemc/core.h"

namespace millrace::systemc {

struct TlmOptions {
  memory::MemorySpec memory{};
  bool approximate = false;   // approximately timed, else loosely
  uint64_t quantum = 10'000;  // cycles that a loosely timed host may run ahead
  CoreFactory core = make_cycle_core;
  std::string_view kind = "tlm";
  std::string trace{};  // VCD file of transactions, named *.vcd; approximately timed only
  std::string wave{};   // FST file of the RTL's signals
};

Result<std::unique_ptr<Device>> open_tlm(const isa::Config& config, const TlmOptions& options);

}  // namespace millrace::systemc
