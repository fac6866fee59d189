// SPDX-License-Identifier: Apache-2.0
// A simulated board at the other end of its serial line as a Device. While time passes it looks at
// registers and memory, and writes memory that no program uses.
#pragma once

#include <cassert>
#include <random>
#include <utility>

#include "host/driver/device.h"
#include "sim/board/board.h"
#include "sim/board/serial_line.h"
#include "tests/soc/frames.h"

namespace millrace::soc {

class LinkedBoard : public Device {
 public:
  LinkedBoard(const isa::Config& config, uint64_t seed)
      : LinkedBoard(config, seed, sim::open_board(seed), sim::board_cycles_per_bit(), 17) {}
  LinkedBoard(const isa::Config& config, uint64_t seed, std::unique_ptr<sim::Board> board,
              double cycles_per_bit, int mem_log2)
      : config_(config),
        board_(std::move(board)),
        line_(cycles_per_bit),
        random_(seed),
        mem_bytes_(uint64_t{1} << mem_log2) {}

  std::string_view kind() const override { return "board"; }
  const isa::Config& config() const override { return config_; }
  uint64_t mem_bytes() const override { return mem_bytes_; }

  Result<uint32_t> read_reg(uint32_t offset) override {
    const auto answer = ask({.address = offset});
    if (!answer) return answer.error();
    if (answer->error) return failure("refused");
    return answer->data[0];
  }
  Status write_reg(uint32_t offset, uint32_t value) override {
    toggle_ = !toggle_;
    const auto answer = ask({.write = true, .toggle = toggle_, .address = offset, .data = {value}});
    if (!answer) return answer.error();
    if (answer->error) return failure("refused");
    return {};
  }
  Status read_mem(uint64_t addr, std::span<uint8_t> out) override {
    for (size_t done = 0; done < out.size();) {
      const size_t bytes = std::min<size_t>(out.size() - done, 4 * 4096);
      const auto answer = ask({.memory = true,
                               .address = static_cast<uint32_t>(addr + done),
                               .words = static_cast<uint32_t>(bytes / 4)});
      if (!answer) return answer.error();
      for (size_t i = 0; i < bytes; ++i)
        out[done + i] = static_cast<uint8_t>(answer->data[i / 4] >> i % 4 * 8);
      done += bytes;
    }
    return {};
  }
  Status write_mem(uint64_t addr, std::span<const uint8_t> data) override {
    for (size_t done = 0; done < data.size();) {
      const size_t bytes = std::min<size_t>(data.size() - done, 4 * 4096);
      Request request{.write = true, .memory = true, .address = static_cast<uint32_t>(addr + done)};
      request.data.resize(bytes / 4);
      for (size_t i = 0; i < bytes; ++i)
        request.data[i / 4] |= uint32_t{data[done + i]} << i % 4 * 8;
      const auto answer = ask(request);
      if (!answer) return answer.error();
      if (answer->crc) return failure("the data arrived damaged");
      done += bytes;
    }
    return {};
  }
  // One look, however long that takes.
  Status advance(uint64_t) override {
    ++looks_;
    std::vector<uint8_t> bytes(4 * (1 + random_() % 16));
    const uint64_t address = random_() % (mem_bytes() - bytes.size()) & ~3ull;
    if (const Status status = read_mem(address, bytes); !status) return status;
    std::vector<uint8_t> written(4 * (1 + random_() % 16));
    for (uint8_t& byte : written) byte = static_cast<uint8_t>(random_());
    const uint64_t free = mem_bytes() - kFreeBytes;
    if (const Status status = write_mem(free, written); !status) return status;
    bytes.resize(written.size());
    if (const Status status = read_mem(free, bytes); !status) return status;
    return bytes == written ? Status{} : failure("memory written while the machine works is wrong");
  }

  // At the end of memory, for advance().
  static constexpr uint64_t kFreeBytes = 64;
  uint64_t looks() const { return looks_; }
  uint64_t cycles() const { return cycles_; }
  Result<Answer> ask(Request request) {
    request.tag = tag_ = (tag_ + 1) % 16;
    for (const uint8_t byte : encode(request)) line_.send(byte);
    Frame heard;
    for (int quiet = 0; heard.size() < answer_bytes(request); ++quiet) {
      if (quiet > 10'000) return failure("no answer");
      if (!line_.quiet()) quiet = 0;
      board_->cycle(line_.cycle(board_->tx()));
      ++cycles_;
      while (const auto byte = line_.receive()) heard.push_back(*byte);
    }
    const auto answer = decode(heard);
    if (!answer || answer->tag != request.tag) return failure("a damaged answer");
    return *answer;
  }
  bool working() const { return board_->working().value(); }
  // Time in which nobody says anything.
  void pass(uint64_t cycles) {
    for (uint64_t i = 0; i < cycles; ++i) board_->cycle(line_.cycle(board_->tx()));
    cycles_ += cycles;
  }

 private:
  const isa::Config& config_;
  std::unique_ptr<sim::Board> board_;
  sim::SerialLine line_;
  std::mt19937_64 random_;
  uint64_t mem_bytes_;
  bool toggle_ = false;
  uint32_t tag_ = 0;
  uint64_t cycles_ = 0, looks_ = 0;
};

}  // namespace millrace::soc
