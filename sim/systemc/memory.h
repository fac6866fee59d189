// SPDX-License-Identifier: Apache-2.0
// The external memory of docs/reference/memory.md as a TLM-2.0 target: its bytes and its times,
// shared by all that reach the socket.
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <string>
#include <systemc>

#include "model/memory/bytes.h"
#include "sim/systemc/burst.h"
#include "sim/systemc/clock.h"

namespace millrace::systemc {

struct MemoryOptions {
  uint64_t bytes = 0;
  memory::MemorySpec spec{};
  memory::AddressRange slverr{};  // addresses that answer an error; with any, no direct pointers
  bool direct = true;             // whether direct memory pointers are granted
  uint32_t beat_bytes = 16;       // of initiators whose transactions carry no Burst
  sc_core::sc_time period = default_period();
};

class Memory : public sc_core::sc_module {
 public:
  Memory(sc_core::sc_module_name name, const MemoryOptions& options);

  tlm_utils::simple_target_socket<Memory> socket{"socket"};

 private:
  using Payload = ::tlm::tlm_generic_payload;
  void b_transport(Payload& payload, sc_core::sc_time& delay);
  ::tlm::tlm_sync_enum nb_transport_fw(Payload& payload, ::tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay);
  bool get_direct_mem_ptr(Payload& payload, ::tlm::tlm_dmi& dmi);
  unsigned transport_dbg(Payload& payload);
  ::tlm::tlm_response_status check(const Payload& payload) const;
  uint32_t move(const Payload& payload, const Burst& burst, uint8_t& worst);
  bool direct() const { return options_.direct && options_.slverr.bytes == 0; }

  MemoryOptions options_;
  Clock clock_;
  memory::MemoryTiming timing_;
  memory::Bytes bytes_;
  uint64_t last_ = 0;  // cycle of the last acceptance
};

}  // namespace millrace::systemc
