// SPDX-License-Identifier: Apache-2.0
// The cycle model as a Device: the same bytes, registers and cycles as the Verilated machine under
// the same host (sim/verilator/rtl_device.h), without ticking through them.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "host/driver/device.h"
#include "model/cycle/machine.h"

namespace millrace::sim {

struct CycleOptions {
  memory::MemorySpec memory{};            // when the external memory answers
  memory::AddressRange slverr{};          // addresses that answer SLVERR
  std::optional<cycle::Kernel> kernel{};  // that computes the values; the best of this host without
};

class CycleDevice : public Device {
 public:
  CycleDevice(const isa::Config& config, const CycleOptions& options);

  std::string_view kind() const override { return "cycle"; }
  const isa::Config& config() const override { return config_; }
  uint64_t mem_bytes() const override { return bytes_.size(); }
  Result<uint32_t> read_reg(uint32_t offset) override;
  Status write_reg(uint32_t offset, uint32_t value) override;
  Status read_mem(uint64_t addr, std::span<uint8_t> out) override;
  Status write_mem(uint64_t addr, std::span<const uint8_t> data) override;
  // Looks at STATUS as often as the Verilated machine's device does.
  Status advance(uint64_t cycles) override;

  uint64_t cycle() const { return cycle_; }  // clock cycles since power-on, reset included
  bool irq() { return machine_.irq(cycle_); }
  // Exactly `cycles` cycles, whatever the machine does.
  Status run(uint64_t cycles);
  cycle::Machine& machine() { return machine_; }

 private:
  // A look at STATUS: sampled in one cycle, answered in a later one.
  struct Poll {
    uint64_t sample, answer;
    std::optional<bool> stopped;
  };
  uint64_t ready(memory::Channel channel, uint64_t from) const {
    return timing_.next_ready(memory::Port::kHost, channel, from);
  }
  void catch_up(uint64_t now);
  void finish_poll();
  uint64_t skip_polls(uint64_t next, uint64_t end);

  const isa::Config& config_;
  memory::MemoryTiming timing_;
  memory::Bytes bytes_;
  cycle::Machine machine_;
  uint64_t cycle_;
  std::optional<Poll> poll_;
};

}  // namespace millrace::sim
