// SPDX-License-Identifier: Apache-2.0
#include "sim/systemc/memory_port.h"

#include <algorithm>
#include <cstring>

#include "model/memory/bytes.h"

namespace millrace::systemc {

using memory::Channel;
using memory::Schedule;
using sc_core::sc_time;
using sc_core::sc_time_stamp;

MemoryPort::MemoryPort(Timing timing, const memory::MemorySpec& spec, const Clock& clock,
                       uint64_t base)
    : socket("memory"), timing_(timing), direct_timing_(spec), clock_(clock), base_(base) {
  socket.register_nb_transport_bw(this, &MemoryPort::nb_transport_bw);
  socket.register_invalidate_direct_mem_ptr(this, &MemoryPort::invalidate);
}

Schedule MemoryPort::transfer(memory::Port port, Channel response, uint64_t cycle, uint64_t addr,
                              uint32_t beats, uint32_t beat_bytes) {
  Burst burst;
  burst.port = port;
  burst.response = response;
  burst.cycle = cycle;
  burst.beats = beats;
  burst.beat_bytes = beat_bytes;
  burst.period = clock_.period();
  addr += base_;
  if (response == Channel::kR) data.resize(size_t{beats} * beat_bytes);
  accepted = beats;
  refusal = memory::kOkay;
  if (timing_ == Timing::kLt && !asked_) ask_direct(burst, addr);
  Schedule schedule;
  if (!granted_ || !direct(burst, addr)) schedule = transact(burst, addr);
  // Once granted, all times are reckoned here.
  if (granted_) return direct_timing_.accept(port, response, cycle, addr, beats, beat_bytes);
  return schedule;
}

Schedule MemoryPort::transact(const Burst& burst, uint64_t addr) {
  Payload& payload = take(burst, addr);
  payload.acquire();
  Burst& carried = *payload.get_extension<Burst>();
  const Schedule schedule =
      timing_ == Timing::kLt ? loosely(payload, carried) : approximately(payload, carried);
  payload.release();
  note(burst, addr);
  return schedule;
}

// Copies the burst if a direct memory pointer covers it.
bool MemoryPort::direct(const Burst& burst, uint64_t addr) {
  const uint64_t bytes = uint64_t{burst.beats} * burst.beat_bytes;
  const uint64_t start = dmi_.get_start_address();
  if (addr < start || addr + bytes - 1 > dmi_.get_end_address()) return false;
  uint8_t* const there = dmi_.get_dmi_ptr();
  if (burst.response == Channel::kR) {
    if (!dmi_.is_read_allowed()) return false;
    std::memcpy(data.data(), there + (addr - start), bytes);
  } else {
    if (!dmi_.is_write_allowed()) return false;
    if (!data.empty()) std::memcpy(there + (base_ + first - start), data.data(), data.size());
  }
  return true;
}

void MemoryPort::ask_direct(const Burst& burst, uint64_t addr) {
  asked_ = true;
  dmi_.init();
  Payload& payload = take(burst, addr);
  payload.acquire();
  granted_ = socket->get_direct_mem_ptr(payload, dmi_);
  payload.release();
}

void MemoryPort::invalidate(sc_dt::uint64 first_gone, sc_dt::uint64 last_gone) {
  if (first_gone > dmi_.get_end_address() || last_gone < dmi_.get_start_address()) return;
  granted_ = false;
}

MemoryPort::Payload& MemoryPort::take(const Burst& burst, uint64_t addr) {
  if (free_.empty()) {
    payloads_.push_back(std::make_unique<Payload>(this));
    payloads_.back()->set_extension(new Burst);
    free_.push_back(payloads_.back().get());
  }
  Payload& payload = *free_.back();
  free_.pop_back();
  Burst& carried = *payload.get_extension<Burst>() = burst;
  const bool write = burst.response == Channel::kB;
  const bool empty = write && data.empty();  // no strobe is up: time passes, and nothing moves
  payload.set_command(empty   ? ::tlm::TLM_IGNORE_COMMAND
                      : write ? ::tlm::TLM_WRITE_COMMAND
                              : ::tlm::TLM_READ_COMMAND);
  if (write && !empty) carried.lead = static_cast<uint32_t>(base_ + first - addr);
  if (empty) nothing_.resize(size_t{burst.beats} * burst.beat_bytes);
  std::vector<uint8_t>& bytes = empty ? nothing_ : data;
  payload.set_address(addr + carried.lead);
  payload.set_data_ptr(bytes.data());
  payload.set_data_length(static_cast<unsigned>(bytes.size()));
  payload.set_streaming_width(static_cast<unsigned>(bytes.size()));
  payload.set_byte_enable_ptr(nullptr);
  payload.set_dmi_allowed(false);
  payload.set_response_status(::tlm::TLM_INCOMPLETE_RESPONSE);
  return payload;
}

Schedule MemoryPort::loosely(Payload& payload, Burst& burst) {
  const sc_time handshake = clock_.at(burst.cycle + 1), now = sc_time_stamp();
  sc_time delay = handshake > now ? handshake - now : sc_core::SC_ZERO_TIME;
  burst.sent = now + delay;
  socket->b_transport(payload, delay);
  if (payload.is_dmi_allowed()) asked_ = granted_;  // the memory says that asking is worth it
  return answer(payload, burst, sc_time_stamp() + delay);
}

Schedule MemoryPort::approximately(Payload& payload, Burst& burst) {
  ::tlm::tlm_phase phase = ::tlm::BEGIN_REQ;
  sc_time delay;
  open_ = &payload;
  burst.sent = sc_time_stamp();
  const auto sync = socket->nb_transport_fw(payload, phase, delay);
  const bool begun = sync == ::tlm::TLM_UPDATED && phase == ::tlm::BEGIN_RESP;
  if (sync == ::tlm::TLM_COMPLETED || begun) {
    open_ = nullptr;
    responded_ = sc_time_stamp() + delay;
  }
  // Memories that respond later have one burst at a time: the machine stands meanwhile, and then
  // makes up for it.
  while (open_ != nullptr) sc_core::wait(response_);
  if (!burst.schedule && responded_ > sc_time_stamp()) sc_core::wait(responded_ - sc_time_stamp());
  if (begun) {
    phase = ::tlm::END_RESP;
    delay = sc_core::SC_ZERO_TIME;
    socket->nb_transport_fw(payload, phase, delay);
  }
  return answer(payload, burst, responded_);
}

::tlm::tlm_sync_enum MemoryPort::nb_transport_bw(Payload& payload, ::tlm::tlm_phase& phase,
                                                 sc_time& delay) {
  if (phase != ::tlm::BEGIN_RESP || &payload != open_) return ::tlm::TLM_ACCEPTED;
  responded_ = sc_time_stamp() + delay;
  open_ = nullptr;
  response_.notify(sc_core::SC_ZERO_TIME);
  phase = ::tlm::END_RESP;
  return ::tlm::TLM_COMPLETED;
}

// Without a schedule, the first beat comes in the first cycle that begins when the response is
// there, and one a cycle after it.
Schedule MemoryPort::answer(const Payload& payload, const Burst& burst, const sc_time& responded) {
  if (!payload.is_response_ok()) {
    accepted = burst.schedule ? burst.accepted : 0;
    refusal = payload.get_response_status() == ::tlm::TLM_ADDRESS_ERROR_RESPONSE ? memory::kDecerr
                                                                                 : memory::kSlverr;
  }
  if (burst.schedule) {
    const sc_time added = responded - std::min(burst.answered, responded);
    return burst.schedule->later(clock_.ceil(added));
  }
  return Schedule(std::max(burst.cycle + 1, clock_.ceil(responded)), 1, 1);
}

void MemoryPort::note(const Burst& burst, uint64_t addr) {
  Seen& seen = burst.response == Channel::kB        ? write
               : burst.port == memory::Port::kFetch ? fetch
                                                    : read;
  seen = {addr, burst.beats * burst.beat_bytes, !seen.toggle, refusal != memory::kOkay};
}

}  // namespace millrace::systemc
