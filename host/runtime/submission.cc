// SPDX-License-Identifier: Apache-2.0
// Submission, completion, faults and their diagnosis; see runtime.h for the contract.
#include <algorithm>
#include <cstdio>

#include "host/asm/text.h"
#include "host/runtime/registers.h"
#include "host/runtime/runtime.h"

namespace millrace {
namespace {

void put_le32(uint32_t word, uint8_t* out) {
  for (int byte = 0; byte < 4; ++byte) out[byte] = static_cast<uint8_t>(word >> (8 * byte));
}

uint32_t get_le32(const uint8_t* in) {
  uint32_t word = 0;
  for (int byte = 3; byte >= 0; --byte) word = (word << 8) | in[byte];
  return word;
}

// a <= b among sequence numbers that are less than 2^31 apart.
bool reached(uint32_t a, uint32_t b) { return static_cast<int32_t>(b - a) >= 0; }

template <size_t N>
std::string name_of(const std::array<std::string_view, N>& names, uint32_t value) {
  return value < N ? std::string(names[value]) : "number " + std::to_string(value);
}

struct StatusBit {
  int low;
  const char* text;
};
constexpr std::array kStatusTexts = {
    StatusBit{reg::kStatusIdleLow, "idle"},
    StatusBit{reg::kStatusFaultLow, "stopped by a fault"},
    StatusBit{reg::kStatusResettingLow, "soft reset waits for the memory"},
    StatusBit{reg::kStatusFetchWaitLow, "the fetch port waits for a response"},
    StatusBit{reg::kStatusReadWaitLow, "the data port waits for read data"},
    StatusBit{reg::kStatusWriteWaitLow, "the data port waits for a write response"},
    StatusBit{reg::kStatusScanLow, "segments are being compared"},
    StatusBit{reg::kStatusRefusedLow, "a writable segment was refused"},
};

std::string status_text(uint32_t status) {
  std::string text;
  for (const StatusBit& bit : kStatusTexts)
    if (reg_bit(status, bit.low)) text += (text.empty() ? "" : "; ") + std::string(bit.text);
  return text.empty() ? "no port waits" : text;
}

}  // namespace

std::string FaultRecord::to_string() const {
  char where[64];
  std::snprintf(where, sizeof where, " at address 0x%x, instruction %u", address, index);
  std::string text = "fault " + name_of(isa::kFaultNames, static_cast<uint32_t>(code)) +
                     " in unit " + name_of(isa::kUnitNames, static_cast<uint32_t>(unit)) + where;
  if (instruction) text += ": " + disassemble(*instruction);
  return text;
}

Status Runtime::check_program(std::span<const isa::Instruction> program) const {
  for (size_t i = 0; i < program.size(); ++i) {
    const uint32_t opcode = program[i][0] & 0xffu;
    const bool store = opcode == static_cast<uint32_t>(isa::Opcode::kStore) &&
                       isa::Store::unpack(program[i]).seg == kDriverSegment;
    const bool signal = opcode == static_cast<uint32_t>(isa::Opcode::kSignal) &&
                        isa::Signal::unpack(program[i]).seg == kDriverSegment;
    if (store || signal)
      return input_error("instruction " + std::to_string(i) +
                         " writes segment 0, which is the driver's: " + disassemble(program[i]));
  }
  return {};
}

std::optional<isa::Instruction> Runtime::instruction_at(uint32_t index) const {
  const uint32_t age = tail_ - index;
  if (age == 0 || age > history_.size()) return std::nullopt;
  return history_[index % history_.size()];
}

uint32_t Runtime::full_index(uint32_t low) const {
  return tail_ - ((tail_ - low) & (UINT32_MAX >> (32 - config().index_bits)));
}

Status Runtime::write_word(uint32_t value) {
  std::array<uint8_t, 4> bytes;
  put_le32(value, bytes.data());
  return device_.write_mem(page_.address, bytes);
}

Status Runtime::refresh_completed() {
  std::array<uint8_t, 4> bytes;
  if (completed_ == submitted_) return {};
  if (const Status status = device_.read_mem(page_.address, bytes); !status) return status;
  completed_ = get_le32(bytes.data());
  if (!reached(completed_, submitted_))
    return failure("the driver's page holds sequence number " + std::to_string(completed_) +
                   ", which was never submitted");
  return {};
}

Result<uint32_t> Runtime::room() {
  const Result<uint32_t> head = device_.read_reg(reg::kRingHead);
  if (!head) return head.error();
  return ring_size_ - std::min(ring_size_, tail_ - full_index(*head));
}

Status Runtime::put(std::span<const isa::Instruction> piece) {
  constexpr size_t kBytes = sizeof(isa::Instruction);
  std::vector<uint8_t> bytes(piece.size() * kBytes);
  for (size_t i = 0; i < piece.size(); ++i) {
    for (size_t w = 0; w < piece[i].size(); ++w)
      put_le32(piece[i][w], bytes.data() + i * kBytes + 4 * w);
    history_[(tail_ + i) % history_.size()] = piece[i];
  }
  const size_t start = tail_ % ring_size_;
  const size_t first = std::min<size_t>(piece.size(), ring_size_ - start) * kBytes;
  const std::span<const uint8_t> all(bytes);
  if (const Status status = device_.write_mem(ring_.address + start * kBytes, all.first(first));
      !status)
    return status;
  if (first < bytes.size())
    if (const Status status = device_.write_mem(ring_.address, all.subspan(first)); !status)
      return status;
  tail_ += static_cast<uint32_t>(piece.size());
  return device_.write_reg(reg::kRingTail, tail_);
}

Status Runtime::fill(std::span<const isa::Instruction> program) {
  Progress progress;
  while (!program.empty()) {
    const Result<uint32_t> free = room();
    if (!free) return free.error();
    // Half a ring at a time keeps the number of doorbells low while the other half keeps the
    // machine busy.
    const size_t wanted = std::min<size_t>(program.size(), (ring_size_ + 1) / 2);
    if (*free < wanted) {
      if (const Status status = step(progress, "submission " + std::to_string(submitted_)); !status)
        return status;
      continue;
    }
    const size_t count = std::min<size_t>(program.size(), *free);
    if (const Status status = put(program.first(count)); !status) return status;
    program = program.subspan(count);
  }
  return {};
}

Result<uint32_t> Runtime::submit(std::span<const isa::Instruction> program) {
  if (broken_) return failure("an earlier submission failed; reset the runtime first");
  if (const Status status = check_program(program); !status) return status.error();
  const Result<std::optional<FaultRecord>> stopped = fault();
  if (!stopped) return stopped.error();
  if (*stopped)
    return failure("the machine is stopped by a " + (*stopped)->to_string() +
                   "; reset the runtime first");
  ++submitted_;
  isa::Signal signal;
  signal.seg = kDriverSegment;
  signal.value = submitted_;
  // The SIGNAL belongs to the last piece. With a doorbell of its own the machine could go idle
  // before it, and the cycles would depend on how fast the host rings.
  std::vector<isa::Instruction> code(program.begin(), program.end());
  code.push_back(signal.pack());
  const Status status = fill(code);
  broken_ = !status;
  if (!status) return status.error();
  return submitted_;
}

Result<bool> Runtime::done(uint32_t sequence) {
  if (const Status status = refresh_completed(); !status) return status.error();
  if (sequence == 0 || !reached(sequence, submitted_))
    return input_error("sequence number " + std::to_string(sequence) +
                       " was never submitted; the last is " + std::to_string(submitted_));
  for (const auto& [from, to] : lost_)
    if (sequence != from && reached(from, sequence) && reached(sequence, to))
      return failure("submission " + std::to_string(sequence) + " was discarded by a reset");
  return reached(sequence, completed_);
}

Status Runtime::wait(uint32_t sequence, uint64_t timeout) {
  Progress progress;
  progress.timeout = timeout;
  const std::string what = "submission " + std::to_string(sequence);
  while (true) {
    const Result<bool> finished = done(sequence);
    if (!finished) return finished.error();
    if (*finished) return completed_ == submitted_ ? settle(timeout) : Status();
    // Whoever has waited long may be told a little late.
    progress.pause = std::min(progress.total / 8, kMaxPollCycles);
    if (const Status status = step(progress, what); !status) return status;
  }
}

Status Runtime::step(Progress& progress, const std::string& what) {
  const uint64_t pause = std::max(progress.pause, kPollCycles);
  if (const Status status = device_.advance(pause); !status) return status;
  progress.total += pause;
  const Result<uint32_t> machine = device_.read_reg(reg::kStatus);
  if (!machine) return machine.error();
  const uint32_t before = completed_;
  if (const Status status = refresh_completed(); !status) return status;
  if (completed_ != before) progress.waited = 0;
  if (reg_bit(*machine, reg::kStatusFaultLow) && completed_ == before) {
    const Result<std::optional<FaultRecord>> record = fault();
    if (!record) return record.error();
    if (*record) return failure(what + " stopped by a " + (*record)->to_string());
  }
  const Result<uint32_t> head = device_.read_reg(reg::kRingHead);
  if (!head) return head.error();
  progress.waited = *head == progress.head ? progress.waited + pause : 0;
  progress.head = *head;
  if (progress.waited < progress.timeout) return {};
  return failure(diagnose(*machine, what, progress.waited));
}

Status Runtime::settle(uint64_t timeout) {
  for (uint64_t waited = 0;; waited += kPollCycles) {
    const Result<uint32_t> machine = device_.read_reg(reg::kStatus);
    if (!machine) return machine.error();
    if (reg_bit(*machine, reg::kStatusFaultLow)) {
      const Result<std::optional<FaultRecord>> record = fault();
      if (!record) return record.error();
      return failure("the machine is stopped by a " + (*record)->to_string() +
                     "; reset the runtime first");
    }
    if (reg_bit(*machine, reg::kStatusIdleLow) && !reg_bit(*machine, reg::kStatusScanLow))
      return {};
    if (waited >= timeout) return failure(diagnose(*machine, "the machine", waited));
    if (const Status status = device_.advance(kPollCycles); !status) return status;
  }
}

std::string Runtime::diagnose(uint32_t status, const std::string& what, uint64_t waited) {
  const Result<uint32_t> head = device_.read_reg(reg::kRingHead);
  char bits[16];
  std::snprintf(bits, sizeof bits, "0x%x", status);
  std::string text = what + " made no progress for " + std::to_string(waited) + " cycles: STATUS " +
                     bits + " (" + status_text(status) + ")";
  if (!head) return text + "; RING_HEAD cannot be read: " + head.error().message;
  const uint32_t index = full_index(*head);
  text += ", ring head " + std::to_string(index) + ", tail " + std::to_string(tail_);
  const std::optional<isa::Instruction> last = instruction_at(index - 1);
  if (index == 0 || !last) return text + ", nothing dispatched since reset";
  return text + ", last dispatched: " + disassemble(*last);
}

Result<std::optional<FaultRecord>> Runtime::fault() {
  const Result<uint32_t> machine = device_.read_reg(reg::kStatus);
  if (!machine) return machine.error();
  if (!reg_bit(*machine, reg::kStatusFaultLow)) return std::optional<FaultRecord>();
  const Result<uint32_t> word = device_.read_reg(reg::kFault);
  if (!word) return word.error();
  const Result<uint32_t> index = device_.read_reg(reg::kFaultIndex);
  if (!index) return index.error();
  const Result<uint32_t> address = device_.read_reg(reg::kFaultAddr);
  if (!address) return address.error();
  FaultRecord record;
  record.code = static_cast<isa::Fault>(reg_field(*word, reg::kFaultCodeLow, reg::kFaultCodeBits));
  record.unit = static_cast<isa::Unit>(reg_field(*word, reg::kFaultUnitLow, reg::kFaultUnitBits));
  record.index = full_index(*index);
  record.address = *address;
  record.instruction = instruction_at(record.index);
  return std::optional<FaultRecord>(record);
}

}  // namespace millrace
