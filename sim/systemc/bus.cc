// SPDX-License-Identifier: Apache-2.0
#include "sim/systemc/bus.h"

#include <algorithm>

namespace millrace::systemc {

using sc_core::sc_time;

Bus::Bus(sc_core::sc_module_name name, const std::vector<Range>& ranges) : sc_module(name) {
  in.register_b_transport(this, &Bus::b_transport);
  in.register_nb_transport_fw(this, &Bus::nb_transport_fw);
  in.register_get_direct_mem_ptr(this, &Bus::get_direct_mem_ptr);
  in.register_transport_dbg(this, &Bus::transport_dbg);
  for (const Range& range : ranges) {
    const int number = static_cast<int>(targets_.size());
    Target& target =
        targets_.emplace_back(Target{range.base, range.bytes, std::make_unique<Out>(range.name)});
    target.out->register_nb_transport_bw(this, &Bus::nb_transport_bw, number);
    target.out->register_invalidate_direct_mem_ptr(this, &Bus::invalidate, number);
  }
  SC_HAS_PROCESS(Bus);
  SC_METHOD(begin_waiting);
  sensitive << ended_;
  dont_initialize();
}

Bus::Target* Bus::route(Payload& payload) {
  const uint64_t address = payload.get_address();
  for (Target& target : targets_) {
    if (address < target.base || address - target.base >= target.bytes) continue;
    payload.set_address(address - target.base);
    return &target;
  }
  payload.set_response_status(::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  return nullptr;
}

void Bus::b_transport(int, Payload& payload, sc_time& delay) {
  const uint64_t address = payload.get_address();
  Target* target = route(payload);
  if (target == nullptr) return;
  (*target->out)->b_transport(payload, delay);
  payload.set_address(address);
}

namespace {

// By what a target returns, or an initiator.
bool responded(::tlm::tlm_sync_enum sync, const ::tlm::tlm_phase& phase) {
  return sync == ::tlm::TLM_COMPLETED || phase == ::tlm::BEGIN_RESP;
}
bool over(::tlm::tlm_sync_enum sync, const ::tlm::tlm_phase& phase) {
  return sync == ::tlm::TLM_COMPLETED || phase == ::tlm::END_RESP;
}

}  // namespace

// Sends a request to its target. Until the response the payload's address is the target's.
::tlm::tlm_sync_enum Bus::begin(const Open& open, Payload& payload, ::tlm::tlm_phase& phase,
                                sc_time& delay) {
  Target& target = *open.target;
  payload.set_address(open.address - target.base);
  target.request = &payload;
  const auto sync = (*target.out)->nb_transport_fw(payload, phase, delay);
  if (responded(sync, phase)) payload.set_address(open.address);
  if (responded(sync, phase) || phase == ::tlm::END_REQ) target.request = nullptr;
  if (sync == ::tlm::TLM_COMPLETED) open_.erase(&payload);
  return sync;
}

::tlm::tlm_sync_enum Bus::nb_transport_fw(int initiator, Payload& payload, ::tlm::tlm_phase& phase,
                                          sc_time& delay) {
  if (phase == ::tlm::END_RESP) {
    const auto found = open_.find(&payload);
    if (found == open_.end()) return ::tlm::TLM_COMPLETED;
    const Open open = found->second;
    open_.erase(found);
    payload.set_address(open.address - open.target->base);
    return (*open.target->out)->nb_transport_fw(payload, phase, delay);
  }
  const uint64_t address = payload.get_address();
  Target* target = route(payload);
  if (target == nullptr) return ::tlm::TLM_COMPLETED;
  const Open open = {initiator, target, address, sc_core::sc_time_stamp() + delay};
  open_[&payload] = open;
  if (target->request == nullptr && target->waiting.empty())
    return begin(open, payload, phase, delay);
  payload.acquire();
  target->waiting.push_back(&payload);
  return ::tlm::TLM_ACCEPTED;
}

void Bus::begin_waiting() {
  for (Target& target : targets_)
    while (target.request == nullptr && !target.waiting.empty()) {
      Payload& payload = *target.waiting.front();
      target.waiting.pop_front();
      const Open open = open_[&payload];
      ::tlm::tlm_phase phase = ::tlm::BEGIN_REQ;
      sc_time delay = std::max(open.time, sc_core::sc_time_stamp()) - sc_core::sc_time_stamp();
      const auto sync = begin(open, payload, phase, delay);
      if (sync == ::tlm::TLM_COMPLETED) phase = ::tlm::BEGIN_RESP;
      if (phase != ::tlm::BEGIN_REQ) {  // what a return would have said
        const bool response = phase == ::tlm::BEGIN_RESP;
        const auto answer = in[open.initiator]->nb_transport_bw(payload, phase, delay);
        if (response && over(answer, phase)) {
          phase = ::tlm::END_RESP;
          nb_transport_fw(open.initiator, payload, phase, delay);
        }
      }
      payload.release();
    }
}

::tlm::tlm_sync_enum Bus::nb_transport_bw(int, Payload& payload, ::tlm::tlm_phase& phase,
                                          sc_time& delay) {
  const auto found = open_.find(&payload);
  if (found == open_.end()) return ::tlm::TLM_COMPLETED;
  const Open open = found->second;
  if (open.target->request == &payload) {
    open.target->request = nullptr;
    if (!open.target->waiting.empty()) ended_.notify(sc_core::SC_ZERO_TIME);
  }
  if (phase == ::tlm::BEGIN_RESP) payload.set_address(open.address);
  const auto sync = in[open.initiator]->nb_transport_bw(payload, phase, delay);
  if (over(sync, phase)) open_.erase(&payload);
  return sync;
}

bool Bus::get_direct_mem_ptr(int, Payload& payload, ::tlm::tlm_dmi& dmi) {
  const uint64_t address = payload.get_address();
  Target* target = route(payload);
  if (target == nullptr) return false;
  const bool granted = (*target->out)->get_direct_mem_ptr(payload, dmi);
  payload.set_address(address);
  dmi.set_start_address(dmi.get_start_address() + target->base);
  dmi.set_end_address(target->base + std::min<uint64_t>(dmi.get_end_address(), target->bytes - 1));
  return granted;
}

unsigned Bus::transport_dbg(int, Payload& payload) {
  const uint64_t address = payload.get_address();
  Target* target = route(payload);
  if (target == nullptr) return 0;
  const unsigned moved = (*target->out)->transport_dbg(payload);
  payload.set_address(address);
  return moved;
}

void Bus::invalidate(int number, sc_dt::uint64 first, sc_dt::uint64 last) {
  const Target& target = targets_[static_cast<size_t>(number)];
  const sc_dt::uint64 end = target.base + std::min<sc_dt::uint64>(last, target.bytes - 1);
  for (unsigned i = 0; i < in.size(); ++i)
    in[static_cast<int>(i)]->invalidate_direct_mem_ptr(target.base + first, end);
}

}  // namespace millrace::systemc
