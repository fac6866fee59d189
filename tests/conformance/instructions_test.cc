// SPDX-License-Identifier: Apache-2.0
// Every instruction in every mode, then many together, against the golden model.
#include "tests/conformance/random.h"
#include "tests/conformance/suite.h"

namespace millrace::conformance {
namespace {

class Instructions : public WorkingChapter {};

// Every value of every mode, typical and extreme values of every field: the step `instructions` of
// the self-test.
TEST_F(Instructions, EveryMode) {
  selftest::Report report;
  expect_passes(selftest::check_instructions, report);
  for (size_t i = 0; i < isa::kInstructions.size(); ++i)
    EXPECT_TRUE(report.checksums[i]) << isa::kInstructions[i].name << " was not tried, or is wrong";
}

// Hazards between them, rings that wrap, doorbells at any time.
TEST_F(Instructions, RandomPrograms) {
  for (uint64_t seed = 1; seed <= (subject().outside ? 2 : 6); ++seed)
    check_random_program(subject(), seed, isa::Fault::kNone);
}

}  // namespace
}  // namespace millrace::conformance
