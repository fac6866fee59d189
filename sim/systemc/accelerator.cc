// SPDX-License-Identifier: Apache-2.0
// Who runs the machine, and when. Loosely timed: whoever accesses a register runs it to the time of
// the access; where nobody does, a thread runs it once a quantum. Approximately timed: only that
// thread runs it, at the clock edges at which something happens.
#include "sim/systemc/accelerator.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "model/memory/bytes.h"

// SystemC's library wants one, and programs that bring their own main() have none.
extern "C" __attribute__((weak)) int sc_main(int, char**) {
  std::fputs("millrace: neither main() nor sc_main() was linked before the SystemC library\n",
             stderr);
  return 1;
}

namespace millrace::systemc {

using sc_core::sc_time;
using sc_core::sc_time_stamp;

Accelerator::Accelerator(sc_core::sc_module_name name, const isa::Config& config,
                         const AcceleratorOptions& options)
    : sc_module(name),
      port_(options.timing, options.memory, Clock(options.period), options.memory_base),
      options_(options),
      clock_(options.period) {
  CoreOptions with;
  with.memory = options.memory;
  with.outside = &port_;
  with.wave = options.wave;
  Result<std::unique_ptr<Core>> core = options.core(config, with);
  if (!core) SC_REPORT_FATAL("millrace", core.error().message.c_str());
  core_ = std::move(*core);
  registers.register_b_transport(this, &Accelerator::b_transport);
  SC_HAS_PROCESS(Accelerator);
  SC_THREAD(run);
}

void Accelerator::run_to(uint64_t cycle) {
  if (!health_) return;
  if (Status status = core_->run_to(cycle); !status) health_ = status;
}

// ---- Registers.

::tlm::tlm_response_status Accelerator::check(const Payload& payload) const {
  if (!payload.is_read() && !payload.is_write()) return ::tlm::TLM_COMMAND_ERROR_RESPONSE;
  if (payload.get_byte_enable_ptr() != nullptr) return ::tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
  if (payload.get_data_length() != 4 || payload.get_streaming_width() < 4)
    return ::tlm::TLM_BURST_ERROR_RESPONSE;
  if (payload.get_address() % 4 != 0 || payload.get_address() > 0xfff)
    return ::tlm::TLM_ADDRESS_ERROR_RESPONSE;
  return ::tlm::TLM_OK_RESPONSE;
}

void Accelerator::b_transport(Payload& payload, sc_time& delay) {
  const ::tlm::tlm_response_status checked = check(payload);
  payload.set_response_status(checked);
  payload.set_dmi_allowed(false);
  if (checked != ::tlm::TLM_OK_RESPONSE) return;
  if (options_.timing == Timing::kLt) {
    access_loosely(payload, delay);
  } else {
    if (delay != sc_core::SC_ZERO_TIME) wait(delay);
    delay = sc_core::SC_ZERO_TIME;
    access_in_time(payload);
  }
}

void Accelerator::start(const Payload& payload) {
  offset_ = static_cast<uint32_t>(payload.get_address());
  write_ = payload.is_write();
  if (write_) {
    std::memcpy(&value_, payload.get_data_ptr(), 4);
    core_->start_write(offset_, value_);
  } else {
    core_->start_read(offset_);
  }
}

void Accelerator::finish(Payload& payload) {
  const Core::Answer answer = core_->answer();
  if (!health_ || answer.response != memory::kOkay) {
    payload.set_response_status(::tlm::TLM_GENERIC_ERROR_RESPONSE);
    return;
  }
  if (write_) return;
  value_ = answer.data;
  std::memcpy(payload.get_data_ptr(), &value_, 4);
}

void Accelerator::access_loosely(Payload& payload, sc_time& delay) {
  while (inside_) wait(left_);  // for memory
  inside_ = true;
  const sc_time now = sc_time_stamp();
  run_to(std::max(core_->cycle(), clock_.ceil(now + delay)));
  start(payload);
  if (health_) health_ = core_->finish();
  finish(payload);
  inside_ = false;
  left_.notify();
  const sc_time end = clock_.at(core_->cycle());
  delay = end > sc_time_stamp() ? end - sc_time_stamp() : sc_core::SC_ZERO_TIME;
  if (write_ || core_->irq() != irq.read()) kick_.notify(delay);
}

void Accelerator::access_in_time(Payload& payload) {
  const uint64_t ticket = tickets_++;  // in the order in which they came
  while (ticket != served_) wait(done_);
  access_ = &payload;
  kick_.notify();
  while (ticket == served_) wait(done_);
}

// The access is over, its response is set.
void Accelerator::leave() {
  access_ = nullptr;
  ++served_;
  done_.notify(sc_core::SC_ZERO_TIME);
}

// ---- Time.

void Accelerator::run() {
  if (options_.timing == Timing::kLt)
    run_loosely();
  else
    run_in_time();
}

void Accelerator::run_loosely() {
  while (true) {
    const sc_time now = sc_time_stamp(), present = clock_.at(core_->cycle());
    const bool line = core_->irq();
    // Not before its time, if an access has run the machine ahead.
    if (present > now && line != irq.read()) wait(present - now);
    irq.write(line);
    const uint64_t next = core_->next();
    if (next == UINT64_MAX || !health_) {
      wait(kick_);
    } else {
      const sc_time event = clock_.at(next);
      const sc_time quantum = ::tlm::tlm_global_quantum::instance().get();
      const sc_time here = sc_time_stamp();
      wait(
          std::max({event > here ? event - here : sc_core::SC_ZERO_TIME, quantum, options_.period}),
          kick_);
    }
    while (inside_) wait(left_);
    inside_ = true;
    run_to(clock_.floor(sc_time_stamp()));
    inside_ = false;
    left_.notify();
  }
}

// When run_in_time() has something to do; the maximum: when it is kicked.
sc_time Accelerator::next_wake() const {
  const uint64_t next = core_->next();
  sc_time wake = next == UINT64_MAX ? sc_core::sc_max_time() : clock_.at(next);
  if (access_ != nullptr && !open_)
    wake = std::min(wake, clock_.at(std::max(core_->cycle(), clock_.ceil(sc_time_stamp()))));
  return wake;
}

void Accelerator::run_in_time() {
  while (health_) {
    const sc_time wake = next_wake(), now = sc_time_stamp();
    if (wake == sc_core::sc_max_time())
      wait(kick_);
    else if (wake > now)
      wait(wake - now, kick_);
    for (uint32_t i = 0; i < options_.order; ++i) wait(sc_core::SC_ZERO_TIME);
    run_to(clock_.floor(sc_time_stamp()));
    if (open_ && !core_->busy()) {
      finish(*access_);
      open_ = false;
      leave();
    }
    // At a clock edge; of a machine that stood while memory answered, and is behind, the next one.
    const bool behind = core_->cycle() < clock_.floor(sc_time_stamp());
    const bool edge = clock_.at(core_->cycle()) == sc_time_stamp();
    if (access_ != nullptr && !open_ && (behind || edge)) {
      start(*access_);
      open_ = true;
    }
    irq.write(core_->irq());
  }
  while (true) {  // out of order: everything is refused
    if (access_ != nullptr) {
      access_->set_response_status(::tlm::TLM_GENERIC_ERROR_RESPONSE);
      leave();
    }
    wait(kick_);
  }
}

void Accelerator::trace(sc_core::sc_trace_file* file) const {
  const std::string prefix = std::string(name()) + ".";
  sc_trace(file, irq, prefix + "irq");
  sc_trace(file, offset_, prefix + "registers.offset");
  sc_trace(file, value_, prefix + "registers.value");
  sc_trace(file, write_, prefix + "registers.write");
  sc_trace(file, open_, prefix + "registers.open");
  const std::pair<const char*, const MemoryPort::Seen*> channels[] = {
      {"fetch", &port_.fetch}, {"read", &port_.read}, {"write", &port_.write}};
  for (const auto& [channel, seen] : channels) {
    const std::string path = prefix + "memory." + channel;
    sc_trace(file, seen->addr, path + ".addr");
    sc_trace(file, seen->bytes, path + ".bytes");
    sc_trace(file, seen->toggle, path + ".toggle");
    sc_trace(file, seen->refused, path + ".refused");
  }
}

}  // namespace millrace::systemc
