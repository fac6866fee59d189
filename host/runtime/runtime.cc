// SPDX-License-Identifier: Apache-2.0
// Set-up, buffers, segments and reset of the runtime; submission and waiting are in submission.cc.
#include "host/runtime/runtime.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "host/runtime/registers.h"

namespace millrace {
namespace {

constexpr uint32_t kMachineId = 0x4D494C4C;
constexpr uint64_t kBufferAlignment = 64;
constexpr uint64_t kPageBytes = 64;
constexpr uint64_t kSmallMemory = uint64_t{1} << 20;
constexpr int kSmallRingLog2 = 6, kRingLog2 = 10, kMaxRingLog2 = 16;

// Bytes of device memory that the bus reaches.
uint64_t usable_bytes(const Device& device) {
  return std::min(device.mem_bytes(), uint64_t{1} << device.config().addr_bits);
}

std::string hex32(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "%08x", value);
  return text;
}

bool overlaps(uint64_t address, uint64_t size, const Buffer& other) {
  return size > 0 && other.size > 0 && address < other.address + other.size &&
         other.address < address + size;
}

std::string range_text(uint64_t address, uint64_t size) {
  return "[" + std::to_string(address) + ", " + std::to_string(address + size) + ")";
}

Status check_identity(Device& device) {
  const Result<uint32_t> id = device.read_reg(reg::kId);
  if (!id) return id.error();
  if (*id != kMachineId)
    return input_error("no Millrace machine: register ID reads " + hex32(*id) + ", not " +
                       hex32(kMachineId));
  const Result<uint32_t> hash = device.read_reg(reg::kIsaHash);
  if (!hash) return hash.error();
  const isa::Config& config = device.config();
  if (*hash == config.isa_hash) return {};
  std::string known;
  for (const isa::Config& other : isa::kConfigs)
    if (other.isa_hash == *hash) known = " (configuration " + std::string(other.name) + ")";
  return input_error("the device has ISA hash " + hex32(*hash) + known +
                     ", this build's configuration " + std::string(config.name) + " has " +
                     hex32(config.isa_hash) +
                     "; choose the matching configuration or rebuild one of the two");
}

Status check_access(const Buffer& buffer, uint64_t offset, uint64_t bytes) {
  if (offset <= buffer.size && bytes <= buffer.size - offset) return {};
  return input_error("access to bytes " + range_text(offset, bytes) + " of a buffer of " +
                     std::to_string(buffer.size) + " bytes");
}

}  // namespace

Counters Counters::operator-(const Counters& earlier) const {
  Counters d = *this;
  d.cycles -= earlier.cycles;
  d.matmul_steps -= earlier.matmul_steps;
  for (size_t i = 0; i < d.memory.size(); ++i) d.memory[i] -= earlier.memory[i];
  for (size_t u = 0; u < kUnits; ++u) {
    d.busy[u] -= earlier.busy[u];
    for (size_t v = 0; v < kUnits; ++v) d.waits[u][v] -= earlier.waits[u][v];
  }
  return d;
}

Runtime::Runtime(Device& device, uint64_t usable_bytes, uint64_t alignment)
    : device_(device), allocator_(usable_bytes, alignment) {}

Result<std::unique_ptr<Runtime>> Runtime::create(Device& device, RuntimeOptions options) {
  if (const Status status = check_identity(device); !status) return status.error();
  const isa::Config& config = device.config();
  const uint64_t alignment = std::max(
      {kBufferAlignment, static_cast<uint64_t>(config.dim), uint64_t{1} << config.segment_log2});
  std::unique_ptr<Runtime> runtime(new Runtime(device, usable_bytes(device), alignment));
  if (const Status status = runtime->start(options); !status) return status.error();
  return runtime;
}

Status Runtime::start(RuntimeOptions options) {
  const int most = std::min(kMaxRingLog2, config().index_bits - 1);
  int log2 = options.ring_log2;
  if (log2 < 0) {
    log2 = device_.mem_bytes() < kSmallMemory ? kSmallRingLog2 : kRingLog2;
    const auto bytes = [](int size) { return uint64_t{sizeof(isa::Instruction)} << size; };
    while (size_t{1} << log2 < options.instructions && log2 < most &&
           bytes(log2 + 1) <= device_.mem_bytes() / 4)
      ++log2;
  }
  if (log2 > most)
    return input_error("a command ring holds at most 2^" + std::to_string(most) + " instructions");
  ring_size_ = 1u << log2;
  history_.resize(size_t{2} * ring_size_);
  const Result<Buffer> ring = allocator_.allocate(uint64_t{ring_size_} * sizeof(isa::Instruction));
  if (!ring) return ring.error();
  const Result<Buffer> page = allocator_.allocate(kPageBytes);
  if (!page) return page.error();
  ring_ = *ring;
  page_ = *page;
  if (const Status status = reset(); !status) return status;
  if (const Status status = disable_segments(); !status) return status;
  if (const Status status = write_locked(reg::kRingBase, static_cast<uint32_t>(ring_.address));
      !status)
    return status;
  if (const Status status = write_locked(reg::kRingLog2, static_cast<uint32_t>(log2)); !status)
    return status;
  return write_segment(kDriverSegment, page_.address, std::max(kPageBytes, unit()), Perms::kWrite);
}

Status Runtime::disable_segments() {
  for (int segment = 0; segment < config().segments; ++segment)
    if (const Status status = write_segment(segment, 0, 0, Perms::kNone); !status) return status;
  return {};
}

Status Runtime::write_locked(uint32_t offset, uint32_t value) {
  if (const Status status = settle(kDefaultTimeout); !status) return status;
  return device_.write_reg(offset, value);
}

Status Runtime::write_segment(int segment, uint64_t address, uint64_t size, Perms perms) {
  const uint32_t stride = static_cast<uint32_t>(segment) * reg::kSegStride;
  // Without permissions first: the machine must not see the new base with the old size.
  const std::array<std::pair<uint32_t, uint32_t>, 4> writes = {
      std::pair{reg::kSegCtrl, 0u}, std::pair{reg::kSegBase, static_cast<uint32_t>(address)},
      std::pair{reg::kSegSize, static_cast<uint32_t>(size)},
      std::pair{reg::kSegCtrl, static_cast<uint32_t>(perms)}};
  for (const auto& [offset, value] : writes)
    if (const Status status = write_locked(offset + stride, value); !status) return status;
  if (const Status status = settle(kDefaultTimeout); !status) return status;
  const Result<uint32_t> machine = device_.read_reg(reg::kStatus);
  if (!machine) return machine.error();
  if (reg_bit(*machine, reg::kStatusRefusedLow))
    return failure("the machine refused segment " + std::to_string(segment) + " at " +
                   range_text(address, size) + ": it says that it overlaps the command ring");
  return {};
}

Status Runtime::write(const Buffer& buffer, uint64_t offset, std::span<const uint8_t> data) {
  if (const Status status = check_access(buffer, offset, data.size()); !status) return status;
  return device_.write_mem(buffer.address + offset, data);
}

Status Runtime::read(const Buffer& buffer, uint64_t offset, std::span<uint8_t> out) {
  if (const Status status = check_access(buffer, offset, out.size()); !status) return status;
  return device_.read_mem(buffer.address + offset, out);
}

Status Runtime::check_range(int segment, uint64_t address, uint64_t size, Perms perms) const {
  const std::string what = "segment " + std::to_string(segment);
  if (segment == kDriverSegment)
    return input_error("segment 0 is the driver's; programs use segments from 1");
  if (segment < 0 || segment >= config().segments)
    return input_error(what + " does not exist; configuration " + std::string(config().name) +
                       " has segments 1 to " + std::to_string(config().segments - 1) +
                       " for programs");
  const uint64_t memory = usable_bytes(device_);
  if (address > memory || size > memory - address)
    return input_error(what + " at " + range_text(address, size) + " lies beyond the " +
                       std::to_string(memory) + " bytes of device memory");
  const uint64_t reach = std::min(uint64_t{1} << config().offset_bits, uint64_t{UINT32_MAX});
  if (size > reach)
    return input_error(what + " of " + std::to_string(size) +
                       " bytes is larger than offsets reach, " + std::to_string(reach) + " bytes");
  if (address % unit() != 0)
    return input_error(what + " at address " + std::to_string(address) + ": configuration " +
                       std::string(config().name) + " takes multiples of " +
                       std::to_string(unit()));
  const bool writable = (static_cast<uint32_t>(perms) & static_cast<uint32_t>(Perms::kWrite)) != 0;
  if (writable && (overlaps(address, size, ring_) || overlaps(address, size, page_)))
    return input_error(what + " at " + range_text(address, size) +
                       " is writable and overlaps the command ring or the driver's page");
  return {};
}

Status Runtime::bind(int segment, uint64_t address, uint64_t size, Perms perms) {
  if (size < usable_bytes(device_)) size = (size + unit() - 1) / unit() * unit();
  if (const Status status = check_range(segment, address, size, perms); !status) return status;
  if (const Status status = refresh_completed(); !status) return status;
  if (completed_ != submitted_)
    return input_error("segment " + std::to_string(segment) + " cannot be bound while submission " +
                       std::to_string(submitted_) + " is in flight; wait for it first");
  return write_segment(segment, address, size, perms);
}

Status Runtime::reset(uint64_t timeout) {
  if (const Status status = refresh_completed(); !status) return status;
  if (const Status status = device_.write_reg(reg::kCtrl, 1u << reg::kCtrlResetLow); !status)
    return status;
  for (uint64_t waited = 0;; waited += kPollCycles) {
    const Result<uint32_t> machine = device_.read_reg(reg::kStatus);
    if (!machine) return machine.error();
    if (!reg_bit(*machine, reg::kStatusResettingLow) && reg_bit(*machine, reg::kStatusIdleLow))
      break;
    if (waited >= timeout) return failure(diagnose(*machine, "the soft reset", waited));
    if (const Status status = device_.advance(kPollCycles); !status) return status;
  }
  if (completed_ != submitted_) lost_.emplace_back(completed_, submitted_);
  completed_ = submitted_;
  tail_ = 0;
  cycles_ = 0;
  broken_ = false;
  return write_word(submitted_);
}

Result<Counters> Runtime::counters() {
  Counters counters;
  uint32_t high = 0, low = 0, high_again = 0;
  std::vector<std::pair<uint32_t, uint32_t*>> reads = {{reg::kCyclesHi, &high},
                                                       {reg::kCycles, &low},
                                                       {reg::kCyclesHi, &high_again},
                                                       {reg::kMatmulSteps, &counters.matmul_steps},
                                                       {reg::kMemoryLoad, &counters.memory[0]},
                                                       {reg::kMemoryStore, &counters.memory[1]}};
  for (uint32_t u = 0; u < kUnits; ++u) {
    reads.emplace_back(reg::kBusyLoad + 4 * u, &counters.busy[u]);
    for (uint32_t v = 0; v < kUnits; ++v)
      reads.emplace_back(reg::kEmptyLoad + 4 * (kUnits * u + v), &counters.waits[u][v]);
  }
  if (!config().counters) reads.resize(3);
  for (const auto& [offset, value] : reads) {
    const Result<uint32_t> word = device_.read_reg(offset);
    if (!word) return word.error();
    *value = *word;
  }
  // The low half wrapped between the two reads of the high half if they differ; then it was small.
  if (high != high_again && low > (1u << 31)) high_again = high;
  cycles_ = config().cycle_bits == 64 ? (uint64_t{high_again} << 32) | low
                                      : cycles_ + (low - static_cast<uint32_t>(cycles_));
  counters.cycles = cycles_;
  return counters;
}

Result<Execution> Runtime::execute(std::span<const isa::Instruction> program) {
  const Result<Counters> before = counters();
  if (!before) return before.error();
  const std::clock_t started = std::clock();
  const Result<uint32_t> sequence = submit(program);
  if (!sequence) return sequence.error();
  if (const Status status = wait(*sequence); !status) return status.error();
  const double seconds = static_cast<double>(std::clock() - started) / CLOCKS_PER_SEC;
  const Result<Counters> after = counters();
  if (!after) return after.error();
  return Execution{*after - *before, seconds};
}

}  // namespace millrace
