// SPDX-License-Identifier: Apache-2.0
// The cycle model: the machine of rtl/millrace.sv, with its values and equal to it to the cycle, as
// events. Nothing is done in cycles in which nothing happens: an instruction costs a handful of
// events, a burst of the DMA one or two.
//
// The caller holds the clock. Registers are accessed in a cycle of the caller's choice, after
// run_until() that cycle; an access sees the machine as it is at the beginning of the cycle, and a
// write takes effect at its end. Machines share nothing.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "model/cycle/dispatch.h"
#include "model/cycle/fetch.h"
#include "model/cycle/formulas.h"
#include "model/cycle/load_engine.h"
#include "model/cycle/segments.h"
#include "model/cycle/store_engine.h"
#include "model/cycle/timeline.h"
#include "model/cycle/values.h"
#include "model/memory/bytes.h"
#include "model/memory/timing.h"

namespace millrace::cycle {

class Machine {
 public:
  // The machine after power-on. Memory and its timing must outlive it; `timing` belongs to it
  // alone, but for the register port's stalls.
  Machine(const isa::Config& config, memory::MemoryTiming& timing, memory::Bytes& bytes,
          Kernel kernel);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // Everything that happens in cycles before `now`.
  void run_until(Cycle now);
  // The cycle of the next event; kNever if only the host can make something happen.
  Cycle next_event() const;

  // A register write is taken in the first cycle from `now` on in which no scan runs.
  Cycle write_time(Cycle now) const;
  // False: the machine answers SLVERR.
  bool write(Cycle now, uint32_t offset, uint32_t value);
  // Nothing: the machine answers SLVERR.
  std::optional<uint32_t> read(Cycle now, uint32_t offset);
  // STATUS.idle or .fault, and no reset pending: what a host waits for.
  bool stopped(Cycle now) const;
  // From when on a fault's record is final; kNever without one. Its interrupt comes a cycle later.
  Cycle final_time() const { return dispatch_.final_time(); }
  bool irq(Cycle now) {
    note_stop(now);
    return (irq_status_ & irq_enable_) != 0;
  }

  Values& values() { return values_; }
  // Stages of instructions are written to `timeline` from now on; null: no longer. A soft reset
  // starts the indices anew and clears nothing.
  void record(Timeline* timeline) { timeline_ = timeline; }
  // Called with every instruction that completes.
  using Observer = std::function<void(const Passage&)>;
  void observe(Observer observer) { observer_ = std::move(observer); }

 private:
  void run_bursts(Cycle end);
  Cycle next_burst() const;
  Cycle next_other() const;
  void step(Cycle now);
  void start(uint32_t unit, Cycle now);
  void start_dma(const Slot& slot, uint32_t number, Cycle now);
  void start_matmul(const Slot& slot, uint32_t number, Cycle now);
  void start_vector(const Slot& slot, uint32_t number, Cycle now);
  void complete(uint32_t unit, Cycle now);
  void pass_arrival();
  void note_dispatch(Cycle now);
  void note_stop(Cycle now);
  void note_idle(Cycle now);

  bool idle(Cycle now) const;
  bool write_free(Cycle now, uint32_t offset, uint32_t value);
  bool write_locked(Cycle now, uint32_t offset, uint32_t value);
  void begin_reset(Cycle now);
  void finish_reset(Cycle now);
  Cycle clear_time() const;
  std::optional<uint32_t> read_fixed(uint32_t offset) const;
  std::optional<uint32_t> read_counter(Cycle now, uint32_t offset) const;
  uint64_t count(uint32_t number, Cycle now) const;
  std::optional<uint32_t> read_segment(uint32_t offset) const;
  uint32_t status(Cycle now) const;
  uint64_t cycles(Cycle now) const;

  const isa::Config& config_;
  Values values_;
  Decoder decoder_;
  Segments segments_;
  Dispatch dispatch_;
  Fetch fetch_;
  LoadEngine load_;
  StoreEngine store_;
  isa::Vset vset_{};

  uint32_t ring_base_ = 0, ring_log2_ = 0;
  uint32_t irq_status_ = 0, irq_enable_ = 0, signal_value_ = 0;
  bool fault_irq_ = false;  // the fault has raised its interrupt
  // A soft reset is pending from `halt_` on.
  Cycle halt_ = kNever;
  Cycle last_reset_write_ = kNever;
  // CYCLES: not idle since `busy_since_`, and the cycles of earlier times.
  Cycle busy_since_ = kNever;
  uint64_t busy_cycles_ = 0;
  // MATMUL_STEPS: of the last MATMUL, and the sum of those before it.
  struct Product {
    isa::Matmul op;
    MatmulReach reach;
    Cycle start;
  };
  std::optional<Product> product_;
  uint64_t steps_ = 0;
  Timeline* timeline_ = nullptr;
  Observer observer_;
};

}  // namespace millrace::cycle
