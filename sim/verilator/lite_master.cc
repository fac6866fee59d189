// SPDX-License-Identifier: Apache-2.0
// One AXI4-Lite access at a time.
#include "sim/verilator/lite_master.h"

#include <cassert>

namespace millrace::sim {

using memory::Channel;

void LiteMaster::start(Kind kind, uint64_t cycle) {
  assert(!busy());
  kind_ = kind;
  started_ = cycle;
  ar_done_ = aw_done_ = w_done_ = false;
}

void LiteMaster::start_read(uint64_t cycle, uint32_t addr) {
  start(Kind::kRead, cycle);
  out_.araddr = addr;
}

void LiteMaster::start_write(uint64_t cycle, uint32_t addr, uint32_t data) {
  start(Kind::kWrite, cycle);
  out_.awaddr = addr;
  out_.wdata = data;
}

const LiteMaster::ToMachine& LiteMaster::drive(uint64_t cycle) {
  const bool read = kind_ == Kind::kRead;
  const bool write = kind_ == Kind::kWrite;
  // A VALID that is up stays up until its handshake.
  out_.arvalid = read && !ar_done_ && (out_.arvalid || up(Channel::kAr, cycle));
  out_.awvalid = write && !aw_done_ && (out_.awvalid || up(Channel::kAw, cycle));
  out_.wvalid = write && !w_done_ && (out_.wvalid || up(Channel::kW, cycle));
  out_.rready = up(Channel::kR, cycle);
  out_.bready = up(Channel::kB, cycle);
  return out_;
}

void LiteMaster::check(uint64_t cycle, const FromMachine& in) {
  const std::string_view port = "register port";
  if (in.rvalid && !(kind_ == Kind::kRead && ar_done_))
    violations_.report(cycle, port, "RVALID without an accepted read");
  if (in.bvalid && !(kind_ == Kind::kWrite && aw_done_ && w_done_))
    violations_.report(cycle, port, "BVALID without an accepted write");
  if ((in.rvalid && in.rresp == 1) || (in.bvalid && in.bresp == 1))
    violations_.report(cycle, port, "EXOKAY is no AXI4-Lite response");
  if (busy() && cycle - started_ > kLiteTimeout)
    violations_.report(cycle, port,
                       "no answer for " + std::to_string(kLiteTimeout) +
                           " cycles to an access to " +
                           std::to_string(kind_ == Kind::kRead ? out_.araddr : out_.awaddr));
}

void LiteMaster::sample(uint64_t cycle, const FromMachine& in) {
  check(cycle, in);
  const bool b = b_.sample(cycle, in.bvalid, out_.bready, in.bresp, violations_);
  const bool r =
      r_.sample(cycle, in.rvalid, out_.rready, uint64_t{in.rdata} << 2 | in.rresp, violations_);
  ar_done_ |= out_.arvalid && in.arready;
  aw_done_ |= out_.awvalid && in.awready;
  w_done_ |= out_.wvalid && in.wready;
  if (r && kind_ == Kind::kRead) {
    answer_ = {in.rresp, in.rdata};
    kind_ = Kind::kNone;
  } else if (b && kind_ == Kind::kWrite) {
    answer_ = {in.bresp, 0};
    kind_ = Kind::kNone;
  }
}

}  // namespace millrace::sim
