// SPDX-License-Identifier: Apache-2.0
// A machine for tests of the host software: registers, ring and segments as in
// docs/reference/registers.md, one instruction every kCyclesPerInstruction cycles. It executes
// SIGNAL; of other instructions it only keeps a record. It can be told to hang, to fault, to lie
// about its identity, and it refuses what the hardware refuses.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/driver/device.h"

namespace millrace::testing {

class FakeDevice : public Device {
 public:
  static constexpr uint64_t kCyclesPerInstruction = 16;

  explicit FakeDevice(std::string_view config, uint64_t mem_bytes = 0);

  std::string_view kind() const override { return "fake"; }
  const isa::Config& config() const override { return config_; }
  uint64_t mem_bytes() const override { return memory_.size(); }
  Result<uint32_t> read_reg(uint32_t offset) override;
  Status write_reg(uint32_t offset, uint32_t value) override;
  Status read_mem(uint64_t addr, std::span<uint8_t> out) override;
  Status write_mem(uint64_t addr, std::span<const uint8_t> data) override;
  Status advance(uint64_t cycles) override;

  // Knobs.
  uint32_t id = 0x4D494C4C;
  uint32_t hash;
  std::optional<uint32_t>
      hang_at;  // index that never dispatches; the data port waits for read data
  std::optional<uint32_t> fault_at;  // index that faults BANK in the matmul unit at address 0x123
  bool silent = false;               // SIGNALs are executed but not written
  bool reset_hangs = false;

  // Record.
  std::vector<isa::Instruction> executed;
  uint32_t doorbells = 0;
  struct Segment {
    uint32_t base = 0, size = 0, ctrl = 0;
  };
  std::array<Segment, 16> segments;
  uint32_t ring_base = 0, ring_log2 = 0;

 private:
  bool idle() const { return !resetting_ && !fault_ && head_ == tail_; }
  isa::Instruction fetch(uint32_t index) const;
  void execute(const isa::Instruction& instruction);
  uint32_t status() const;
  Status write_locked(uint32_t offset, uint32_t value);

  const isa::Config& config_;
  std::vector<uint8_t> memory_;
  uint32_t head_ = 0, tail_ = 0;
  uint64_t cycles_ = 0;
  bool fault_ = false, resetting_ = false;
};

}  // namespace millrace::testing
