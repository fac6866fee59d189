// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/coverage.h"

#include "sim/cycle/cycle_device.h"
#include "tests/cosim/fault_points.h"

namespace millrace::cosim {
namespace {

// The fault that is recorded, and the modes of what was executed to its end.
void find_instructions(const Observation& o, std::set<std::string>& found) {
  const Program& p = o.program;
  isa::Vset vset;
  for (uint32_t i = 0; i < o.timeline.lives.size(); ++i) {
    const cycle::Life& life = o.timeline.lives[i];
    if (life.complete == cycle::kNever) continue;
    if (o.outcome.faulted() && i == o.outcome.fault_index) {
      const auto point = fault_point({p.config, p.segments, vset, p.slverr}, life.words);
      if (life.bus_error)
        found.insert(i == 0 ? "fault/bus fetch first" : "fault/bus fetch later");
      else
        found.insert("fault/" + point.value_or("undetected"));
      return;
    }
    if (life.done != cycle::kNever && !life.stop) find_modes(p.config, life.words, vset, p, found);
    if ((life.words[0] & 0xff) == static_cast<uint32_t>(isa::Opcode::kVset))
      vset = isa::Vset::unpack(life.words);
  }
}

}  // namespace

Result<Observation> observe(const Program& program, const memory::MemorySpec& memory) {
  sim::CycleDevice device(program.config, {memory, program.slverr, {}});
  Observation o = {program, {}, {}};
  device.machine().record(&o.timeline);
  Result<Outcome> outcome = run(device, program);
  if (!outcome) return outcome.error();
  o.outcome = std::move(*outcome);
  return o;
}

std::vector<std::string> coverage_points(const isa::Config& config) {
  std::vector<std::string> list;
  list_modes(config, list);
  list_flow(config, list);
  for (const std::string& point : fault_points(config)) list.push_back("fault/" + point);
  return list;
}

std::set<std::string> points_reached(const Observation& observation) {
  std::set<std::string> found;
  find_instructions(observation, found);
  find_flow(observation, found);
  return found;
}

Coverage::Coverage(const isa::Config& config) : points_(coverage_points(config)) {
  for (const std::string& point : points_) hits_[point] = 0;
}

void Coverage::add(const std::set<std::string>& reached) {
  for (const std::string& point : reached) {
    const auto it = hits_.find(point);
    if (it == hits_.end())
      unexpected_.insert(point);
    else
      ++it->second;
  }
}

Coverage::Share Coverage::total() const {
  Share share;
  for (const auto& [point, hits] : hits_) {
    ++share.possible;
    share.reached += hits > 0;
  }
  return share;
}

std::map<std::string, Coverage::Share> Coverage::groups() const {
  std::map<std::string, Share> groups;
  for (const auto& [point, hits] : hits_) {
    Share& share = groups[group_of(point)];
    ++share.possible;
    share.reached += hits > 0;
  }
  return groups;
}

std::vector<std::string> Coverage::missing() const {
  std::vector<std::string> list;
  for (const std::string& point : points_)
    if (hits_.at(point) == 0) list.push_back(point);
  return list;
}

}  // namespace millrace::cosim
