// SPDX-License-Identifier: Apache-2.0
// The skeleton of a transport: copy it, and replace each body by what reaches your machine. It
// answers every access and does nothing, so the suite fails on it, first on register ID.
// docs/developer/conformance.md has the contract.
#pragma once

#include <algorithm>

#include "host/driver/device.h"

namespace millrace::conformance {

class NullDevice : public Device {
 public:
  explicit NullDevice(const isa::Config& config) : config_(config) {}

  std::string_view kind() const override { return "null"; }
  // A transport that finds its machine reads ISA_HASH and looks it up in isa::kConfigs.
  const isa::Config& config() const override { return config_; }
  uint64_t mem_bytes() const override { return uint64_t{1} << config_.mem_log2; }
  // One access of 32 bits, finished on return. SLVERR is an Error, and so is any other offset than
  // that of a register.
  Result<uint32_t> read_reg(uint32_t) override { return uint32_t{0}; }
  Status write_reg(uint32_t, uint32_t) override { return {}; }
  // Any address and size, also while the machine works; what does not fit into mem_bytes() is an
  // Error and changes nothing.
  Status read_mem(uint64_t addr, std::span<uint8_t> out) override {
    std::ranges::fill(out, uint8_t{0});
    return check(addr, out.size());
  }
  Status write_mem(uint64_t addr, std::span<const uint8_t> data) override {
    return check(addr, data.size());
  }
  // At most `cycles` cycles pass; less if the machine is idle or stopped by a fault.
  Status advance(uint64_t) override { return {}; }

 private:
  Status check(uint64_t addr, size_t size) const {
    if (addr <= mem_bytes() && size <= mem_bytes() - addr) return {};
    return input_error("access to " + std::to_string(size) + " bytes at " + std::to_string(addr) +
                       " is outside the device memory of " + std::to_string(mem_bytes()) +
                       " bytes");
  }

  const isa::Config& config_;
};

}  // namespace millrace::conformance
