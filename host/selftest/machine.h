// SPDX-License-Identifier: Apache-2.0
// A runtime with the input and output of the cases in device memory.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "host/runtime/runtime.h"
#include "host/selftest/frame.h"

namespace millrace::selftest {

// Cycles without progress after which a case of this size hangs.
inline constexpr uint64_t kCaseTimeout = 2'000'000;

class TestMachine {
 public:
  // Places input and output, binds all segments, and writes the input.
  static Result<TestMachine> create(Runtime& runtime, std::span<const uint8_t> input);
  ~TestMachine();
  TestMachine(TestMachine&& other) noexcept;
  TestMachine& operator=(TestMachine&&) = delete;

  Runtime& runtime() { return *runtime_; }
  Status write_output(uint32_t from, std::span<const uint8_t> bytes);
  Result<std::vector<uint8_t>> read_output(uint32_t from, uint32_t to);
  Result<std::vector<uint8_t>> read_input();
  // Runs a program to its end.
  Status execute(std::span<const isa::Instruction> code);

 private:
  explicit TestMachine(Runtime& runtime) : runtime_(&runtime) {}
  Status place(uint32_t bytes, Buffer& buffer, uint64_t& start);

  Runtime* runtime_;
  std::vector<Buffer> buffers_;
  uint64_t input_ = 0, output_ = 0;  // bus addresses
};

}  // namespace millrace::selftest
