// SPDX-License-Identifier: Apache-2.0
#include "host/selftest/machine.h"

#include <utility>

namespace millrace::selftest {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint8_t kBlank = 0xb7;

}  // namespace

TestMachine::TestMachine(TestMachine&& other) noexcept
    : runtime_(other.runtime_),
      buffers_(std::exchange(other.buffers_, {})),
      input_(other.input_),
      output_(other.output_) {}

TestMachine::~TestMachine() {
  for (const Buffer& buffer : buffers_) (void)runtime_->release(buffer);
}

// A buffer with a page boundary at kPageOffset, if there is room for that.
Status TestMachine::place(uint32_t bytes, Buffer& buffer, uint64_t& start) {
  const isa::Config& c = runtime_->config();
  const bool roomy = runtime_->allocator().largest_free() >=
                     uint64_t{input_bytes(c)} + output_bytes(c) + 4 * kPage;
  const Result<Buffer> made = runtime_->allocate(bytes + (roomy ? kPage : 0));
  if (!made) return made.error();
  buffer = *made;
  start = buffer.address;
  if (roomy) start = (start + kPageOffset + kPage - 1) / kPage * kPage - kPageOffset;
  return {};
}

Result<TestMachine> TestMachine::create(Runtime& runtime, std::span<const uint8_t> input) {
  const isa::Config& c = runtime.config();
  TestMachine machine(runtime);
  machine.buffers_.reserve(2);
  for (auto [bytes, start] :
       {std::pair{input_bytes(c), &machine.input_}, std::pair{output_bytes(c), &machine.output_}}) {
    Buffer buffer;
    if (const Status status = machine.place(bytes, buffer, *start); !status) return status.error();
    machine.buffers_.push_back(buffer);
  }
  if (const Status status = runtime.bind(kInput, machine.input_, input.size(), Perms::kRead);
      !status)
    return status.error();
  for (uint32_t s = kOutput; s < static_cast<uint32_t>(c.segments); ++s) {
    const uint32_t skew = skewed_by(c, s);
    if (const Status status = runtime.bind(static_cast<int>(s), machine.output_ + skew,
                                           output_bytes(c) - skew, Perms::kReadWrite);
        !status)
      return status.error();
  }
  if (const Status status = runtime.device().write_mem(machine.input_, input); !status)
    return status.error();
  // Known contents, also where no case looks at first.
  const std::vector<uint8_t> blank(output_bytes(c), kBlank);
  if (const Status status = machine.write_output(0, blank); !status) return status.error();
  return machine;
}

Status TestMachine::write_output(uint32_t from, std::span<const uint8_t> bytes) {
  return runtime_->device().write_mem(output_ + from, bytes);
}

Result<std::vector<uint8_t>> TestMachine::read_output(uint32_t from, uint32_t to) {
  std::vector<uint8_t> bytes(to - from);
  const Status status = runtime_->device().read_mem(output_ + from, bytes);
  if (!status) return status.error();
  return bytes;
}

Result<std::vector<uint8_t>> TestMachine::read_input() {
  std::vector<uint8_t> bytes(input_bytes(runtime_->config()));
  const Status status = runtime_->device().read_mem(input_, bytes);
  if (!status) return status.error();
  return bytes;
}

Status TestMachine::execute(std::span<const isa::Instruction> code) {
  const Result<uint32_t> sequence = runtime_->submit(code);
  if (!sequence) return sequence.error();
  return runtime_->wait(*sequence, kCaseTimeout);
}

}  // namespace millrace::selftest
