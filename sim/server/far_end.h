// SPDX-License-Identifier: Apache-2.0
// The far end of docs/reference/link.md over any Device: takes bytes, does the requests among them,
// makes the answers. Whatever arrives, it asks for nothing beyond one request.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/driver/device.h"
#include "host/link/frame.h"

namespace millrace::sim {

class FarEnd {
 public:
  // The device must outlive it, and its memory be 2^n bytes. It says `info` of itself, but for the
  // size of memory.
  explicit FarEnd(Device& device, const link::Info& info = {});

  // Appends the answers to requests that these bytes complete.
  void take(std::span<const uint8_t> bytes, std::vector<uint8_t>& answers);
  // As at power-on, but for the device.
  void reset();
  // Drops a half-open request; the line is a new one.
  void forget() { bytes_.clear(), request_.reset(); }
  // Whether a register was accessed since the last call: the machine may have work, or be broken.
  bool take_touched();

  uint64_t done() const { return done_; }  // requests answered

 private:
  void take_byte(uint8_t byte, std::vector<uint8_t>& answers);
  void perform(std::vector<uint8_t>& answers);
  void read(std::vector<uint8_t>& answer, bool& error);
  bool write(std::span<const uint8_t> data);
  bool write_register(std::span<const uint8_t> data);
  bool read_register(uint32_t address, uint32_t& value);

  Device& device_;
  link::Info info_;
  std::vector<uint8_t> bytes_;  // of the header, then of the data
  std::optional<link::Request> request_;
  bool fresh_ = true;
  bool toggle_ = false;   // of the last register write that was done
  bool refused_ = false;  // how it was answered
  bool touched_ = false;
  uint64_t done_ = 0;
};

}  // namespace millrace::sim
