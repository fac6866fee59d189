// SPDX-License-Identifier: Apache-2.0
// What random programs have exercised, measured on the cycle model alone: an explicit list of named
// points for each configuration. A point that a configuration cannot reach is not in its list.
//
// Names are "group/what": the groups of modes are the six instructions ("load/rows=max"); "hazard"
// has the pairs of which the younger instruction waited until the older one was complete
// ("hazard/matmul>vector acc RAW"); "sequence" has instructions that follow each other in a unit
// without a pause; "fault" names code, unit and position of the fault that is recorded, "context"
// what was in flight meanwhile; "flow" is about queues, slots, ring and fetch.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/cycle/timeline.h"
#include "model/memory/spec.h"
#include "tests/cosim/host.h"
#include "tests/cosim/random_program.h"

namespace millrace::cosim {

// A program, and what the cycle model did with it.
struct Observation {
  const Program& program;
  cycle::Timeline timeline;
  Outcome outcome;
};
// Runs it on a new cycle model with this memory.
Result<Observation> observe(const Program& program, const memory::MemorySpec& memory);

// All points of a configuration.
std::vector<std::string> coverage_points(const isa::Config& config);
// What a program has reached.
std::set<std::string> points_reached(const Observation& observation);

// Parts of both, by file.
void list_modes(const isa::Config& config, std::vector<std::string>& list);
void find_modes(const isa::Config& config, const isa::Instruction& words, const isa::Vset& vset,
                const Program& program, std::set<std::string>& found);
void list_flow(const isa::Config& config, std::vector<std::string>& list);
void find_flow(const Observation& observation, std::set<std::string>& found);

// Adds up many programs.
class Coverage {
 public:
  explicit Coverage(const isa::Config& config);
  void add(const std::set<std::string>& reached);

  struct Share {
    size_t reached = 0, possible = 0;
  };
  Share total() const;
  std::map<std::string, Share> groups() const;
  std::vector<std::string> missing() const;
  // Reached although not in the list: an error of the list or of a detector.
  const std::set<std::string>& unexpected() const { return unexpected_; }
  uint32_t hits(const std::string& point) const { return hits_.at(point); }
  const std::vector<std::string>& points() const { return points_; }

 private:
  std::vector<std::string> points_;
  std::map<std::string, uint32_t> hits_;
  std::set<std::string> unexpected_;
};

// "load" of "load/rows=max".
inline std::string group_of(const std::string& point) { return point.substr(0, point.find('/')); }

}  // namespace millrace::cosim
