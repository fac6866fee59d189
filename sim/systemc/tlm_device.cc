// SPDX-License-Identifier: Apache-2.0
#include "sim/systemc/tlm_device.h"

#include <cassert>
#include <functional>

#include "sim/systemc/accelerator.h"
#include "sim/systemc/bus.h"
#include "sim/systemc/driver.h"
#include "sim/systemc/memory.h"

namespace millrace::systemc {
namespace {

// Above all addresses of the machine, which are the memory's: where it has no bytes, it says so,
// and takes its time.
constexpr uint64_t kRegisters = uint64_t{1} << 32;

MemoryOptions memory_options(const isa::Config& config, const TlmOptions& options) {
  MemoryOptions memory;
  memory.bytes = uint64_t{1} << config.mem_log2;
  memory.spec = options.memory;
  memory.beat_bytes = static_cast<uint32_t>(config.dim);
  return memory;
}

AcceleratorOptions accelerator_options(const TlmOptions& options) {
  AcceleratorOptions accelerator;
  accelerator.timing = options.approximate ? Timing::kAt : Timing::kLt;
  accelerator.memory = options.memory;
  accelerator.core = options.core;
  accelerator.wave = options.wave;
  return accelerator;
}

class Platform : public sc_core::sc_module {
 public:
  Platform(sc_core::sc_module_name name, const isa::Config& config, const TlmOptions& options)
      : sc_module(name),
        driver("driver", config, {kRegisters, 0, uint64_t{1} << config.mem_log2}),
        bus_("bus", {{"registers", kRegisters, 0x1000}, {"memory", 0, kRegisters}}),
        memory_("ram", memory_options(config, options)),
        accelerator("accelerator", config, accelerator_options(options)) {
    driver.socket.bind(bus_.in);
    accelerator.memory.bind(bus_.in);
    bus_.out(0).bind(accelerator.registers);
    bus_.out(1).bind(memory_.socket);
    accelerator.irq(irq_);
    SC_HAS_PROCESS(Platform);
    SC_THREAD(work);
  }

  // Runs `job` in the host's thread, and time until it is over.
  void call(const std::function<void()>& job) {
    job_ = &job;
    begin_.notify(sc_core::SC_ZERO_TIME);
    sc_core::sc_start();
    assert(job_ == nullptr);
  }

  Driver driver;

 private:
  void work() {
    while (true) {
      while (job_ == nullptr) wait(begin_);
      (*job_)();
      job_ = nullptr;
      sc_core::sc_pause();
    }
  }

  Bus bus_;
  Memory memory_;
  sc_core::sc_signal<bool> irq_{"irq"};
  const std::function<void()>* job_ = nullptr;
  sc_core::sc_event begin_;

 public:
  Accelerator accelerator;
};

class TlmDevice : public Device {
 public:
  TlmDevice(const isa::Config& config, const TlmOptions& options)
      : kind_(options.kind), platform_("platform", config, options) {
    ::tlm::tlm_global_quantum::instance().set(
        options.approximate ? sc_core::SC_ZERO_TIME : Clock(default_period()).at(options.quantum));
    if (!options.trace.empty()) {
      const std::string stem = options.trace.substr(0, options.trace.size() - 4);
      trace_ = sc_core::sc_create_vcd_trace_file(stem.c_str());  // it appends the ending
      platform_.accelerator.trace(trace_);
    }
  }
  ~TlmDevice() override {
    if (trace_ != nullptr) sc_core::sc_close_vcd_trace_file(trace_);
  }

  std::string_view kind() const override { return kind_; }
  const isa::Config& config() const override { return platform_.driver.config(); }
  uint64_t mem_bytes() const override { return platform_.driver.mem_bytes(); }
  Result<uint32_t> read_reg(uint32_t offset) override {
    Result<uint32_t> result = 0u;
    platform_.call([&] { result = platform_.driver.read_reg(offset); });
    if (const Status& ok = platform_.accelerator.health(); !ok) return ok.error();
    return result;
  }
  Status write_reg(uint32_t offset, uint32_t value) override {
    return call([&](Device& driver) { return driver.write_reg(offset, value); });
  }
  Status read_mem(uint64_t addr, std::span<uint8_t> out) override {
    return call([&](Device& driver) { return driver.read_mem(addr, out); });
  }
  Status write_mem(uint64_t addr, std::span<const uint8_t> data) override {
    return call([&](Device& driver) { return driver.write_mem(addr, data); });
  }
  Status advance(uint64_t cycles) override {
    return call([&](Device& driver) { return driver.advance(cycles); });
  }

 private:
  template <typename Job>
  Status call(const Job& job) {
    Status status;
    platform_.call([&] { status = job(platform_.driver); });
    if (const Status& ok = platform_.accelerator.health(); !ok) return ok;
    return status;
  }

  std::string_view kind_;
  Platform platform_;
  sc_core::sc_trace_file* trace_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<Device>> open_tlm(const isa::Config& config, const TlmOptions& options) {
  if (sc_core::sc_get_status() != sc_core::SC_ELABORATION || sc_core::sc_find_object("platform"))
    return input_error(
        "a process can open one device of kind tlm or tlm-rtl, and this one has; "
        "SystemC has one kernel a process");
  return {std::make_unique<TlmDevice>(config, options)};
}

}  // namespace millrace::systemc
