// SPDX-License-Identifier: Apache-2.0
// The coverage model and the steering: every point can be reached, steering reaches more than even
// draws, nothing outside the list is reached, and small programs reach what they should and no
// more.
#include "tests/cosim/coverage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>

#include "tests/cosim/fault_points.h"
#include "tests/cosim/steer.h"

namespace millrace::cosim {
namespace {

Coverage campaign(const isa::Config& config, uint32_t programs, bool steered) {
  Campaign run(config, 1, steered);
  while (run.programs() < programs) {
    const Status ok = run.step();
    if (!ok) ADD_FAILURE() << ok.error().message;
    if (!ok) break;
  }
  return run.coverage();
}

std::string join(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& item : list) text += "\n  " + item;
  return text;
}

// What a configuration may leave out after kPrograms programs, and what all of them reach together.
constexpr uint32_t kPrograms = 350;
constexpr double kShare = 0.98;

TEST(Coverage, EveryPointIsReached) {
  std::set<std::string> missing;
  std::map<std::string, uint32_t> hits;
  for (const isa::Config& config : isa::kConfigs) {
    SCOPED_TRACE(config.name);
    const Coverage coverage = campaign(config, kPrograms, true);
    const Coverage::Share all = coverage.total();
    EXPECT_GE(static_cast<double>(all.reached), kShare * static_cast<double>(all.possible))
        << "not reached:" << join(coverage.missing());
    EXPECT_TRUE(coverage.unexpected().empty()) << *coverage.unexpected().begin();
    for (const std::string& point : coverage.points()) hits[point] += coverage.hits(point);
  }
  for (const auto& [point, count] : hits) EXPECT_GT(count, 0u) << point << " is never reached";
}

TEST(Coverage, SteeringReachesMore) {
  for (const isa::Config& config : std::span(isa::kConfigs).first(3))
    EXPECT_GT(campaign(config, 120, true).total().reached,
              campaign(config, 120, false).total().reached + 10)
        << config.name;
}

TEST(Coverage, CampaignsAreDeterministic) {
  const isa::Config& config = isa::kConfigs[1];
  EXPECT_EQ(campaign(config, 40, true).missing(), campaign(config, 40, true).missing());
}

TEST(Coverage, PointsHaveDifferentNames) {
  for (const isa::Config& config : isa::kConfigs) {
    const std::vector<std::string> list = coverage_points(config);
    EXPECT_EQ(std::set<std::string>(list.begin(), list.end()).size(), list.size());
    EXPECT_GT(list.size(), 250u);
  }
}

// ---- Small programs.

class SmallPrograms : public testing::Test {
 protected:
  // Segment 0 may be read and written; the ring lies behind it.
  std::set<std::string> reach(const std::vector<isa::Instruction>& code, uint32_t ring_log2 = 4) {
    Program p;
    p.config = *isa::find_config("small");
    p.code = code;
    p.segments.assign(static_cast<size_t>(p.config.segments), Segment());
    p.segments[0] = {0, 0x8000, true, true};
    p.segments[1] = {0x4000, 0x1000, true, false};
    p.ring_base = 0x8000;
    p.ring_log2 = ring_log2;
    p.memory_image.resize(0x10000);
    for (uint32_t tail = 0; tail < code.size();) {
      tail = std::min(tail + (1u << ring_log2), static_cast<uint32_t>(code.size()));
      p.doorbells.push_back({tail, false});
    }
    const Result<Observation> o = observe(p, memory::MemorySpec());
    EXPECT_TRUE(o) << (o ? "" : o.error().message);
    return o ? points_reached(*o) : std::set<std::string>();
  }
  static std::vector<std::string> of_group(const std::set<std::string>& points, const char* group) {
    std::vector<std::string> list;
    for (const std::string& point : points)
      if (group_of(point) == group) list.push_back(point.substr(point.find('/') + 1));
    return list;
  }
  static isa::Instruction load(uint32_t bank, uint32_t row_bytes = 4096, uint32_t seg = 0) {
    return isa::Load{.seg = seg, .row_bytes = row_bytes, .dst = bank * 1024, .dst_hi = bank}.pack();
  }
  static isa::Instruction store(uint32_t bank, uint32_t offset) {
    return isa::Store{
        .seg = 0, .row_bytes = 4096, .src = bank * 1024, .src_hi = bank, .offset = offset}
        .pack();
  }
  using Names = std::vector<std::string>;
};

TEST_F(SmallPrograms, OneLoadReachesItsModesOnly) {
  const std::set<std::string> points = reach({load(0, 8)});
  EXPECT_EQ(of_group(points, "load"),
            (Names{"addr=aligned", "planes=1", "rows=1", "sp flip=0", "sp row=whole"}));
  for (const char* group : {"hazard", "sequence", "fault", "context", "store"})
    EXPECT_EQ(of_group(points, group), Names()) << group;
  EXPECT_EQ(of_group(points, "flow"), (Names{"one instruction"}));
}

TEST_F(SmallPrograms, WaitsAreHazards) {
  EXPECT_EQ(of_group(reach({load(0), load(0)}), "hazard"), (Names{"load>load sp WAW"}));
  EXPECT_EQ(of_group(reach({load(0), load(1)}), "hazard"), Names());
  EXPECT_EQ(of_group(reach({load(0), store(0, 0x4000)}), "hazard"),
            (Names{"load>store segment WAR", "load>store sp RAW"}));
  EXPECT_EQ(of_group(reach({store(0, 0x4000), load(1, 4096, 1)}), "hazard"),
            (Names{"store>load alias RAW"}));
  EXPECT_EQ(of_group(reach({store(0, 0), store(1, 0)}), "hazard"), Names());
}

// The older one is complete before the younger one is there.
TEST_F(SmallPrograms, ConflictsWithoutAWaitAreNone) {
  std::vector<isa::Instruction> code = {load(0, 8)};
  for (int i = 0; i < 6; ++i) code.push_back(isa::Vset().pack());
  code.push_back(store(0, 0));
  EXPECT_EQ(of_group(reach(code), "hazard"), Names());
}

TEST_F(SmallPrograms, UnitsThatWaitForNothingFollowOnEachOther) {
  EXPECT_EQ(of_group(reach({load(0), load(1)}), "sequence"), (Names{"load>load"}));
  EXPECT_EQ(of_group(reach({load(0, 8), store(1, 0)}), "sequence"), Names());
}

TEST_F(SmallPrograms, FaultsAreNamedWithTheirContext) {
  isa::Load outside = isa::Load::unpack(load(1, 8));
  outside.rows = 3;
  outside.chip_row = 600;
  const std::set<std::string> points = reach({load(0), outside.pack(), store(2, 0)});
  EXPECT_EQ(of_group(points, "fault"), (Names{"bank load sp row"}));
  EXPECT_EQ(of_group(points, "load"), of_group(reach({load(0)}), "load"));
  EXPECT_EQ(of_group(reach({load(0, 0)}), "fault"), (Names{"illegal row_bytes load"}));
  EXPECT_EQ(of_group(reach({load(0), {0}}), "context"), (Names{"fetch older in flight"}));
}

TEST_F(SmallPrograms, RingsWrapAndQueuesFill) {
  const std::vector<isa::Instruction> code(9, load(0));
  EXPECT_EQ(of_group(reach(code, 4), "flow"), (Names{"fetch buffer full", "queue full load"}));
  const std::set<std::string> wrapped = reach(code, 1);
  EXPECT_TRUE(wrapped.contains("flow/ring wraps"));
  EXPECT_TRUE(wrapped.contains("flow/ring wraps three times"));
  EXPECT_TRUE(wrapped.contains("flow/doorbell while busy"));
}

}  // namespace
}  // namespace millrace::cosim
