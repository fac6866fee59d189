// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/host.h"

#include <algorithm>

namespace millrace::cosim {
namespace {

constexpr uint32_t kIdle = 1u << reg::kStatusIdleLow;
constexpr uint32_t kFault = 1u << reg::kStatusFaultLow;

// A host that gives up on the first error.
class Host {
 public:
  explicit Host(Device& device) : device_(device) {}
  const Status& status() const { return status_; }
  bool ok() const { return static_cast<bool>(status_); }

  void write(uint32_t offset, uint32_t value) { keep(device_.write_reg(offset, value)); }
  uint32_t read(uint32_t offset) {
    if (!ok()) return 0;
    const Result<uint32_t> value = device_.read_reg(offset);
    if (!value) status_ = value.error();
    return value ? *value : 0;
  }
  void write_mem(uint64_t addr, std::span<const uint8_t> data) {
    keep(device_.write_mem(addr, data));
  }
  // Until `done(STATUS)`, looking every `step` cycles at most.
  template <typename Done>
  uint32_t wait(uint64_t step, const char* what, Done done) {
    uint32_t status = 0;
    for (int i = 0; i < 200000 && ok(); ++i) {
      status = read(reg::kStatus);
      if (done(status)) return status;
      keep(device_.advance(step));
    }
    if (ok()) status_ = failure(std::string(what) + ": STATUS stays " + std::to_string(status));
    return status;
  }

 private:
  void keep(const Status& status) {
    if (ok()) status_ = status;
  }
  Device& device_;
  Status status_;
};

void reset(Host& host) {
  host.write(reg::kCtrl, 1);
  host.wait(64, "the soft reset does not end",
            [](uint32_t status) { return (status & (kIdle | kFault)) == kIdle; });
}

// Instructions [from, to) of the program into their places in the ring.
void write_ring(Host& host, const Program& p, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; ++i) {
    std::array<uint8_t, 4 * isa::kWords> bytes;
    for (size_t b = 0; b < bytes.size(); ++b)
      bytes[b] = static_cast<uint8_t>(p.code[i][b / 4] >> b % 4 * 8);
    host.write_mem(p.slot_address(i), bytes);
  }
}

void begin(Host& host, const Program& p) {
  reset(host);
  host.write_mem(0, p.memory_image);
  // The ring first: no segment of the last program may be written to meanwhile.
  for (uint32_t i = 0; i < p.segments.size(); ++i)
    host.write(reg::kSegCtrl + i * reg::kSegStride, 0);
  host.write(reg::kRingBase, p.ring_base);
  host.write(reg::kRingLog2, p.ring_log2);
  for (uint32_t i = 0; i < p.segments.size(); ++i) {
    const Segment& s = p.segments[i];
    host.write(reg::kSegBase + i * reg::kSegStride, s.base);
    host.write(reg::kSegSize + i * reg::kSegStride, s.size);
    host.write(reg::kSegCtrl + i * reg::kSegStride, (s.read ? 1u : 0u) | (s.write ? 2u : 0u));
  }
}

// Rings one doorbell, as soon as the ring has room. False if the machine has stopped before.
bool ring(Host& host, const Program& p, uint32_t from, const Doorbell& bell) {
  const uint32_t size = 1u << p.ring_log2;
  const uint32_t step = bell.wait_idle ? 1000 : 16;
  const uint32_t status = host.wait(step, "the program does not get on", [&](uint32_t now) {
    const bool room = bell.tail <= size || host.read(reg::kRingHead) >= bell.tail - size;
    return (now & (kFault | kIdle)) || (room && !bell.wait_idle);
  });
  if (!host.ok() || (status & kFault)) return false;
  write_ring(host, p, from, bell.tail);
  host.write(reg::kRingTail, bell.tail);
  return true;
}

// Reads all counters: a device that compares has something to compare.
void read_counters(Host& host, Outcome& out) {
  constexpr uint32_t kCount = (reg::kEmptyVector - reg::kCycles) / 4 + 1;
  std::array<uint32_t, kCount> values{};
  for (uint32_t i = 0; i < kCount; ++i) values[i] = host.read(reg::kCycles + 4 * i);
  out.cycles = values[0];
  for (uint32_t unit = 0; unit < out.causes.size(); ++unit) {
    out.causes[unit] = values[(reg::kBusyLoad - reg::kCycles) / 4 + unit];
    for (uint32_t i = 0; i < 4; ++i)
      out.causes[unit] += values[(reg::kEmptyLoad - reg::kCycles) / 4 + 4 * unit + i];
  }
}

}  // namespace

Status soft_reset(Device& device) {
  Host host(device);
  reset(host);
  return host.status();
}

Status start(Device& device, const Program& program) {
  Host host(device);
  begin(host, program);
  ring(host, program, 0, {program.doorbells.front().tail, false});
  return host.status();
}

Result<Outcome> run(Device& device, const Program& program) {
  Host host(device);
  begin(host, program);
  uint32_t tail = 0;
  for (const Doorbell& bell : program.doorbells) {
    if (!ring(host, program, tail, bell)) break;
    tail = bell.tail;
  }
  Outcome out;
  out.status = host.wait(1000, "the program does not end", [&](uint32_t status) {
    read_counters(host, out);
    return (status & (kIdle | kFault)) != 0;
  });
  out.fault = host.read(reg::kFault);
  out.fault_index = host.read(reg::kFaultIndex);
  out.fault_addr = host.read(reg::kFaultAddr);
  out.signal_value = host.read(reg::kSignalValue);
  out.head = host.read(reg::kRingHead);
  out.irq = host.read(reg::kIrqStatus);
  out.memory.resize(program.memory_image.size());
  if (!host.ok()) return host.status().error();
  if (Status ok = device.read_mem(0, out.memory); !ok) return ok.error();
  return out;
}

}  // namespace millrace::cosim
