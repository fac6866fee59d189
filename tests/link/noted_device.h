// SPDX-License-Identifier: Apache-2.0
// The golden model with a record of every register write: what must happen exactly once.
#pragma once

#include <utility>
#include <vector>

#include "sim/ref/ref_device.h"

namespace millrace::link::testing {

class NotedDevice : public RefDevice {
 public:
  using RefDevice::RefDevice;
  Result<uint32_t> read_reg(uint32_t offset) override {
    if (offset == reg::kId) return id;
    if (offset == reg::kIsaHash) return hash;
    return RefDevice::read_reg(offset);
  }
  Status write_reg(uint32_t offset, uint32_t value) override {
    writes.emplace_back(offset, value);
    return RefDevice::write_reg(offset, value);
  }

  uint32_t id = 0x4D494C4C;
  uint32_t hash = config().isa_hash;
  std::vector<std::pair<uint32_t, uint32_t>> writes;
};

}  // namespace millrace::link::testing
