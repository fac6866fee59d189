// SPDX-License-Identifier: Apache-2.0
// LinkDevice against the far end of `millrace serve`, on lines that misbehave: every operation ends
// in the right result or in an Error, in bounded time, and register writes happen exactly once.
#include "host/link/link_device.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/link/faulty_line.h"
#include "tests/link/noted_device.h"

namespace millrace::link {
namespace {

using std::chrono::milliseconds;
using testing::Faults;
using testing::FaultyLine;
using testing::NotedDevice;
using Writes = std::vector<std::pair<uint32_t, uint32_t>>;

constexpr Options kQuick = {.answer = milliseconds(100),
                            .gap = milliseconds(20),
                            .quiet = milliseconds(5),
                            .babble = milliseconds(200),
                            .stall = milliseconds(500),
                            .attempts = 8};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Both ends and what is between them.
struct Ends {
  explicit Ends(uint64_t seed = 1, const char* config = "nano")
      : machine(*isa::find_config(config)), far(machine) {
    auto owned = std::make_unique<FaultyLine>(far, seed);
    line = owned.get();
    stream = std::move(owned);
  }
  // Null, with the message in `wrong`, if that fails.
  std::unique_ptr<LinkDevice> open(const Options& options = kQuick) {
    auto device = LinkDevice::open(std::move(stream), options);
    if (device) return std::move(*device);
    wrong = device.error().message;
    return nullptr;
  }
  NotedDevice machine;
  sim::FarEnd far;
  FaultyLine* line;
  std::unique_ptr<ByteStream> stream;
  std::string wrong;
};

TEST(LinkDevice, FindsTheMachine) {
  for (const char* config : {"nano", "base"}) {
    Ends s(1, config);
    const auto device = s.open();
    ASSERT_TRUE(device) << s.wrong;
    EXPECT_EQ(device->config().name, config);
    EXPECT_EQ(device->mem_bytes(), s.machine.mem_bytes());
    EXPECT_EQ(device->info(), (Info{0, 1, static_cast<uint32_t>(s.machine.config().mem_log2), 0}));
    EXPECT_EQ(*device->read_reg(reg::kId), s.machine.id);
    EXPECT_EQ(device->repetitions(), 0u);
    EXPECT_TRUE(s.machine.writes.empty());
  }
}

TEST(LinkDevice, RefusesWhatIsNoMillrace) {
  Ends foreign;
  foreign.machine.id = 7;
  EXPECT_FALSE(foreign.open());
  EXPECT_TRUE(contains(foreign.wrong, "no Millrace machine: register ID reads 0x7"))
      << foreign.wrong;
  Ends unknown;
  unknown.machine.hash = 0x1234;
  EXPECT_FALSE(unknown.open());
  EXPECT_TRUE(contains(unknown.wrong, "ISA hash 0x1234, which is no configuration of this build"))
      << unknown.wrong;
  NotedDevice machine(*isa::find_config("nano"));
  sim::FarEnd later(machine, {.version = 2});
  const auto other =
      LinkDevice::open(std::make_unique<FaultyLine>(later, 1), kQuick).error().message;
  EXPECT_TRUE(contains(other, "speaks version 2 of the link, this program version 1")) << other;
  Ends silent;
  silent.line->cut = true;
  EXPECT_FALSE(silent.open());
  EXPECT_TRUE(contains(silent.wrong, "8 attempts: nothing heard")) << silent.wrong;
  Ends babbler;
  babbler.line->babbles = true;
  EXPECT_FALSE(babbler.open());
  EXPECT_TRUE(contains(babbler.wrong, "noise without end")) << babbler.wrong;
}

TEST(LinkDevice, MemoryAtAnyByte) {
  Ends s;
  const auto device = s.open();
  ASSERT_TRUE(device) << s.wrong;
  cosim::Prng prng(5);
  std::vector<uint8_t> mirror(s.machine.mem_bytes());
  for (uint8_t& byte : mirror) byte = static_cast<uint8_t>(prng.bits());
  ASSERT_TRUE(device->write_mem(0, mirror));
  for (uint64_t addr = 0; addr < 5; ++addr) {
    for (size_t bytes = 0; bytes < 14; ++bytes) {
      std::vector<uint8_t> data(bytes), back(bytes + 3);
      for (uint8_t& byte : data) byte = static_cast<uint8_t>(prng.bits());
      ASSERT_TRUE(device->write_mem(4096 + addr, data));
      std::ranges::copy(data, mirror.begin() + static_cast<ptrdiff_t>(4096 + addr));
      ASSERT_TRUE(device->read_mem(4095 + addr, back));
      ASSERT_TRUE(std::equal(back.begin(), back.end(),
                             mirror.begin() + static_cast<ptrdiff_t>(4095 + addr)))
          << addr << " " << bytes;
    }
  }
  std::vector<uint8_t> all(mirror.size());
  ASSERT_TRUE(s.machine.read_mem(0, all));
  EXPECT_EQ(all, mirror);
  EXPECT_FALSE(device->read_mem(mirror.size() - 1, std::span(all).first(2)));
  EXPECT_FALSE(device->write_mem(UINT64_MAX, std::span(all).first(2)));
  EXPECT_TRUE(device->read_mem(mirror.size(), {}));
}

TEST(LinkDevice, RefusedRegistersAreErrorsAndDoNotStopTheLink) {
  Ends s;
  const auto device = s.open();
  ASSERT_TRUE(device) << s.wrong;
  EXPECT_TRUE(contains(device->read_reg(0x5c).error().message, "0x5c was refused (SLVERR)"));
  EXPECT_TRUE(contains(device->write_reg(reg::kId, 1).error().message, "refused"));
  EXPECT_EQ(device->read_reg(kInfoRegister).error().kind, Error::Kind::kInput);
  EXPECT_FALSE(device->write_reg(2, 0));
  EXPECT_TRUE(device->write_reg(reg::kIrqEnable, 1));
  EXPECT_EQ(*device->read_reg(reg::kIrqEnable), 1u);
}

// What a host does with a machine, on a bad line, against a copy that is on none.
struct Walk {
  Walk(uint64_t seed, Ends& setup) : s(setup), prng(seed), mirror(setup.machine.mem_bytes()) {}

  Status step(Device& device) {
    const uint32_t what = prng.below(8);
    if (what < 2) return write_register(device);
    if (what < 4) return read_register(device);
    const auto bytes = static_cast<size_t>(prng.one_in(8) ? prng.below(20000) : prng.below(40));
    const uint64_t addr = prng.below(static_cast<uint32_t>(mirror.size() - bytes));
    const auto at = mirror.begin() + static_cast<ptrdiff_t>(addr);
    std::vector<uint8_t> data(bytes);
    if (what < 6) {
      if (Status status = device.read_mem(addr, data); !status) return status;
      EXPECT_TRUE(std::equal(data.begin(), data.end(), at)) << "memory at " << addr;
      return {};
    }
    for (uint8_t& byte : data) byte = static_cast<uint8_t>(prng.bits());
    if (Status status = device.write_mem(addr, data); !status) return status;
    std::ranges::copy(data, at);
    return {};
  }

  Status write_register(Device& device) {
    // The tail stays where it is: a doorbell all the same.
    const uint32_t offsets[] = {reg::kIrqEnable, reg::kSegBase + 16, reg::kRingTail};
    const uint32_t offset = offsets[prng.below(3)];
    const uint32_t value = offset == reg::kRingTail    ? 0
                           : offset == reg::kIrqEnable ? prng.below(4)
                                                       : 256 * prng.below(16);
    attempted.emplace_back(offset, value);
    if (Status status = device.write_reg(offset, value); !status) return status;
    return {};
  }

  Status read_register(Device& device) {
    const uint32_t offsets[] = {reg::kIrqEnable, reg::kSegBase + 16, reg::kStatus, reg::kCaps0};
    const uint32_t offset = offsets[prng.below(4)];
    const Result<uint32_t> value = device.read_reg(offset);
    if (!value) return value.error();
    EXPECT_EQ(*value, *s.machine.read_reg(offset)) << "register " << offset;
    return {};
  }

  Ends& s;
  cosim::Prng prng;
  std::vector<uint8_t> mirror;
  Writes attempted;
};

// Nothing may take longer, whatever happens: all attempts at the longest transfer in the shortest
// bursts that damage leads to would be more, but no line here is that bad for so long.
constexpr Duration kBound = std::chrono::seconds(120);

// Steps until one fails, or `steps` are done; how many were.
int walk(Walk& w, Ends& s, LinkDevice& device, int steps, std::string& wrong) {
  for (int i = 0; i < steps; ++i) {
    const TimePoint before = s.line->now();
    const Status status = w.step(device);
    EXPECT_LT(s.line->now() - before, kBound);
    if (!status) {
      wrong = status.error().message;
      EXPECT_FALSE(wrong.empty());
      return i;
    }
  }
  return steps;
}

class Lines : public ::testing::TestWithParam<Faults> {};

TEST_P(Lines, EveryOperationIsRightAndEveryWriteHappensOnce) {
  uint64_t repetitions = 0;
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Ends s(seed);
    s.line->faults = GetParam();
    const auto device = s.open();
    ASSERT_TRUE(device) << s.wrong;
    Walk w(seed, s);
    ASSERT_TRUE(device->write_mem(0, w.mirror));
    std::string wrong;
    EXPECT_EQ(walk(w, s, *device, 120, wrong), 120) << wrong;
    EXPECT_EQ(s.machine.writes, w.attempted);
    repetitions += device->repetitions();
  }
  EXPECT_GT(repetitions, 20u) << "the faults of this line do not reach the host";
}

INSTANTIATE_TEST_SUITE_P(
    All, Lines,
    ::testing::Values(Faults{.lost = 200}, Faults{.changed = 200}, Faults{.doubled = 200},
                      Faults{.late = 5, .delay = milliseconds(400)},
                      Faults{.late = 300, .delay = milliseconds(60)},
                      Faults{.lost = 100, .changed = 100, .doubled = 100, .late = 2}));

// Every answer comes when the host has given up waiting: to one of its repetitions.
TEST(LinkDevice, ALineThatLagsMoreThanTheHostWaits) {
  Ends s;
  const auto device = s.open();
  ASSERT_TRUE(device) << s.wrong;
  s.line->faults.latency = milliseconds(65);  // each way, for answers within 100 ms
  Walk w(7, s);
  std::string wrong;
  ASSERT_TRUE(device->write_mem(0, w.mirror));
  EXPECT_EQ(walk(w, s, *device, 300, wrong), 300) << wrong;
  EXPECT_EQ(s.machine.writes, w.attempted);
  EXPECT_GT(device->repetitions(), 100u);
}

// So bad that some operations fail: then they say so, and no write happened twice.
TEST(LinkDevice, TerribleLinesEndInErrorsNeverInWrongValues) {
  int failed = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Ends s(seed);
    const auto device = s.open();
    ASSERT_TRUE(device) << s.wrong;
    s.line->faults = {.lost = 15000, .changed = 15000, .doubled = 10000, .late = 1000};
    Walk w(seed, s);
    std::string wrong;
    if (walk(w, s, *device, 60, wrong) == 60) continue;
    ++failed;
    // The write that failed may have happened, once.
    Writes done = s.machine.writes;
    if (done.size() < w.attempted.size()) w.attempted.pop_back();
    EXPECT_EQ(done, w.attempted);
  }
  EXPECT_GT(failed, 10);
}

TEST(LinkDevice, AWriteThatFailedIsNeitherLostNorDoubledLater) {
  Ends s;
  const auto device = s.open();
  ASSERT_TRUE(device) << s.wrong;
  for (uint32_t i = 0; i < 40; ++i) {
    s.line->faults.lost = 60000;  // a third of the answers; with 8 attempts some writes fail
    const bool done = static_cast<bool>(device->write_reg(reg::kIrqEnable, i % 4));
    s.line->faults.lost = 0;
    const auto count = std::ranges::count(s.machine.writes, std::pair(reg::kIrqEnable, i % 4));
    EXPECT_LE(count, 1);
    EXPECT_GE(count, done ? 1 : 0);
    s.machine.writes.clear();
    // The next one happens, whatever became of the last.
    ASSERT_TRUE(device->write_reg(reg::kRingTail, 0));
    EXPECT_EQ(s.machine.writes, (Writes{{reg::kRingTail, 0}}));
    s.machine.writes.clear();
  }
}

TEST(LinkDevice, AHostThatDiedInALongWriteIsForgotten) {
  Ends s;
  const std::vector<uint8_t> data(kMaxWords * kWordBytes, 0xaa);
  std::vector<uint8_t> half = encode({.write = true, .memory = true, .words = kMaxWords}, data),
                       answers;
  half.resize(half.size() - 3);
  s.far.take(std::span(half).first(20), answers);
  const auto device = s.open();
  ASSERT_TRUE(device) << s.wrong;
  EXPECT_EQ(*device->read_reg(reg::kId), s.machine.id);
}

TEST(LinkDevice, UnpluggedAtAnyByte) {
  for (uint64_t at = 1; at < 3000; at += 97) {
    Ends s(at);
    s.line->unplug_at = at;
    const auto device = s.open();
    if (!device) {
      EXPECT_TRUE(contains(s.wrong, "unplugged"));
      continue;
    }
    Walk w(at, s);
    std::string wrong;
    EXPECT_LT(walk(w, s, *device, 10000, wrong), 10000);
    EXPECT_EQ(wrong, "faulty:: unplugged");
    EXPECT_FALSE(device->read_reg(reg::kId));  // it stays so
  }
}

TEST(LinkDevice, AResetOfTheBoardIsNoticedAtAnyByte) {
  for (uint64_t at = 1; at < 3000; at += 97) {
    Ends s(at);
    const auto device = s.open();
    ASSERT_TRUE(device) << s.wrong;
    s.line->reset_at = s.line->arrived() + at;
    Walk w(at, s);
    std::string wrong;
    EXPECT_LT(walk(w, s, *device, 10000, wrong), 10000);
    EXPECT_TRUE(contains(wrong, "was reset while it was in use")) << wrong;
    const Result<uint32_t> again = device->read_reg(reg::kId);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().message, wrong);
  }
}

TEST(LinkDevice, TellsWhatItHeard) {
  Ends s;
  const auto device = s.open();
  ASSERT_TRUE(device) << s.wrong;
  s.line->babbles = true;
  EXPECT_TRUE(contains(device->read_reg(reg::kId).error().message, "noise without end"));
  s.line->babbles = false;
  EXPECT_TRUE(device->read_reg(reg::kId)) << "it has stopped";
  s.line->cut = true;
  const std::string silent = device->write_reg(reg::kIrqEnable, 1).error().message;
  EXPECT_TRUE(contains(silent, "write of register 0x2c failed in 8 attempts: nothing heard"))
      << silent;
  s.line->cut = false;
  EXPECT_TRUE(device->write_reg(reg::kIrqEnable, 1));
  s.line->faults.changed = 900000;
  const std::string noise = device->read_reg(reg::kId).error().message;
  EXPECT_TRUE(contains(noise, "nothing heard") || contains(noise, "no valid answer")) << noise;
}

// Of a machine whose clock has stopped.
class StuckDevice : public NotedDevice {
 public:
  using NotedDevice::NotedDevice;
  Result<uint32_t> read_reg(uint32_t offset) override {
    if (offset == reg::kStatus) return busy ? 0u : 1u;
    if (offset == reg::kCycles) return cycles += busy && runs ? 300 : 0;
    return NotedDevice::read_reg(offset);
  }
  bool busy = false, runs = false;
  uint32_t cycles = 0xffffff00u;  // about to wrap
};

TEST(LinkDevice, AdvanceEndsWhenTimeHasPassedOrStandsStill) {
  StuckDevice machine(*isa::find_config("nano"));
  sim::FarEnd far(machine);
  auto line = std::make_unique<FaultyLine>(far, 1);
  const FaultyLine& clock = *line;
  auto device = LinkDevice::open(std::move(line), kQuick);
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_TRUE((*device)->advance(1000000));  // idle
  machine.busy = machine.runs = true;
  EXPECT_TRUE((*device)->advance(1000));
  EXPECT_EQ(machine.cycles, 0xffffff00u + 5 * 300);
  machine.runs = false;
  const TimePoint before = clock.now();
  const Status status = (*device)->advance(1000);
  ASSERT_FALSE(status);
  EXPECT_TRUE(contains(status.error().message, "its time stands still at cycle 1244: STATUS 0x0"))
      << status.error().message;
  EXPECT_LT(clock.now() - before, milliseconds(600));
}

}  // namespace
}  // namespace millrace::link
