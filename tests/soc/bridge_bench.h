// SPDX-License-Identifier: Apache-2.0
// The Verilated bridge between a serial line and stand-ins for registers and memory.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "sim/board/serial_line.h"
#include "tests/soc/frames.h"
#include "verilated.h"

namespace millrace::soc {

struct Access {
  bool write, memory;
  uint32_t address, data;
  bool operator==(const Access&) const = default;
};

// Registers from kRefused on answer SLVERR.
inline constexpr uint32_t kRefused = 0x800;
inline uint32_t register_value(uint32_t address) { return address * 0x01010101u ^ 0x5a00ff13u; }

template <typename Top>
class BridgeBench {
 public:
  // `rate`: of the host's baud rate to the board's.
  explicit BridgeBench(int divider, double rate = 1.0, uint64_t seed = 1)
      : top_(&context_), line_(divider / rate), divider_(divider), random_(seed) {
    top_.clk_i = top_.rst_ni = 0;
    top_.rx_i = 1;
    for (int i = 0; i < 4; ++i) cycle();
    top_.rst_ni = 1;
    listen();  // before the reset the pin may have had any level
  }

  std::function<int()> memory_delay = [] { return 0; };    // cycles before an access is done
  std::function<int()> register_delay = [] { return 0; };  // of a write
  std::vector<Access> accesses;
  std::map<uint32_t, uint32_t> memory;

  void send(const Frame& frame) {
    std::uniform_real_distribution<double> phase(0, 1);
    for (const uint8_t byte : frame) line_.send(byte, phase(random_));
  }
  void reset() {
    top_.rst_ni = 0;
    for (int i = 0; i < 4; ++i) cycle();
    top_.rst_ni = 1;
  }
  // Bytes that come until the line has been quiet for `patience` bytes, or until there are `most`.
  Frame listen(size_t most = SIZE_MAX, int patience = 8) {
    Frame heard;
    for (int idle = 0; idle < patience * 10 * divider_ && heard.size() < most; ++idle) {
      cycle();
      if (!line_.quiet() || top_.h_valid_o) idle = 0;
      while (const auto byte = line_.receive()) heard.push_back(*byte);
    }
    return heard;
  }
  std::optional<Answer> ask(const Request& request) {
    send(encode(request));
    return decode(listen(answer_bytes(request)));
  }
  // The line is low for less than half a bit.
  void spike() {
    spike_ = true;
    cycle();
    spike_ = false;
    listen();
  }
  // No request is half open after this.
  void flush(size_t bytes = 32) {
    send(Frame(bytes, 0xff));
    listen();
  }
  uint64_t cycles() const { return cycles_; }
  uint64_t framing_errors() const { return line_.framing_errors(); }

  void cycle() {
    top_.clk_i = 0;
    top_.rx_i = line_.cycle(top_.tx_o) && !spike_;
    answer_memory();
    answer_registers();
    top_.eval();
    top_.clk_i = 1;
    top_.eval();
    ++cycles_;
  }

 private:
  // Done `memory_delay` cycles after the request, at the earliest in the next one.
  void answer_memory() {
    if (top_.h_done_i) {
      top_.h_done_i = 0;
      waiting_ = -1;
      return;
    }
    top_.h_rdata_i = static_cast<uint32_t>(random_());
    if (!top_.h_valid_o) return;
    if (waiting_ < 0) waiting_ = memory_delay() + 1;
    if (--waiting_ >= 0) return;
    const uint32_t address = top_.addr_o << 2;
    accesses.push_back({top_.h_write_o != 0, true, address, top_.wdata_o});
    if (top_.h_write_o)
      memory[address] = top_.wdata_o;
    else
      top_.h_rdata_i = memory[address];
    top_.h_done_i = 1;
  }

  // As rtl/bus/csr.sv: no second request in the cycle of a response.
  void answer_registers() {
    const bool responding = top_.s_bvalid_i || top_.s_rvalid_i;
    top_.s_bvalid_i = top_.s_rvalid_i = 0;
    top_.s_bresp_i = top_.s_rresp_i = 0;
    if (responding || (!top_.s_awvalid_o && !top_.s_arvalid_o)) {
      register_waiting_ = -1;
      return;
    }
    if (register_waiting_ < 0) register_waiting_ = 1 + (top_.s_awvalid_o ? register_delay() : 0);
    if (--register_waiting_ >= 0) return;
    const uint32_t address = top_.addr_o << 2 & 0xfff;
    const uint8_t response = address >= kRefused ? 2 : 0;
    accesses.push_back({top_.s_awvalid_o != 0, false, address, top_.wdata_o});
    if (top_.s_awvalid_o) {
      top_.s_bvalid_i = 1;
      top_.s_bresp_i = response;
    } else {
      top_.s_rvalid_i = 1;
      top_.s_rresp_i = response;
      top_.s_rdata_i = register_value(address);
    }
  }

  VerilatedContext context_;
  Top top_;
  sim::SerialLine line_;
  int divider_;
  std::mt19937_64 random_;
  int waiting_ = -1, register_waiting_ = -1;
  bool spike_ = false;
  uint64_t cycles_ = 0;
};

}  // namespace millrace::soc
