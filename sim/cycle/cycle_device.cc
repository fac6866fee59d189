// SPDX-License-Identifier: Apache-2.0
#include "sim/cycle/cycle_device.h"

#include <algorithm>

#include "sim/access.h"

namespace millrace::sim {

CycleDevice::CycleDevice(const isa::Config& config, const CycleOptions& options)
    : config_(config),
      timing_(options.memory),
      bytes_(uint64_t{1} << config.mem_log2, options.slverr),
      machine_(config, timing_, bytes_, options.kernel.value_or(cycle::available_kernels().back())),
      cycle_(kResetCycles) {}

// Lets the machine run up to the beginning of cycle `now`, and looks at it on the way if a look is
// due.
void CycleDevice::catch_up(uint64_t now) {
  if (poll_ && !poll_->stopped && poll_->sample < now) {
    machine_.run_until(poll_->sample);
    poll_->stopped = machine_.stopped(poll_->sample);
  }
  machine_.run_until(now);
}

void CycleDevice::finish_poll() {
  if (!poll_) return;
  cycle_ = poll_->answer + 1;
  catch_up(cycle_);
  poll_.reset();
}

Result<uint32_t> CycleDevice::read_reg(uint32_t offset) {
  if (Status ok = check_register(offset, "read"); !ok) return ok.error();
  finish_poll();
  const uint64_t sample = ready(memory::Channel::kAr, cycle_);
  machine_.run_until(sample);
  const std::optional<uint32_t> value = machine_.read(sample, offset);
  cycle_ = ready(memory::Channel::kR, sample + 1) + 1;
  machine_.run_until(cycle_);
  if (!value) return refused_read(offset);
  return *value;
}

Status CycleDevice::write_reg(uint32_t offset, uint32_t value) {
  if (Status ok = check_register(offset, "write"); !ok) return ok;
  finish_poll();
  const uint64_t offered =
      std::max(ready(memory::Channel::kAw, cycle_), ready(memory::Channel::kW, cycle_));
  const uint64_t taken = machine_.write_time(offered);
  machine_.run_until(taken);
  const bool accepted = machine_.write(taken, offset, value);
  cycle_ = ready(memory::Channel::kB, taken + 1) + 1;
  machine_.run_until(cycle_);
  if (!accepted) return refused_write(offset);
  return {};
}

Status CycleDevice::read_mem(uint64_t addr, std::span<uint8_t> out) {
  if (!bytes_.contains(addr, out.size()))
    return out_of_memory("read", addr, out.size(), bytes_.size());
  catch_up(cycle_);
  std::ranges::copy(bytes_.at(addr, out.size()), out.begin());
  return {};
}

Status CycleDevice::write_mem(uint64_t addr, std::span<const uint8_t> data) {
  if (!bytes_.contains(addr, data.size()))
    return out_of_memory("write", addr, data.size(), bytes_.size());
  catch_up(cycle_);
  std::ranges::copy(data, bytes_.at(addr, data.size()).begin());
  return {};
}

Status CycleDevice::run(uint64_t cycles) {
  cycle_ += cycles;
  catch_up(cycle_);
  if (poll_ && poll_->answer < cycle_) poll_.reset();  // answered, and nobody waits for it
  return {};
}

// Without stalls a look takes two cycles, and none sees anything new before the machine's next
// event: the last one that cannot, from the one due in `next` on.
uint64_t CycleDevice::skip_polls(uint64_t next, uint64_t end) {
  constexpr uint64_t kPeriod = kPollInterval + 2;
  if (next >= end || timing_.stalls()) return next;
  machine_.run_until(next);
  if (machine_.stopped(next) || machine_.write_time(next) != next) return next;
  const uint64_t limit = std::min(machine_.next_event(), end - 1);
  return next + (limit - next) / kPeriod * kPeriod;
}

Status CycleDevice::advance(uint64_t cycles) {
  const uint64_t end = cycle_ + cycles;
  for (uint64_t next = cycle_; cycle_ < end;) {
    if (!poll_ && cycle_ < next) {
      next = skip_polls(next, end);
      cycle_ = std::min(next, end);
      continue;
    }
    if (!poll_) {
      const uint64_t sample = ready(memory::Channel::kAr, cycle_);
      poll_ = {sample, ready(memory::Channel::kR, sample + 1), std::nullopt};
    }
    if (poll_->answer >= end) {
      cycle_ = end;
      break;
    }
    cycle_ = poll_->answer + 1;
    catch_up(poll_->sample + 1);
    const bool stopped = *poll_->stopped;
    poll_.reset();
    next = cycle_ + kPollInterval;
    if (stopped) break;
  }
  catch_up(cycle_);
  return {};
}

}  // namespace millrace::sim
