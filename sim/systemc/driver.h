// SPDX-License-Identifier: Apache-2.0
// The driver's Device over TLM: a processor that reaches an accelerator's registers and the memory
// through one socket. For SystemC threads; everything of host/runtime runs on it. Registers take
// time; memory is reached by the debug transport and takes none, as with all simulated devices.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/tlm_quantumkeeper.h>

#include <optional>
#include <systemc>

#include "host/driver/device.h"
#include "sim/systemc/clock.h"

namespace millrace::systemc {

struct DriverOptions {
  uint64_t registers = 0;  // where the accelerator's registers are
  uint64_t memory = 0;     // where memory begins
  uint64_t mem_bytes = 0;
  sc_core::sc_time period = default_period();  // of the accelerator
};

class Driver : public Device {
 public:
  // To be made where modules are: the socket, called `name`, becomes part of the module around it.
  Driver(const char* name, const isa::Config& config, const DriverOptions& options);

  tlm_utils::simple_initiator_socket<Driver> socket;

  std::string_view kind() const override { return "tlm"; }
  const isa::Config& config() const override { return config_; }
  uint64_t mem_bytes() const override { return options_.mem_bytes; }
  Result<uint32_t> read_reg(uint32_t offset) override;
  Status write_reg(uint32_t offset, uint32_t value) override;
  Status read_mem(uint64_t addr, std::span<uint8_t> out) override;
  Status write_mem(uint64_t addr, std::span<const uint8_t> data) override;
  // Looks at STATUS as often as the other devices with a clock do.
  Status advance(uint64_t cycles) override;

 private:
  using Payload = ::tlm::tlm_generic_payload;
  bool access(::tlm::tlm_command command, uint32_t offset, uint32_t& value);
  bool move(::tlm::tlm_command command, uint64_t addr, uint8_t* data, size_t bytes);
  void pass(uint64_t cycles);
  uint64_t now() const;

  const isa::Config& config_;
  DriverOptions options_;
  Clock clock_;
  Payload payload_;
  tlm_utils::tlm_quantumkeeper keeper_;
  // A look at STATUS that advance() has begun and not waited for: whether the machine has stopped.
  // It is over `early_` cycles after the driver's present.
  std::optional<bool> look_;
  uint64_t early_ = 0;
};

}  // namespace millrace::systemc
