// SPDX-License-Identifier: Apache-2.0
// The runtime and its allocator on a fake machine: set-up, refusals, submission through small
// rings, faults, hangs, reset.
#include "host/runtime/runtime.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "tests/host/fake_device.h"

namespace millrace {
namespace {

using testing::FakeDevice;
using ::testing::Test;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

isa::Instruction numbered(uint32_t number) {
  isa::Vset vset;
  vset.scalar1 = static_cast<int32_t>(number);
  return vset.pack();
}

std::vector<isa::Instruction> program_of(uint32_t count, uint32_t first = 0) {
  std::vector<isa::Instruction> program;
  for (uint32_t i = 0; i < count; ++i) program.push_back(numbered(first + i));
  return program;
}

std::unique_ptr<Runtime> open(Device& device, RuntimeOptions options = {}) {
  auto runtime = Runtime::create(device, options);
  EXPECT_TRUE(runtime) << (runtime ? "" : runtime.error().message);
  return runtime ? std::move(*runtime) : nullptr;
}

TEST(Allocator, AlignsAndNamesSizesWhenFull) {
  Allocator allocator(1000, 64);  // 15 whole units
  EXPECT_EQ(allocator.capacity(), 960u);
  const auto a = allocator.allocate(1), b = allocator.allocate(65), c = allocator.allocate(0);
  ASSERT_TRUE(a && b && c);
  EXPECT_EQ(b->address, 64u);
  EXPECT_EQ(b->size, 65u);
  EXPECT_EQ(c->address, 192u);
  EXPECT_EQ(allocator.free_bytes(), 960u - 256);
  const auto too_much = allocator.allocate(705);
  ASSERT_FALSE(too_much);
  EXPECT_TRUE(contains(too_much.error().message,
                       "705 bytes wanted, largest free block 704, free in all 704 of 960"));
  EXPECT_FALSE(allocator.allocate(UINT64_MAX));
  EXPECT_TRUE(allocator.release(*b));
  EXPECT_FALSE(allocator.release(*b));
  EXPECT_EQ(allocator.largest_free(), 704u);
}

TEST(Allocator, RandomUseNeverOverlapsAndMergesCompletely) {
  std::mt19937 random(1);
  Allocator allocator(1 << 16, 64);
  std::vector<Buffer> live;
  for (int step = 0; step < 4000; ++step) {
    if (random() % 2 == 0 && !live.empty()) {
      const size_t victim = random() % live.size();
      ASSERT_TRUE(allocator.release(live[victim]));
      live.erase(live.begin() + static_cast<ptrdiff_t>(victim));
      continue;
    }
    const auto buffer = allocator.allocate(random() % 3000);
    if (!buffer) continue;
    ASSERT_EQ(buffer->address % 64, 0u);
    ASSERT_LE(buffer->address + buffer->size, allocator.capacity());
    for (const Buffer& other : live)
      ASSERT_TRUE(buffer->address >= other.address + other.size ||
                  other.address >= buffer->address + buffer->size)
          << "step " << step;
    live.push_back(*buffer);
  }
  for (const Buffer& buffer : live) ASSERT_TRUE(allocator.release(buffer));
  EXPECT_EQ(allocator.largest_free(), allocator.capacity());
}

TEST(Runtime, RefusesForeignMachines) {
  FakeDevice other("base");
  other.id = 7;
  const auto no_machine = Runtime::create(other);
  ASSERT_FALSE(no_machine);
  EXPECT_TRUE(contains(no_machine.error().message, "no Millrace machine"));
  FakeDevice stale("base");
  stale.hash = isa::find_config("small")->isa_hash;
  const auto mismatch = Runtime::create(stale);
  ASSERT_FALSE(mismatch);
  EXPECT_TRUE(contains(mismatch.error().message,
                       "(configuration small), this build's configuration base has"))
      << mismatch.error().message;
}

TEST(Runtime, FitsTheRingToTheMemory) {
  FakeDevice base("base"), nano("nano"), tiny("nano", 1024);
  EXPECT_EQ(open(base)->ring_size(), 1024u);
  EXPECT_EQ(open(nano)->ring_size(), 64u);
  EXPECT_EQ(nano.ring_log2, 6u);
  EXPECT_FALSE(Runtime::create(tiny));
  EXPECT_FALSE(Runtime::create(base, {.ring_log2 = 17}));
  EXPECT_EQ(open(nano, {.instructions = 64})->ring_size(), 64u);
  EXPECT_EQ(open(nano, {.instructions = 65})->ring_size(), 128u);
  EXPECT_EQ(open(nano, {.instructions = 100000})->ring_size(), 1024u);  // a quarter of the memory
  EXPECT_EQ(open(base, {.instructions = 100000})->ring_size(), 65536u);
}

TEST(Runtime, BindsSegmentsAndRefusesWhatHardwareCannot) {
  FakeDevice device("nano");
  device.segments[3] = {0, 1 << 17, 3};  // left by an earlier user
  auto runtime = open(device);
  EXPECT_EQ(device.segments[3].ctrl, 0u);
  const auto buffer = runtime->allocate(100);
  ASSERT_TRUE(buffer);
  ASSERT_TRUE(runtime->bind(2, *buffer, Perms::kReadWrite));
  EXPECT_EQ(device.segments[2].base, buffer->address);
  EXPECT_EQ(device.segments[2].size, 256u);  // up to a whole unit, which the buffer has
  EXPECT_EQ(device.segments[2].ctrl, 3u);
  EXPECT_FALSE(runtime->bind(0, *buffer, Perms::kRead));
  EXPECT_FALSE(runtime->bind(4, *buffer, Perms::kRead));
  EXPECT_FALSE(runtime->bind(-1, *buffer, Perms::kRead));
  EXPECT_FALSE(runtime->bind(1, buffer->address + 64, 8, Perms::kRead));  // not a whole unit
  EXPECT_FALSE(runtime->bind(1, 1 << 17, 1, Perms::kRead));
  EXPECT_FALSE(runtime->bind(1, 4, UINT64_MAX, Perms::kRead));
  const Status overlap = runtime->bind(1, device.ring_base, 64, Perms::kWrite);
  ASSERT_FALSE(overlap);
  EXPECT_TRUE(contains(overlap.error().message, "overlaps the command ring"))
      << overlap.error().message;
  EXPECT_TRUE(runtime->bind(1, device.ring_base, 4096, Perms::kRead));
  EXPECT_FALSE(runtime->bind(1, device.segments[0].base, 4, Perms::kWrite));
}

TEST(Runtime, CopiesStayInsideTheBuffer) {
  FakeDevice device("small");
  auto runtime = open(device);
  const auto buffer = runtime->allocate(10);
  ASSERT_TRUE(buffer);
  std::vector<uint8_t> data = {1, 2, 3, 4}, back(4);
  ASSERT_TRUE(runtime->write(*buffer, 6, data));
  ASSERT_TRUE(runtime->read(*buffer, 6, back));
  EXPECT_EQ(back, data);
  EXPECT_FALSE(runtime->write(*buffer, 7, data));
  EXPECT_FALSE(runtime->read(*buffer, UINT64_MAX, back));
}

TEST(Runtime, SubmissionsOfAnyLengthArriveInOrder) {
  for (int log2 : {0, 1, 4}) {
    FakeDevice device("base");
    auto runtime = open(device, {.ring_log2 = log2});
    uint32_t total = 0;
    for (uint32_t length : {0u, 1u, 5u, 16u, 17u, 100u, 3u}) {
      const auto sequence = runtime->submit(program_of(length, total));
      ASSERT_TRUE(sequence) << sequence.error().message;
      total += length;
    }
    ASSERT_TRUE(runtime->wait(7));
    EXPECT_TRUE(*runtime->done(1));
    uint32_t next = 0;
    for (const isa::Instruction& instruction : device.executed)
      if ((instruction[0] & 0xffu) == static_cast<uint32_t>(isa::Opcode::kVset)) {
        ASSERT_EQ(isa::Vset::unpack(instruction).scalar1, static_cast<int32_t>(next++));
      }
    EXPECT_EQ(next, total);
    EXPECT_EQ(device.executed.size(), total + 7);
  }
}

TEST(Runtime, OneDoorbellForWhatFitsTheRing) {
  FakeDevice device("base");
  auto runtime = open(device, {.ring_log2 = 4});
  const auto first = runtime->submit(program_of(15));  // and the SIGNAL
  ASSERT_TRUE(first && runtime->wait(*first));
  EXPECT_EQ(device.doorbells, 1u);
  const auto second = runtime->submit(program_of(3));
  ASSERT_TRUE(second && runtime->wait(*second));
  EXPECT_EQ(device.doorbells, 2u);
  const auto third = runtime->submit(program_of(16));
  ASSERT_TRUE(third && runtime->wait(*third));
  EXPECT_EQ(device.doorbells, 4u);
}

// The machine's 16-bit instruction counters wrap; the runtime's do not.
TEST(Runtime, InstructionCountersWrap) {
  FakeDevice device("nano");
  ASSERT_EQ(device.config().index_bits, 16);
  device.fault_at = (1u << 16) + 5;
  auto runtime = open(device);
  const auto sequence = runtime->submit(program_of(1u << 16));
  ASSERT_TRUE(sequence) << sequence.error().message;
  EXPECT_TRUE(runtime->wait(*sequence));
  EXPECT_EQ(device.executed.size(), (1u << 16) + 1);
  const auto faulty = runtime->submit(program_of(10, 900));
  ASSERT_TRUE(faulty);
  EXPECT_FALSE(runtime->wait(*faulty));
  const auto record = runtime->fault();
  ASSERT_TRUE(record && *record);
  EXPECT_EQ((*record)->index, (1u << 16) + 5);
  ASSERT_TRUE((*record)->instruction);
  EXPECT_EQ(isa::Vset::unpack(*(*record)->instruction).scalar1, 904);
  EXPECT_FALSE(Runtime::create(device, {.ring_log2 = 16}));
}

TEST(Runtime, SeveralSubmissionsAreInFlight) {
  FakeDevice device("base");
  auto runtime = open(device);
  const auto first = runtime->submit(program_of(200));
  const auto second = runtime->submit(program_of(200));
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(*runtime->done(*first));
  EXPECT_TRUE(device.executed.empty());  // nothing forced it
  const Status busy = runtime->bind(1, 0x10000, 64, Perms::kRead);
  ASSERT_FALSE(busy);
  EXPECT_TRUE(contains(busy.error().message, "submission 2 is in flight"));
  ASSERT_TRUE(runtime->wait(*first));
  EXPECT_FALSE(*runtime->done(*second));
  ASSERT_TRUE(runtime->wait(*second));
  EXPECT_TRUE(runtime->bind(1, 0x10000, 64, Perms::kRead));
  EXPECT_FALSE(runtime->wait(3));
  EXPECT_FALSE(runtime->wait(0));
}

TEST(Runtime, ProgramsMayNotWriteTheDriversSegment) {
  FakeDevice device("base");
  auto runtime = open(device);
  isa::Store store;
  store.row_bytes = 4;
  isa::Signal signal;
  for (const isa::Instruction& bad : {store.pack(), signal.pack()}) {
    const auto sequence = runtime->submit(std::span(&bad, 1));
    ASSERT_FALSE(sequence);
    EXPECT_TRUE(contains(sequence.error().message, "instruction 0 writes segment 0"));
  }
  EXPECT_EQ(device.doorbells, 0u);
}

TEST(Runtime, FaultsAreReportedWithTheInstructionAndOlderWorkCounts) {
  FakeDevice device("base");
  device.fault_at = 12;
  auto runtime = open(device);
  const auto first = runtime->submit(program_of(5)), second = runtime->submit(program_of(20, 100));
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(runtime->wait(*first));
  const Status status = runtime->wait(*second);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, Error::Kind::kFailure);
  EXPECT_TRUE(
      contains(status.error().message,
               "fault bank in unit matmul at address 0x123, instruction 12: vset scalar1=106"))
      << status.error().message;
  const auto record = runtime->fault();
  ASSERT_TRUE(record && *record);
  EXPECT_EQ((*record)->code, isa::Fault::kBank);
  EXPECT_EQ((*record)->instruction, numbered(106));
  EXPECT_FALSE(runtime->submit(program_of(1)));
  device.fault_at.reset();
  ASSERT_TRUE(runtime->reset());
  EXPECT_FALSE(runtime->fault()->has_value());
  const Status lost = runtime->wait(*second);
  ASSERT_FALSE(lost);
  EXPECT_TRUE(contains(lost.error().message, "discarded by a reset"));
  EXPECT_TRUE(runtime->wait(*first));
  const auto again = runtime->submit(program_of(3));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, 3u);
  EXPECT_TRUE(runtime->wait(*again));
}

TEST(Runtime, FaultWhileTheRingIsBeingFilled) {
  FakeDevice device("base");
  device.fault_at = 3;
  auto runtime = open(device, {.ring_log2 = 3});
  const auto sequence = runtime->submit(program_of(50));
  ASSERT_FALSE(sequence);
  EXPECT_TRUE(contains(sequence.error().message, "instruction 3: vset scalar1=3"))
      << sequence.error().message;
  EXPECT_FALSE(runtime->submit(program_of(1)));
  device.fault_at.reset();
  ASSERT_TRUE(runtime->reset());
  const auto again = runtime->submit(program_of(50));
  ASSERT_TRUE(again);
  EXPECT_TRUE(runtime->wait(*again));
}

TEST(Runtime, HangsAreDiagnosed) {
  FakeDevice device("base");
  device.hang_at = 4;
  auto runtime = open(device);
  const auto sequence = runtime->submit(program_of(9));
  ASSERT_TRUE(sequence);
  const Status status = runtime->wait(*sequence, 50000);
  ASSERT_FALSE(status);
  const std::string& text = status.error().message;
  for (const char* part :
       {"submission 1", "read data", "head 4, tail 10", "last dispatched: vset scalar1=3"})
    EXPECT_TRUE(contains(text, part)) << text;
  device.hang_at.reset();
  EXPECT_TRUE(runtime->wait(*sequence));
}

TEST(Runtime, AHangWhileTheRingIsBeingFilledNeedsAReset) {
  FakeDevice device("base");
  device.hang_at = 4;
  auto runtime = open(device, {.ring_log2 = 3});
  const auto sequence = runtime->submit(program_of(50));
  ASSERT_FALSE(sequence);
  EXPECT_TRUE(contains(sequence.error().message, "made no progress")) << sequence.error().message;
  device.hang_at.reset();
  const auto next = runtime->submit(program_of(1));
  ASSERT_FALSE(next);
  EXPECT_TRUE(contains(next.error().message, "reset the runtime first"));
  ASSERT_TRUE(runtime->reset());
  EXPECT_TRUE(runtime->submit(program_of(1)));
}

TEST(Runtime, ProgressExtendsTheTimeout) {
  FakeDevice device("base");
  auto runtime = open(device, {.ring_log2 = 10});
  const auto sequence = runtime->submit(program_of(1000));  // 16000 cycles
  ASSERT_TRUE(sequence);
  EXPECT_TRUE(runtime->wait(*sequence, 2048));
}

TEST(Runtime, AnIdleMachineThatNeverSignalsIsDiagnosed) {
  FakeDevice device("base");
  device.silent = true;
  auto runtime = open(device);
  const auto sequence = runtime->submit(program_of(2));
  ASSERT_TRUE(sequence);
  const Status status = runtime->wait(*sequence, 50000);
  ASSERT_FALSE(status);
  EXPECT_TRUE(contains(status.error().message, "(idle)")) << status.error().message;
}

TEST(Runtime, AResetThatHangsIsDiagnosed) {
  FakeDevice device("base");
  auto runtime = open(device);
  device.reset_hangs = true;
  const Status status = runtime->reset(50000);
  ASSERT_FALSE(status);
  EXPECT_TRUE(contains(status.error().message, "soft reset waits for the memory"))
      << status.error().message;
}

TEST(Runtime, ReadsCounters) {
  FakeDevice device("base");
  auto runtime = open(device);
  const auto sequence = runtime->submit(program_of(9));
  ASSERT_TRUE(sequence && runtime->wait(*sequence));
  const auto counters = runtime->counters();
  ASSERT_TRUE(counters);
  EXPECT_EQ(counters->cycles, 10 * FakeDevice::kCyclesPerInstruction);
  const std::array<uint32_t, 4> busy = {reg::kBusyLoad, reg::kBusyStore, reg::kBusyMatmul,
                                        reg::kBusyVector};
  EXPECT_EQ(counters->busy, busy);
  EXPECT_EQ(counters->memory[1], reg::kMemoryStore);
  EXPECT_EQ(counters->waits[0][3], reg::kWaitLoadVector);
  EXPECT_EQ(counters->waits[2][1], reg::kWaitMatmulStore);
  EXPECT_EQ(counters->waits[3][3], reg::kEmptyVector);
  EXPECT_EQ(counters->matmul_steps, reg::kMatmulSteps);
  const auto next = runtime->submit(program_of(4));
  ASSERT_TRUE(next && runtime->wait(*next));
  const auto later = runtime->counters();
  ASSERT_TRUE(later);
  EXPECT_EQ((*later - *counters).cycles, 5 * FakeDevice::kCyclesPerInstruction);
  EXPECT_EQ((*later - *counters).busy[3], 0u);
  EXPECT_EQ((*later - *counters).waits[3][3], 0u);
}

}  // namespace
}  // namespace millrace
