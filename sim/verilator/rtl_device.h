// SPDX-License-Identifier: Apache-2.0
// The Verilated machine as a Device, with its external memory, its clock and the checks of both
// buses. Devices share nothing: several may live in one process.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/driver/device.h"
#include "model/cycle/time.h"
#include "model/memory/timing.h"
#include "sim/verilator/machine.h"

namespace millrace::sim {

struct SimOptions {
  memory::MemorySpec memory{};                   // when the external memory answers
  std::string wave{};                            // FST file to write; empty: none
  uint64_t wave_from = 0, wave_to = UINT64_MAX;  // cycles in it: [from, to)
  uint64_t seed = 1;      // of the values that registers and memories have before reset
  AddressRange slverr{};  // addresses that answer SLVERR
  memory::Outside* outside = nullptr;  // has the memory's bytes and times, if not null
  bool progress = false;  // a line on standard error while it runs long; on a terminal always
};

class RtlDevice : public Device {
 public:
  // Resets `machine`. For tests with machines of their own; others call open_rtl().
  static Result<std::unique_ptr<RtlDevice>> create(const isa::Config& config,
                                                   std::unique_ptr<Machine> machine,
                                                   const SimOptions& options);

  std::string_view kind() const override { return "rtl"; }
  const isa::Config& config() const override { return config_; }
  uint64_t mem_bytes() const override { return bytes_.size(); }
  // A register access takes cycles: the machine runs meanwhile.
  Result<uint32_t> read_reg(uint32_t offset) override;
  Status write_reg(uint32_t offset, uint32_t value) override;
  // Between two cycles; takes none.
  Status read_mem(uint64_t addr, std::span<uint8_t> out) override;
  Status write_mem(uint64_t addr, std::span<const uint8_t> data) override;
  // Looks at STATUS through the register port every kPollInterval cycles, so it returns that much
  // late.
  Status advance(uint64_t cycles) override;

  uint64_t cycle() const { return cycle_; }  // clock cycles since power-on, reset included
  bool irq() const { return out_.irq; }
  // Exactly `cycles` cycles, whatever the machine does.
  Status run(uint64_t cycles);
  // An access that ends while the machine runs; for who lends it its cycles.
  void start_read(uint32_t offset) { lite_.start_read(cycle_, offset); }
  void start_write(uint32_t offset, uint32_t value) { lite_.start_write(cycle_, offset, value); }
  bool busy() const { return lite_.busy(); }
  const LiteMaster::Answer& answer() const { return lite_.answer(); }
  // Completions are appended to `trace` from now on; null: no longer.
  void trace(std::vector<cycle::Retirement>* trace) { trace_ = trace; }

 private:
  RtlDevice(const isa::Config& config, std::unique_ptr<Machine> machine, const SimOptions& options);
  void reset();
  void step();
  Status finish_access();
  Status check_access(uint32_t offset, std::string_view what) const;
  Status violation() const;
  void note_completions();
  void show_progress();
  void clear_progress();

  const isa::Config& config_;
  SimOptions options_;
  memory::MemoryTiming timing_;
  Bytes bytes_;
  Violations violations_;
  LiteMaster lite_;
  WriteSlave write_;
  ReadSlave fetch_, read_;
  std::unique_ptr<Machine> machine_;
  Machine::Inputs in_{};
  Machine::Outputs out_{};
  uint64_t cycle_ = 0;
  std::vector<cycle::Retirement>* trace_ = nullptr;
  bool polling_ = false;  // the access in progress is advance()'s look at STATUS
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point shown_ = started_;
  bool progress_shown_ = false;
};

// Configurations linked into this program.
std::string rtl_configs();

// The machine in the named configuration, after reset. An Error for an unknown configuration or a
// wave file that cannot be written.
Result<std::unique_ptr<RtlDevice>> open_rtl(std::string_view config, const SimOptions& options);

}  // namespace millrace::sim
