// SPDX-License-Identifier: Apache-2.0
// A machine with its clock, as the SystemC module drives it: the cycle model or the Verilated RTL,
// with the same cycles. Cycle t is the interval before the clock edge that ends it; a machine that
// has been run to cycle t is at the edge that begins it.
#pragma once

#include <memory>
#include <string>

#include "host/driver/result.h"
#include "millrace/isa.h"
#include "model/memory/outside.h"

namespace millrace::systemc {

class Core {
 public:
  struct Answer {
    uint8_t response = 0;  // of AXI
    uint32_t data = 0;
  };

  virtual ~Core() = default;
  virtual uint64_t cycle() const = 0;
  // Everything in cycles before `cycle`, if it is not done. An Error: the machine broke a rule of
  // AXI.
  virtual Status run_to(uint64_t cycle) = 0;
  // Nothing happens before the machine is run to this cycle; UINT64_MAX: until it is accessed.
  virtual uint64_t next() const = 0;

  // Starts an access to a register in cycle(), while none is open; it ends as the machine runs.
  virtual void start_read(uint32_t offset) = 0;
  virtual void start_write(uint32_t offset, uint32_t value) = 0;
  virtual bool busy() const = 0;
  // Runs the machine until the access is over.
  virtual Status finish() = 0;
  virtual Answer answer() const = 0;  // to the last one
  virtual bool irq() = 0;
};

struct CoreOptions {
  memory::MemorySpec memory{};         // when channels stall; the rest is the memory's
  memory::Outside* outside = nullptr;  // must outlive the core
  std::string wave{};                  // FST file of the RTL; empty: none
};

using CoreFactory = Result<std::unique_ptr<Core>> (*)(const isa::Config&, const CoreOptions&);

Result<std::unique_ptr<Core>> make_cycle_core(const isa::Config& config,
                                              const CoreOptions& options);
// The configurations that are linked in (sim/verilator).
Result<std::unique_ptr<Core>> make_rtl_core(const isa::Config& config, const CoreOptions& options);

}  // namespace millrace::systemc
