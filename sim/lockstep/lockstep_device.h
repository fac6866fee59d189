// SPDX-License-Identifier: Apache-2.0
// The Verilated machine and the cycle model side by side behind one Device: whatever a host does is
// done to both, and everything that can be seen of them is compared: the answer to every register
// access and its cycle, the interrupt, every completion (cycle, unit, index, fault), and memory.
// The first difference is an Error that names both sides; nothing counts after it.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "sim/cycle/cycle_device.h"
#include "sim/verilator/rtl_device.h"

namespace millrace::sim {

class LockstepDevice : public Device {
 public:
  // As open_rtl(); `kernel` computes the cycle model's values.
  static Result<std::unique_ptr<LockstepDevice>> open(std::string_view config,
                                                      const SimOptions& options,
                                                      std::optional<cycle::Kernel> kernel = {});

  std::string_view kind() const override { return "lockstep"; }
  const isa::Config& config() const override { return rtl_->config(); }
  uint64_t mem_bytes() const override { return rtl_->mem_bytes(); }
  Result<uint32_t> read_reg(uint32_t offset) override;
  Status write_reg(uint32_t offset, uint32_t value) override;
  Status read_mem(uint64_t addr, std::span<uint8_t> out) override;
  Status write_mem(uint64_t addr, std::span<const uint8_t> data) override;
  Status advance(uint64_t cycles) override;
  // Exactly `cycles` cycles.
  Status run(uint64_t cycles);

  // The first difference found: the cycle in which the earlier side of it happened.
  std::optional<uint64_t> difference_cycle() const { return difference_cycle_; }
  // Compares all of memory.
  Status compare_memory();
  uint64_t cycle() const { return rtl_->cycle(); }
  uint64_t completions() const { return compared_; }

 private:
  LockstepDevice(std::unique_ptr<RtlDevice> rtl, const CycleOptions& options);
  Status settle(const Status& rtl, const Status& model);
  Status compare(std::string_view after);
  Status differ(const std::string& what, const std::string& rtl, const std::string& model);
  Status differ_completion();
  std::string instruction(uint32_t index) const;
  Status compare_completions();

  std::unique_ptr<RtlDevice> rtl_;
  CycleDevice model_;
  std::vector<cycle::Retirement> rtl_trace_, model_trace_;
  uint64_t compared_ = 0;  // completions
  // The last instructions that the cycle model completed, by index modulo their number.
  std::array<cycle::Passage, 64> passed_{};
  std::optional<Error> difference_;
  std::optional<uint64_t> difference_cycle_;
};

}  // namespace millrace::sim
