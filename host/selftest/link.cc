// SPDX-License-Identifier: Apache-2.0
// The first step: does the link carry registers and memory, and is it the machine we think it is?
// What a register must read is what the reference's reads after the same writes.
#include <algorithm>
#include <string_view>

#include "host/runtime/registers.h"
#include "host/selftest/clock.h"
#include "host/selftest/selftest.h"

namespace millrace::selftest {
namespace {

constexpr double kRateSeconds = 0.05;
constexpr uint64_t kMostRateBytes = 1 << 20;
constexpr uint64_t kSettleReads = 1000, kSettleCycles = 1024;

struct Named {
  std::string_view name;
  uint32_t offset;
};
// The identity; what else never changes between resets.
constexpr Named kFixed[] = {{"ID", reg::kId},       {"ISA_HASH", reg::kIsaHash},
                            {"CAPS0", reg::kCaps0}, {"CAPS1", reg::kCaps1},
                            {"CAPS2", reg::kCaps2}, {"CAPS3", reg::kCaps3}};
constexpr Named kReadOnly[] = {
    {"ID", reg::kId},       {"ISA_HASH", reg::kIsaHash}, {"BUILD_ID", reg::kBuildId},
    {"CAPS0", reg::kCaps0}, {"STATUS", reg::kStatus},    {"RING_HEAD", reg::kRingHead},
    {"FAULT", reg::kFault}, {"CYCLES", reg::kCycles},    {"EMPTY_VECTOR", reg::kEmptyVector}};
constexpr uint32_t kUnknown[] = {0x01c, 0x050, 0x05c, 0x0c4, 0x0fc, reg::kSegBase + 0xc, 0xffc};

class LinkCheck {
 public:
  explicit LinkCheck(Session& session)
      : session_(session), device_(session.device), reference_(session.reference) {}

  Step run() {
    step_.name = "link";
    const bool good = identity() && reset() && refusals() && patterns() && repeated() && rates();
    if (good)
      step_.detail = "identity and capabilities, " + std::to_string(written_) + " patterns, " +
                     std::to_string(refused_) + " refusals, " + std::to_string(reads_) +
                     " repeated reads; " + rate_text_;
    return step_;
  }

 private:
  bool fail(std::string text) {
    if (step_.failure.empty()) step_.failure = std::move(text);
    return false;
  }
  bool fail(const std::string& doing, const Error& error) {
    return fail(doing + ": " + error.message +
                "; look at the link: cable, port, speed, and that "
                "the bitstream is loaded");
  }

  // The register reads `wanted`.
  bool expect(const std::string& name, uint32_t offset, uint32_t wanted, const std::string& after) {
    const Result<uint32_t> found = device_.read_reg(offset);
    if (!found) return fail("reading register " + name, found.error());
    if (*found == wanted) return true;
    return fail("register " + name + " reads " + hex32(*found) + ", expected " + hex32(wanted) +
                after + ": bits " + hex32(*found ^ wanted) + " differ");
  }
  bool expect_as_reference(const std::string& name, uint32_t offset, const std::string& after) {
    const Result<uint32_t> wanted = reference_.read_reg(offset);
    if (!wanted) return fail("reading the reference", wanted.error());
    return expect(name, offset, *wanted, after);
  }

  bool identity() {
    for (const Named& r : kFixed)
      if (!expect_as_reference(std::string(r.name), r.offset,
                               r.offset == reg::kId        ? ", 'MILL'; no Millrace machine answers"
                               : r.offset == reg::kIsaHash ? other_configuration()
                                                           : ""))
        return false;
    const Result<uint32_t> build = device_.read_reg(reg::kBuildId);
    if (!build) return fail("reading register BUILD_ID", build.error());
    session_.report.build_id = *build;
    session_.report.isa_hash = device_.config().isa_hash;
    return true;
  }
  std::string other_configuration() {
    const std::string ours = " of configuration " + std::string(device_.config().name);
    const Result<uint32_t> hash = device_.read_reg(reg::kIsaHash);
    for (const isa::Config& c : isa::kConfigs)
      if (hash && c.isa_hash == *hash && c.index != device_.config().index)
        return ours + "; the machine is " + std::string(c.name) + ": use --config " +
               std::string(c.name);
    return ours + "; built from other sources: load a bitstream of this version";
  }

  bool reset() {
    for (Device* d : {&device_, &reference_})
      if (const Status status = d->write_reg(reg::kCtrl, 1u << reg::kCtrlResetLow); !status)
        return fail("soft reset", status.error());
    return settle();
  }
  // Until the machine is idle and segments are compared.
  bool settle() {
    uint32_t status = 0;
    for (uint64_t i = 0; i < kSettleReads; ++i) {
      const Result<uint32_t> read = device_.read_reg(reg::kStatus);
      if (!read) return fail("reading register STATUS", read.error());
      status = *read;
      if (reg_bit(status, reg::kStatusIdleLow) && !reg_bit(status, reg::kStatusScanLow) &&
          !reg_bit(status, reg::kStatusResettingLow))
        return true;
      if (const Status passed = device_.advance(kSettleCycles); !passed)
        return fail("waiting for the machine", passed.error());
    }
    return fail("the machine does not become idle after a reset: STATUS " + hex32(status) +
                "; look at clock and reset of the board, and at its memory");
  }

  // The device says so when an access means nothing, and nothing comes of it.
  bool refusals() {
    for (const Named& r : kReadOnly) {
      if (device_.write_reg(r.offset, 0xffffffff))
        return fail("a write of the read-only register " + std::string(r.name) +
                    " was not refused; look at the register decoder, or at an answer that the link "
                    "loses");
      ++refused_;
    }
    for (const uint32_t offset : kUnknown) {
      if (const Result<uint32_t> read = device_.read_reg(offset); read)
        return fail("a read of the unknown register " + hex32(offset) + " was not refused but is " +
                    hex32(*read) + "; look at the register decoder");
      if (device_.write_reg(offset, 0))
        return fail("a write of the unknown register " + hex32(offset) + " was not refused");
      refused_ += 2;
    }
    for (const Named& r : kFixed)
      if (!expect_as_reference(std::string(r.name), r.offset, " after a write that was refused"))
        return false;
    return true;
  }

  bool write(const std::string& name, uint32_t offset, uint32_t value) {
    if (!settle()) return false;
    for (Device* d : {&device_, &reference_})
      if (const Status status = d->write_reg(offset, value); !status)
        return fail("writing register " + name, status.error());
    ++written_;
    return true;
  }
  bool hold(const std::string& name, uint32_t offset, uint32_t value) {
    return write(name, offset, value) &&
           expect_as_reference(name, offset, " after a write of " + hex32(value));
  }
  bool walk(const std::string& name, uint32_t offset) {
    for (int bit = 0; bit < 32; ++bit)
      for (const uint32_t flip : {0u, ~0u})
        if (!hold(name, offset, flip ^ 1u << bit)) return false;
    return hold(name, offset, 0);
  }
  static std::string segment_name(const char* name, uint32_t n) {
    return std::string(name) + "[" + std::to_string(n) + "]";
  }

  // A value of its own for every segment's register, all written before any is read: finds
  // registers that are one. `flip` is 0 or all ones.
  bool segments_differ(const char* name, uint32_t first, uint32_t flip) {
    const auto count = static_cast<uint32_t>(device_.config().segments);
    const auto value = [&](uint32_t n) { return (n + 1) * 0x01010100u ^ flip; };
    for (uint32_t n = 0; n < count; ++n)
      if (!write(segment_name(name, n), first + n * reg::kSegStride, value(n))) return false;
    for (uint32_t n = 0; n < count; ++n)
      if (!expect_as_reference(segment_name(name, n), first + n * reg::kSegStride,
                               " after writes of all segments"))
        return false;
    for (uint32_t n = 0; n < count; ++n)
      if (!write(segment_name(name, n), first + n * reg::kSegStride, 0)) return false;
    return true;
  }

  // With permissions or size 0 a segment covers nothing, so no pattern is refused for where it
  // lies.
  bool patterns() {
    const auto count = static_cast<uint32_t>(device_.config().segments);
    for (uint32_t n = 0; n < count; ++n)
      for (const uint32_t first : {reg::kSegCtrl, reg::kSegBase, reg::kSegSize})
        if (!write("of a segment", first + n * reg::kSegStride, 0)) return false;
    for (uint32_t value = 0; value < 32; ++value)
      if (!hold("RING_LOG2", reg::kRingLog2, value)) return false;
    if (!hold("RING_LOG2", reg::kRingLog2, 0)) return false;
    for (const uint32_t value : {1u, 2u, 3u, ~0u, 0u})
      if (!hold("IRQ_ENABLE", reg::kIrqEnable, value)) return false;
    session_.progress("link: register patterns");
    if (!walk("RING_BASE", reg::kRingBase)) return false;
    if (!walk("SEG_BASE[0]", reg::kSegBase) || !walk("SEG_SIZE[0]", reg::kSegSize)) return false;
    for (const uint32_t flip : {0u, ~0u})
      if (!segments_differ("SEG_BASE", reg::kSegBase, flip) ||
          !segments_differ("SEG_SIZE", reg::kSegSize, flip))
        return false;
    for (uint32_t n = 0; n < count; ++n)
      for (const uint32_t value : {1u, 2u, 3u, 0u})
        if (!hold(segment_name("SEG_CTRL", n), reg::kSegCtrl + n * reg::kSegStride, value))
          return false;
    return true;
  }

  // Two registers with very different bits in turn.
  bool repeated() {
    const uint64_t most = session_.options.quick ? 200 : 1000;
    const Result<uint32_t> caps = reference_.read_reg(reg::kCaps3);
    if (!caps) return fail("reading the reference", caps.error());
    const Stopwatch watch;
    for (; reads_ < most && watch.seconds() < 1; ++reads_) {
      const bool odd = reads_ % 2 != 0;
      if (!expect(odd ? "ISA_HASH" : "CAPS3", odd ? reg::kIsaHash : reg::kCaps3,
                  odd ? device_.config().isa_hash : *caps,
                  " in read " + std::to_string(reads_) + " of many; the link is not reliable"))
        return false;
    }
    const double each = watch.seconds() / static_cast<double>(reads_);
    step_.figures.emplace_back("register_round_trip_seconds", each);
    char text[48];
    std::snprintf(text, sizeof text, "%.3g us a register (", each * 1e6);
    rate_text_ = text + per_second(1 / each, "") + ")";
    return true;
  }

  // Bytes per second of ever larger blocks, until one takes long enough to be timed.
  bool rates() {
    double rates[2] = {};
    for (const bool writes : {true, false}) {
      for (uint64_t bytes = 64;; bytes *= 4) {
        bytes = std::min({bytes, kMostRateBytes, device_.mem_bytes()});
        std::vector<uint8_t> block(bytes, 0x5a);
        const Stopwatch watch;
        const Status status = writes ? device_.write_mem(0, block) : device_.read_mem(0, block);
        if (!status) return fail(writes ? "writing memory" : "reading memory", status.error());
        rates[writes] = static_cast<double>(bytes) / std::max(watch.seconds(), 1e-9);
        if (watch.seconds() > kRateSeconds ||
            bytes == std::min(kMostRateBytes, device_.mem_bytes()))
          break;
      }
    }
    step_.figures.emplace_back("memory_write_bytes_per_second", rates[1]);
    step_.figures.emplace_back("memory_read_bytes_per_second", rates[0]);
    rate_text_ +=
        ", memory writes " + per_second(rates[1], "B") + ", reads " + per_second(rates[0], "B");
    return true;
  }

  Session& session_;
  Device& device_;
  Device& reference_;
  Step step_;
  uint64_t written_ = 0, refused_ = 0, reads_ = 0;
  std::string rate_text_;
};

}  // namespace

Step check_link(Session& session) { return LinkCheck(session).run(); }

}  // namespace millrace::selftest
