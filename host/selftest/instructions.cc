// SPDX-License-Identifier: Apache-2.0
// The third step: every instruction in every mode, on the machine and on the golden model.
#include <zlib.h>

#include <algorithm>
#include <map>
#include <random>

#include "host/asm/text.h"
#include "host/runtime/registers.h"
#include "host/selftest/cases.h"
#include "host/selftest/clock.h"
#include "host/selftest/machine.h"
#include "host/selftest/selftest.h"

namespace millrace::selftest {
namespace {

constexpr size_t kMostNamed = 6;  // failed cases

uint32_t crc(uint32_t before, std::span<const uint8_t> bytes) {
  return static_cast<uint32_t>(crc32(before, bytes.data(), static_cast<uInt>(bytes.size())));
}

// What a case leaves: the bytes it may write, and for SIGNAL the interrupts.
struct Outcome {
  std::vector<uint8_t> bytes;
  uint32_t irq = 0;
};

Result<Outcome> run_case(TestMachine& machine, const Case& c, uint64_t seed) {
  // What is not written must stay: bytes of this case alone.
  std::mt19937 random(static_cast<uint32_t>(seed) ^
                      crc(0, {reinterpret_cast<const uint8_t*>(c.name.data()), c.name.size()}));
  std::vector<uint8_t> before(c.to - c.from);
  for (uint8_t& b : before) b = static_cast<uint8_t>(random());
  Device& device = machine.runtime().device();
  const bool signal = c.opcode == isa::Opcode::kSignal;
  if (signal)
    if (const Status status = device.write_reg(reg::kIrqStatus, ~0u); !status)
      return status.error();
  if (const Status status = machine.write_output(c.from, before); !status) return status.error();
  if (const Status status = machine.execute(c.code); !status) return status.error();
  Outcome outcome;
  Result<std::vector<uint8_t>> bytes = machine.read_output(c.from, c.to);
  if (!bytes) return bytes.error();
  outcome.bytes = std::move(*bytes);
  if (!signal) return outcome;
  const Result<uint32_t> irq = device.read_reg(reg::kIrqStatus);
  if (!irq) return irq.error();
  outcome.irq = *irq;
  return outcome;
}

class InstructionCheck {
 public:
  InstructionCheck(Session& session, TestMachine& device, TestMachine& golden)
      : session_(session),
        device_(device),
        golden_(golden),
        config_(device.runtime().config()),
        cases_(instruction_cases(config_)) {}

  Step run() {
    step_.name = "instructions";
    std::erase_if(cases_, [&](const Case& c) {
      return c.name.find(session_.options.only) == std::string::npos;
    });
    Stopwatch watch;
    double shown = 0;
    for (size_t i = 0; i < cases_.size() && !lost_; ++i) {
      if (watch.seconds() > shown + 0.5) {
        shown = watch.seconds();
        session_.progress("instructions: " + std::to_string(i) + " of " +
                          std::to_string(cases_.size()) + ", " + cases_[i].name);
      }
      try_case(cases_[i]);
    }
    if (failed_.empty()) bystanders();
    conclude();
    return step_;
  }

 private:
  void try_case(const Case& c) {
    const uint64_t seed = session_.options.seed;
    const Result<Outcome> wanted = run_case(golden_, c, seed);
    if (!wanted) {
      step_.failure = c.name + " cannot run on the golden model: " + wanted.error().message;
      lost_ = true;
      return;
    }
    ++tried_[c.opcode];
    const Result<Outcome> found = run_case(device_, c, seed);
    if (!found) return report(c, found.error().message, false);
    if (found->bytes != wanted->bytes) return report(c, difference(c, *found, *wanted), true);
    if (found->irq != wanted->irq)
      return report(c, "IRQ_STATUS is " + hex32(found->irq) + ", expected " + hex32(wanted->irq),
                    true);
    sums_[c.opcode] = crc(sums_[c.opcode], found->bytes);
  }

  std::string difference(const Case& c, const Outcome& found, const Outcome& wanted) {
    const auto at = std::ranges::mismatch(found.bytes, wanted.bytes).in1 - found.bytes.begin();
    const uint32_t byte = c.from + static_cast<uint32_t>(at);
    const auto wrong = std::ranges::count_if(
        wanted.bytes, [&, i = size_t{0}](uint8_t b) mutable { return found.bytes[i++] != b; });
    std::string text = "checksum " + hex32(crc(0, found.bytes)) + ", expected " +
                       hex32(crc(0, wanted.bytes)) + "; " + std::to_string(wrong) + " of " +
                       std::to_string(found.bytes.size()) + " bytes differ, first byte " +
                       std::to_string(byte) +
                       " of the output: " + std::to_string(found.bytes[static_cast<size_t>(at)]) +
                       ", expected " + std::to_string(wanted.bytes[static_cast<size_t>(at)]);
    for (const Dump& dump : c.dumps) {
      if (byte < dump.at || byte >= dump.at + dump.bytes || dump.unit == 1) continue;
      text += " (" + dump.what + " " + std::to_string(dump.first + (byte - dump.at) / dump.unit) +
              ", byte " + std::to_string((byte - dump.at) % dump.unit) + ")";
    }
    return text;
  }

  // The first failure in full, then names. `finished`: the machine can go on as it is.
  void report(const Case& c, const std::string& what, bool finished) {
    failed_.push_back(c.name);
    ++wrong_[c.opcode];
    if (step_.failure.empty()) {
      const isa::InstructionInfo& info = info_of(c.opcode);
      step_.failure = c.name + ": " + what + "; look at unit " +
                      std::string(isa::kUnitNames[static_cast<size_t>(info.unit)]) +
                      ", instruction: " + disassemble(c.tested.front(), &config_);
      if (c.tested.size() > 1)
        step_.failure += " and " + std::to_string(c.tested.size() - 1) + " more";
      step_.failure += "; reproduce with --only '" + c.name + "' --seed " +
                       std::to_string(session_.options.seed);
    }
    if (finished) return;
    // A machine that hangs on one case may hang on all.
    lost_ = !device_.runtime().reset(kCaseTimeout) || ++stops_ == 3;
  }

  // Memory that no case may write, and output that none has looked at.
  void bystanders() {
    const Result<std::vector<uint8_t>> input = device_.read_input();
    const uint32_t all = output_bytes(config_);
    const Result<std::vector<uint8_t>> found = device_.read_output(0, all);
    const Result<std::vector<uint8_t>> wanted = golden_.read_output(0, all);
    if (!input || !found || !wanted) {
      step_.failure = "reading memory: " + (!input ? input : found).error().message;
      return;
    }
    if (*input != case_input(config_, session_.options.seed))
      step_.failure =
          "the input was overwritten although its segment is read-only: look at unit "
          "store and at the segments";
    else if (*found != *wanted)
      step_.failure = "byte " +
                      std::to_string(std::ranges::mismatch(*found, *wanted).in1 - found->begin()) +
                      " of the output was written by an instruction that should not: look at unit "
                      "store";
  }

  void conclude() {
    for (size_t i = 0; i < isa::kInstructions.size(); ++i) {
      const isa::Opcode opcode = isa::kInstructions[i].opcode;
      if (!step_.detail.empty()) step_.detail += ", ";
      step_.detail += std::to_string(tried_[opcode] - wrong_[opcode]) +
                      (wrong_[opcode] ? " of " + std::to_string(tried_[opcode]) : "") + " " +
                      std::string(isa::kInstructions[i].name);
      if (wrong_[opcode] == 0 && tried_[opcode] > 0) session_.report.checksums[i] = sums_[opcode];
    }
    if (failed_.size() > 1) {
      step_.failure += "; also wrong:";
      for (size_t i = 1; i < std::min(failed_.size(), kMostNamed); ++i)
        step_.failure += (i == 1 ? " " : ", ") + failed_[i];
      if (failed_.size() > kMostNamed)
        step_.failure += " and " + std::to_string(failed_.size() - kMostNamed) + " more";
    }
    step_.figures.emplace_back("cases", static_cast<double>(cases_.size()));
    step_.figures.emplace_back("failed", static_cast<double>(failed_.size()));
  }

  Session& session_;
  TestMachine& device_;
  TestMachine& golden_;
  const isa::Config& config_;
  std::vector<Case> cases_;
  std::map<isa::Opcode, uint32_t> sums_;
  std::map<isa::Opcode, int> tried_, wrong_;
  std::vector<std::string> failed_;
  int stops_ = 0;
  bool lost_ = false;
  Step step_;
};

}  // namespace

Step check_instructions(Session& session, Runtime& device, Runtime& reference) {
  const std::vector<uint8_t> input = case_input(device.config(), session.options.seed);
  Result<TestMachine> machine = TestMachine::create(device, input);
  Result<TestMachine> golden = TestMachine::create(reference, input);
  if (!machine || !golden) {
    Step step;
    step.name = "instructions";
    step.failure = (!machine ? machine : golden).error().message;
    return step;
  }
  return InstructionCheck(session, *machine, *golden).run();
}

}  // namespace millrace::selftest
