// SPDX-License-Identifier: Apache-2.0
// The recurrences of docs/reference/timing.md for LOAD, STORE and SIGNAL, written as on the page:
// one direction of the DMA. A SIGNAL is a STORE of four bytes; the fields of a STORE are those of a
// LOAD.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "millrace/isa.h"
#include "tests/timing/page_memory.h"
#include "tests/timing/page_units.h"

namespace millrace::page {

struct Segment {
  uint32_t base = 0;
  uint64_t size = 0;
  bool read = false, write = false;
};

class Dma {
 public:
  Dma(const isa::Config& config, Memory& memory, bool store)
      : config_(config), memory_(memory), store_(store) {}
  // The next instruction; `c`: it starts. A fault ends it as the page says.
  Course run(const isa::Load& op, const Segment& segment, Cycle c, bool signal);

 private:
  struct Row {
    uint64_t addr;
    std::optional<uint32_t> bad;  // first word outside the declared banks
    bool inside;                  // its segment
  };
  Row row(const isa::Load& op, const Segment& segment, uint32_t i2, uint32_t i1) const;
  std::optional<uint32_t> first_bad(const isa::Load& op, uint32_t chip) const;
  void move_row(const isa::Load& op, const Row& row);
  Cycle read_burst(Cycle address, uint64_t addr, uint32_t beats);
  Cycle write_burst(Cycle offered, Cycle address, uint64_t addr, uint32_t beats,
                    std::optional<uint32_t> bad_beat);
  void issue_beat(Cycle from);

  const isa::Config& config_;
  Memory& memory_;
  const bool store_;
  Cycle x_ = 0;               // the next row may be taken
  Cycle end_ = 0;             // last word written on chip, or last response
  Cycle older_ = 0;           // last response of the instructions before
  bool bad_ = false;          // the instruction has met a word outside its banks
  std::vector<Cycle> last_;   // by burst: last beat, or response
  std::vector<Cycle> leave_;  // by instruction: it leaves the data side
  // The write data: the last beat's cycles of issue, and of the last two arrival at the port and
  // handshake there.
  Cycle issue_ = 0;
  struct Beat {
    Cycle arrived = 0, taken = 0;
  } beats_[2];
};

}  // namespace millrace::page
