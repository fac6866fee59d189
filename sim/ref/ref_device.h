// SPDX-License-Identifier: Apache-2.0
// The golden model behind the register map of docs/reference/registers.md.
//
// It knows no time: the doorbell executes everything up to the tail, or to the first fault, before
// write_reg() returns; after defer(), advance() does, as many instructions as it is given cycles.
// CYCLES and the busy counters read 0; BUILD_ID reads 0. RING_HEAD counts the
// instructions that decode let pass, so a fault in execution counts and one in decode does not.
// STATUS.idle is 0 from a fault until the reset, and locked registers refuse writes for so long.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/driver/device.h"
#include "model/ref/interpreter.h"

namespace millrace {

class RefDevice : public Device {
 public:
  // A device with 2^mem_log2 bytes of memory, or with `mem_bytes` if that is not 0.
  explicit RefDevice(const isa::Config& config, uint64_t mem_bytes = 0);
  RefDevice(const RefDevice&) = delete;
  RefDevice& operator=(const RefDevice&) = delete;

  std::string_view kind() const override { return "ref"; }
  const isa::Config& config() const override { return machine_.config(); }
  uint64_t mem_bytes() const override { return memory_.size(); }
  Result<uint32_t> read_reg(uint32_t offset) override;
  Status write_reg(uint32_t offset, uint32_t value) override;
  Status read_mem(uint64_t addr, std::span<uint8_t> out) override;
  Status write_mem(uint64_t addr, std::span<const uint8_t> data) override;
  Status advance(uint64_t cycles) override;

  // For those who must not be kept waiting by a doorbell.
  void defer() { deferred_ = true; }

  ref::Machine& machine() { return machine_; }

 private:
  // The segment and register that an offset names, if it is a segment register.
  struct SegmentRegister {
    size_t index;
    uint32_t reg;  // reg::kSegBase, kSegSize or kSegCtrl
  };
  std::optional<SegmentRegister> segment_register(uint32_t offset) const;
  std::optional<uint32_t> read_fixed(uint32_t offset) const;
  std::optional<uint32_t> read_state(uint32_t offset) const;
  uint32_t read_segment(const SegmentRegister& at) const;
  void write_segment(const SegmentRegister& at, uint32_t value);
  void write_unlocked(uint32_t offset, uint32_t value);
  void keep_segments_off_ring();

  bool idle() const { return !fault_ && head() == tail_; }
  uint32_t head() const;  // RING_HEAD
  uint32_t status() const;
  void soft_reset();
  void run(uint64_t instructions);
  std::optional<ref::Fault> run_next();
  std::optional<isa::Instruction> fetch(uint64_t addr) const;
  Status check_range(uint64_t addr, size_t size) const;

  std::vector<uint8_t> memory_;
  ref::Machine machine_;
  uint32_t ring_base_ = 0;
  uint32_t ring_log2_ = 0;
  uint32_t tail_ = 0;
  uint32_t irq_status_ = 0;
  uint32_t irq_enable_ = 0;
  bool refused_ = false;
  bool deferred_ = false;
  std::optional<ref::Fault> fault_;
};

}  // namespace millrace
