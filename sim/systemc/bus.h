// SPDX-License-Identifier: Apache-2.0
// An interconnect that decodes addresses and takes no time. Any number of initiators binds to `in`;
// each target is bound to the socket of its range. By nb_transport, a target gets one request at a
// time, as the base protocol has it; others wait in the order in which they came.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <deque>
#include <memory>
#include <systemc>
#include <unordered_map>
#include <vector>

namespace millrace::systemc {

class Bus : public sc_core::sc_module {
 public:
  // Addresses [base, base + bytes); their target sees them from 0 on.
  struct Range {
    const char* name;
    uint64_t base, bytes;
  };
  Bus(sc_core::sc_module_name name, const std::vector<Range>& ranges);

  using Out = tlm_utils::simple_initiator_socket_tagged<Bus>;
  tlm_utils::multi_passthrough_target_socket<Bus> in{"in"};

  Out& out(size_t range) { return *targets_[range].out; }

 private:
  using Payload = ::tlm::tlm_generic_payload;
  struct Target {
    uint64_t base, bytes;
    std::unique_ptr<Out> out;
    const Payload* request = nullptr;  // that has begun and not ended
    std::deque<Payload*> waiting{};
  };
  // The target of a transaction, whose address becomes the target's; null: there is none.
  Target* route(Payload& payload);
  void b_transport(int initiator, Payload& payload, sc_core::sc_time& delay);
  ::tlm::tlm_sync_enum nb_transport_fw(int initiator, Payload& payload, ::tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay);
  ::tlm::tlm_sync_enum nb_transport_bw(int target, Payload& payload, ::tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay);
  bool get_direct_mem_ptr(int initiator, Payload& payload, ::tlm::tlm_dmi& dmi);
  unsigned transport_dbg(int initiator, Payload& payload);
  void invalidate(int target, sc_dt::uint64 first, sc_dt::uint64 last);

  struct Open {
    int initiator;
    Target* target;
    uint64_t address;       // the initiator's
    sc_core::sc_time time;  // of its request
  };
  ::tlm::tlm_sync_enum begin(const Open& open, Payload& payload, ::tlm::tlm_phase& phase,
                             sc_core::sc_time& delay);
  void begin_waiting();

  std::vector<Target> targets_;
  std::unordered_map<const Payload*, Open> open_;  // by nb_transport
  sc_core::sc_event ended_;                        // a request, while others wait
};

}  // namespace millrace::systemc
