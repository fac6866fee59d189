// SPDX-License-Identifier: Apache-2.0
#include "sim/systemc/memory.h"

#include <algorithm>
#include <cstring>

namespace millrace::systemc {

using sc_core::sc_time;
using sc_core::sc_time_stamp;

namespace {

::tlm::tlm_response_status response_of(uint8_t axi) {
  return axi == memory::kOkay     ? ::tlm::TLM_OK_RESPONSE
         : axi == memory::kDecerr ? ::tlm::TLM_ADDRESS_ERROR_RESPONSE
                                  : ::tlm::TLM_GENERIC_ERROR_RESPONSE;
}

}  // namespace

Memory::Memory(sc_core::sc_module_name name, const MemoryOptions& options)
    : sc_module(name),
      options_(options),
      clock_(options.period),
      timing_(options.spec),
      bytes_(options.bytes, options.slverr) {
  timing_.share();
  socket.register_b_transport(this, &Memory::b_transport);
  socket.register_nb_transport_fw(this, &Memory::nb_transport_fw);
  socket.register_get_direct_mem_ptr(this, &Memory::get_direct_mem_ptr);
  socket.register_transport_dbg(this, &Memory::transport_dbg);
}

::tlm::tlm_response_status Memory::check(const Payload& payload) const {
  if (payload.get_byte_enable_ptr() != nullptr) return ::tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
  if (!payload.is_read() && !payload.is_write() &&
      payload.get_command() != ::tlm::TLM_IGNORE_COMMAND)
    return ::tlm::TLM_COMMAND_ERROR_RESPONSE;
  if (payload.get_data_length() == 0 || payload.get_streaming_width() < payload.get_data_length())
    return ::tlm::TLM_BURST_ERROR_RESPONSE;
  if (payload.get_extension<Burst>() == nullptr)  // others know no beats: all or nothing
    return response_of(bytes_.response(payload.get_address(), payload.get_data_length()));
  return ::tlm::TLM_OK_RESPONSE;
}

// Moves the bytes of the beats that the memory answers; returns how many there are before the first
// other one.
uint32_t Memory::move(const Payload& payload, const Burst& burst, uint8_t& worst) {
  const uint64_t begin = payload.get_address(), end = begin + payload.get_data_length();
  uint32_t accepted = burst.beats;
  for (uint32_t i = 0; i < burst.beats; ++i) {
    const uint64_t beat = begin - burst.lead + uint64_t{i} * burst.beat_bytes;
    const uint64_t from = std::max(begin, beat), to = std::min(end, beat + burst.beat_bytes);
    const uint8_t response = bytes_.response(beat, burst.beat_bytes);
    if (response != memory::kOkay) {
      accepted = std::min(accepted, i);
      worst = std::max(worst, response);
      continue;
    }
    if (from >= to) continue;
    uint8_t* const here = bytes_.at(from, to - from).data();
    uint8_t* const there = payload.get_data_ptr() + (from - begin);
    if (payload.is_read()) std::memcpy(there, here, to - from);
    if (payload.is_write()) std::memcpy(here, there, to - from);
  }
  return accepted;
}

void Memory::b_transport(Payload& payload, sc_time& delay) {
  const ::tlm::tlm_response_status checked = check(payload);
  payload.set_response_status(checked);
  if (checked != ::tlm::TLM_OK_RESPONSE) return;
  Burst* known = payload.get_extension<Burst>();
  Burst burst;
  if (known != nullptr) {
    if (known->period != clock_.period())
      SC_REPORT_FATAL("millrace", "memory and accelerator have clocks of different periods");
    burst = *known;
    const sc_time arrival = sc_time_stamp() + delay;
    if (arrival > burst.sent) burst.cycle += clock_.ceil(arrival - burst.sent);
  } else {
    const uint64_t handshake = clock_.ceil(sc_time_stamp() + delay);
    burst.response = payload.is_write() ? memory::Channel::kB : memory::Channel::kR;
    burst.cycle = handshake > 0 ? handshake - 1 : 0;
    burst.beat_bytes = options_.beat_bytes;
    burst.lead = static_cast<uint32_t>(payload.get_address() % burst.beat_bytes);
    const uint64_t bytes = uint64_t{burst.lead} + payload.get_data_length();
    burst.beats = static_cast<uint32_t>((bytes + burst.beat_bytes - 1) / burst.beat_bytes);
  }
  // Bursts count in the order in which they come; who runs ahead of time is before who does not.
  last_ = std::max(last_, burst.cycle);
  const memory::Schedule schedule =
      timing_.accept(burst.port, burst.response, last_, payload.get_address() - burst.lead,
                     burst.beats, burst.beat_bytes);
  uint8_t worst = memory::kOkay;
  const uint32_t accepted = move(payload, burst, worst);
  payload.set_response_status(response_of(worst));
  const bool read = burst.response == memory::Channel::kR;
  const sc_time over = clock_.at(schedule.due(read ? burst.beats - 1 : 0) + 1);
  if (over > sc_time_stamp()) delay = over - sc_time_stamp();
  if (known != nullptr) {
    known->schedule = schedule;
    known->accepted = accepted;
    known->answered = sc_time_stamp() + delay;
  }
  payload.set_dmi_allowed(direct() && worst == memory::kOkay);
}

// Answers at once, with the whole time in `delay`.
::tlm::tlm_sync_enum Memory::nb_transport_fw(Payload& payload, ::tlm::tlm_phase& phase,
                                             sc_time& delay) {
  if (phase != ::tlm::BEGIN_REQ) return ::tlm::TLM_ACCEPTED;
  b_transport(payload, delay);
  return ::tlm::TLM_COMPLETED;
}

bool Memory::get_direct_mem_ptr(Payload& payload, ::tlm::tlm_dmi& dmi) {
  dmi.set_start_address(0);
  dmi.set_end_address(bytes_.size() - 1);
  if (!direct() || !bytes_.contains(payload.get_address(), 1)) return false;
  dmi.set_dmi_ptr(bytes_.at(0, bytes_.size()).data());
  dmi.allow_read_write();
  const sc_time latency = clock_.at(options_.spec.latency);
  dmi.set_read_latency(latency);
  dmi.set_write_latency(latency);
  return true;
}

unsigned Memory::transport_dbg(Payload& payload) {
  const unsigned length = payload.get_data_length();
  if (!bytes_.contains(payload.get_address(), length)) return 0;
  uint8_t* const here = bytes_.at(payload.get_address(), length).data();
  if (payload.is_read()) std::memcpy(payload.get_data_ptr(), here, length);
  if (payload.is_write()) std::memcpy(here, payload.get_data_ptr(), length);
  return payload.is_read() || payload.is_write() ? length : 0;
}

}  // namespace millrace::systemc
