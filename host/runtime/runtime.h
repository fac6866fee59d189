// SPDX-License-Identifier: Apache-2.0
// What host programs use of a device: buffers, segments, submissions and completion, built on the
// Device interface alone.
//
// Conventions. Segment 0 is the driver's: one page that holds the sequence number of the last
// completed submission. Programs use segments 1 to config().segments - 1 and may not write segment
// 0. Every submission ends with a SIGNAL that the runtime appends; several may be in flight, and
// they complete in order. Segments can be bound only while nothing is in flight.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/driver/device.h"
#include "host/runtime/allocator.h"

namespace millrace {

// Permissions of a segment, as seen by instructions.
enum class Perms : uint32_t { kNone = 0, kRead = 1, kWrite = 2, kReadWrite = 3 };

// The record of a fault, with the instruction that caused it when the runtime submitted it.
struct FaultRecord {
  isa::Fault code = isa::Fault::kNone;
  isa::Unit unit = isa::Unit::kLoad;
  uint32_t index = 0;    // since reset, the runtime's SIGNALs included
  uint32_t address = 0;  // meaning depends on the code: docs/reference/registers.md, FAULT_ADDR
  std::optional<isa::Instruction> instruction;
  std::string to_string() const;
};

// Execution units of a counter's index, in the order of isa::Unit.
inline constexpr size_t kUnits = 4;

// Counters since reset (docs/reference/registers.md). Without config().counters all but cycles are
// 0. For every unit, busy + waits of its row = cycles.
struct Counters {
  uint64_t cycles = 0;  // not idle
  std::array<uint32_t, kUnits> busy{};
  uint32_t matmul_steps = 0;         // times dim squared: multiply-accumulates
  std::array<uint32_t, 2> memory{};  // of the busy cycles of load and store: waiting for memory
  // waits[u][v]: unit u had nothing running and its next instruction waited for unit v; u = v: it
  // had none.
  std::array<std::array<uint32_t, kUnits>, kUnits> waits{};
  // What happened between two readings.
  Counters operator-(const Counters& earlier) const;
};

// One program from submission to completion.
struct Execution {
  Counters counters;
  double host_seconds = 0;  // processor time of this process meanwhile
};

struct RuntimeOptions {
  int ring_log2 = -1;  // log2 of the command ring in instructions; -1 chooses by the size of memory
  // That -1 makes room for, SIGNAL included, if a quarter of the memory is enough.
  size_t instructions = 0;
};

class Runtime {
 public:
  static constexpr int kDriverSegment = 0;
  static constexpr int kFirstSegment = 1;
  // Cycles without progress (no instruction dispatched, no submission completed) after which a wait
  // gives up.
  static constexpr uint64_t kDefaultTimeout = 20'000'000;

  // Checks identity and ISA hash, resets the machine, disables all segments and sets up ring and
  // driver page. The device must outlive the runtime.
  static Result<std::unique_ptr<Runtime>> create(Device& device, RuntimeOptions options = {});
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  Device& device() { return device_; }
  const isa::Config& config() const { return device_.config(); }

  // Device memory, aligned to 64 bytes, and to dim and the unit of segments. Contents of a fresh
  // buffer are undefined.
  Result<Buffer> allocate(uint64_t size) { return allocator_.allocate(size); }
  Status release(const Buffer& buffer) { return allocator_.release(buffer); }
  const Allocator& allocator() const { return allocator_; }
  // Copies to and from a buffer at a byte offset; beyond its end is an Error. The caller orders
  // this against submissions.
  Status write(const Buffer& buffer, uint64_t offset, std::span<const uint8_t> data);
  Status read(const Buffer& buffer, uint64_t offset, std::span<uint8_t> out);

  // Makes `segment` cover [address, address + size), the size rounded up to the unit of segments
  // (2^segment_log2 bytes; what a buffer is rounded up by belongs to nobody else). Refused: segment
  // 0, segments the configuration lacks, ranges beyond memory or beyond the offset width, addresses
  // the DMA cannot take, a writable range that overlaps ring or driver page, and submissions in
  // flight.
  Status bind(int segment, uint64_t address, uint64_t size, Perms perms);
  Status bind(int segment, const Buffer& buffer, Perms perms) {
    return bind(segment, buffer.address, buffer.size, perms);
  }

  // Puts the program and a SIGNAL into the ring and rings the doorbell, once if both fit into its
  // free part: then the cycles they take do not depend on the host. A longer program is written
  // piece by piece while the device runs. Returns the sequence number to wait for.
  Result<uint32_t> submit(std::span<const isa::Instruction> program);
  // Waits until the submission has completed. A fault, or `timeout` cycles without progress, is an
  // Error with a diagnosis.
  Status wait(uint32_t sequence, uint64_t timeout = kDefaultTimeout);
  // Whether the submission has completed; lets no time pass.
  Result<bool> done(uint32_t sequence);

  // The fault that stopped the machine, if one did. Stays until reset().
  Result<std::optional<FaultRecord>> fault();
  // Soft reset: discards submissions in flight, clears faults and counters; segments, buffers and
  // their bytes stay.
  Status reset(uint64_t timeout = kDefaultTimeout);
  Result<Counters> counters();
  // Submits and waits.
  Result<Execution> execute(std::span<const isa::Instruction> program);

  uint32_t ring_size() const { return ring_size_; }

 private:
  Runtime(Device& device, uint64_t usable_bytes, uint64_t alignment);
  Status start(RuntimeOptions options);
  Status disable_segments();
  Status write_segment(int segment, uint64_t address, uint64_t size, Perms perms);
  Status write_locked(uint32_t offset, uint32_t value);
  uint64_t unit() const { return uint64_t{1} << config().segment_log2; }
  // The latest instruction index with these low bits that is not beyond the tail.
  uint32_t full_index(uint32_t low) const;
  Status settle(uint64_t timeout);
  Status check_range(int segment, uint64_t address, uint64_t size, Perms perms) const;
  Status check_program(std::span<const isa::Instruction> program) const;
  Status fill(std::span<const isa::Instruction> program);
  Status put(std::span<const isa::Instruction> piece);
  Result<uint32_t> room();
  // One step of waiting: time passes, faults and lack of progress are Errors.
  struct Progress {
    uint64_t timeout = kDefaultTimeout;
    uint64_t pause = 0;   // cycles until the next look at the machine
    uint64_t total = 0;   // cycles of all pauses
    uint64_t waited = 0;  // ... since the last progress
    uint32_t head = 0;
  };
  Status step(Progress& progress, const std::string& what);
  Status refresh_completed();
  Status write_word(uint32_t value);  // the word that SIGNALs write
  std::string diagnose(uint32_t status, const std::string& what, uint64_t waited);
  std::optional<isa::Instruction> instruction_at(uint32_t index) const;

  Device& device_;
  Allocator allocator_;
  Buffer ring_;
  Buffer page_;
  uint32_t ring_size_ = 0;
  uint64_t cycles_ = 0;                              // CYCLES as last read, extended
  uint32_t tail_ = 0;                                // instructions put into the ring since reset
  uint32_t submitted_ = 0;                           // sequence number of the last submission
  uint32_t completed_ = 0;                           // sequence number last seen in the driver page
  std::vector<std::pair<uint32_t, uint32_t>> lost_;  // discarded by resets: (first, second]
  bool broken_ = false;                    // a submission stopped half way; reset() clears it
  std::vector<isa::Instruction> history_;  // the last instructions, by index modulo its size
};

}  // namespace millrace
