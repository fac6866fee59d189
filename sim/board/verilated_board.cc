// SPDX-License-Identifier: Apache-2.0
// Board of one Verilated module. Definitions say which:
//   BOARD_MODEL            class that Verilator made; its header is BOARD_MODEL.h
//   BOARD_CLK, _RX, _TX    its pins
//   BOARD_CYCLES_PER_BIT   of its serial line
//   BOARD_RESET            low-active reset pin, if it has one
//   BOARD_IDLE             signal below its root that is 1 while the machine has nothing to do, if
//   it is known
#include "sim/board/board.h"
#include "verilated.h"

#define BOARD_TEXT_(x) #x
#define BOARD_TEXT(x) BOARD_TEXT_(x)
#define BOARD_JOIN_(a, b) a##b
#define BOARD_JOIN(a, b) BOARD_JOIN_(a, b)
#include BOARD_TEXT(BOARD_MODEL.h)
#ifdef BOARD_IDLE
#include BOARD_TEXT(BOARD_JOIN(BOARD_MODEL, ___024root.h))
#endif

namespace millrace::sim {
namespace {

constexpr int kResetCycles = 4;

class VerilatedBoard : public Board {
 public:
  explicit VerilatedBoard(uint64_t seed) : context_(seeded(seed)), top_(context_.get(), "") {
    top_.BOARD_CLK = 0;
#ifdef BOARD_RESET
    top_.BOARD_RESET = 0;
    for (int i = 0; i < kResetCycles; ++i) cycle(true);
    top_.BOARD_RESET = 1;
#endif
  }
  ~VerilatedBoard() override { top_.final(); }

  bool tx() const override { return top_.BOARD_TX != 0; }
  void cycle(bool rx) override {
    top_.BOARD_RX = rx;
    top_.BOARD_CLK = 0;
    top_.eval();
    top_.BOARD_CLK = 1;
    top_.eval();
  }
  std::optional<bool> working() const override {
#ifdef BOARD_IDLE
    return top_.rootp->BOARD_IDLE == 0;
#else
    return std::nullopt;
#endif
  }

 private:
  static std::unique_ptr<VerilatedContext> seeded(uint64_t seed) {
    auto context = std::make_unique<VerilatedContext>();
    context->randReset(2);
    context->randSeed(static_cast<int>(seed % 0x7fff'ffff) + 1);  // 0 would mean the time of day
    return context;
  }

  std::unique_ptr<VerilatedContext> context_;
  BOARD_MODEL top_;
};

}  // namespace

std::unique_ptr<Board> open_board(uint64_t seed) { return std::make_unique<VerilatedBoard>(seed); }
double board_cycles_per_bit() { return BOARD_CYCLES_PER_BIT; }

}  // namespace millrace::sim
