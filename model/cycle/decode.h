// SPDX-License-Identifier: Apache-2.0
// What dispatch needs to know of an instruction: its unit, its resources and its decode faults
// (docs/reference/isa.md, "Decode").
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/cycle/time.h"

namespace millrace::cycle {

// Bit b: bank b.
using BankMask = uint32_t;

struct Decoded {
  isa::Instruction words{};
  isa::Fault fault = isa::Fault::kNone;  // kNone, kBus, kIllegal or kOperand
  uint32_t unit = 0;
  BankMask sp = 0, acc = 0;
  uint32_t segment = 0;  // of LOAD, STORE and SIGNAL
  bool reads = false, writes = false, signal = false;
  isa::Opcode opcode() const { return static_cast<isa::Opcode>(words[0] & 0xff); }
};

class Decoder {
 public:
  explicit Decoder(const isa::Config& config);
  // `bus_error`: the bus refused a word of it.
  Decoded decode(const isa::Instruction& words, bool bus_error) const;

 private:
  // An enumeration with fewer values than its field has.
  struct Enumeration {
    uint32_t word, low, mask, values;
  };
  struct Format {
    bool known = false;
    std::array<uint32_t, isa::kWords> legal{};
    std::vector<Enumeration> enumerations;
  };
  bool legal(const Format& format, const isa::Instruction& words) const;
  void take_operands(Decoded& d) const;
  bool take(Decoded& d, isa::Space space, uint32_t word) const;

  const isa::Config& config_;
  std::array<Format, 8> formats_;  // by opcode
};

}  // namespace millrace::cycle
