// SPDX-License-Identifier: Apache-2.0
// What the driver needs of a machine: registers, memory, and time that passes. Every transport
// (golden model, Verilated RTL, later a board) implements this and nothing else; buffers,
// submission and completion are built on it in host/runtime.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "host/driver/result.h"
#include "millrace/isa.h"

namespace millrace {

class Device {
 public:
  virtual ~Device() = default;
  virtual std::string_view kind() const = 0;      // "ref", "rtl", ...
  virtual const isa::Config& config() const = 0;  // configuration the machine was built with
  virtual uint64_t mem_bytes() const = 0;         // size of device memory; addresses start at 0
  // The machine's clock, where the device knows of one: 0 in simulation.
  virtual uint64_t clock_hz() const { return 0; }
  // Registers of docs/reference/registers.md, by byte offset. An SLVERR answer is an Error.
  virtual Result<uint32_t> read_reg(uint32_t offset) = 0;
  virtual Status write_reg(uint32_t offset, uint32_t value) = 0;
  // Device memory; an access beyond mem_bytes() is an Error.
  virtual Status read_mem(uint64_t addr, std::span<uint8_t> out) = 0;
  virtual Status write_mem(uint64_t addr, std::span<const uint8_t> data) = 0;
  // Lets at most `cycles` cycles pass; returns early once the machine is idle or stopped by a
  // fault. An Error means that the machine itself misbehaved (for example an AXI protocol violation
  // in simulation).
  virtual Status advance(uint64_t cycles) = 0;
};

}  // namespace millrace
