// SPDX-License-Identifier: Apache-2.0
#include "host/cli/timeline.h"

#include <nlohmann/json.hpp>

#include "host/asm/text.h"
#include "host/runtime/runtime.h"

namespace millrace::cli {
namespace {

using nlohmann::json;

// Instructions of one unit overlap: a slice goes to the first lane that is free.
class Lanes {
 public:
  // Number of the track.
  uint32_t place(const Activity& a) {
    std::vector<uint64_t>& free = free_[a.unit];
    size_t lane = 0;
    while (lane < free.size() && free[lane] > a.started) ++lane;
    if (lane == free.size()) free.push_back(0);
    free[lane] = a.done + 1;
    return a.unit * kStride + static_cast<uint32_t>(lane);
  }
  json names() const {
    json events = json::array();
    for (uint32_t unit = 0; unit < kUnits; ++unit)
      for (uint32_t lane = 0; lane < free_[unit].size(); ++lane)
        events.push_back({{"name", "thread_name"},
                          {"ph", "M"},
                          {"pid", 0},
                          {"tid", unit * kStride + lane},
                          {"args", {{"name", isa::kUnitNames[unit]}}}});
    return events;
  }

 private:
  static constexpr uint32_t kStride = 100;
  std::array<std::vector<uint64_t>, kUnits> free_;  // first free cycle, by lane
};

}  // namespace

std::string to_timeline(std::span<const Activity> activities) {
  Lanes lanes;
  json events = json::array();
  for (const Activity& a : activities) {
    const std::string text = disassemble(a.words);
    events.push_back({{"name", text.substr(0, text.find(' '))},
                      {"ph", "X"},
                      {"pid", 0},
                      {"tid", lanes.place(a)},
                      {"ts", a.started},
                      {"dur", a.done + 1 - a.started},
                      {"args",
                       {{"instruction", text},
                        {"index", a.index},
                        {"dispatched", a.dispatched},
                        {"started", a.started},
                        {"done", a.done}}}});
  }
  for (json& name : lanes.names()) events.push_back(std::move(name));
  return json{{"traceEvents", std::move(events)}, {"displayTimeUnit", "ns"}}.dump() + "\n";
}

}  // namespace millrace::cli
