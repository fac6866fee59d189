// SPDX-License-Identifier: Apache-2.0
// The AXI burst behind a transaction of the accelerator: an ignorable extension. A memory that
// knows it answers beat by beat; any other answers the payload. What an interconnect in between
// adds to the times of the payload counts in both cases.
#pragma once

#include <cstdint>
#include <optional>
#include <systemc>
#include <tlm>

#include "model/memory/timing.h"

namespace millrace::systemc {

struct Burst : ::tlm::tlm_extension<Burst> {
  memory::Port port{};
  memory::Channel response{};  // kR: a read, kB: a write
  uint64_t cycle = 0;          // the handshake, at the edge that ends it
  sc_core::sc_time period;     // of the accelerator's clock
  sc_core::sc_time sent;       // when the payload left the accelerator
  uint32_t beats = 0, beat_bytes = 0;
  uint32_t lead = 0;  // from the first beat to the payload's address, whose low bytes may be off

  // The memory's answer: when each beat is due, how many are good, and when the payload left it.
  std::optional<memory::Schedule> schedule;
  uint32_t accepted = 0;
  sc_core::sc_time answered;

  ::tlm::tlm_extension_base* clone() const override { return new Burst(*this); }
  void copy_from(const ::tlm::tlm_extension_base& other) override {
    *this = static_cast<const Burst&>(other);
  }
};

}  // namespace millrace::systemc
