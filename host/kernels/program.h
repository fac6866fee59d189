// SPDX-License-Identifier: Apache-2.0
// Collects the instructions of a program for one configuration. Transfers of any size are cut into
// the LOADs and STOREs the configuration has, bank ranges are declared as tightly as the addresses
// allow, and a VSET is emitted only where the vector unit's state changes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "millrace/isa.h"

namespace millrace {

// A place in memory as instructions see it.
struct MemRef {
  int segment = 0;
  uint32_t offset = 0;  // bytes
  MemRef plus(uint64_t bytes) const { return {segment, static_cast<uint32_t>(offset + bytes)}; }
};

// Rows of bytes between memory and an on-chip memory, as LOAD and STORE define them, but without
// their limits: rows may be longer and counts larger than an instruction's fields, and planes exist
// also where the DMA has none. The order in which rows move is not defined.
struct Transfer {
  isa::Space space = isa::Space::kSp;
  bool flip = false;  // invert bit 7 of every byte
  MemRef mem;
  uint32_t chip = 0;  // word of the scratchpad or row of the accumulators
  uint32_t row_bytes = 0;
  int rows = 1, planes = 1;
  uint32_t mem_row = 0, mem_plane = 0;    // bytes
  uint32_t chip_row = 0, chip_plane = 0;  // words or accumulator rows
};

class Program {
 public:
  explicit Program(const isa::Config& config) : config_(config) {}

  void load(const Transfer& transfer) { transfer_pieces(transfer, true); }
  void store(const Transfer& transfer) { transfer_pieces(transfer, false); }
  // The *_hi fields are filled in.
  void matmul(isa::Matmul matmul);
  void vector(isa::Vector vector);
  void vset(const isa::Vset& vset);

  const isa::Config& config() const { return config_; }
  const std::vector<isa::Instruction>& code() const { return code_; }
  std::vector<isa::Instruction> take() { return std::move(code_); }

 private:
  void transfer_pieces(Transfer transfer, bool is_load);
  void transfer_planes(const Transfer& transfer, bool is_load);
  void emit_transfer(const Transfer& transfer, bool is_load);
  void append(const isa::Instruction& instruction, int info);
  uint32_t sp_bank(uint32_t word) const;
  uint32_t acc_bank(uint32_t row) const;

  const isa::Config& config_;
  std::vector<isa::Instruction> code_;
  std::optional<isa::Vset> state_;
};

}  // namespace millrace
