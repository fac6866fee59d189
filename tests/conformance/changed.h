// SPDX-License-Identifier: Apache-2.0
// A device with some of its accesses replaced.
#pragma once

#include <functional>
#include <memory>

#include "tests/conformance/forwarding.h"

namespace millrace::conformance {

// What replaces an access; null: nothing does.
struct Changes {
  std::function<Result<uint32_t>(Device&, uint32_t)> read_reg;
  std::function<Status(Device&, uint32_t, uint32_t)> write_reg;
  std::function<Status(Device&, uint64_t, std::span<uint8_t>)> read_mem;
  std::function<Status(Device&, uint64_t, std::span<const uint8_t>)> write_mem;
  std::function<Status(Device&, uint64_t)> advance;
};

class Changed : public Forwarding {
 public:
  Changed(std::unique_ptr<Device> right, Changes changes)
      : Forwarding(*right), right_(std::move(right)), changes_(std::move(changes)) {}
  Result<uint32_t> read_reg(uint32_t offset) override {
    return changes_.read_reg ? changes_.read_reg(*right_, offset) : right_->read_reg(offset);
  }
  Status write_reg(uint32_t offset, uint32_t value) override {
    return changes_.write_reg ? changes_.write_reg(*right_, offset, value)
                              : right_->write_reg(offset, value);
  }
  Status read_mem(uint64_t addr, std::span<uint8_t> out) override {
    return changes_.read_mem ? changes_.read_mem(*right_, addr, out) : right_->read_mem(addr, out);
  }
  Status write_mem(uint64_t addr, std::span<const uint8_t> data) override {
    return changes_.write_mem ? changes_.write_mem(*right_, addr, data)
                              : right_->write_mem(addr, data);
  }
  Status advance(uint64_t cycles) override {
    return changes_.advance ? changes_.advance(*right_, cycles) : right_->advance(cycles);
  }

 private:
  std::unique_ptr<Device> right_;
  Changes changes_;
};

}  // namespace millrace::conformance
