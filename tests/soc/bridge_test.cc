// SPDX-License-Identifier: Apache-2.0
// The bridge at the bits of its serial line, against docs/reference/link.md.
#include <gtest/gtest.h>

#include <algorithm>

#include "Vbridge_4.h"
#include "Vbridge_9.h"
#include "Vbridge_netlist.h"
#include "Vbridge_wide.h"
#include "tests/soc/bridge_bench.h"

namespace millrace::soc {
namespace {

constexpr uint32_t kInfo = 0x1000;
constexpr uint32_t kInfoValue = 0x12b104b0;  // as tests/soc/CMakeLists.txt sets it

template <typename T>
struct Traits;
template <>
struct Traits<Vbridge_4> {
  static constexpr int kDivider = 4, kAddrBits = 17;
  static constexpr const char* kName = "Divider4";
};
template <>
struct Traits<Vbridge_netlist> : Traits<Vbridge_4> {
  static constexpr const char* kName = "Netlist";
};
template <>
struct Traits<Vbridge_9> {
  static constexpr int kDivider = 9, kAddrBits = 17;
  static constexpr const char* kName = "Divider9";
};
template <>
struct Traits<Vbridge_wide> {
  static constexpr int kDivider = 4, kAddrBits = 25;
  static constexpr const char* kName = "Wide";
};

template <typename Top>
class Bridge : public testing::Test {
 protected:
  using Bench = BridgeBench<Top>;
  static constexpr int kDivider = Traits<Top>::kDivider;
  static constexpr int kAddrBits = Traits<Top>::kAddrBits;

  // The answer to a request that is there and undamaged.
  static Answer must_ask(Bench& bench, const Request& request) {
    const auto answer = bench.ask(request);
    EXPECT_TRUE(answer) << "no answer, or a damaged one";
    if (!answer) return {};
    EXPECT_EQ(answer->tag, request.tag);
    return *answer;
  }
  // A host that has opened the link; the log of accesses is empty.
  static void open(Bench& bench) {
    bench.ask({.clear = true, .address = kInfo});
    bench.accesses.clear();
  }
};
using Tops = testing::Types<Vbridge_4, Vbridge_9, Vbridge_wide, Vbridge_netlist>;
class Names {
 public:
  template <typename T>
  static std::string GetName(int) {
    return Traits<T>::kName;
  }
};
TYPED_TEST_SUITE(Bridge, Tops, Names);

std::vector<uint32_t> random_words(std::mt19937_64& random, size_t count) {
  std::vector<uint32_t> words(count);
  for (uint32_t& word : words) word = static_cast<uint32_t>(random());
  return words;
}

TYPED_TEST(Bridge, TheFirstAnswerIsFreshUntilARequestClearsIt) {
  typename TestFixture::Bench bench(TestFixture::kDivider);
  Answer answer = this->must_ask(bench, {.address = 4, .tag = 5});
  EXPECT_TRUE(answer.fresh);
  EXPECT_FALSE(answer.toggle || answer.error || answer.crc);
  EXPECT_FALSE(this->must_ask(bench, {.clear = true, .address = 4}).fresh);
  EXPECT_FALSE(this->must_ask(bench, {.address = 4}).fresh);
  bench.reset();
  EXPECT_TRUE(this->must_ask(bench, {.address = 4}).fresh);
}

TYPED_TEST(Bridge, ReadsInfoWithoutAnErrorAndRefusesToWriteIt) {
  typename TestFixture::Bench bench(TestFixture::kDivider);
  this->open(bench);
  Answer answer = this->must_ask(bench, {.address = kInfo});
  EXPECT_EQ(answer.data, std::vector{kInfoValue});
  EXPECT_FALSE(answer.error);
  answer = this->must_ask(bench, {.address = 0x80});  // and is not stuck there
  EXPECT_EQ(answer.data, std::vector{register_value(0x80)});
  answer = this->must_ask(bench, {.write = true, .toggle = true, .address = kInfo, .data = {1}});
  EXPECT_TRUE(answer.error);
  answer =
      this->must_ask(bench, {.write = true, .toggle = false, .address = kInfo + 0x20, .data = {1}});
  EXPECT_TRUE(answer.error);
  for (const Access& access : bench.accesses) EXPECT_FALSE(access.write);
}

TYPED_TEST(Bridge, RegistersAreReadInBurstsAndRefusalsReported) {
  typename TestFixture::Bench bench(TestFixture::kDivider);
  this->open(bench);
  const Answer good = this->must_ask(bench, {.address = 0x7f0, .tag = 9, .words = 4});
  EXPECT_EQ(good.data, (std::vector{register_value(0x7f0), register_value(0x7f4),
                                    register_value(0x7f8), register_value(0x7fc)}));
  EXPECT_FALSE(good.error);
  const Answer bad = this->must_ask(bench, {.address = 0x7f8, .words = 5});
  EXPECT_TRUE(bad.error);
  EXPECT_EQ(bad.data[1], register_value(0x7fc));
  EXPECT_FALSE(this->must_ask(bench, {.address = 0, .words = 2}).error);  // forgets
}

TYPED_TEST(Bridge, MemoryOfEverySmallLength) {
  typename TestFixture::Bench bench(TestFixture::kDivider);
  this->open(bench);
  std::mt19937_64 random(3);
  for (uint32_t words = 1; words <= 18; ++words) {
    const uint32_t address = 4 * static_cast<uint32_t>(random() % 0x7f00);
    const auto data = random_words(random, words);
    Answer answer = this->must_ask(bench, {.write = true,
                                           .memory = true,
                                           .toggle = true,
                                           .address = address,
                                           .tag = words & 15,
                                           .data = data});
    EXPECT_FALSE(answer.error || answer.crc || answer.toggle);
    ASSERT_EQ(bench.accesses.size(), words);
    for (uint32_t i = 0; i < words; ++i)
      ASSERT_EQ(bench.accesses[i], (Access{true, true, address + 4 * i, data[i]}));
    answer = this->must_ask(
        bench, {.memory = true, .address = address, .tag = words & 15, .words = words});
    ASSERT_EQ(answer.data, data);
    bench.accesses.clear();
  }
}

// Bursts count up through every bit of the address, and around at the end of memory.
TYPED_TEST(Bridge, MemoryOfEveryAddressBit) {
  typename TestFixture::Bench bench(TestFixture::kDivider);
  this->open(bench);
  std::mt19937_64 random(4);
  const uint32_t size = 1u << TestFixture::kAddrBits;
  for (uint32_t end = 16; end <= size; end *= 2) {
    const auto data = random_words(random, 4);
    const uint32_t address = end - 8;
    this->must_ask(bench, {.write = true, .memory = true, .address = address, .data = data});
    ASSERT_EQ(bench.accesses.size(), 4u);
    for (uint32_t i = 0; i < 4; ++i)
      ASSERT_EQ(bench.accesses[i], (Access{true, true, (address + 4 * i) % size, data[i]}));
    const Answer answer = this->must_ask(bench, {.memory = true, .address = address, .words = 4});
    ASSERT_EQ(answer.data, data);
    bench.accesses.clear();
  }
}

TYPED_TEST(Bridge, LongBurstsRunAtTheRateOfTheLine) {
  typename TestFixture::Bench bench(TestFixture::kDivider);
  this->open(bench);
  std::mt19937_64 random(4);
  const auto data = random_words(random, 4096);
  const double line_time = 4096 * 4 * 10 * TestFixture::kDivider;
  uint64_t start = bench.cycles();
  const Answer written =
      this->must_ask(bench, {.write = true, .memory = true, .address = 0x1c000, .data = data});
  EXPECT_FALSE(written.crc);
  const double write = line_time / static_cast<double>(bench.cycles() - start);
  start = bench.cycles();
  const Answer read = this->must_ask(bench, {.memory = true, .address = 0x1c000, .words = 4096});
  EXPECT_EQ(read.data, data);
  const double goodput = line_time / static_cast<double>(bench.cycles() - start);
  std::printf("goodput of the line's rate: write %.1f %%, read %.1f %%\n", 100 * write,
              100 * goodput);
  EXPECT_GT(write, 0.98);
  EXPECT_GT(goodput, 0.98);
}

TYPED_TEST(Bridge, RegisterWritesHappenOnce) {
  typename TestFixture::Bench bench(TestFixture::kDivider);
  this->open(bench);
  bool toggle = false;
  for (uint32_t i = 0; i < 6; ++i) {
    toggle = !toggle;
    const bool refused = i % 3 == 1;
    const Request write{.write = true,
                        .toggle = toggle,
                        .address = refused ? kRefused + 4 * i : 0x20 + 4 * i,
                        .tag = i,
                        .data = {i * 77}};
    for (int repeat = 0; repeat < 3; ++repeat) {
      const Answer answer = this->must_ask(bench, write);
      EXPECT_EQ(answer.toggle, toggle);
      EXPECT_EQ(answer.error, refused) << "the repetition is answered as the first one";
      EXPECT_FALSE(answer.crc);
    }
    ASSERT_EQ(bench.accesses, (std::vector{Access{true, false, write.address & 0xfff, i * 77}}));
    bench.accesses.clear();
    EXPECT_EQ(this->must_ask(bench, {.memory = true, .address = 0}).toggle, toggle);
    bench.accesses.clear();
  }
}

TYPED_TEST(Bridge, OfARegisterWriteOfSeveralWordsOnlyTheLastIsDone) {
  typename TestFixture::Bench bench(TestFixture::kDivider);
  this->open(bench);
  this->must_ask(bench, {.write = true, .toggle = true, .address = 0x20, .data = {1, 2, 3}});
  EXPECT_EQ(bench.accesses, (std::vector{Access{true, false, 0x28, 3}}));
}

TYPED_TEST(Bridge, ADamagedHeaderNeverCausesAnAccess) {
  typename TestFixture::Bench bench(TestFixture::kDivider);
  this->open(bench);
  const Request requests[] = {{.memory = true, .address = 0x2468, .tag = 3, .words = 2},
                              {.write = true, .toggle = true, .address = 0x38, .data = {9}}};
  for (const Request& request : requests) {
    const Frame frame = encode(request);
    for (size_t bit = 0; bit < 8 * kHeaderBytes; ++bit) {
      Frame damaged = frame;
      damaged[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
      bench.send(damaged);
      bench.flush(12);  // what a host sends before it tries again
      ASSERT_TRUE(bench.accesses.empty()) << "bit " << bit;
    }
    EXPECT_FALSE(this->must_ask(bench, request).crc);
    EXPECT_FALSE(bench.accesses.empty());
    bench.accesses.clear();
  }
}

TYPED_TEST(Bridge, AForgottenHeaderNeedsNoFlush) {
  typename TestFixture::Bench bench(TestFixture::kDivider);
  this->open(bench);
  Frame damaged = encode({.address = 0x10});
  damaged[8] ^= 0x10;
  bench.send(damaged);
  const Answer answer = this->must_ask(bench, {.address = 0x44});
  EXPECT_EQ(answer.data, std::vector{register_value(0x44)});
}

TYPED_TEST(Bridge, DamagedDataIsReportedAndARegisterNotWritten) {
  typename TestFixture::Bench bench(TestFixture::kDivider);
  this->open(bench);
  const Request reg{.write = true, .toggle = true, .address = 0x38, .tag = 7, .data = {0x1234}};
  const Request mem{.write = true, .memory = true, .address = 0x40, .tag = 8, .data = {1, 2, 3}};
  for (const Request& request : {reg, mem}) {
    const Frame frame = encode(request);
    for (size_t bit = 8 * kHeaderBytes; bit < 8 * frame.size(); ++bit) {
      Frame damaged = frame;
      damaged[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
      bench.send(damaged);
      const auto answer = decode(bench.listen(kStatusBytes));
      ASSERT_TRUE(answer);
      EXPECT_EQ(answer->tag, request.tag);
      EXPECT_TRUE(answer->crc) << "bit " << bit;
      EXPECT_FALSE(answer->toggle);
      if (!request.memory) {
        ASSERT_TRUE(bench.accesses.empty());
      }
    }
    bench.accesses.clear();
    EXPECT_FALSE(this->must_ask(bench, request).crc);
    EXPECT_EQ(bench.accesses.size(), request.data.size());
    // Back to toggle 0 for the next kind.
    if (!request.memory)
      this->must_ask(bench, {.write = true, .toggle = false, .address = 0x38, .data = {0}});
    bench.accesses.clear();
  }
}

TYPED_TEST(Bridge, LostAndDoubledBytesNeverWriteARegister) {
  typename TestFixture::Bench bench(TestFixture::kDivider);
  this->open(bench);
  const Frame frame =
      encode({.write = true, .toggle = true, .address = 0x38, .data = {0xa5a5a5a0}});
  for (size_t at = 0; at < frame.size(); ++at) {
    Frame lost = frame, twice = frame;
    lost.erase(lost.begin() + static_cast<long>(at));
    twice.insert(twice.begin() + static_cast<long>(at), frame[at]);
    bench.send(lost);
    bench.flush(24);
    ASSERT_TRUE(bench.accesses.empty()) << "lost byte " << at;
    // Doubling the first byte or a last one may leave a whole request.
    bench.send(twice);
    bench.flush(24);
    for (const Access& access : bench.accesses)
      ASSERT_EQ(access, (Access{true, false, 0x38, 0xa5a5a5a0})) << "doubled byte " << at;
    if (!bench.accesses.empty())
      this->must_ask(bench, {.write = true, .toggle = false, .address = 0x38, .data = {0}});
    bench.accesses.clear();
  }
}

TYPED_TEST(Bridge, GarbageBeforeARequestIsSkipped) {
  typename TestFixture::Bench bench(TestFixture::kDivider);
  this->open(bench);
  std::mt19937_64 random(6);
  for (int round = 0; round < 40; ++round) {
    Frame garbage(random() % 40);
    for (uint8_t& byte : garbage)
      byte = static_cast<uint8_t>(random() % 4 ? random() : 0xa0 | random() % 16);
    bench.send(garbage);
    bench.flush(12);
    ASSERT_TRUE(bench.accesses.empty());
    const uint32_t address = 4 * static_cast<uint32_t>(random() % 500);
    ASSERT_EQ(this->must_ask(bench, {.address = address}).data,
              std::vector{register_value(address)});
    bench.accesses.clear();
  }
}

TYPED_TEST(Bridge, RatesTwoPercentOffAreUnderstood) {
  for (const double rate : {0.98, 1.02}) {
    typename TestFixture::Bench bench(TestFixture::kDivider, rate, 9);
    this->open(bench);
    std::mt19937_64 random(7);
    for (int round = 0; round < 30; ++round) {
      const auto data = random_words(random, 1 + random() % 8);
      Answer answer =
          this->must_ask(bench, {.write = true, .memory = true, .address = 0x100, .data = data});
      ASSERT_FALSE(answer.crc) << "rate " << rate;
      answer = this->must_ask(
          bench, {.memory = true, .address = 0x100, .words = static_cast<uint32_t>(data.size())});
      ASSERT_EQ(answer.data, data) << "rate " << rate;
    }
    EXPECT_EQ(bench.framing_errors(), 0u);
  }
}

TYPED_TEST(Bridge, ShortDisturbancesAreNoStartBit) {
  typename TestFixture::Bench bench(TestFixture::kDivider);
  this->open(bench);
  // In a pause of a request, where a byte more would not do.
  const Frame frame = encode({.address = 0x44});
  bench.send({frame.begin(), frame.begin() + 5});
  bench.listen();
  bench.spike();
  bench.send({frame.begin() + 5, frame.end()});
  const auto answer = decode(bench.listen(kStatusBytes + 4));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->data, std::vector{register_value(0x44)});
}

// The memory of a busy machine: words are neither lost nor mixed up within the stated wait, and a
// longer wait is noticed.
TYPED_TEST(Bridge, SlowAccesses) {
  typename TestFixture::Bench bench(TestFixture::kDivider);
  this->open(bench);
  std::mt19937_64 random(8);
  const int limit = 13 * TestFixture::kDivider - 16;
  bench.memory_delay = [&] { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  bench.register_delay = [&] { return static_cast<int>(random() % 100); };
  for (int round = 0; round < 20; ++round) {
    const auto data = random_words(random, 1 + random() % 30);
    const Request read{
        .memory = true, .address = 0x800, .words = static_cast<uint32_t>(data.size())};
    Answer answer =
        this->must_ask(bench, {.write = true, .memory = true, .address = 0x800, .data = data});
    ASSERT_FALSE(answer.crc);
    ASSERT_EQ(this->must_ask(bench, read).data, data);
    answer = this->must_ask(
        bench, {.write = true, .toggle = round % 2 == 0, .address = 0x38, .data = {1}});
    ASSERT_FALSE(answer.crc);
  }
  for (int wait = limit; wait < limit + 40 * TestFixture::kDivider; wait += 3) {
    const auto data = random_words(random, 6);
    bench.memory.clear();
    int slow = 2;
    bench.memory_delay = [&] { return slow-- == 0 ? wait : 0; };
    const auto answer = bench.ask({.write = true, .memory = true, .address = 0x800, .data = data});
    if (!answer || answer->crc) {
      bench.flush(40);
      continue;
    }
    for (uint32_t i = 0; i < data.size(); ++i) ASSERT_EQ(bench.memory[0x800 + 4 * i], data[i]);
  }
  bench.memory_delay = [] { return 1000; };  // a read waits as long as it takes
  EXPECT_EQ(this->must_ask(bench, {.memory = true, .address = 0x804, .words = 3}).data.size(), 3u);
}

}  // namespace
}  // namespace millrace::soc
