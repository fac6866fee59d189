// SPDX-License-Identifier: Apache-2.0
// The cycle model as a Core. Register accesses take the cycles that sim/cycle gives them.
#include <algorithm>
#include <optional>

#include "model/cycle/machine.h"
#include "sim/access.h"
#include "sim/systemc/core.h"

namespace millrace::systemc {
namespace {

using memory::Channel;
using sim::kResetCycles;

class CycleCore : public Core {
 public:
  CycleCore(const isa::Config& config, const CoreOptions& options)
      : timing_(options.memory, options.outside),
        bytes_(options.outside),
        machine_(config, timing_, bytes_, cycle::available_kernels().back()) {}

  uint64_t cycle() const override { return cycle_; }

  Status run_to(uint64_t cycle) override {
    if (busy_ && !done_ && sample_ < cycle) {
      machine_.run_until(sample_);
      take();
    }
    machine_.run_until(cycle);
    cycle_ = std::max(cycle_, cycle);
    if (busy_ && done_ && end_ <= cycle_) busy_ = false;
    return {};
  }

  uint64_t next() const override {
    uint64_t next = std::min(machine_.next_event(), machine_.final_time());
    if (next != cycle::kNever) ++next;
    if (next <= cycle_) next = cycle::kNever;  // a stop that is final already
    if (busy_) next = std::min(next, done_ ? end_ : sample_ + 1);
    return next;
  }

  void start_read(uint32_t offset) override {
    start(offset, std::nullopt, ready(Channel::kAr, cycle_));
    end_ = ready(Channel::kR, sample_ + 1) + 1;
  }
  void start_write(uint32_t offset, uint32_t value) override {
    const uint64_t offered = std::max(ready(Channel::kAw, cycle_), ready(Channel::kW, cycle_));
    start(offset, value, machine_.write_time(offered));
    end_ = ready(Channel::kB, sample_ + 1) + 1;
  }
  bool busy() const override { return busy_; }
  Status finish() override { return run_to(end_); }
  Answer answer() const override { return answer_; }
  bool irq() override { return machine_.irq(cycle_); }

 private:
  uint64_t ready(Channel channel, uint64_t from) const {
    return timing_.next_ready(memory::Port::kHost, channel, from);
  }
  void start(uint32_t offset, std::optional<uint32_t> value, uint64_t sample) {
    busy_ = true;
    done_ = false;
    offset_ = offset;
    value_ = value;
    sample_ = sample;
  }
  void take() {
    done_ = true;
    answer_ = {};
    if (value_) {
      if (!machine_.write(sample_, offset_, *value_)) answer_.response = memory::kSlverr;
    } else if (const auto value = machine_.read(sample_, offset_)) {
      answer_.data = *value;
    } else {
      answer_.response = memory::kSlverr;
    }
  }

  memory::MemoryTiming timing_;
  memory::Bytes bytes_;
  cycle::Machine machine_;
  uint64_t cycle_ = kResetCycles;
  // The access: taken in cycle sample_, over at the beginning of end_.
  bool busy_ = false, done_ = false;
  uint32_t offset_ = 0;
  std::optional<uint32_t> value_;  // nothing: a read
  uint64_t sample_ = 0, end_ = 0;
  Answer answer_;
};

}  // namespace

Result<std::unique_ptr<Core>> make_cycle_core(const isa::Config& config,
                                              const CoreOptions& options) {
  return {std::make_unique<CycleCore>(config, options)};
}

}  // namespace millrace::systemc
