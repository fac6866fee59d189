// SPDX-License-Identifier: Apache-2.0
// millrace_board: a simulated board whose serial line is a pseudo-terminal.
#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "sim/board/board.h"
#include "sim/board/pseudo_terminal.h"
#include "sim/board/serial_line.h"

namespace millrace::sim {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kChunk = 1000;               // cycles between two looks at the terminal
constexpr uint64_t kPatience = 1'000'000;  // quiet cycles at full speed
constexpr int kNapMs = 10;                 // then one chunk each
constexpr size_t kMostWaiting = 1024;      // bytes not yet on the line

volatile std::sig_atomic_t stop_requested = 0;

struct Options {
  bool once = false, stats = false;
  double cycles_per_bit = board_cycles_per_bit();
  uint64_t seed = 1;
};

class Simulation {
 public:
  Simulation(const Options& options, PseudoTerminal terminal)
      : options_(options),
        terminal_(std::move(terminal)),
        board_(open_board(options.seed)),
        line_(options.cycles_per_bit) {}

  void run() {
    bool seen = false;
    while (!stop_requested) {
      // The machine's clock goes on while nobody talks, at full speed as long as somebody may be
      // waiting for the machine.
      const bool nap = idle_ > kPatience && !board_->working().value_or(false);
      const bool connected = terminal_.connected(nap ? kNapMs : 0);
      if (!connected && seen && options_.once && line_.quiet()) return;
      seen = seen || connected;
      if (connected) take();
      for (int i = 0; i < kChunk; ++i) cycle();
      give(connected);
    }
  }

  void print_stats() const {
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const double bits = 10 * options_.cycles_per_bit;  // cycles of a byte
    std::fprintf(stderr,
                 "%llu cycles in %.1f s, %llu of them with bytes on the line\n"
                 "%llu bytes to the board, %llu from it, %llu damaged\n",
                 as_printed(cycles_), seconds, as_printed(active_), as_printed(to_board_),
                 as_printed(from_board_), as_printed(line_.framing_errors()));
    if (session_ > 0)
      std::fprintf(stderr, "%.1f %% of the line's rate while somebody talked\n",
                   100 * bits * static_cast<double>(to_board_ + from_board_) /
                       static_cast<double>(session_));
  }

 private:
  static unsigned long long as_printed(uint64_t value) { return value; }

  void cycle() {
    board_->cycle(line_.cycle(board_->tx()));
    ++cycles_;
    if (line_.quiet()) {
      ++idle_;
    } else {
      // Pauses between bytes belong to the talk, unless they are long.
      session_ += idle_ < kPatience ? idle_ + 1 : 1;
      ++active_;
      idle_ = 0;
    }
  }

  void take() {
    std::array<uint8_t, kMostWaiting> bytes;
    if (line_.waiting() >= kMostWaiting) return;
    const size_t got = terminal_.read(std::span(bytes).first(kMostWaiting - line_.waiting()));
    for (size_t i = 0; i < got; ++i) line_.send(bytes[i]);
    to_board_ += got;
  }

  void give(bool connected) {
    while (const auto byte = line_.receive()) {
      out_.push_back(*byte);
      ++from_board_;
    }
    if (!connected) out_.clear();  // a line without a listener
    if (!out_.empty()) {
      const size_t put = terminal_.write(out_);
      out_.erase(out_.begin(), out_.begin() + static_cast<ptrdiff_t>(put));
    }
  }

  Options options_;
  PseudoTerminal terminal_;
  std::unique_ptr<Board> board_;
  SerialLine line_;
  std::vector<uint8_t> out_;
  uint64_t cycles_ = 0, active_ = 0, session_ = 0;
  uint64_t idle_ = kPatience;  // cycles since the last byte
  uint64_t to_board_ = 0, from_board_ = 0;
  Clock::time_point start_ = Clock::now();
};

int main(int argc, char** argv) {
  Options options;
  CLI::App app("A simulated Millrace board whose serial line is a pseudo-terminal.");
  app.add_flag("--once", options.once, "end when the first host has closed the line");
  app.add_flag("--stats", options.stats, "print cycles and bytes at the end");
  app.add_option("--cycles-per-bit", options.cycles_per_bit, "clock cycles of a bit on the line")
      ->check(CLI::Range(2.0, 1e6))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of everything that has no value at power-on");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  auto terminal = PseudoTerminal::open();
  if (!terminal) {
    std::fprintf(stderr, "millrace_board: no pseudo-terminal: %s\n", std::strerror(errno));
    return 1;
  }
  std::signal(SIGINT, [](int) { stop_requested = 1; });
  std::signal(SIGTERM, [](int) { stop_requested = 1; });
  std::printf("serial://%s\n", terminal->path().c_str());
  std::fflush(stdout);
  Simulation simulation(options, std::move(*terminal));
  simulation.run();
  if (options.stats) simulation.print_stats();
  return 0;
}

}  // namespace
}  // namespace millrace::sim

int main(int argc, char** argv) { return millrace::sim::main(argc, argv); }
