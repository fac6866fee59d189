// SPDX-License-Identifier: Apache-2.0
// The Verilated machine for tests of time: raw register writes whose handshakes have known cycles,
// programs straight into the ring, completions by the cycle.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/verilator/rtl_device.h"
#include "tests/timing/page_machine.h"

namespace millrace::timing {

using page::Cycle;

// Segments of every configuration. kData and kOther share no memory; nothing may touch kClosed;
// kShort has a few rows' bytes.
inline constexpr uint32_t kData = 0, kOther = 1, kClosed = 2, kShort = 3;

// The on-chip memories that LOAD and STORE reach.
std::vector<isa::Space> dma_spaces(const isa::Config& config);

// Counters of unit `u` (load, store, matmul, vector): cycles in which it was busy, and in which it
// stood still for unit `v`. For itself: it had no instruction (EMPTY_*).
constexpr uint32_t busy_counter(uint32_t u) { return reg::kBusyLoad + 4 * u; }
constexpr uint32_t stall_counter(uint32_t u, uint32_t v) {
  return reg::kEmptyLoad + 4 * (4 * u + v);
}
static_assert(busy_counter(3) == reg::kBusyVector && stall_counter(3, 3) == reg::kEmptyVector &&
              stall_counter(1, 0) == reg::kWaitStoreLoad);

// What instruction `index` of a program (from its own beginning) did.
using Retirement = cycle::Retirement;

class Bench {
 public:
  // Null, with a message printed, if the build has no such machine.
  // Accesses that touch `slverr` are refused by the bus.
  static std::unique_ptr<Bench> open(const std::string& config, const std::string& memory,
                                     sim::AddressRange slverr = {});

  const isa::Config& config() const { return device_->config(); }
  sim::RtlDevice& device() { return *device_; }
  page::Memory& memory() { return page_memory_; }  // sees what the machine's memory sees
  page::Machine page() { return page::Machine(config(), page_memory_, segments_); }
  const std::vector<page::Segment>& segments() const { return segments_; }
  Cycle now() const { return device_->cycle(); }

  // A register write from now on: the cycle of its handshake. AWVALID and WVALID come up in the
  // first cycles in which the host does not stall and stay; without a scan both are taken in the
  // first cycle in which both are up. The answer comes one cycle later and is taken when the host
  // does not stall, in the last cycle of the access. So the access's last cycle tells the
  // handshake.
  Cycle write(uint32_t offset, uint32_t value);
  // A register read from now on, on a memory that does not stall: sampled in the cycle now().
  uint32_t read(uint32_t offset);
  uint32_t read_at(Cycle cycle, uint32_t offset);  // in a cycle to come
  void run_to(Cycle cycle);

  // Puts a program behind the last one and rings; the machine is idle. The doorbell's handshake.
  Cycle start(std::span<const isa::Instruction> program);
  // Waits for `count` completions of that program; fewer if there are no more within `limit`
  // cycles.
  const std::vector<Retirement>& wait(size_t count, uint64_t limit = 200000);
  uint32_t ring_address() const { return ring_ + 32 * (first_ % ring_size_); }

  // Runs a program without a fault and compares all completions with the page. False if they
  // differ.
  bool check(std::span<const isa::Instruction> program, const std::string& what);
  // Runs one instruction and compares its completion, `course` being its course from its start on.
  template <typename Course>
  bool check_one(const isa::Instruction& words, isa::Fault fault, const Course& course,
                 const std::string& what);

  // CTRL.reset, and waits until it is over.
  void soft_reset();
  // Other segments and another ring than those above; the machine is idle.
  void set_up(std::span<const page::Segment> segments, uint32_t ring, uint32_t ring_log2);

  // Takes note of points checked and prints their number.
  void report(const char* formula, uint64_t points) const;
  // Prints what is not checked on this machine, and why; once.
  void skip(const char* what, const char* reason) const;

 private:
  Bench(std::unique_ptr<sim::RtlDevice> device, const memory::MemorySpec& spec, std::string name);
  // Whether the configuration has all the bits that are set; a failure if not.
  bool legal(std::span<const isa::Instruction> program, const std::string& what) const;

  std::unique_ptr<sim::RtlDevice> device_;
  memory::MemoryTiming host_;  // when the host stalls
  page::Memory page_memory_;
  std::vector<page::Segment> segments_;
  uint32_t ring_ = 0, ring_size_ = 0;
  std::string name_;
  uint32_t first_ = 0, tail_ = 0;  // of the last program: index since reset
  std::vector<Retirement> trace_;
};

template <typename Course>
bool Bench::check_one(const isa::Instruction& words, isa::Fault fault, const Course& course,
                      const std::string& what) {
  if (!legal(std::span(&words, 1), what)) return false;
  const Cycle c = page().first_start(start(std::span(&words, 1)), ring_address());
  const Cycle done = course(c).done;
  const std::vector<Retirement>& got = wait(1);
  EXPECT_EQ(got.size(), 1u) << what << ", " << name_;
  if (got.empty()) return false;
  EXPECT_EQ(got[0].cycle - c, done - c) << what << ", " << name_ << ", start " << c;
  EXPECT_EQ(got[0].fault, fault) << what << ", " << name_;
  const bool same = got[0].cycle == done && got[0].fault == fault;
  if (fault != isa::Fault::kNone) soft_reset();
  return same;
}

// The machines of the tests: every configuration but `large`, which is slow.
inline constexpr const char* kConfigs[] = {"nano", "small", "base"};

}  // namespace millrace::timing
