// SPDX-License-Identifier: Apache-2.0
// The conformance suite (docs/developer/conformance.md): one set of tests for every Device. A
// chapter is a test suite of GoogleTest. Expectations come from the manual or from the golden
// model.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "host/cli/cli.h"
#include "host/selftest/selftest.h"
#include "sim/ref/ref_device.h"
#include "tests/conformance/host.h"

namespace millrace::conformance {

// The device under test, opened once, and what is known of it beforehand.
struct Subject {
  Device& device;
  RefDevice& golden;  // the same configuration and memory
  std::string name;   // as the user gave it
  bool time;          // it counts cycles
  bool outside;       // of this process: its time passes by itself
  bool refuses;       // the bus refuses addresses beyond memory
  std::string lost;   // the machine does not come back: since when
};

// The base of all chapters. Every test begins with both machines after a reset, without segments
// and ring.
class Chapter : public ::testing::Test {
 public:
  static void attach(Subject* subject) { subject_ = subject; }

 protected:
  void SetUp() override;
  const isa::Config& config() const { return subject_->device.config(); }
  Subject& subject() { return *subject_; }
  Device& device() { return subject_->device; }
  uint32_t dim() const { return static_cast<uint32_t>(config().dim); }

  Host host{subject_->device}, golden{subject_->golden};

 private:
  static inline Subject* subject_ = nullptr;  // GoogleTest makes the tests, so they find it here
};

// A chapter whose tests run programs: a ring of eight, and segment 1 over the data.
class WorkingChapter : public Chapter {
 protected:
  void SetUp() override;
  // A step of the self-test, next to the golden model; its checksums are in `report`.
  using Step = selftest::Step (*)(selftest::Session&, Runtime&, Runtime&);
  void expect_passes(Step step, selftest::Report& report);
};

// Runs the tests that the arguments choose on the device that they name. Exit status: 0 all passed
// or were skipped, 1 a test failed or the machine did, 2 bad input.
int conformance_main(int argc, char** argv, const DeviceFactory& factory);

}  // namespace millrace::conformance
