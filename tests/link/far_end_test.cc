// SPDX-License-Identifier: Apache-2.0
// The far end of `millrace serve` alone: what docs/reference/link.md says of it, and bytes that
// mean nothing.
#include "sim/server/far_end.h"

#include <gtest/gtest.h>

#include "tests/cosim/prng.h"
#include "tests/link/noted_device.h"

namespace millrace::sim {
namespace {

using namespace link;
using Bytes = std::vector<uint8_t>;
using link::testing::NotedDevice;

class FarEndTest : public ::testing::Test {
 protected:
  Bytes send(const Bytes& bytes) {
    Bytes answers;
    far_.take(bytes, answers);
    return answers;
  }
  // The answer to one request; its CRC is right.
  Bytes ask(const Request& request, const Bytes& data = {}) {
    Bytes answer = send(encode(request, data));
    EXPECT_EQ(answer.size(), request.answer_bytes());
    EXPECT_TRUE(crc_fits(answer));
    answer.resize(answer.size() - kCrcBytes);
    return answer;
  }
  AnswerState state(const Bytes& answer) { return decode_state(answer.back()); }

  NotedDevice device_{*isa::find_config("nano")};
  FarEnd far_{device_, {.clock_10khz = 1200, .board = 3}};
};

TEST_F(FarEndTest, TellsItsInfoAndThatItIsFresh) {
  Bytes answer = ask({.tag = 7, .address = kInfoRegister});
  EXPECT_EQ(decode_info(word_at(answer, 0)), (Info{1200, 1, 17, 3}));
  EXPECT_EQ(state(answer), (AnswerState{.fresh = true, .tag = 7}));
  EXPECT_FALSE(state(ask({.clear = true, .address = kInfoRegister})).fresh);
  EXPECT_FALSE(state(ask({.address = kInfoRegister})).fresh);
  far_.reset();
  EXPECT_TRUE(state(ask({.address = kInfoRegister})).fresh);
}

TEST_F(FarEndTest, WritesRegistersOnce) {
  const Bytes one = {1, 0, 0, 0}, two = {2, 0, 0, 0};
  const Request first{.write = true, .toggle = true, .tag = 1, .address = reg::kIrqEnable};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(state(ask(first, one)).toggle, true);
  EXPECT_EQ(device_.writes.size(), 1u);
  Request second = first;
  second.toggle = false;
  EXPECT_EQ(state(ask(second, two)).toggle, false);
  EXPECT_EQ(device_.writes.size(), 2u);
  Request refused = first;
  refused.address = reg::kId;
  EXPECT_TRUE(state(ask(refused, one)).error);
  EXPECT_TRUE(state(ask(refused, one)).error) << "a repetition is answered as the write was";
  EXPECT_EQ(device_.writes.size(), 3u);
}

TEST_F(FarEndTest, DamagedDataIsNotDone) {
  Bytes bytes = encode({.write = true, .toggle = true, .tag = 2, .address = reg::kIrqEnable},
                       Bytes{1, 0, 0, 0});
  bytes[12] ^= 4;
  const Bytes answer = send(bytes);
  ASSERT_EQ(answer.size(), 5u);
  EXPECT_EQ(decode_state(answer[0]), (AnswerState{.crc = true, .fresh = true, .tag = 2}));
  EXPECT_TRUE(device_.writes.empty());
}

TEST_F(FarEndTest, RefusesWhatIsNotThere) {
  EXPECT_TRUE(state(ask({.address = 0x5c})).error);
  EXPECT_TRUE(state(ask({.address = 0x1004})).error);
  EXPECT_TRUE(state(ask({.address = 0xfffffffc})).error);
  const Bytes answer = ask({.words = 4, .address = reg::kCaps3});  // 0x1c is none
  EXPECT_TRUE(state(answer).error);
  EXPECT_EQ(word_at(answer, 0), *device_.read_reg(reg::kCaps3));
  EXPECT_TRUE(state(ask({.memory = true, .words = 2, .address = (1u << 17) - 4})).error);
  EXPECT_TRUE(state(ask({.memory = true, .words = kMaxWords, .address = 0xfffffffc})).error);
  EXPECT_TRUE(state(ask({.write = true, .memory = true, .address = 1u << 17}, Bytes(4))).error);
  EXPECT_FALSE(state(ask({.memory = true, .address = (1u << 17) - 4})).error);
}

TEST_F(FarEndTest, HeadersMayComeAfterAnythingThatIsNone) {
  EXPECT_TRUE(send(Bytes(100000, kIdleByte)).empty());
  EXPECT_TRUE(send(Bytes{0, 1, 2, 0x9f, 0xb0}).empty());
  // A damaged header takes its 11 bytes and no more.
  Bytes bytes = encode({.tag = 1, .address = reg::kId});
  bytes[5] ^= 1;
  EXPECT_TRUE(send(bytes).empty());
  EXPECT_EQ(word_at(ask({.tag = 2, .address = reg::kId}), 0), device_.id);
}

// Random bytes, many of them with the magic, and random requests cut off, doubled or changed:
// nothing is answered beyond what a request asks for, and the far end is there afterwards.
TEST_F(FarEndTest, GarbageDoesNoHarm) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    cosim::Prng prng(seed);
    for (int i = 0; i < 30; ++i) {
      Request request{.write = prng.one_in(2),
                      .memory = prng.one_in(2),
                      .toggle = prng.one_in(2),
                      .clear = prng.one_in(2),
                      .tag = prng.below(kTags),
                      .words = prng.one_in(4) ? 1 + prng.below(kMaxWords) : 1 + prng.below(8),
                      .address = prng.one_in(2) ? prng.bits() : prng.below(0x1100)};
      Bytes data(request.write ? request.data_bytes() : 0);
      for (uint8_t& byte : data) byte = static_cast<uint8_t>(prng.bits());
      Bytes bytes = encode(request, data);
      const uint32_t what = prng.below(5);
      if (what == 0) bytes.resize(prng.below(static_cast<uint32_t>(bytes.size())));
      if (what == 1) bytes[prng.below(static_cast<uint32_t>(bytes.size()))] ^= 0x10;
      if (what == 2) bytes.insert(bytes.end(), bytes.begin(), bytes.end());
      if (what == 3) {
        bytes.resize(prng.below(200));
        for (uint8_t& byte : bytes)
          byte = static_cast<uint8_t>(prng.one_in(3) ? 0xa0 + prng.below(16) : prng.bits());
      }
      const uint64_t before = far_.done();
      const Bytes answers = send(bytes);
      EXPECT_LE(answers.size(), (far_.done() - before) * (kMaxWords * kWordBytes + 5));
    }
    send(Bytes(kMaxWords * kWordBytes + kCrcBytes + kHeaderBytes, kIdleByte));
    EXPECT_EQ(word_at(ask({.address = reg::kId}), 0), device_.id);
  }
}

}  // namespace
}  // namespace millrace::sim
