// SPDX-License-Identifier: Apache-2.0
// The memory of a board against model/memory, cycle by cycle, and the host beside it.
#include <gtest/gtest.h>

#include "Vmemory_dual.h"
#include "Vmemory_single.h"
#include "Vmemory_small.h"
#include "tests/soc/memory_bench.h"

namespace millrace::soc {
namespace {

template <typename Top>
struct Shape;
template <>
struct Shape<Vmemory_single> {
  static constexpr MemoryShape kValue{4, 8, 1, 1, true, true};
  static constexpr const char* kName = "NanoSingle";
};
template <>
struct Shape<Vmemory_dual> {
  static constexpr MemoryShape kValue{4, 8, 1, 1, true, false};
  static constexpr const char* kName = "NanoDual";
};
template <>
struct Shape<Vmemory_small> {
  static constexpr MemoryShape kValue{8, 32, 8, 4, false, false};
  static constexpr const char* kName = "Small";
};

template <typename Top>
class OnchipMemory : public testing::Test {};
class Names {
 public:
  template <typename T>
  static std::string GetName(int) {
    return Shape<T>::kName;
  }
};
using Tops = testing::Types<Vmemory_single, Vmemory_dual, Vmemory_small>;
TYPED_TEST_SUITE(OnchipMemory, Tops, Names);

TYPED_TEST(OnchipMemory, RandomTrafficTakesTheTimeOfTheModel) {
  constexpr Traffic kTraffics[] = {
      // fetch, read, write, beat, host, one-beat bursts
      {100, 100, 100, 100, 100, 0}, {100, 50, 50, 100, 100, 100}, {30, 100, 0, 100, 100, 20},
      {20, 0, 100, 60, 100, 50},    {5, 10, 10, 90, 50, 30},      {50, 50, 50, 20, 30, 50},
      {0, 100, 100, 100, 0, 30},    {40, 50, 60, 100, 0, 50},     {15, 50, 60, 100, 2, 50},
      {50, 80, 80, 80, 5, 80},
  };
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    MemoryBench<TypeParam> bench(Shape<TypeParam>::kValue, seed);
    for (const Traffic& traffic : kTraffics) {
      bench.run(60'000, traffic);
      if (seed % 2) bench.drain();
      if (this->HasFailure()) {
        ADD_FAILURE() << "seed " << seed << ", traffic " << &traffic - kTraffics;
        return;
      }
    }
    EXPECT_GT(bench.beats(), 150'000u);
    EXPECT_GT(bench.answers(), 5000u);
    EXPECT_GT(bench.host_accesses(), 5000u);
  }
}

// A host is served within two cycles when nobody else is there, and keeps nobody waiting: the check
// above does not know it.
TYPED_TEST(OnchipMemory, AQuietMemoryServesTheHostAtOnce) {
  MemoryBench<TypeParam> bench(Shape<TypeParam>::kValue, 3);
  bench.run(5000, {0, 0, 0, 0, 100, 0});
  EXPECT_LE(bench.host_waits_max(), 2u);
  EXPECT_GT(bench.host_accesses(), 2000u);
}

}  // namespace
}  // namespace millrace::soc
