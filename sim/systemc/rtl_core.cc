// SPDX-License-Identifier: Apache-2.0
// The Verilated RTL as a Core. It moves in every cycle.
#include "sim/systemc/core.h"
#include "sim/verilator/rtl_device.h"

namespace millrace::systemc {
namespace {

using sim::RtlDevice;

class RtlCore : public Core {
 public:
  explicit RtlCore(std::unique_ptr<RtlDevice> device) : device_(std::move(device)) {}

  uint64_t cycle() const override { return device_->cycle(); }
  Status run_to(uint64_t cycle) override {
    return cycle > device_->cycle() ? device_->run(cycle - device_->cycle()) : Status();
  }
  uint64_t next() const override { return device_->cycle() + 1; }
  void start_read(uint32_t offset) override { device_->start_read(offset); }
  void start_write(uint32_t offset, uint32_t value) override {
    device_->start_write(offset, value);
  }
  bool busy() const override { return device_->busy(); }
  Status finish() override {
    Status status;
    while (busy() && status) status = device_->run(1);
    return status;
  }
  Answer answer() const override { return {device_->answer().resp, device_->answer().data}; }
  bool irq() override { return device_->irq(); }

 private:
  std::unique_ptr<RtlDevice> device_;
};

}  // namespace

Result<std::unique_ptr<Core>> make_rtl_core(const isa::Config& config, const CoreOptions& options) {
  sim::SimOptions with;
  with.memory = options.memory;
  with.outside = options.outside;
  with.wave = options.wave;
  Result<std::unique_ptr<RtlDevice>> device = sim::open_rtl(config.name, with);
  if (!device) return device.error();
  return {std::make_unique<RtlCore>(std::move(*device))};
}

}  // namespace millrace::systemc
