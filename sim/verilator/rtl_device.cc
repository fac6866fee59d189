// SPDX-License-Identifier: Apache-2.0
// The cycle loop and what the host sees of it.
#include "sim/verilator/rtl_device.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "sim/access.h"

namespace millrace::sim {
namespace {

constexpr uint64_t kProgressMask = (1u << 16) - 1;  // cycles between looks at the wall clock

}  // namespace

RtlDevice::RtlDevice(const isa::Config& config, std::unique_ptr<Machine> machine,
                     const SimOptions& options)
    : config_(config),
      options_(options),
      timing_(options.memory, options.outside),
      bytes_(options.outside != nullptr ? Bytes(options.outside)
                                        : Bytes(uint64_t{1} << config.mem_log2, options.slverr)),
      lite_(timing_, violations_),
      write_({memory::Port::kData, static_cast<uint32_t>(config.dim),
              static_cast<uint32_t>(config.dma_burst)},
             timing_, bytes_, violations_),
      fetch_({memory::Port::kFetch, 4, 8}, timing_, bytes_, nullptr, violations_),
      read_({memory::Port::kData, static_cast<uint32_t>(config.dim),
             static_cast<uint32_t>(config.dma_burst)},
            timing_, bytes_, &write_, violations_),
      machine_(std::move(machine)) {}

Result<std::unique_ptr<RtlDevice>> RtlDevice::create(const isa::Config& config,
                                                     std::unique_ptr<Machine> machine,
                                                     const SimOptions& options) {
  std::unique_ptr<RtlDevice> device(new RtlDevice(config, std::move(machine), options));
  if (!options.wave.empty() && !device->machine_->open_wave(options.wave))
    return input_error("cannot write the waveform '" + options.wave + "'; check the folder");
  device->reset();
  if (Status ok = device->violation(); !ok) return ok.error();
  return device;
}

void RtlDevice::reset() {
  machine_->dump(options_.wave_from == 0);
  in_.fetch = fetch_.drive(0);  // defined values on every pin
  in_.read = read_.drive(0);
  for (; cycle_ < kResetCycles; ++cycle_) {
    machine_->cycle(in_, out_);
    const bool valid = out_.fetch.arvalid || out_.read.arvalid || out_.write.awvalid ||
                       out_.write.wvalid || out_.lite.bvalid || out_.lite.rvalid;
    if (cycle_ > 0 && valid) violations_.report(cycle_, "machine", "a VALID is up during reset");
  }
  in_.rst_n = true;
}

void RtlDevice::step() {
  if (cycle_ == options_.wave_from) machine_->dump(true);
  if (cycle_ == options_.wave_to) machine_->dump(false);
  in_.lite = lite_.drive(cycle_);
  in_.fetch = fetch_.drive(cycle_);
  in_.read = read_.drive(cycle_);
  in_.write = write_.drive(cycle_);
  machine_->cycle(in_, out_);
  lite_.sample(cycle_, out_.lite);
  fetch_.sample(cycle_, out_.fetch);  // the order in which acceptances of one cycle count
  read_.sample(cycle_, out_.read);
  write_.sample(cycle_, out_.write);
  if (trace_ != nullptr) note_completions();
  ++cycle_;
  if ((cycle_ & kProgressMask) == 0) show_progress();
}

// Slots are taken in turn: a slot's instruction is the youngest one dispatched with its number.
void RtlDevice::note_completions() {
  const Machine::Completions& done = out_.done;
  const uint32_t slots = static_cast<uint32_t>(config_.slots);
  for (uint32_t unit = 0; unit < cycle::kUnits; ++unit) {
    if (!(done.valid >> unit & 1)) continue;
    const uint32_t slot = done.slots >> unit * static_cast<uint32_t>(config_.slot_bits);
    const uint32_t index = done.head - 1 - (done.head - 1 - slot) % slots;
    const auto fault = static_cast<isa::Fault>(done.faults >> 4 * unit & 0xf);
    trace_->push_back({cycle_, unit, index & cycle::index_mask(config_), fault});
  }
}

Status RtlDevice::violation() const {
  if (!violations_.first()) return {};
  return failure(*violations_.first() + " (configuration " + std::string(config_.name) +
                 ", memory " + to_string(options_.memory) + ", seed " +
                 std::to_string(options_.seed) +
                 (options_.wave.empty() ? "); run again with a waveform to see it"
                                        : "); see " + options_.wave));
}

Status RtlDevice::run(uint64_t cycles) {
  for (uint64_t i = 0; i < cycles && !violations_.first(); ++i) step();
  if (!lite_.busy()) polling_ = false;  // answered, and nobody waits for it
  return violation();
}

Status RtlDevice::finish_access() {
  while (lite_.busy() && !violations_.first()) step();
  polling_ = false;
  return violation();
}

Status RtlDevice::check_access(uint32_t offset, std::string_view what) const {
  if (Status ok = check_register(offset, what); !ok) return ok;
  return violation();
}

Result<uint32_t> RtlDevice::read_reg(uint32_t offset) {
  if (Status ok = check_access(offset, "read"); !ok) return ok.error();
  if (Status ok = finish_access(); !ok) return ok.error();
  lite_.start_read(cycle_, offset);
  if (Status ok = finish_access(); !ok) return ok.error();
  if (lite_.answer().resp != kOkay) return refused_read(offset);
  return lite_.answer().data;
}

Status RtlDevice::write_reg(uint32_t offset, uint32_t value) {
  if (Status ok = check_access(offset, "write"); !ok) return ok;
  if (Status ok = finish_access(); !ok) return ok;
  lite_.start_write(cycle_, offset, value);
  if (Status ok = finish_access(); !ok) return ok;
  if (lite_.answer().resp != kOkay) return refused_write(offset);
  return {};
}

Status RtlDevice::read_mem(uint64_t addr, std::span<uint8_t> out) {
  if (!bytes_.contains(addr, out.size()))
    return out_of_memory("read", addr, out.size(), bytes_.size());
  std::ranges::copy(bytes_.at(addr, out.size()), out.begin());
  return {};
}

Status RtlDevice::write_mem(uint64_t addr, std::span<const uint8_t> data) {
  if (!bytes_.contains(addr, data.size()))
    return out_of_memory("write", addr, data.size(), bytes_.size());
  std::ranges::copy(data, bytes_.at(addr, data.size()).begin());
  return {};
}

Status RtlDevice::advance(uint64_t cycles) {
  uint64_t next_poll = cycle_;
  for (const uint64_t end = cycle_ + cycles; cycle_ < end && !violations_.first();) {
    if (!lite_.busy() && !polling_ && cycle_ >= next_poll) {
      lite_.start_read(cycle_, reg::kStatus);
      polling_ = true;
    }
    step();
    if (!polling_ || lite_.busy()) continue;
    polling_ = false;
    next_poll = cycle_ + kPollInterval;
    const uint32_t status = lite_.answer().data;
    const bool stopped = (status >> reg::kStatusIdleLow | status >> reg::kStatusFaultLow) & 1;
    if (stopped && !(status >> reg::kStatusResettingLow & 1)) break;
  }
  clear_progress();
  return violation();
}

void RtlDevice::show_progress() {
  using Seconds = std::chrono::duration<double>;
  const auto now = std::chrono::steady_clock::now();
  if (now - shown_ < std::chrono::seconds(1)) return;
  const bool terminal = isatty(STDERR_FILENO) != 0;
  if (!terminal && !options_.progress) return;
  shown_ = now;
  progress_shown_ = terminal;
  const double rate = static_cast<double>(cycle_) / Seconds(now - started_).count();
  std::fprintf(stderr, "%srtl %s: %.1f Mcycles, %.0f kcycles/s%s", terminal ? "\r" : "",
               std::string(config_.name).c_str(), static_cast<double>(cycle_) * 1e-6, rate * 1e-3,
               terminal ? " " : "\n");
  std::fflush(stderr);
}

void RtlDevice::clear_progress() {
  if (progress_shown_) std::fputs("\r\033[K", stderr);
  progress_shown_ = false;
}

}  // namespace millrace::sim
