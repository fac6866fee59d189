// SPDX-License-Identifier: Apache-2.0
#include "tests/timing/bench.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <set>

namespace millrace::timing {
namespace {

void must(const Status& status) {
  if (!status) ADD_FAILURE() << status.error().message;
}

std::vector<page::Segment> segments_of(const isa::Config& config) {
  const uint32_t unit = config.addr_bits < 20 ? 0x1000 : 0x100000;
  return {{1 * unit, 7 * uint64_t{unit}, true, true},
          {8 * unit, 8 * uint64_t{unit}, true, true},
          {16 * unit, unit, false, false},
          {18 * unit, std::max(64u, 1u << config.segment_log2), true, true}};
}

}  // namespace

std::vector<isa::Space> dma_spaces(const isa::Config& config) {
  if (config.dma_acc) return {isa::Space::kSp, isa::Space::kAcc};
  return {isa::Space::kSp};
}

Bench::Bench(std::unique_ptr<sim::RtlDevice> device, const memory::MemorySpec& spec,
             std::string name)
    : device_(std::move(device)), host_(spec), page_memory_(spec), name_(std::move(name)) {
  device_->trace(&trace_);
}

std::unique_ptr<Bench> Bench::open(const std::string& config, const std::string& memory,
                                   sim::AddressRange slverr) {
  sim::SimOptions options;
  options.slverr = slverr;
  const auto spec = memory::parse_memory_spec(memory);
  options.memory = std::get<memory::MemorySpec>(spec);
  auto device = sim::open_rtl(config, options);
  if (!device) {
    std::printf("skipped: %s\n", device.error().message.c_str());
    return nullptr;
  }
  std::unique_ptr<Bench> bench(
      new Bench(std::move(*device), options.memory, config + ", " + memory));
  bench->set_up(segments_of(bench->config()), 0, 7);
  return bench;
}

// No writable segment may lie on the ring meanwhile.
void Bench::set_up(std::span<const page::Segment> segments, uint32_t ring, uint32_t ring_log2) {
  segments_.assign(segments.begin(), segments.end());
  ring_ = ring;
  ring_size_ = 1u << ring_log2;
  for (uint32_t i = 0; i < segments_.size(); ++i) write(reg::kSegCtrl + i * reg::kSegStride, 0);
  write(reg::kRingBase, ring);
  write(reg::kRingLog2, ring_log2);
  for (uint32_t i = 0; i < segments_.size(); ++i) {
    const page::Segment& s = segments_[i];
    write(reg::kSegBase + i * reg::kSegStride, s.base);
    write(reg::kSegSize + i * reg::kSegStride, static_cast<uint32_t>(s.size));
    write(reg::kSegCtrl + i * reg::kSegStride, (s.read ? 1u : 0u) | (s.write ? 2u : 0u));
  }
  run_to(now() + static_cast<uint64_t>(config().segments) + 2);  // the last scan
}

Cycle Bench::write(uint32_t offset, uint32_t value) {
  const Cycle begin = now();
  must(device_->write_reg(offset, value));
  if (!host_.stalls()) return now() - 2;
  return std::max(host_.next_ready(memory::Port::kHost, memory::Channel::kAw, begin),
                  host_.next_ready(memory::Port::kHost, memory::Channel::kW, begin));
}

uint32_t Bench::read(uint32_t offset) {
  const Result<uint32_t> value = device_->read_reg(offset);
  if (!value) ADD_FAILURE() << value.error().message;
  return value ? *value : 0;
}

uint32_t Bench::read_at(Cycle cycle, uint32_t offset) {
  run_to(cycle);
  return read(offset);
}

void Bench::run_to(Cycle cycle) {
  EXPECT_GE(cycle, now()) << "too late to look, " << name_;
  if (cycle > now()) must(device_->run(cycle - now()));
}

Cycle Bench::start(std::span<const isa::Instruction> program) {
  first_ = tail_;
  trace_.clear();
  for (const isa::Instruction& words : program) {
    uint8_t bytes[32];
    for (size_t i = 0; i < 32; ++i) bytes[i] = static_cast<uint8_t>(words[i / 4] >> i % 4 * 8);
    must(device_->write_mem(ring_ + 32 * (tail_++ % ring_size_), bytes));
  }
  return write(reg::kRingTail, tail_);
}

const std::vector<Retirement>& Bench::wait(size_t count, uint64_t limit) {
  for (const Cycle end = now() + limit; trace_.size() < count && now() < end;)
    must(device_->run(8));
  for (Retirement& r : trace_) r.index -= first_;
  // Quiet again: nothing is fetched, read or written.
  must(device_->run(4));
  return trace_;
}

bool Bench::legal(std::span<const isa::Instruction> program, const std::string& what) const {
  for (const isa::Instruction& words : program) {
    const auto info = std::ranges::find(
        isa::kInstructions, words[0] & 0xff,
        [](const isa::InstructionInfo& i) { return static_cast<uint32_t>(i.opcode); });
    bool good = info != isa::kInstructions.end();
    const auto config_index = static_cast<size_t>(config().index);
    for (size_t w = 0; good && w < words.size(); ++w)
      good = (words[w] & ~info->legal[config_index][w]) == 0;
    if (good) continue;
    ADD_FAILURE() << what << ", " << name_ << ": not an instruction of this configuration";
    return false;
  }
  return true;
}

bool Bench::check(std::span<const isa::Instruction> program, const std::string& what) {
  if (!legal(program, what)) return false;
  const Cycle doorbell = start(program);
  const std::vector<page::Times> times = page().run(doorbell, ring_address(), program);
  std::vector<Retirement> expected;
  for (uint32_t i = 0; i < times.size(); ++i)
    expected.push_back({times[i].course.done, times[i].unit, i, isa::Fault::kNone});
  std::ranges::sort(expected, {}, [](const Retirement& r) { return std::pair(r.cycle, r.unit); });
  const std::vector<Retirement>& got = wait(program.size());
  EXPECT_EQ(got.size(), expected.size()) << what << ", " << name_;
  for (size_t i = 0; i < std::min(got.size(), expected.size()); ++i) {
    if (got[i] == expected[i]) continue;
    ADD_FAILURE() << what << ", " << name_ << ", doorbell " << doorbell << ": completion " << i
                  << " is instruction " << got[i].index << " (unit " << got[i].unit << ", fault "
                  << static_cast<int>(got[i].fault) << ") in cycle " << got[i].cycle
                  << "; the page has instruction " << expected[i].index << " in cycle "
                  << expected[i].cycle;
    return false;
  }
  return got.size() == expected.size();
}

void Bench::soft_reset() {
  write(reg::kCtrl, 1);
  while (read(reg::kStatus) >> reg::kStatusResettingLow & 1) must(device_->run(1));
  first_ = tail_ = 0;
}

void Bench::report(const char* formula, uint64_t points) const {
  std::printf("%-44s %6llu points  (%s)\n", formula, static_cast<unsigned long long>(points),
              name_.c_str());
}

void Bench::skip(const char* what, const char* reason) const {
  static std::set<std::string> said;
  const std::string machine(config().name);
  if (said.insert(machine + what).second)
    std::printf("%-44s skipped: %s  (%s)\n", what, reason, machine.c_str());
}

}  // namespace millrace::timing
