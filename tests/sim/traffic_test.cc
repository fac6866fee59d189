// SPDX-License-Identifier: Apache-2.0
// The Verilated device around a traffic generator (traffic.sv) with 32-bit and 128-bit data pins:
// register accesses, data, exact latencies, errors, waveforms, and two devices in one process.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <numeric>
#include <vector>

#include "Vtraffic_base.h"
#include "Vtraffic_nano.h"
#include "sim/access.h"
#include "sim/verilator/rtl_device.h"
#include "sim/verilator/verilated_machine.h"

namespace millrace::sim {
namespace {

enum Register : uint32_t {
  kGo = 0x38,
  kReadAddr = 0x100,
  kReadBeats = 0x104,
  kWriteAddr = 0x108,
  kWriteBeats = 0x10c,
  kFetchAddr = 0x110,
  kReadSum = 0x140,
  kReadCycles = 0x144,
  kResponses = 0x148,
  kFetchSum = 0x14c,
  kWriteCycles = 0x150,
  kUnreset = 0x154,
};
enum Go : uint32_t {
  kRead = 1,
  kWrite = 2,
  kFetch = 4,
  kArvalidFalls = 8,
  kForever = 16,
  kFault = 32,
};

class Traffic : public testing::TestWithParam<const char*> {
 protected:
  Result<std::unique_ptr<RtlDevice>> open(const SimOptions& options) {
    const isa::Config& config = *isa::find_config(GetParam());
    std::unique_ptr<Machine> machine;
    if (config.dim == 4)
      machine = std::make_unique<VerilatedMachine<Vtraffic_nano>>(options.seed);
    else
      machine = std::make_unique<VerilatedMachine<Vtraffic_base>>(options.seed);
    return RtlDevice::create(config, std::move(machine), options);
  }
  std::unique_ptr<RtlDevice> must_open(const SimOptions& options = {}) {
    auto device = open(options);
    EXPECT_TRUE(device) << (device ? "" : device.error().message);
    return std::move(*device);
  }
  static void set(RtlDevice& device, uint32_t offset, uint32_t value) {
    const Status ok = device.write_reg(offset, value);
    EXPECT_TRUE(ok) << (ok ? "" : ok.error().message);
  }
  static uint32_t get(RtlDevice& device, uint32_t offset) {
    auto value = device.read_reg(offset);
    EXPECT_TRUE(value) << (value ? "" : value.error().message);
    return value ? *value : 0;
  }
  // Random-looking bytes everywhere below 64 KiB; returns them as words.
  static std::vector<uint32_t> fill(RtlDevice& device) {
    std::vector<uint8_t> bytes(65536);
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * i + 3 * (i >> 8));
    EXPECT_TRUE(device.write_mem(0, bytes));
    std::vector<uint32_t> words(bytes.size() / 4);
    for (size_t i = 0; i < bytes.size(); ++i) words[i / 4] |= uint32_t{bytes[i]} << i % 4 * 8;
    return words;
  }
  static uint32_t sum(const std::vector<uint32_t>& words, uint32_t addr, uint32_t bytes) {
    return std::accumulate(words.begin() + addr / 4, words.begin() + (addr + bytes) / 4, 0u);
  }
};

TEST_P(Traffic, ReadsWritesAndFetches) {
  for (const memory::MemorySpec& spec :
       {memory::MemorySpec{}, memory::MemorySpec{.latency = 40, .bytes_per_cycle = 3},
        memory::MemorySpec{.latency = 3, .bytes_per_cycle = 16, .stall_percent = 50, .seed = 9}}) {
    auto device = must_open({.memory = spec});
    const uint32_t dim = static_cast<uint32_t>(device->config().dim);
    const uint32_t beats = static_cast<uint32_t>(device->config().dma_burst);
    const std::vector<uint32_t> words = fill(*device);
    set(*device, kReadAddr, 0x2000);
    set(*device, kReadBeats, beats);
    set(*device, kWriteAddr, 0x4000);
    set(*device, kWriteBeats, beats);
    set(*device, kFetchAddr, 0x620);
    set(*device, kGo, kRead | kWrite | kFetch);
    ASSERT_TRUE(device->advance(10'000));
    EXPECT_EQ(get(*device, reg::kStatus), 1u);
    EXPECT_EQ(get(*device, kReadSum), sum(words, 0x2000, beats * dim));
    EXPECT_EQ(get(*device, kFetchSum), sum(words, 0x620, 32));
    EXPECT_EQ(get(*device, kResponses), 0u);
    std::vector<uint8_t> written(beats * dim);
    ASSERT_TRUE(device->read_mem(0x4000, written));
    for (uint32_t i = 0; i < beats * dim; ++i)
      ASSERT_EQ(written[i], static_cast<uint8_t>(i / dim + i % dim)) << to_string(spec);
  }
}

TEST_P(Traffic, LatencyIsExact) {
  auto device = must_open({.memory = {.latency = 33}});
  set(*device, kReadAddr, 0x100);
  set(*device, kReadBeats, 4);
  set(*device, kGo, kRead);
  ASSERT_TRUE(device->advance(1000));
  EXPECT_EQ(get(*device, kReadCycles), 33u + 3u);
  set(*device, kWriteAddr, 0x100);
  set(*device, kWriteBeats, 4);
  set(*device, kGo, kWrite);
  ASSERT_TRUE(device->advance(1000));
  EXPECT_EQ(get(*device, kWriteCycles), 33u);
}

TEST_P(Traffic, UnknownRegistersAndReadOnlyOnesAreErrors) {
  auto device = must_open();
  auto value = device->read_reg(0x200);
  ASSERT_FALSE(value);
  EXPECT_NE(value.error().message.find("register 0x200 answered SLVERR"), std::string::npos);
  EXPECT_FALSE(device->write_reg(0x140, 0));
  EXPECT_FALSE(device->read_reg(0x1000));
  EXPECT_FALSE(device->read_reg(2));
  EXPECT_EQ(get(*device, reg::kStatus), 1u);  // and it goes on
}

TEST_P(Traffic, MemoryAccessesAreChecked) {
  auto device = must_open();
  std::vector<uint8_t> bytes(16);
  EXPECT_TRUE(device->write_mem(device->mem_bytes() - 16, bytes));
  EXPECT_FALSE(device->write_mem(device->mem_bytes() - 15, bytes));
  EXPECT_FALSE(device->read_mem(~uint64_t{0} - 3, bytes));
  auto status = device->read_mem(device->mem_bytes(), bytes);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, Error::Kind::kInput);
}

TEST_P(Traffic, InjectedErrorsReachTheMachine) {
  auto device = must_open({.slverr = {.first = 0x1000, .bytes = 1}});
  const uint32_t outside = static_cast<uint32_t>(device->mem_bytes());
  for (const auto& [addr, response] : {std::pair(0x1000u, 2u), {0x1100u, 0u}, {outside, 3u}}) {
    set(*device, kReadAddr, addr);
    set(*device, kReadBeats, 2);
    set(*device, kGo, kRead);
    ASSERT_TRUE(device->advance(100));
    EXPECT_EQ(get(*device, kResponses), response);
    set(*device, kWriteAddr, addr);
    set(*device, kWriteBeats, 2);
    set(*device, kGo, kWrite);
    ASSERT_TRUE(device->advance(100));
    EXPECT_EQ(get(*device, kResponses), response);
  }
}

TEST_P(Traffic, AdvanceStopsEarlyOrAtTheLimit) {
  auto device = must_open();
  uint64_t before = device->cycle();
  ASSERT_TRUE(device->advance(1'000'000));  // idle
  EXPECT_LE(device->cycle() - before, 2 * kPollInterval);
  set(*device, kGo, kForever);
  before = device->cycle();
  ASSERT_TRUE(device->advance(5000));
  EXPECT_EQ(device->cycle() - before, 5000u);
  set(*device, kGo, kForever | kFault);
  set(*device, kGo, kFault);
  before = device->cycle();
  ASSERT_TRUE(device->advance(1'000'000));
  EXPECT_LE(device->cycle() - before, 2 * kPollInterval);
  EXPECT_TRUE(device->irq());
}

TEST_P(Traffic, AViolationIsAnErrorWithItsReproduction) {
  auto device = must_open({.memory = {.stall_percent = 95, .seed = 4}, .seed = 77});
  set(*device, kReadAddr, 0);
  set(*device, kReadBeats, 1);
  Status status = device->write_reg(kGo, kRead | kArvalidFalls);
  if (status) status = device->advance(1000);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, Error::Kind::kFailure);
  for (const std::string part : {"ARVALID fell before ARREADY", "on the data port", GetParam(),
                                 "memory random:4:1:0:95", "seed 77"})
    EXPECT_NE(status.error().message.find(part), std::string::npos) << status.error().message;
  EXPECT_FALSE(device->read_reg(reg::kStatus));  // stays broken
  EXPECT_FALSE(device->advance(1));
}

TEST_P(Traffic, ALongBurstIsAViolation) {
  auto device = must_open();
  set(*device, kReadAddr, 0);
  set(*device, kReadBeats, static_cast<uint32_t>(device->config().dma_burst) + 1);
  Status status = device->write_reg(kGo, kRead);
  if (status) status = device->advance(100);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("beats, more than"), std::string::npos);
}

TEST_P(Traffic, RegistersWithoutResetFollowTheSeed) {
  const uint32_t one = get(*must_open({.seed = 1}), kUnreset);
  EXPECT_EQ(get(*must_open({.seed = 1}), kUnreset), one);
  EXPECT_NE(get(*must_open({.seed = 2}), kUnreset), one);
}

TEST_P(Traffic, TwoDevicesDoNotMeet) {
  // Alone and interleaved with another device: the same cycles, the same data.
  const auto start = [](RtlDevice& device, uint32_t addr) {
    fill(device);
    set(device, kReadAddr, addr);
    set(device, kReadBeats, 8);
    set(device, kGo, kRead);
  };
  const memory::MemorySpec spec{.latency = 20, .stall_percent = 40, .seed = 3};
  auto alone = must_open({.memory = spec});
  start(*alone, 0x800);
  ASSERT_TRUE(alone->run(500));

  auto one = must_open({.memory = spec});
  auto two = must_open({.memory = {.latency = 7, .stall_percent = 10, .seed = 8}});
  start(*one, 0x800);
  start(*two, 0x900);
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(one->run(1));
    ASSERT_TRUE(two->run(1));
  }
  EXPECT_EQ(one->cycle(), alone->cycle());
  for (const uint32_t r : {kReadSum, kReadCycles}) {
    EXPECT_EQ(get(*one, r), get(*alone, r));
    EXPECT_NE(get(*two, r), get(*alone, r));
  }
}

TEST_P(Traffic, WritesAWaveform) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() /
      ("millrace_traffic_" + std::string(GetParam()) + std::to_string(getpid()) + ".fst");
  {
    auto device = must_open({.wave = path.string()});
    ASSERT_TRUE(device->run(200));
  }
  EXPECT_GT(std::filesystem::file_size(path), 500u);
  std::filesystem::remove(path);
  auto nowhere = open({.wave = "/nonexistent/x.fst"});
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().message.find("/nonexistent/x.fst"), std::string::npos);
}

TEST_P(Traffic, BuildIdIsSet) { EXPECT_NE(get(*must_open(), reg::kBuildId), 0u); }

INSTANTIATE_TEST_SUITE_P(Widths, Traffic, testing::Values("nano", "base"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace millrace::sim
