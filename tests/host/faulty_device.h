// SPDX-License-Identifier: Apache-2.0
// The golden model with one defect of a board: in its memory, its registers, or what it makes of an
// instruction.
#pragma once

#include <functional>
#include <optional>

#include "sim/ref/ref_device.h"

namespace millrace::testing {

class FaultyDevice : public RefDevice {
 public:
  using RefDevice::RefDevice;

  // Knobs; empty: no defect.
  std::function<uint64_t(uint64_t)> address;              // what a memory address becomes
  std::function<uint8_t(uint64_t, uint8_t)> byte;         // what is read at an address
  std::function<uint32_t(uint32_t, uint32_t)> value;      // what a register reads
  std::function<void(isa::Instruction&)> change;          // what is executed
  std::function<bool(const isa::Instruction&)> hangs_on;  // the doorbell before it is lost
  bool takes_any_write = false;                           // read-only registers too
  bool reset_fails = false;                               // of a machine that hangs
  uint64_t clock = 0;

  uint64_t clock_hz() const override { return clock; }
  Result<uint32_t> read_reg(uint32_t offset) override;
  Status write_reg(uint32_t offset, uint32_t new_value) override;
  Status read_mem(uint64_t addr, std::span<uint8_t> out) override;
  Status write_mem(uint64_t addr, std::span<const uint8_t> data) override;

 private:
  bool spoil(uint32_t new_tail);

  uint32_t base_ = 0, log2_ = 0, tail_ = 0;
  bool hung_ = false;
};

}  // namespace millrace::testing
