// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/check.h"

namespace millrace::cosim {
namespace {

Status compare(const Outcome& golden, const Outcome& found, std::string_view machine,
               const Program& program) {
  const auto differ = [machine](const std::string& what, uint64_t wanted, uint64_t value) {
    const std::string name(machine);
    return failure("golden model and " + name + " differ in " + what + ": golden model " +
                   std::to_string(wanted) + ", " + name + " " + std::to_string(value));
  };
  constexpr uint32_t kEnd = 1u << reg::kStatusIdleLow | 1u << reg::kStatusFaultLow;
  if ((found.status & kEnd) != (golden.status & kEnd))
    return differ("how the program ends: STATUS", golden.status & kEnd, found.status & kEnd);
  const bool faulted = golden.faulted();
  struct Value {
    bool defined;
    const char* name;
    uint32_t golden, found;
  };
  for (const Value& v : {Value{faulted, "FAULT", golden.fault, found.fault},
                         Value{faulted, "FAULT_INDEX", golden.fault_index, found.fault_index},
                         Value{faulted, "FAULT_ADDR", golden.fault_addr, found.fault_addr},
                         Value{!faulted, "RING_HEAD", golden.head, found.head},
                         Value{!faulted, "IRQ_STATUS", golden.irq, found.irq},
                         Value{!faulted, "SIGNAL_VALUE", golden.signal_value, found.signal_value}})
    if (v.defined && v.golden != v.found) return differ(v.name, v.golden, v.found);
  std::vector<bool> defined(golden.memory.size(), true);
  if (faulted) defined = comparable_after_fault(program, golden.fault_index);
  for (size_t i = 0; i < golden.memory.size(); ++i)
    if (defined[i] && golden.memory[i] != found.memory[i])
      return differ("memory byte " + std::to_string(i) + " (the dump begins at " +
                        std::to_string(program.dump_base) + ")",
                    golden.memory[i], found.memory[i]);
  return {};
}

// The end of the program alone, which dumps the banks.
Program dump_of(const Program& program) {
  Program dump = program;
  dump.code.erase(dump.code.begin(), dump.code.begin() + static_cast<ptrdiff_t>(program.body_end));
  dump.doorbells = {{static_cast<uint32_t>(dump.code.size()), false}};
  write_ring(dump);
  return dump;
}

}  // namespace

ProgramOptions options_of(uint64_t seed) {
  ProgramOptions options;
  options.seed = seed;
  options.fault = seed % 3 ? isa::Fault::kNone : static_cast<isa::Fault>(1 + seed / 3 % 6);
  return options;
}

Result<bool> check(Device& machine, RefDevice& golden, const Program& program) {
  const Result<Outcome> outcome = run(machine, program);
  if (!outcome) return outcome.error();
  if (program.config.counters)
    for (const uint64_t sum : outcome->causes)
      if (sum != outcome->cycles)
        return failure("the causes of a unit sum to " + std::to_string(sum) + ", not to CYCLES, " +
                       std::to_string(outcome->cycles));
  // Before the prologue is complete the banks hold what they had at power-on.
  const bool initialised = outcome->fault_index >= program.body_begin;
  if (outcome->faulted() && program.options.dump && initialised) {
    const Result<Outcome> banks = run(machine, dump_of(program));
    if (!banks) return banks.error();
  }
  if (program.options.fault == isa::Fault::kBus) {
    if (outcome->code() != isa::Fault::kBus || outcome->fault_index != *program.fault_index)
      return failure("the program should end by a BUS fault of instruction " +
                     std::to_string(*program.fault_index));
    return true;
  }
  const Result<Outcome> expected = run(golden, program);
  if (!expected) return expected.error();
  if (const Status same = compare(*expected, *outcome, machine.kind(), program); !same)
    return same.error();
  return outcome->faulted();
}

}  // namespace millrace::cosim
