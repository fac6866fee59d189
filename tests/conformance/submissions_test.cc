// SPDX-License-Identifier: Apache-2.0
// Submissions: doorbells, rings that wrap, several programs in flight, their order, resets between
// them.
#include <algorithm>

#include "host/runtime/runtime.h"
#include "tests/conformance/suite.h"

namespace millrace::conformance {
namespace {

class Submissions : public Chapter {
 protected:
  void SetUp() override {
    Chapter::SetUp();
    if (HasFatalFailure()) return;
    host.segment(1, kData, kDataBytes, kReadable | kWritable);
    host.set_bytes(kData, std::vector<uint8_t>(kDataBytes, 0));
  }
  std::unique_ptr<Runtime> open_runtime(int ring_log2) {
    Result<std::unique_ptr<Runtime>> runtime = Runtime::create(device(), {.ring_log2 = ring_log2});
    EXPECT_TRUE(runtime) << runtime.error().message;
    return runtime ? std::move(*runtime) : nullptr;
  }
  // Words 0, 1, ... of the data are written in this order, with their number from 1 on: what is
  // there at any time is a beginning of them. How many.
  size_t written_in_order(size_t count) {
    const std::vector<uint32_t> words = host.words(kData, count);
    const auto gap = std::ranges::find(words, 0u) - words.begin();
    for (size_t i = 0; i < count; ++i) {
      const size_t wanted = i < static_cast<size_t>(gap) ? i + 1 : 0;
      if (words[i] == wanted) continue;
      ADD_FAILURE() << "word " << i << " is " << words[i] << ", expected " << wanted << ", when "
                    << gap << " of " << count << " are written: they complete out of order";
      break;
    }
    return static_cast<size_t>(gap);
  }
};

TEST_F(Submissions, ADoorbellEach) {
  host.ring(2);
  for (uint32_t i = 0; i < 11; ++i) {  // around the ring, more than twice
    host.run({signal(1, 4 * i, 100 + i)});
    host.expect(reg::kRingTail, i + 1, "what was written");
    host.expect(reg::kRingHead, i + 1, "all are dispatched");
    host.expect(reg::kStatus, kIdle, "nothing is left to do");
    EXPECT_EQ(host.word(kData + 4 * i), 100 + i);
  }
}

TEST_F(Submissions, ADoorbellForNothing) {
  host.ring(2);
  host.write(reg::kRingTail, 0);
  host.expect(reg::kStatus, kIdle, "no instruction was announced");
  host.run({signal(1, 0, 1)});
  host.write(reg::kRingTail, 1);
  host.settle();
  host.expect(reg::kRingHead, 1, "no further instruction was announced");
}

TEST_F(Submissions, ARingOfOne) {
  host.ring(0);
  for (uint32_t i = 0; i < 3; ++i) host.run({signal(1, 4 * i, i + 1)});
  EXPECT_EQ(written_in_order(4), 3u);
}

TEST_F(Submissions, FullRings) {
  host.ring(3);
  for (uint32_t turn = 0; turn < 3; ++turn) {
    std::vector<isa::Instruction> code;
    for (uint32_t i = 0; i < 8; ++i) code.push_back(signal(1, 4 * i, 10 * turn + i));
    host.run(code);
    for (uint32_t i = 0; i < 8; ++i) EXPECT_EQ(host.word(kData + 4 * i), 10 * turn + i);
  }
  host.expect(reg::kRingHead, 24, "all are dispatched");
}

TEST_F(Submissions, DoorbellsBeforeTheLastIsDone) {
  host.ring(6, kOther);
  const uint32_t count = 40;
  for (uint32_t i = 0; i < count; ++i) host.submit({signal(1, 4 * i, i + 1)});
  host.settle();
  EXPECT_EQ(written_in_order(count + 1), count);
}

TEST_F(Submissions, InstructionsInProgramOrder) {
  host.ring(5);
  std::vector<isa::Instruction> code;
  // A chain: each STORE moves on what the LOAD before it has read.
  for (uint32_t i = 0; i < 8; ++i) {
    code.push_back(load(config(), 1, i * dim()));
    code.push_back(store(config(), 1, (i + 1) * dim()));
  }
  for (uint32_t i = 0; i < dim(); i += 4) host.set_word(kData + i, 0x01010101 + i);
  host.run(code);
  for (uint32_t i = 0; i < dim(); i += 4)
    EXPECT_EQ(host.word(kData + 8 * dim() + i), 0x01010101 + i);
  code.clear();
  for (uint32_t i = 1; i <= 20; ++i) code.push_back(signal(1, 0, i));
  host.run(code);
  EXPECT_EQ(host.word(kData), 20u) << "the last SIGNAL to a word wins";
}

TEST_F(Submissions, SeveralInFlight) {
  const std::unique_ptr<Runtime> runtime = open_runtime(5);
  ASSERT_TRUE(runtime);
  const Result<Buffer> page = runtime->allocate(kDataBytes);
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_TRUE(runtime->bind(1, *page, Perms::kReadWrite));
  ASSERT_TRUE(runtime->write(*page, 0, std::vector<uint8_t>(kDataBytes, 0)));
  std::vector<uint32_t> sequences;
  for (uint32_t i = 0; i < 6; ++i) {
    std::vector<isa::Instruction> code(3, signal(1, 4 * i, i));
    code.back() = signal(1, 4 * i, i + 1);
    const Result<uint32_t> sequence = runtime->submit(code);
    ASSERT_TRUE(sequence) << sequence.error().message;
    sequences.push_back(*sequence);
  }
  for (size_t i = 0; i < sequences.size(); ++i) {
    const Status waited = runtime->wait(sequences[i]);
    ASSERT_TRUE(waited) << waited.error().message;
    for (size_t j = 0; j <= i; ++j) {
      EXPECT_TRUE(*runtime->done(sequences[j])) << j << " after " << i;
      EXPECT_EQ(host.word(page->address + 4 * j), j + 1) << j << " after " << i;
    }
  }
}

TEST_F(Submissions, ProgramsLongerThanTheRing) {
  for (const int log2 : {0, 1, 3}) {
    SCOPED_TRACE("a ring of " + std::to_string(1 << log2));
    const std::unique_ptr<Runtime> runtime = open_runtime(log2);
    ASSERT_TRUE(runtime);
    const uint32_t count = 75;
    const Result<Buffer> page = runtime->allocate(4 * (count + 1));
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_TRUE(runtime->bind(1, *page, Perms::kReadWrite));
    ASSERT_TRUE(runtime->write(*page, 0, std::vector<uint8_t>(page->size, 0)));
    std::vector<isa::Instruction> code;
    for (uint32_t i = 0; i < count; ++i) code.push_back(signal(1, 4 * i, i + 1));
    const Result<Execution> execution = runtime->execute(code);
    ASSERT_TRUE(execution) << execution.error().message;
    const std::vector<uint32_t> words = host.words(page->address, count + 1);
    for (uint32_t i = 0; i <= count; ++i) ASSERT_EQ(words[i], i < count ? i + 1 : 0) << i;
  }
}

// Looks between any two steps of time; a machine without time is done at once.
TEST_F(Submissions, CompleteInOrder) {
  host.ring(6, kOther);
  std::vector<isa::Instruction> code;
  const uint32_t count = 30;
  for (uint32_t i = 0; i < count; ++i) code.push_back(signal(1, 4 * i, i + 1));
  host.submit(code);
  size_t seen = 0;
  for (int look = 0; look < 10000 && seen < count && !HasFailure(); ++look) {
    const size_t now = written_in_order(count + 1);
    EXPECT_GE(now, seen) << "a word that was written is gone";
    seen = now;
    ASSERT_TRUE(device().advance(20));
  }
  EXPECT_EQ(seen, count);
}

TEST_F(Submissions, IndicesWrap) {
  if (config().index_bits > 16) GTEST_SKIP() << "it takes 2^32 instructions";
  const uint32_t most = (1u << config().index_bits) - 1;
  host.ring(0);
  host.set_bytes(kRing, std::vector<uint8_t>(32, 0));
  isa::Vset nothing;
  host.run({nothing.pack()});
  host.write(reg::kRingTail, most);  // the same one again and again
  host.settle();
  host.expect(reg::kRingHead, most, "all are dispatched");
  host.write(reg::kRingTail, 3);  // four more
  host.settle();
  host.expect(reg::kRingHead, 3, "the count goes on from 0");
  host.set_bytes(kRing, std::vector<uint8_t>(32, 0xff));  // illegal
  host.write(reg::kRingTail, 4);
  host.settle();
  EXPECT_EQ(host.record(), (Record{isa::Fault::kIllegal, isa::Unit::kFetch, 3, 0}));
}

TEST_F(Submissions, AResetDiscardsThem) {
  if (!subject().time) GTEST_SKIP() << "a machine without time is never seen working";
  host.start_endless();
  ASSERT_TRUE(device().advance(500));
  ASSERT_EQ(host.read(reg::kStatus) & (kIdle | kFaulted), 0u) << "it should be working";
  host.soft_reset();
  host.expect(reg::kRingHead, 0, "a reset clears it");
  host.ring(2);
  host.run({signal(1, 0, 77)});
  EXPECT_EQ(host.word(kData), 77u) << "the machine works again";
  host.expect(reg::kRingHead, 1, "one since the reset");
}

}  // namespace
}  // namespace millrace::conformance
