// SPDX-License-Identifier: Apache-2.0
// Presentation, acceptance and the checks of one port.
#include "sim/verilator/axi_slave.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "model/memory/outside.h"

namespace millrace::sim {
namespace {

using memory::Channel;

std::string_view name(memory::Port port) {
  return port == memory::Port::kFetch ? "fetch port" : "data port";
}

// Rules of a burst as such. `channel` is AR or AW.
void check_burst(uint64_t cycle, const PortShape& shape, const std::string& channel,
                 const BurstAddress& burst, Violations& out) {
  const uint64_t bytes = uint64_t{burst.beats()} * shape.beat_bytes;
  if (burst.addr % shape.beat_bytes != 0)
    out.report(cycle, name(shape.port), channel + "ADDR is not on a beat boundary");
  if (burst.beats() > shape.max_beats)
    out.report(cycle, name(shape.port),
               channel + "LEN asks for " + std::to_string(burst.beats()) + " beats, more than " +
                   std::to_string(shape.max_beats));
  if (burst.addr % 4096 + bytes > 4096)
    out.report(cycle, name(shape.port), channel + " burst crosses a 4 KiB boundary");
}

}  // namespace

WriteSlave::WriteSlave(PortShape shape, memory::MemoryTiming& timing, Bytes& bytes,
                       Violations& violations)
    : shape_(shape),
      timing_(timing),
      bytes_(bytes),
      violations_(violations),
      aw_(name(shape.port), "AW"),
      w_(name(shape.port), "W") {}

WriteSlave::Burst& WriteSlave::burst(size_t index) {
  if (index == bursts_.size()) bursts_.emplace_back();
  return bursts_[index];
}

const WriteSlave::ToMachine& WriteSlave::drive(uint64_t cycle) {
  out_.awready = timing_.ready(shape_.port, Channel::kAw, cycle);
  out_.wready = timing_.ready(shape_.port, Channel::kW, cycle);
  if (!out_.bvalid && next_b_ < bursts_.size() && next_b_ < std::min(next_aw_, next_w_)) {
    Burst& b = bursts_[next_b_];
    if (cycle >= std::max(b.due, b_free_) && timing_.ready(shape_.port, Channel::kB, cycle)) {
      out_.bvalid = true;
      out_.bresp = commit(b);
      b.presented = cycle;
    }
  }
  return out_;
}

void WriteSlave::sample(uint64_t cycle, const FromMachine& in) {
  WPayload w;
  if (in.wvalid) {
    w.data = in.wdata;
    w.strb = in.wstrb;
    w.last = in.wlast;
  }
  if (w_.sample(cycle, in.wvalid, out_.wready, w, violations_)) take_data(cycle, w);
  if (aw_.sample(cycle, in.awvalid, out_.awready, in.aw, violations_)) take_address(cycle, in.aw);
  if (out_.bvalid && in.bready) {
    out_.bvalid = false;
    b_free_ = cycle + 1;
    ++next_b_;
  }
}

void WriteSlave::take_address(uint64_t cycle, const BurstAddress& aw) {
  check_burst(cycle, shape_, "AW", aw, violations_);
  Burst& b = burst(next_aw_++);
  b.aw = aw;
  b.addressed = true;
  check_beats(cycle, b);
  accept_if_complete(cycle, b);
}

void WriteSlave::take_data(uint64_t cycle, const WPayload& w) {
  Burst& b = burst(next_w_);
  b.beats.push_back({w.data, w.strb});
  b.data_done = w.last;
  next_w_ += w.last;
  check_beats(cycle, b);
  accept_if_complete(cycle, b);
}

void WriteSlave::check_beats(uint64_t cycle, const Burst& b) {
  if (!b.addressed) {
    if (b.beats.size() > shape_.max_beats)
      violations_.report(cycle, name(shape_.port),
                         "W beats without WLAST beyond the longest burst");
    return;
  }
  if (b.data_done && b.beats.size() < b.aw.beats())
    violations_.report(cycle, name(shape_.port), "WLAST before the burst's last beat");
  else if (b.beats.size() > b.aw.beats())
    violations_.report(cycle, name(shape_.port), "W beat beyond the burst's last beat");
  else if (!b.data_done && b.beats.size() == b.aw.beats())
    violations_.report(cycle, name(shape_.port), "WLAST missing on the burst's last beat");
}

void WriteSlave::accept_if_complete(uint64_t cycle, Burst& b) {
  if (!b.addressed || !b.data_done) return;
  b.handed_over = cycle;
  memory::Outside* outside = bytes_.outside();
  if (outside != nullptr) hand_over(b, *outside);
  b.due =
      timing_.accept(shape_.port, Channel::kB, cycle, b.aw.addr, b.aw.beats(), shape_.beat_bytes)
          .due(0);
  if (outside != nullptr && outside->accepted < b.aw.beats()) b.response = outside->refusal;
}

// From the first byte whose strobe is up to the last one; the machine leaves none out between.
void WriteSlave::hand_over(const Burst& b, memory::Outside& outside) const {
  outside.data.clear();
  uint64_t addr = b.aw.addr;
  for (const WriteBeat& beat : b.beats) {
    for (uint32_t i = 0; i < shape_.beat_bytes; ++i, ++addr) {
      if (!(beat.strb >> i & 1)) continue;
      if (outside.data.empty()) outside.first = addr;
      outside.data.push_back(beat.data[i]);
    }
  }
}

// Writes the bytes; returns the burst's response, the worst of its beats.
uint8_t WriteSlave::commit(const Burst& b) {
  if (bytes_.outside() != nullptr) return b.response;
  uint8_t worst = kOkay;
  uint64_t addr = b.aw.addr;
  for (const WriteBeat& beat : b.beats) {
    const uint8_t response = bytes_.response(addr, shape_.beat_bytes);
    worst = std::max(worst, response);
    if (response == kOkay) {
      const std::span<uint8_t> to = bytes_.at(addr, shape_.beat_bytes);
      for (uint32_t i = 0; i < shape_.beat_bytes; ++i)
        if (beat.strb >> i & 1) to[i] = beat.data[i];
    }
    addr += shape_.beat_bytes;
  }
  return worst;
}

void WriteSlave::poison(uint64_t since, uint64_t now, uint64_t addr, uint32_t beat_bytes,
                        Beat& beat) const {
  for (const Burst& b : bursts_) {
    if (!b.addressed || !b.data_done || b.handed_over >= now || b.presented < since) continue;
    const AddressRange range{b.aw.addr, uint64_t{b.aw.beats()} * shape_.beat_bytes};
    if (!range.overlaps(addr, beat_bytes)) continue;
    for (uint32_t i = 0; i < beat_bytes; ++i) {
      const uint64_t at = addr + i - range.first;
      if (at >= range.bytes) continue;
      const WriteBeat& written = b.beats[at / shape_.beat_bytes];
      if (written.strb >> (at % shape_.beat_bytes) & 1) beat[i] = static_cast<uint8_t>(~beat[i]);
    }
  }
}

void WriteSlave::forget_before(uint64_t cycle) {
  while (next_b_ > 0 && bursts_.front().presented < cycle) {
    bursts_.pop_front();
    --next_aw_;
    --next_w_;
    --next_b_;
  }
}

ReadSlave::ReadSlave(PortShape shape, memory::MemoryTiming& timing, Bytes& bytes,
                     WriteSlave* writes, Violations& violations)
    : shape_(shape),
      timing_(timing),
      bytes_(bytes),
      writes_(writes),
      violations_(violations),
      ar_(name(shape.port), "AR") {
  out_.rdata = data_.data();
}

const ReadSlave::ToMachine& ReadSlave::drive(uint64_t cycle) {
  out_.arready = timing_.ready(shape_.port, Channel::kAr, cycle);
  if (!out_.rvalid && !bursts_.empty() &&
      cycle >= std::max(bursts_.front().schedule.due(next_beat_), r_free_) &&
      timing_.ready(shape_.port, Channel::kR, cycle))
    present(cycle);
  return out_;
}

void ReadSlave::present(uint64_t cycle) {
  const Burst& b = bursts_.front();
  const uint64_t addr = b.ar.addr + uint64_t{next_beat_} * shape_.beat_bytes;
  out_.rvalid = true;
  out_.rlast = next_beat_ == b.ar.len;
  const bool outside = bytes_.outside() != nullptr;
  const uint8_t staged = next_beat_ < b.good_beats ? kOkay : b.refusal;
  out_.rresp = outside ? staged : bytes_.response(addr, shape_.beat_bytes);
  if (out_.rresp == kOkay)
    std::memcpy(data_.data(),
                outside ? &b.data[next_beat_ * shape_.beat_bytes]
                        : bytes_.at(addr, shape_.beat_bytes).data(),
                shape_.beat_bytes);
  else
    data_.fill(0);
  if (writes_ != nullptr) writes_->poison(b.accepted, cycle, addr, shape_.beat_bytes, data_);
}

void ReadSlave::sample(uint64_t cycle, const FromMachine& in) {
  if (ar_.sample(cycle, in.arvalid, out_.arready, in.ar, violations_)) {
    check_burst(cycle, shape_, "AR", in.ar, violations_);
    bursts_.push_back({in.ar,
                       cycle,
                       timing_.accept(shape_.port, Channel::kR, cycle, in.ar.addr, in.ar.beats(),
                                      shape_.beat_bytes),
                       {}});
    if (const memory::Outside* outside = bytes_.outside()) {
      Burst& b = bursts_.back();
      b.data = outside->data;
      b.good_beats = outside->accepted;
      b.refusal = outside->refusal;
    }
  }
  if (out_.rvalid && in.rready) {
    out_.rvalid = false;
    r_free_ = cycle + 1;
    ++next_beat_;
    if (out_.rlast) {
      bursts_.pop_front();
      next_beat_ = 0;
    }
  }
  if (writes_ != nullptr)
    writes_->forget_before(bursts_.empty() ? cycle + 1 : bursts_.front().accepted);
}

}  // namespace millrace::sim
