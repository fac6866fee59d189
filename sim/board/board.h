// SPDX-License-Identifier: Apache-2.0
// A simulated board behind its three pins: clock, rx, tx.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

namespace millrace::sim {

class Board {
 public:
  virtual ~Board() = default;
  // Level of the tx pin in the present clock cycle.
  virtual bool tx() const = 0;
  // Ends the present cycle, in which the rx pin has this level.
  virtual void cycle(bool rx) = 0;
  // Whether the machine has work to do, of boards that can be looked into.
  virtual std::optional<bool> working() const = 0;
};

// The board this program was built with (verilated_board.cc), after its reset. Whatever has no
// value at power-on gets one drawn from `seed`.
std::unique_ptr<Board> open_board(uint64_t seed);
// Clock cycles of the board a bit of its serial line lasts.
double board_cycles_per_bit();

}  // namespace millrace::sim
