// SPDX-License-Identifier: Apache-2.0
// Random programs (tests/cosim) on the device under test and on the golden model. Each writes and
// reads all of a small memory: tests run fewer on a machine outside, whose line may be slow.
#pragma once

#include "tests/conformance/suite.h"
#include "tests/cosim/check.h"

namespace millrace::conformance {

// With one instruction that has the fault, if it is one.
inline void check_random_program(Subject& subject, uint64_t seed, isa::Fault fault) {
  if (::testing::Test::HasFailure()) return;
  cosim::ProgramOptions options;
  options.seed = seed;
  options.fault = fault;
  options.count = 60;
  const cosim::Program program = cosim::random_program(subject.device.config(), options);
  if (program.memory_image.size() > subject.device.mem_bytes())
    GTEST_SKIP() << "random programs take " << program.memory_image.size() << " bytes of memory";
  const Result<bool> faulted = cosim::check(subject.device, subject.golden, program);
  ASSERT_TRUE(faulted) << faulted.error().message << "; " << program.repro();
  EXPECT_EQ(*faulted, fault != isa::Fault::kNone) << program.repro();
}

}  // namespace millrace::conformance
