// SPDX-License-Identifier: Apache-2.0
// A device as a host drives it, register by register. What must succeed and does not fails the test
// with the name of what was done; after that values are zeros.
//
// Memory of the tests, all below 8 KiB: a ring from kRing on, data from kData on.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "host/driver/device.h"

namespace millrace::conformance {

inline constexpr uint32_t kMachineId = 0x4D494C4C;  // of register ID
inline constexpr uint32_t kRing = 0x400, kData = 0x800, kOther = 0x1000, kDataBytes = 0x400;
inline constexpr uint32_t kReadable = 1u << reg::kSegCtrlReadLow;
inline constexpr uint32_t kWritable = 1u << reg::kSegCtrlWriteLow;
inline constexpr uint32_t kIdle = 1u << reg::kStatusIdleLow;
inline constexpr uint32_t kFaulted = 1u << reg::kStatusFaultLow;

// "0x0000002a".
std::string hex(uint64_t value);
std::string register_name(uint32_t offset);

// What a stopped machine says of a fault.
struct Record {
  isa::Fault code = isa::Fault::kNone;
  isa::Unit unit = isa::Unit::kLoad;
  uint32_t index = 0, address = 0;
  bool operator==(const Record&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Record& record);

class Host {
 public:
  explicit Host(Device& device) : device_(device) {}
  Device& device() { return device_; }
  const isa::Config& config() const { return device_.config(); }

  uint32_t read(uint32_t offset);
  void write(uint32_t offset, uint32_t value);
  // The access must be answered by an Error.
  void refuses_read(uint32_t offset);
  void refuses_write(uint32_t offset, uint32_t value);
  void expect(uint32_t offset, uint32_t wanted, const std::string& why);

  std::vector<uint8_t> bytes(uint64_t address, size_t count);
  void set_bytes(uint64_t address, std::span<const uint8_t> data);
  uint32_t word(uint64_t address);
  void set_word(uint64_t address, uint32_t value);
  // `count` words from `address` on.
  std::vector<uint32_t> words(uint64_t address, size_t count);

  // Soft reset, no segments, no ring, until the machine is at rest. False: it does not come back.
  bool reset_all();
  void soft_reset();
  void segment(uint32_t number, uint32_t base, uint32_t size, uint32_t permissions);
  // A ring of 2^log2 instructions at `base`.
  void ring(uint32_t log2, uint32_t base = kRing);
  // Puts instructions behind those already there and rings the doorbell. They must fit.
  void submit(std::span<const isa::Instruction> code);
  void submit(std::initializer_list<isa::Instruction> code) { submit(std::span(code)); }
  // Until the machine is at rest: idle, or stopped by a fault. Its STATUS.
  uint32_t settle();
  // submit() and settle() of a program that must end well.
  void run(std::span<const isa::Instruction> code);
  void run(std::initializer_list<isa::Instruction> code) { run(std::span(code)); }
  Record record();
  // Works for hours, without touching memory; only a reset ends it.
  void start_endless();

 private:
  void put(uint32_t index, const isa::Instruction& words);

  Device& device_;
  uint32_t ring_base_ = 0, ring_log2_ = 0, tail_ = 0;
};

// Instructions of the tests, one word of the scratchpad each.
isa::Instruction load(const isa::Config& config, uint32_t segment, uint32_t offset);
isa::Instruction store(const isa::Config& config, uint32_t segment, uint32_t offset);
// `offset` in bytes, a multiple of 4.
isa::Instruction signal(uint32_t segment, uint32_t offset, uint32_t value, bool irq = false);
inline constexpr isa::Instruction kIllegal = {0xff};

}  // namespace millrace::conformance
