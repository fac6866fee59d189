// SPDX-License-Identifier: Apache-2.0
#include "sim/systemc/driver.h"

#include <algorithm>

#include "sim/access.h"

namespace millrace::systemc {

using sc_core::sc_time;
using sim::kPollInterval;

Driver::Driver(const char* name, const isa::Config& config, const DriverOptions& options)
    : socket(name), config_(config), options_(options), clock_(options.period) {}

uint64_t Driver::now() const { return clock_.ceil(keeper_.get_current_time()); }

void Driver::pass(uint64_t cycles) {
  keeper_.inc(clock_.at(cycles));
  if (keeper_.need_sync()) keeper_.sync();
}

bool Driver::access(::tlm::tlm_command command, uint32_t offset, uint32_t& value) {
  payload_.set_command(command);
  payload_.set_address(options_.registers + offset);
  payload_.set_data_ptr(reinterpret_cast<uint8_t*>(&value));
  payload_.set_data_length(4);
  payload_.set_streaming_width(4);
  payload_.set_response_status(::tlm::TLM_INCOMPLETE_RESPONSE);
  sc_time delay = keeper_.get_local_time();
  socket->b_transport(payload_, delay);
  keeper_.set(delay);
  if (keeper_.need_sync()) keeper_.sync();
  return payload_.is_response_ok();
}

Result<uint32_t> Driver::read_reg(uint32_t offset) {
  if (Status ok = sim::check_register(offset, "read"); !ok) return ok.error();
  look_.reset();
  early_ = 0;
  uint32_t value = 0;
  if (!access(::tlm::TLM_READ_COMMAND, offset, value)) return sim::refused_read(offset);
  return value;
}

Status Driver::write_reg(uint32_t offset, uint32_t value) {
  if (Status ok = sim::check_register(offset, "write"); !ok) return ok;
  look_.reset();
  early_ = 0;
  if (!access(::tlm::TLM_WRITE_COMMAND, offset, value)) return sim::refused_write(offset);
  return {};
}

bool Driver::move(::tlm::tlm_command command, uint64_t addr, uint8_t* data, size_t bytes) {
  constexpr size_t kMost = size_t{1} << 30;  // data_length is an unsigned int
  for (size_t done = 0; done < bytes;) {
    const size_t part = std::min(kMost, bytes - done);
    payload_.set_command(command);
    payload_.set_address(options_.memory + addr + done);
    payload_.set_data_ptr(data + done);
    payload_.set_data_length(static_cast<unsigned>(part));
    payload_.set_streaming_width(static_cast<unsigned>(part));
    const unsigned moved = socket->transport_dbg(payload_);  // as far as the target likes
    if (moved == 0) return false;
    done += moved;
  }
  return true;
}

Status Driver::read_mem(uint64_t addr, std::span<uint8_t> out) {
  if (addr > mem_bytes() || out.size() > mem_bytes() - addr ||
      !move(::tlm::TLM_READ_COMMAND, addr, out.data(), out.size()))
    return sim::out_of_memory("read", addr, out.size(), mem_bytes());
  return {};
}

Status Driver::write_mem(uint64_t addr, std::span<const uint8_t> data) {
  if (addr > mem_bytes() || data.size() > mem_bytes() - addr ||
      !move(::tlm::TLM_WRITE_COMMAND, addr, const_cast<uint8_t*>(data.data()), data.size()))
    return sim::out_of_memory("write", addr, data.size(), mem_bytes());
  return {};
}

Status Driver::advance(uint64_t cycles) {
  uint64_t present = now() - early_;
  const uint64_t end = present + cycles;
  for (uint64_t next = present; present < end;) {
    if (!look_ && present < next) {
      const uint64_t until = std::min(next, end);
      pass(until - present);
      present = until;
      continue;
    }
    if (!look_) {
      uint32_t status = 0;
      if (!access(::tlm::TLM_READ_COMMAND, reg::kStatus, status))
        return sim::refused_read(reg::kStatus);
      const bool stopped = (status >> reg::kStatusIdleLow | status >> reg::kStatusFaultLow) & 1;
      look_ = stopped && !(status >> reg::kStatusResettingLow & 1);
    }
    if (now() > end) {  // the answer comes after `end`
      early_ = now() - end;
      return {};
    }
    present = now();
    early_ = 0;
    next = present + kPollInterval;
    const bool stopped = *look_;
    look_.reset();
    if (stopped) break;
  }
  return {};
}

}  // namespace millrace::systemc
