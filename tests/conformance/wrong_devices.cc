// SPDX-License-Identifier: Apache-2.0
// See wrong_devices.h.
#include "tests/conformance/wrong_devices.h"

#include <algorithm>

#include "sim/cycle/cycle_device.h"
#include "sim/ref/ref_device.h"
#include "tests/conformance/changed.h"
#include "tests/conformance/null_device.h"
#include "tests/host/faulty_device.h"

namespace millrace::conformance {
namespace {

using testing::FaultyDevice;
using Owned = std::unique_ptr<Device>;

// ---- Shorthands: one wrong access of the golden model or of the cycle model.

Owned right_device(const isa::Config& config, bool time) {
  if (time) return std::make_unique<sim::CycleDevice>(config, sim::CycleOptions{});
  return std::make_unique<RefDevice>(config);
}

WrongDevice changed(const char* name, const char* chapter, std::function<Changes()> changes,
                    bool time = false, const char* config = "nano") {
  return {name, chapter, config, time, [=](const isa::Config& c) -> Owned {
            return std::make_unique<Changed>(right_device(c, time), changes());
          }};
}

// A register reads what `value` makes of what it should read.
WrongDevice misreads(const char* name, const char* chapter, uint32_t offset,
                     std::function<uint32_t(uint32_t)> value, bool time = false,
                     const char* config = "nano") {
  return changed(
      name, chapter,
      [=] {
        Changes c;
        c.read_reg = [=](Device& d, uint32_t at) -> Result<uint32_t> {
          const Result<uint32_t> read = d.read_reg(at);
          if (!read || at != offset) return read;
          return value(*read);
        };
        return c;
      },
      time, config);
}

// What is written to registers with offset % `modulus` = `offset` becomes something else, and is
// remembered as it was written.
WrongDevice miswrites(const char* name, const char* chapter, uint32_t offset, bool every_segment,
                      std::function<uint32_t(uint32_t)> value) {
  return changed(name, chapter, [=] {
    const auto mine = [=](uint32_t at) {
      if (!every_segment) return at == offset;
      return at >= reg::kSegBase && (at - offset) % reg::kSegStride == 0;
    };
    auto written = std::make_shared<std::vector<std::optional<uint32_t>>>(0x1000);
    Changes c;
    c.write_reg = [=](Device& d, uint32_t at, uint32_t v) {
      if (!mine(at)) return d.write_reg(at, v);
      const Status status = d.write_reg(at, v);
      if (!status) return status;
      const Result<uint32_t> kept = d.read_reg(at);
      if (kept) written->at(at) = *kept;
      return d.write_reg(at, value(v));
    };
    c.read_reg = [=](Device& d, uint32_t at) -> Result<uint32_t> {
      if (at < written->size() && written->at(at)) return *written->at(at);
      return d.read_reg(at);
    };
    return c;
  });
}

// The machine makes something else of an instruction.
WrongDevice misunderstands(const char* name, const char* chapter,
                           void (*change)(isa::Instruction&)) {
  return {name, chapter, "nano", false, [=](const isa::Config& c) -> Owned {
            auto device = std::make_unique<FaultyDevice>(c);
            device->change = change;
            return device;
          }};
}

bool is(const isa::Instruction& words, isa::Opcode opcode) {
  return (words[0] & 0xff) == static_cast<uint32_t>(opcode);
}

// ---- The chapters.

void add_registers(std::vector<WrongDevice>& list) {
  list.push_back({"null", "Registers", "nano", false,
                  [](const isa::Config& c) { return std::make_unique<NullDevice>(c); }});
  list.push_back(misreads("other-configuration", "Registers", reg::kIsaHash,
                          [](uint32_t v) { return v ^ 0x10; }));
  list.push_back(changed("unknown-registers-read-zero", "Registers", [] {
    Changes c;
    c.read_reg = [](Device& d, uint32_t at) -> Result<uint32_t> {
      const Result<uint32_t> read = d.read_reg(at);
      return read ? *read : 0;
    };
    return c;
  }));
  list.push_back(changed("decodes-twelve-bits", "Registers", [] {
    Changes c;
    c.read_reg = [](Device& d, uint32_t at) { return d.read_reg(at & 0xfff); };
    c.write_reg = [](Device& d, uint32_t at, uint32_t v) { return d.write_reg(at & 0xfff, v); };
    return c;
  }));
  list.push_back(changed("reset-keeps-the-enable", "Registers", [] {
    Changes c;
    c.write_reg = [](Device& d, uint32_t at, uint32_t v) {
      const Result<uint32_t> enable = d.read_reg(reg::kIrqEnable);
      const Status status = d.write_reg(at, v);
      if (at == reg::kCtrl) (void)d.write_reg(reg::kIrqEnable, *enable);
      return status;
    };
    return c;
  }));
  list.push_back(changed("reset-by-any-write", "Registers", [] {
    Changes c;
    c.write_reg = [](Device& d, uint32_t at, uint32_t v) {
      return d.write_reg(at, at == reg::kCtrl ? 1 : v);
    };
    return c;
  }));
  for (const bool time : {false, true})
    list.push_back(changed(
        time ? "refuses-nothing-while-it-works" : "refuses-nothing", "Registers",
        [=] {
          Changes c;
          c.write_reg = [=](Device& d, uint32_t at, uint32_t v) {
            const Result<uint32_t> status = d.read_reg(reg::kStatus);
            const Status written = d.write_reg(at, v);
            const bool works = status && (*status & 3) == 0 && at >= reg::kRingBase;
            return !time || works ? Status() : written;
          };
          return c;
        },
        time));
}

void add_memory(std::vector<WrongDevice>& list) {
  list.push_back(changed("drops-the-last-byte-of-odd-writes", "Memory", [] {
    Changes c;
    c.write_mem = [](Device& d, uint64_t at, std::span<const uint8_t> data) {
      const bool odd = data.size() % 4 == 3 && at % 4 == 2;
      return d.write_mem(at, odd ? data.first(data.size() - 1) : data);
    };
    return c;
  }));
  list.push_back(changed("writes-whole-words", "Memory", [] {
    Changes c;
    c.write_mem = [](Device& d, uint64_t at, std::span<const uint8_t> data) {
      const Status status = d.write_mem(at, data);
      const uint64_t end = at + data.size();
      const std::vector<uint8_t> zeros((4 - end % 4) % 4, 0);
      if (status && !data.empty()) (void)d.write_mem(end, zeros);
      return status;
    };
    return c;
  }));
  list.push_back(changed("wrong-byte-at-the-end", "Memory", [] {
    Changes c;
    c.read_mem = [](Device& d, uint64_t at, std::span<uint8_t> out) {
      const Status status = d.read_mem(at, out);
      if (status && !out.empty() && at + out.size() == d.mem_bytes()) out.back() ^= 1;
      return status;
    };
    return c;
  }));
  list.push_back(changed("memory-wraps-around", "Memory", [] {
    Changes c;
    c.write_mem = [](Device& d, uint64_t at, std::span<const uint8_t> data) {
      for (size_t i = 0; i < data.size(); ++i)
        (void)d.write_mem((at + i) % d.mem_bytes(), data.subspan(i, 1));
      return Status();
    };
    return c;
  }));
  list.push_back(changed("one-word-twice-in-large-blocks", "Memory", [] {
    Changes c;
    c.write_mem = [](Device& d, uint64_t at, std::span<const uint8_t> data) {
      std::vector<uint8_t> copy(data.begin(), data.end());
      constexpr size_t kBurst = 4 * 4096;
      if (copy.size() > kBurst + 4)
        std::copy_n(copy.begin() + kBurst - 4, 4, copy.begin() + kBurst);
      return d.write_mem(at, copy);
    };
    return c;
  }));
}

void add_segments(std::vector<WrongDevice>& list) {
  list.push_back(miswrites("ignores-permissions", "Segments", reg::kSegCtrl, true,
                           [](uint32_t v) { return v == 0 ? 0u : 3u; }));
  list.push_back(miswrites("segments-one-unit-longer", "Segments", reg::kSegSize, true,
                           [](uint32_t v) { return v == 0 ? 0 : v + 0x100; }));
  list.push_back(miswrites("segments-without-base", "Segments", reg::kSegBase, true,
                           [](uint32_t v) { return v & ~0x100u; }));
  list.push_back(changed(
      "lets-segments-onto-the-ring", "Segments",
      [] {
        auto told = std::make_shared<uint32_t>(0);
        Changes c;
        c.write_reg = [=](Device& d, uint32_t at, uint32_t v) {
          const uint32_t ctrl = reg::kSegCtrl + reg::kSegStride;
          if (at == ctrl) *told = v & 3;
          return d.write_reg(at, v);
        };
        c.read_reg = [=](Device& d, uint32_t at) -> Result<uint32_t> {
          const uint32_t ctrl = reg::kSegCtrl + reg::kSegStride;
          if (at == ctrl) return *told;
          const Result<uint32_t> read = d.read_reg(at);
          return read && at == reg::kStatus ? Result<uint32_t>(*read & 0xff) : read;
        };
        return c;
      },
      false, "small"));
}

// Two instructions of a doorbell change places in the ring before it rings.
WrongDevice out_of_order(const char* name, bool time) {
  return changed(
      name, "Submissions",
      [] {
        struct Ring {
          uint32_t base = 0, log2 = 0, tail = 0;
        };
        auto ring = std::make_shared<Ring>();
        Changes c;
        c.write_reg = [=](Device& d, uint32_t at, uint32_t v) {
          if (at == reg::kRingBase) ring->base = v;
          if (at == reg::kRingLog2) ring->log2 = v;
          if (at == reg::kCtrl) ring->tail = 0;
          if (at == reg::kRingTail) {
            const auto slot = [&](uint32_t i) {
              return ring->base + (i & ((1u << ring->log2) - 1)) * 4 * isa::kWords;
            };
            std::vector<uint8_t> first(4 * isa::kWords), second = first;
            const uint64_t a = slot(ring->tail), b = slot(ring->tail + 1);
            if (v - ring->tail >= 2 && d.read_mem(a, first) && d.read_mem(b, second)) {
              (void)d.write_mem(a, second);
              (void)d.write_mem(b, first);
            }
            ring->tail = v;
          }
          return d.write_reg(at, v);
        };
        return c;
      },
      time);
}

void add_submissions(std::vector<WrongDevice>& list) {
  list.push_back(out_of_order("completes-out-of-order", false));
  list.push_back(out_of_order("completes-out-of-order-with-time", true));
  list.push_back(changed("loses-every-fifth-doorbell", "Submissions", [] {
    auto count = std::make_shared<int>(0);
    Changes c;
    c.write_reg = [=](Device& d, uint32_t at, uint32_t v) {
      if (at == reg::kRingTail && ++*count % 5 == 0) return Status();
      return d.write_reg(at, v);
    };
    return c;
  }));
  list.push_back(miswrites("ring-of-half-the-size", "Submissions", reg::kRingLog2, false,
                           [](uint32_t v) { return v > 1 ? v - 1 : v; }));
  list.push_back(misreads("head-one-behind", "Submissions", reg::kRingHead,
                          [](uint32_t v) { return v == 0 ? v : v - 1; }));
}

void add_interrupts(std::vector<WrongDevice>& list) {
  list.push_back(changed("irq-cleared-by-any-write", "Interrupts", [] {
    Changes c;
    c.write_reg = [](Device& d, uint32_t at, uint32_t v) {
      return d.write_reg(at, at == reg::kIrqStatus ? ~0u : v);
    };
    return c;
  }));
  list.push_back(misreads("no-interrupt-of-a-fault", "Interrupts", reg::kIrqStatus,
                          [](uint32_t v) { return v & ~2u; }));
  list.push_back(changed("only-enabled-interrupts-are-seen", "Interrupts", [] {
    Changes c;
    c.read_reg = [](Device& d, uint32_t at) -> Result<uint32_t> {
      const Result<uint32_t> read = d.read_reg(at), enable = d.read_reg(reg::kIrqEnable);
      if (!read || at != reg::kIrqStatus) return read;
      return *read & *enable;
    };
    return c;
  }));
  list.push_back(misunderstands("every-signal-interrupts", "Interrupts", [](isa::Instruction& w) {
    if (is(w, isa::Opcode::kSignal)) w[0] |= 1u << 8;
  }));
}

void add_faults(std::vector<WrongDevice>& list) {
  list.push_back(misreads("loses-the-address-of-a-fault", "Faults", reg::kFaultAddr,
                          [](uint32_t) { return 0; }));
  list.push_back(misreads("loses-the-index-of-a-fault", "Faults", reg::kFaultIndex,
                          [](uint32_t) { return 0; }));
  list.push_back(changed("loses-the-record-with-the-interrupt", "Faults", [] {
    auto lost = std::make_shared<bool>(false);
    Changes c;
    c.write_reg = [=](Device& d, uint32_t at, uint32_t v) {
      if (at == reg::kIrqStatus && (v & 2)) *lost = true;
      if (at == reg::kCtrl) *lost = false;
      return d.write_reg(at, v);
    };
    c.read_reg = [=](Device& d, uint32_t at) -> Result<uint32_t> {
      if (*lost && at == reg::kFault) return uint32_t{0};
      return d.read_reg(at);
    };
    return c;
  }));
  list.push_back(misunderstands("lets-illegal-bits-pass", "Faults", [](isa::Instruction& w) {
    if (is(w, isa::Opcode::kLoad)) w[7] = 0;
  }));
}

void add_work(std::vector<WrongDevice>& list) {
  list.push_back(misunderstands("never-accumulates", "Instructions", [](isa::Instruction& w) {
    if (is(w, isa::Opcode::kMatmul)) w[0] &= ~(1u << 8);
  }));
  list.push_back(misunderstands("never-flips", "Instructions", [](isa::Instruction& w) {
    if (is(w, isa::Opcode::kStore)) w[0] &= ~(1u << 9);
  }));
  list.push_back(misunderstands("one-row-of-long-products", "Networks", [](isa::Instruction& w) {
    if (!is(w, isa::Opcode::kMatmul)) return;
    isa::Matmul f = isa::Matmul::unpack(w);
    if (f.n_ox * f.n_oy > 12) f.a_ox = 0;
    w = f.pack();
  }));
  list.push_back(misunderstands("forgets-channels", "Networks", [](isa::Instruction& w) {
    if (is(w, isa::Opcode::kVector)) w[0] &= ~(1u << 26);
  }));
}

void add_time(std::vector<WrongDevice>& list) {
  list.push_back(misreads(
      "counts-nothing", "Counters", reg::kCycles, [](uint32_t) { return 0; }, true));
  list.push_back(misreads(
      "cycles-go-back", "Counters", reg::kCycles, [](uint32_t v) { return v ^ 0x3ff; }, true));
  list.push_back(changed(
      "counts-while-idle", "Counters",
      [] {
        auto count = std::make_shared<uint32_t>(0);
        Changes c;
        c.read_reg = [=](Device& d, uint32_t at) -> Result<uint32_t> {
          const Result<uint32_t> read = d.read_reg(at);
          if (!read || at != reg::kCycles) return read;
          return *read + ++*count;
        };
        return c;
      },
      true));
  list.push_back(misreads(
      "counts-half-the-products", "Counters", reg::kMatmulSteps, [](uint32_t v) { return v / 2; },
      false, "small"));
  list.push_back(misreads(
      "a-cause-too-many", "Counters", reg::kEmptyStore, [](uint32_t v) { return v + 1; }, true,
      "small"));
  const auto advances = [&](const char* name, auto how) {
    list.push_back(changed(
        name, "Time",
        [=] {
          Changes c;
          c.advance = how;
          return c;
        },
        true));
  };
  advances("no-time-passes", [](Device&, uint64_t) { return Status(); });
  advances("half-the-time-passes", [](Device& d, uint64_t n) { return d.advance(n / 2); });
  advances("too-much-time-passes", [](Device& d, uint64_t n) { return d.advance(n + 1000); });
}

}  // namespace

std::vector<WrongDevice> wrong_devices() {
  std::vector<WrongDevice> list = {changed("right", "", [] { return Changes(); }),
                                   changed(
                                       "right-with-time", "", [] { return Changes(); }, true),
                                   changed(
                                       "right-small", "", [] { return Changes(); }, true, "small")};
  list.push_back({"right-tiny", "", "nano", false, [](const isa::Config& c) {
                    return std::make_unique<RefDevice>(c, 8 << 10);  // as the smallest board
                  }});
  add_registers(list);
  add_memory(list);
  add_segments(list);
  add_submissions(list);
  add_interrupts(list);
  add_faults(list);
  add_work(list);
  add_time(list);
  return list;
}

}  // namespace millrace::conformance
