// SPDX-License-Identifier: Apache-2.0
// The AXI burst behind a transaction of the accelerator: an ignorable extension. A memory that
// knows it answers beat by beat; any other answers the payload.
#pragma once

#include <cstdint>
#include <optional>
#include <tlm>

#include "model/memory/timing.h"

namespace millrace::systemc {

struct Burst : ::tlm::tlm_extension<Burst> {
  memory::Port port{};
  memory::Channel response{};  // kR: a read, kB: a write
  uint64_t cycle = 0;          // the handshake, at the edge that ends it
  uint32_t beats = 0, beat_bytes = 0;
  uint32_t lead = 0;  // from the first beat to the payload's address, whose low bytes may be off

  // The memory's answer: when each beat is due, and how many are good.
  std::optional<memory::Schedule> schedule;
  uint32_t accepted = 0;

  ::tlm::tlm_extension_base* clone() const override { return new Burst(*this); }
  void copy_from(const ::tlm::tlm_extension_base& other) override {
    *this = static_cast<const Burst&>(other);
  }
};

}  // namespace millrace::systemc
