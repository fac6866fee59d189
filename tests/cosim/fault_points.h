// SPDX-License-Identifier: Apache-2.0
// Where an instruction faults, as the name of a coverage point: "bank matmul a tile". Found by
// walking its elements in the order of docs/reference/isa.md.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "millrace/isa.h"
#include "model/memory/bytes.h"
#include "tests/cosim/random_program.h"

namespace millrace::cosim {

struct FaultScene {
  const isa::Config& config;
  std::span<const Segment> segments;
  isa::Vset vset;
  // Bus addresses that are refused.
  bool refused(uint64_t addr, uint64_t bytes) const;
  memory::AddressRange slverr;
};

// Nothing if the instruction has no fault. Its fetch is not looked at.
std::optional<std::string> fault_point(const FaultScene& scene, const isa::Instruction& words);

// All that a configuration can have, fetch included.
std::vector<std::string> fault_points(const isa::Config& config);

}  // namespace millrace::cosim
