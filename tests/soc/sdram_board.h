// SPDX-License-Identifier: Apache-2.0
// A whole board of configuration small with the model of its SDRAM, behind its serial line.
#pragma once

#include <memory>

#include "Vsoc_sdram.h"
#include "sim/board/sdram_chip.h"
#include "tests/soc/linked_board.h"

namespace millrace::soc {

class SdramBoard : public sim::Board {
 public:
  static constexpr double kClockKhz = 50'000, kCyclesPerBit = 8;  // as tests/soc/CMakeLists.txt

  SdramBoard() : chip(kClockKhz), top_(&context_) {
    top_.rst_ni = 0;
    for (int i = 0; i < 4; ++i) cycle(true);
    top_.rst_ni = 1;
  }
  ~SdramBoard() override { top_.final(); }

  sim::SdramChip chip;

  bool tx() const override { return top_.tx_o != 0; }
  void cycle(bool rx) override {
    top_.rx_i = rx;
    top_.sdram_dq_i = chip.dq();
    top_.clk_i = 0;  // the rising edge of the chip's clock
    top_.eval();
    const auto field = [this](int low, int width) {
      return static_cast<uint32_t>(top_.sdram_o >> low & ((1u << width) - 1));
    };
    chip.edge({.ras_n = field(36, 1) != 0,
               .cas_n = field(35, 1) != 0,
               .we_n = field(34, 1) != 0,
               .ba = field(32, 2),
               .a = field(19, 13),
               .dqm = field(17, 2),
               .oe = field(16, 1) != 0,
               .dq = static_cast<uint16_t>(field(0, 16))});
    top_.clk_i = 1;
    top_.eval();
  }
  std::optional<bool> working() const override { return std::nullopt; }

 private:
  VerilatedContext context_;
  Vsoc_sdram top_;
};

// Registers over the line; memory by looking into the chip, which takes no time.
class SdramMachine : public LinkedBoard {
 public:
  explicit SdramMachine(const isa::Config& config) : SdramMachine(config, new SdramBoard) {}

  sim::SdramChip& chip() { return chip_; }
  Status read_mem(uint64_t addr, std::span<uint8_t> out) override {
    for (uint8_t& byte : out) {
      byte = static_cast<uint8_t>(chip_.word(static_cast<uint32_t>(addr)) >> (addr & 1) * 8);
      ++addr;
    }
    return {};
  }
  Status write_mem(uint64_t addr, std::span<const uint8_t> data) override {
    for (const uint8_t byte : data) {
      uint16_t& word = chip_.word(static_cast<uint32_t>(addr));
      const int low = (addr & 1) * 8;
      word = static_cast<uint16_t>((word & ~(0xff << low)) | byte << low);
      ++addr;
    }
    return {};
  }
  Status advance(uint64_t cycles) override {
    pass(cycles);
    return chip_.violations().empty() ? Status{} : failure(chip_.violations().front());
  }
  // Memory over the line.
  Status read_slowly(uint64_t addr, std::span<uint8_t> out) {
    return LinkedBoard::read_mem(addr, out);
  }
  Status write_slowly(uint64_t addr, std::span<const uint8_t> data) {
    return LinkedBoard::write_mem(addr, data);
  }

 private:
  SdramMachine(const isa::Config& config, SdramBoard* board)
      : LinkedBoard(config, 1, std::unique_ptr<sim::Board>(board), SdramBoard::kCyclesPerBit, 25),
        chip_(board->chip) {}

  sim::SdramChip& chip_;
};

}  // namespace millrace::soc
