// SPDX-License-Identifier: Apache-2.0
// The accelerator as a TLM-2.0 module (docs/guide/systemc.md). Bind `registers`, `memory` and
// `irq`. AcceleratorOptions::core chooses what is inside: the cycle model, or the Verilated RTL, to
// the same cycles.
//
// Registers: reads and writes of four bytes at the offsets of docs/reference/registers.md, by
// b_transport or nb_transport. Memory: one transaction for each AXI burst, at addresses of the
// machine's segments plus AcceleratorOptions::memory_base.
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <memory>
#include <string>
#include <systemc>

#include "sim/systemc/clock.h"
#include "sim/systemc/core.h"
#include "sim/systemc/memory_port.h"

namespace millrace::systemc {

struct AcceleratorOptions {
  Timing timing = Timing::kLt;
  // Stalls of the machine's channels; with Timing::kLt and direct memory pointers all times.
  memory::MemorySpec memory{};
  sc_core::sc_time period = default_period();
  // Where on `memory` the machine's address 0 is, a multiple of 4 KiB.
  uint64_t memory_base = 0;
  // Of accelerators that make a burst in the same cycle, the one with the lower number is first.
  uint32_t order = 0;
  CoreFactory core = make_cycle_core;
  std::string wave{};  // FST file of the RTL's signals; empty: none
};

class Accelerator : public sc_core::sc_module {
  MemoryPort port_;

 public:
  // A machine that cannot be made is an SC_REPORT_FATAL. The period is the memory's and the
  // driver's, too.
  Accelerator(sc_core::sc_module_name name, const isa::Config& config,
              const AcceleratorOptions& options);

  tlm_utils::simple_target_socket<Accelerator> registers{"registers"};
  tlm_utils::simple_initiator_socket<MemoryPort>& memory = port_.socket;
  sc_core::sc_out<bool> irq{"irq"};

  // What the machine itself did wrong, if it did: it answers no more.
  const Status& health() const { return health_; }
  uint64_t cycle() const { return core_->cycle(); }
  // Register accesses and bursts, in Timing::kAt.
  void trace(sc_core::sc_trace_file* file) const override;

 private:
  using Payload = ::tlm::tlm_generic_payload;
  void b_transport(Payload& payload, sc_core::sc_time& delay);
  ::tlm::tlm_response_status check(const Payload& payload) const;
  void access_loosely(Payload& payload, sc_core::sc_time& delay);
  void access_in_time(Payload& payload);
  void start(const Payload& payload);
  void finish(Payload& payload);
  void leave();
  void run();
  void run_loosely();
  void run_in_time();
  sc_core::sc_time next_wake() const;
  void run_to(uint64_t cycle);

  AcceleratorOptions options_;
  Clock clock_;
  std::unique_ptr<Core> core_;
  Status health_;
  sc_core::sc_event kick_, done_, left_;
  bool inside_ = false;                // Timing::kLt: somebody runs the machine
  uint64_t tickets_ = 0, served_ = 0;  // Timing::kAt: accesses that came, and that are over
  Payload* access_ = nullptr;          // Timing::kAt: waits or is open
  bool open_ = false;                  // it is open
  // Of the last access, for the trace.
  uint32_t offset_ = 0, value_ = 0;
  bool write_ = false;
};

}  // namespace millrace::systemc
