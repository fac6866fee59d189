// SPDX-License-Identifier: Apache-2.0
// See link_device.h.
#include "host/link/link_device.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace millrace::link {
namespace {

constexpr uint32_t kMachineId = 0x4D494C4C;
constexpr uint32_t kLastRegister = 0xffc;
constexpr Duration kFirstPause = std::chrono::microseconds(100);
constexpr Duration kLongestPause = std::chrono::milliseconds(5);

std::string hex(uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

bool bit(uint32_t word, int low) { return (word >> low & 1) != 0; }

}  // namespace

Result<std::unique_ptr<LinkDevice>> LinkDevice::open(std::unique_ptr<ByteStream> stream,
                                                     const Options& options) {
  std::unique_ptr<LinkDevice> device(new LinkDevice(std::move(stream), options));
  if (const Status status = device->identify(); !status) return status.error();
  return device;
}

Status LinkDevice::identify() {
  const Result<Info> info = requester_.open();
  if (!info) return info.error();
  info_ = *info;
  if (info_.version != kVersion)
    return input_error(name() + ": the board speaks version " + std::to_string(info_.version) +
                       " of the link, this program version " + std::to_string(kVersion) +
                       "; bring the older one up to date");
  const Result<uint32_t> id = read_reg(reg::kId);
  if (!id) return id.error();
  if (*id != kMachineId)
    return input_error(name() + ": no Millrace machine: register ID reads " + hex(*id) + ", not " +
                       hex(kMachineId));
  const Result<uint32_t> hash = read_reg(reg::kIsaHash);
  if (!hash) return hash.error();
  std::string known;
  for (const isa::Config& config : isa::kConfigs) {
    if (config.isa_hash == *hash) config_ = &config;
    known += (known.empty() ? "" : ", ") + std::string(config.name) + " " + hex(config.isa_hash);
  }
  if (config_ == nullptr)
    return input_error(name() + ": the machine has ISA hash " + hex(*hash) +
                       ", which is no configuration of this build (" + known +
                       "); rebuild one of the two");
  return {};
}

// ---- Registers.

Status LinkDevice::settle(const Result<bool>& accepted, const std::string& what) {
  if (!accepted) return accepted.error();
  if (!*accepted) return failure(name() + ": " + what + " was refused (SLVERR)");
  return {};
}

Result<uint32_t> LinkDevice::read_reg(uint32_t offset) {
  const std::string what = "read of register " + hex(offset);
  if (offset % kWordBytes != 0 || offset > kLastRegister)
    return input_error(what + ": not a register offset");
  std::array<uint8_t, kWordBytes> word;
  if (const Status status = settle(requester_.read(false, offset, word), what); !status)
    return status.error();
  return word_at(word, 0);
}

Status LinkDevice::write_reg(uint32_t offset, uint32_t value) {
  const std::string what = "write of register " + hex(offset);
  if (offset % kWordBytes != 0 || offset > kLastRegister)
    return input_error(what + ": not a register offset");
  return settle(requester_.write_register(offset, value), what);
}

// ---- Memory.

Status LinkDevice::check_range(uint64_t addr, uint64_t bytes) {
  if (addr <= mem_bytes() && bytes <= mem_bytes() - addr) return {};
  return input_error(name() + ": access to " + std::to_string(bytes) + " bytes at " + hex(addr) +
                     " is outside the device memory of " + std::to_string(mem_bytes()) + " bytes");
}

Status LinkDevice::read_words(uint64_t addr, std::span<uint8_t> out) {
  return settle(requester_.read(true, static_cast<uint32_t>(addr), out),
                "read of memory at " + hex(addr));
}

Status LinkDevice::write_words(uint64_t addr, std::span<const uint8_t> data) {
  return settle(requester_.write_memory(static_cast<uint32_t>(addr), data),
                "write of memory at " + hex(addr));
}

Status LinkDevice::read_mem(uint64_t addr, std::span<uint8_t> out) {
  if (Status status = check_range(addr, out.size()); !status) return status;
  if (out.empty()) return {};
  const uint64_t begin = addr / kWordBytes * kWordBytes;
  const uint64_t end = (addr + out.size() + kWordBytes - 1) / kWordBytes * kWordBytes;
  if (begin == addr && end == addr + out.size()) return read_words(addr, out);
  std::vector<uint8_t> words(end - begin);
  if (Status status = read_words(begin, words); !status) return status;
  std::copy_n(words.begin() + static_cast<ptrdiff_t>(addr - begin), out.size(), out.begin());
  return {};
}

Status LinkDevice::write_mem(uint64_t addr, std::span<const uint8_t> data) {
  if (Status status = check_range(addr, data.size()); !status) return status;
  if (data.empty()) return {};
  const uint64_t last_byte = addr + data.size() - 1;
  const uint64_t first = addr / kWordBytes * kWordBytes, last = last_byte / kWordBytes * kWordBytes;
  const bool ragged_end = last_byte % kWordBytes != kWordBytes - 1;
  if (first == addr && !ragged_end) return write_words(addr, data);
  std::vector<uint8_t> words(last + kWordBytes - first);
  const std::span<uint8_t> all(words);
  if (first != addr)
    if (Status status = read_words(first, all.first(kWordBytes)); !status) return status;
  if (ragged_end && (last != first || first == addr))
    if (Status status = read_words(last, all.last(kWordBytes)); !status) return status;
  std::copy(data.begin(), data.end(), words.begin() + static_cast<ptrdiff_t>(addr - first));
  return write_words(first, words);
}

// ---- Time.

Status LinkDevice::advance(uint64_t cycles) {
  ByteStream& line = requester_.stream();
  TimePoint moved = line.now();
  Duration pause = kFirstPause;
  std::optional<uint32_t> first_cycle, first_head;
  uint32_t seen = 0;
  while (true) {
    const Result<uint32_t> status = read_reg(reg::kStatus);
    if (!status) return status.error();
    if (bit(*status, reg::kStatusIdleLow) || bit(*status, reg::kStatusFaultLow)) return {};
    const Result<uint32_t> cycle = read_reg(reg::kCycles);
    if (!cycle) return cycle.error();
    const Result<uint32_t> head = read_reg(reg::kRingHead);
    if (!head) return head.error();
    if (!first_cycle) first_cycle = seen = *cycle, first_head = *head;
    const uint32_t passed = *cycle - *first_cycle;
    if (passed >= cycles || (passed == 0 && *head != *first_head)) return {};
    if (*cycle != seen) moved = line.now();
    seen = *cycle;
    if (line.now() - moved >= requester_.options().stall)
      return failure(name() + ": the machine works, but its time stands still at cycle " +
                     std::to_string(seen) + ": STATUS " + hex(*status) + ", RING_HEAD " +
                     std::to_string(*head) + "; reset the board");
    line.sleep(pause);
    pause = std::min(2 * pause, kLongestPause);
  }
}

}  // namespace millrace::link
