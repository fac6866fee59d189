// SPDX-License-Identifier: Apache-2.0
// Pins of one Verilated class. `Top` is what Verilator makes of a module with the ports of
// rtl/millrace.sv.
#pragma once

#include <unistd.h>

#include <bit>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <type_traits>

#include "sim/verilator/machine.h"
#include "verilated.h"
#include "verilated_cov.h"
#include "verilated_fst_c.h"

namespace millrace::sim {

static_assert(std::endian::native == std::endian::little, "pins are copied as bytes");

template <typename Top>
class VerilatedMachine : public Machine {
 public:
  explicit VerilatedMachine(uint64_t seed) : context_(new_context(seed)), top_(context_.get(), "") {
    top_.clk_i = 0;
  }
  ~VerilatedMachine() override {
    if (wave_) wave_->close();
    top_.final();
    if constexpr (VM_COVERAGE) write_coverage();
  }

  bool open_wave(const std::string& path) override {
    if (!std::ofstream(path)) return false;
    context_->traceEverOn(true);
    wave_ = std::make_unique<VerilatedFstC>();
    top_.trace(wave_.get(), 99);
    wave_->open(path.c_str());
    return wave_->isOpen();
  }

  void dump(bool on) override { dump_ = on; }

  void cycle(const Inputs& in, Outputs& out) override {
    drive(in);
    top_.clk_i = 0;
    top_.eval();
    if (wave_ && dump_) wave_->dump(time_);
    sample(out);
    top_.clk_i = 1;
    top_.eval();
    out.irq = top_.irq_o;  // as of the next cycle
    if (wave_ && dump_) wave_->dump(time_ + 1);
    time_ += 2;
  }

 private:
  static std::unique_ptr<VerilatedContext> new_context(uint64_t seed) {
    auto context = std::make_unique<VerilatedContext>();
    context->randReset(2);
    context->randSeed(static_cast<int>(seed % 0x7fff'ffff) + 1);  // 0 would mean the time of day
    return context;
  }

  // In a build with coverage, one file a machine into the folder that MILLRACE_COVERAGE_DIR names.
  void write_coverage() {
    const char* folder = std::getenv("MILLRACE_COVERAGE_DIR");
    if (folder == nullptr) return;
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    const std::string file =
        std::string(folder) + "/" + std::to_string(getpid()) + "_" + std::to_string(now) + ".dat";
    context_->coveragep()->write(file.c_str());
  }

  // Pin of up to 64 bits, or an array of 32-bit words.
  template <typename Pin>
  static uint8_t* bytes_of(Pin& pin) {
    if constexpr (std::is_integral_v<Pin>)
      return reinterpret_cast<uint8_t*>(&pin);
    else
      return reinterpret_cast<uint8_t*>(pin.data());
  }

  void drive(const Inputs& in) {
    top_.rst_ni = in.rst_n;
    top_.s_awvalid_i = in.lite.awvalid;
    top_.s_awaddr_i = static_cast<SData>(in.lite.awaddr & 0xfff);
    top_.s_wvalid_i = in.lite.wvalid;
    top_.s_wdata_i = in.lite.wdata;
    top_.s_bready_i = in.lite.bready;
    top_.s_arvalid_i = in.lite.arvalid;
    top_.s_araddr_i = static_cast<SData>(in.lite.araddr & 0xfff);
    top_.s_rready_i = in.lite.rready;
    top_.f_arready_i = in.fetch.arready;
    top_.f_rvalid_i = in.fetch.rvalid;
    top_.f_rlast_i = in.fetch.rlast;
    top_.f_rresp_i = in.fetch.rresp;
    top_.m_arready_i = in.read.arready;
    top_.m_rvalid_i = in.read.rvalid;
    top_.m_rlast_i = in.read.rlast;
    top_.m_rresp_i = in.read.rresp;
    top_.m_awready_i = in.write.awready;
    top_.m_wready_i = in.write.wready;
    top_.m_bvalid_i = in.write.bvalid;
    top_.m_bresp_i = in.write.bresp;
    std::memcpy(bytes_of(top_.f_rdata_i), in.fetch.rdata, sizeof top_.f_rdata_i);
    std::memcpy(bytes_of(top_.m_rdata_i), in.read.rdata, sizeof top_.m_rdata_i);
  }

  template <typename T>
  static void observe(T& top, Completions& done) {
    if constexpr (requires { top.rootp->millrace__DOT__done_valid; })
      done = {top.rootp->millrace__DOT__done_valid, top.rootp->millrace__DOT__done_slot,
              top.rootp->millrace__DOT__done_fault, top.rootp->millrace__DOT__head};
  }

  void sample(Outputs& out) {
    out.irq = top_.irq_o;
    observe(top_, out.done);
    out.lite = {top_.s_awready_o != 0, top_.s_wready_o != 0, top_.s_bvalid_o != 0,
                top_.s_arready_o != 0, top_.s_rvalid_o != 0, top_.s_rdata_o,
                top_.s_bresp_o,        top_.s_rresp_o};
    out.fetch = {top_.f_arvalid_o != 0, top_.f_rready_o != 0, {top_.f_araddr_o, top_.f_arlen_o}};
    out.read = {top_.m_arvalid_o != 0, top_.m_rready_o != 0, {top_.m_araddr_o, top_.m_arlen_o}};
    out.write.awvalid = top_.m_awvalid_o;
    out.write.wvalid = top_.m_wvalid_o;
    out.write.wlast = top_.m_wlast_o;
    out.write.bready = top_.m_bready_o;
    out.write.aw = {top_.m_awaddr_o, top_.m_awlen_o};
    if (out.write.wvalid) {
      out.write.wstrb = top_.m_wstrb_o;
      std::memcpy(out.write.wdata.data(), bytes_of(top_.m_wdata_o), sizeof top_.m_wdata_o);
    }
  }

  std::unique_ptr<VerilatedContext> context_;
  Top top_;
  std::unique_ptr<VerilatedFstC> wave_;
  uint64_t time_ = 0;
  bool dump_ = true;
};

}  // namespace millrace::sim
