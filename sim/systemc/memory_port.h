// SPDX-License-Identifier: Apache-2.0
// The accelerator's way to memory: every AXI burst that the machine makes is one transaction, of
// the same bytes. Loosely timed: a copy through a direct memory pointer where the memory grants
// one, else b_transport. Approximately timed: nb_transport, at the burst's handshake.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <memory>
#include <vector>

#include "model/memory/outside.h"
#include "sim/systemc/burst.h"
#include "sim/systemc/clock.h"

namespace millrace::systemc {

enum class Timing { kLt, kAt };

class MemoryPort : public memory::Outside, public ::tlm::tlm_mm_interface {
 public:
  using Payload = ::tlm::tlm_generic_payload;

  // `spec`: times of bursts through a direct memory pointer. `base`: where address 0 of the machine
  // is.
  MemoryPort(Timing timing, const memory::MemorySpec& spec, const Clock& clock, uint64_t base);

  tlm_utils::simple_initiator_socket<MemoryPort> socket;

  memory::Schedule transfer(memory::Port port, memory::Channel response, uint64_t cycle,
                            uint64_t addr, uint32_t beats, uint32_t beat_bytes) override;
  // What the last burst of each port and channel was, for a trace.
  struct Seen {
    uint64_t addr = 0;
    uint32_t bytes = 0;
    bool toggle = false;  // changes with every burst
    bool refused = false;
  };
  Seen fetch, read, write;

 private:
  bool direct(const Burst& burst, uint64_t addr);
  void ask_direct(const Burst& burst, uint64_t addr);
  memory::Schedule transact(const Burst& burst, uint64_t addr);
  memory::Schedule loosely(Payload& payload, Burst& burst);
  memory::Schedule approximately(Payload& payload, Burst& burst);
  memory::Schedule answer(const Payload& payload, const Burst& burst,
                          const sc_core::sc_time& responded);
  void note(const Burst& burst, uint64_t addr);

  Payload& take(const Burst& burst, uint64_t addr);
  void free(Payload* payload) override {
    payload->reset();
    free_.push_back(payload);
  }
  ::tlm::tlm_sync_enum nb_transport_bw(Payload& payload, ::tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay);
  void invalidate(sc_dt::uint64 first, sc_dt::uint64 last);

  Timing timing_;
  memory::MemoryTiming direct_timing_;
  Clock clock_;
  uint64_t base_;
  ::tlm::tlm_dmi dmi_;
  bool granted_ = false, asked_ = false;
  std::vector<std::unique_ptr<Payload>> payloads_;  // a target may keep one for a while
  std::vector<Payload*> free_;
  std::vector<uint8_t> nothing_;  // of writes without a strobe
  // The transaction that waits for its response, if any.
  const Payload* open_ = nullptr;
  sc_core::sc_time responded_;
  sc_core::sc_event response_;
};

}  // namespace millrace::systemc
