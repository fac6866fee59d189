// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/steer.h"

#include <array>

namespace millrace::cosim {
namespace {

constexpr uint32_t kRaised = 16;
constexpr uint32_t kPeriod = 8;  // programs between two looks at what is missing

// Memories that programs take in turn: one that answers at once, a slow one, one that stalls.
memory::MemorySpec memory_of(uint32_t program) {
  constexpr std::array kMemories = {"ideal", "fixed:40:16", "random:7"};
  return std::get<memory::MemorySpec>(
      memory::parse_memory_spec(kMemories[program % kMemories.size()]));
}

}  // namespace

// Every missing point raises its name, its opcode and its fault code.
void Campaign::steer() {
  weights_ = Weights();
  for (const std::string& point : coverage_.missing()) weights_.set(point, kRaised);
  for (const auto& [group, share] : coverage_.groups()) {
    const size_t missing = share.possible - share.reached;
    weights_.set("opcode/" + group, static_cast<uint32_t>(1 + 6 * missing / share.possible));
  }
  std::array<uint32_t, isa::kFaultNames.size()> missing{};
  for (const std::string& point : coverage_.missing())
    for (size_t code = 0; code < missing.size(); ++code)
      missing[code] += point.starts_with("fault/" + std::string(isa::kFaultNames[code]) + " ");
  for (size_t code = 1; code < missing.size(); ++code)
    weights_.set("code/" + std::string(isa::kFaultNames[code]), 1 + missing[code]);
}

ProgramOptions Campaign::next_options() {
  if (steered_ && programs_ % kPeriod == 0) steer();
  Prng prng(seed_ << 20 | programs_);
  const Weights* weights = steered_ ? &weights_ : nullptr;
  Chooser chooser(prng, weights);
  ProgramOptions options;
  options.seed = prng.next();
  options.count = chooser.pick("flow/", {{"short program", 15}, {"long program", 1}}) == 0
                      ? prng.between(20, 70)
                      : prng.between(200, 350);
  if (prng.one_in(2)) {
    std::array<Option, isa::kFaultNames.size()> codes;
    for (size_t i = 0; i < codes.size(); ++i) codes[i] = {isa::kFaultNames[i], i > 0 ? 1u : 0u};
    options.fault = static_cast<isa::Fault>(chooser.pick("code/", codes));
  }
  options.dump = false;
  options.weights = weights;
  return options;
}

Status Campaign::step() {
  const ProgramOptions options = next_options();
  Program program = random_program(config_, options);
  if (programs_ % 4 < 2) spoil_after_fault(program);
  const Result<Observation> observation = observe(program, memory_of(programs_));
  if (!observation) return failure(program.repro() + ": " + observation.error().message);
  coverage_.add(points_reached(*observation));
  ++programs_;
  return {};
}

}  // namespace millrace::cosim
