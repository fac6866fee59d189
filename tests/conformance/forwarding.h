// SPDX-License-Identifier: Apache-2.0
// A Device that is another one, for those who change a part of it or want one of their own.
#pragma once

#include "host/driver/device.h"

namespace millrace::conformance {

class Forwarding : public Device {
 public:
  explicit Forwarding(Device& device) : device_(device) {}
  std::string_view kind() const override { return device_.kind(); }
  const isa::Config& config() const override { return device_.config(); }
  uint64_t mem_bytes() const override { return device_.mem_bytes(); }
  uint64_t clock_hz() const override { return device_.clock_hz(); }
  Result<uint32_t> read_reg(uint32_t offset) override { return device_.read_reg(offset); }
  Status write_reg(uint32_t offset, uint32_t value) override {
    return device_.write_reg(offset, value);
  }
  Status read_mem(uint64_t addr, std::span<uint8_t> out) override {
    return device_.read_mem(addr, out);
  }
  Status write_mem(uint64_t addr, std::span<const uint8_t> data) override {
    return device_.write_mem(addr, data);
  }
  Status advance(uint64_t cycles) override { return device_.advance(cycles); }

 private:
  Device& device_;
};

}  // namespace millrace::conformance
