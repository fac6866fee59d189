// SPDX-License-Identifier: Apache-2.0
#include "tests/rtl/dma/dma_reference.h"

#include <algorithm>

namespace millrace::dma_test {
namespace {

using isa::Fault;

bool one_in(uint32_t n, uint32_t key) {
  if (n == 0) return false;
  uint64_t x = key * 0x9e3779b97f4a7c15u;
  x ^= x >> 29;
  x *= 0xbf58476d1ce4e5b9u;
  return (x >> 32) % n == 0;
}

// One LOAD or STORE; both instructions have the fields of Load.
class Mover {
 public:
  Mover(const isa::Config& config, const isa::Load& op, bool store, State& state)
      : config_(config), op_(op), store_(store), state_(state) {}

  Outcome run() {
    for (uint32_t i2 = 0; i2 < op_.planes; ++i2) {
      for (uint32_t i1 = 0; i1 < op_.rows; ++i1) {
        if (!row(op_.offset + i2 * op_.mem_plane + i1 * op_.mem_row,
                 op_.dst + i2 * op_.chip_plane + i1 * op_.chip_row)) {
          return first_bus_.fault != Fault::kNone && end_.fault != Fault::kBank ? first_bus_ : end_;
        }
      }
    }
    return first_bus_;
  }

 private:
  uint32_t dim() const { return static_cast<uint32_t>(config_.dim); }

  // False when the instruction ends here with a fault in end_.
  bool row(uint32_t offset, uint32_t chip) {
    if (config_.offset_bits < 32) offset &= (1u << config_.offset_bits) - 1;
    const Segment& segment = state_.segments[op_.seg];
    if (!(store_ ? segment.write : segment.read)) return stop(Fault::kPermission, offset);
    if (uint64_t{offset} + op_.row_bytes > segment.size) return stop(Fault::kSegment, offset);
    row_addr_ = segment.base + offset;
    if (store_) note_write_errors();
    for (uint32_t j = 0; j * dim() < op_.row_bytes; ++j) {
      if (!word(j, chip)) return false;
    }
    return true;
  }

  bool word(uint32_t j, uint32_t chip) {
    const bool acc = op_.space == isa::Space::kAcc;
    const uint32_t addr = acc ? (chip + j / 4) % static_cast<uint32_t>(config_.acc_words())
                              : (chip + j) % static_cast<uint32_t>(config_.sp_words());
    const uint32_t rows = static_cast<uint32_t>(acc ? config_.acc_rows : config_.sp_rows);
    const bool bad = addr / rows < op_.dst / rows || addr / rows > op_.dst_hi;
    const uint32_t bytes = std::min(dim(), op_.row_bytes - j * dim());
    const uint32_t bus = row_addr_ + j * dim();
    if (!store_ && load_error(bus, bytes)) return false;
    if (bad) return stop(Fault::kBank, addr);

    uint8_t* on_chip = acc ? &state_.acc[(addr * 4 + j % 4) * dim()] : &state_.sp[addr * dim()];
    uint8_t* memory = &state_.memory[bus - state_.memory_base];
    const uint8_t flip = op_.flip ? 0x80 : 0;
    for (uint32_t i = 0; i < (store_ ? bytes : dim()); ++i) {
      if (store_) {
        memory[i] = on_chip[i] ^ flip;
      } else {
        on_chip[i] = i < bytes ? memory[i] ^ flip : 0;
      }
    }
    return true;
  }

  // Bus address of the burst with the beat of `addr`: bursts begin with their row or with a block.
  uint32_t burst_of(uint32_t addr) const {
    const uint32_t block = dim() * static_cast<uint32_t>(config_.dma_burst);
    return std::max(row_addr_ / dim() * dim(), addr / block * block);
  }

  bool load_error(uint32_t bus, uint32_t bytes) {
    for (uint32_t beat = bus / dim() * dim(); beat < bus + bytes; beat += dim()) {
      if (read_error(state_, beat)) {
        stop(Fault::kBus, burst_of(beat));
        return true;
      }
    }
    return false;
  }

  void note_write_errors() {
    const uint32_t last = row_addr_ + op_.row_bytes - 1;
    const uint32_t block = dim() * static_cast<uint32_t>(config_.dma_burst);
    for (uint32_t a = burst_of(row_addr_); a <= last; a = a / block * block + block) {
      if (first_bus_.fault == Fault::kNone && write_error(state_, config_, a)) {
        first_bus_ = {Fault::kBus, a};
      }
    }
  }

  bool stop(Fault fault, uint32_t addr) {
    end_ = {fault, addr};
    return false;
  }

  const isa::Config& config_;
  const isa::Load op_;
  const bool store_;
  State& state_;
  uint32_t row_addr_ = 0;
  Outcome end_;
  Outcome first_bus_;  // of a store
};

Outcome execute_signal(const isa::Config& config, const isa::Signal& op, State& state) {
  const Segment& segment = state.segments[op.seg];
  const uint32_t offset = op.offset * 4;
  if (!segment.write) return {Fault::kPermission, offset};
  if (uint64_t{offset} + 4 > segment.size) return {Fault::kSegment, offset};
  const uint32_t bus = segment.base + offset;
  for (uint32_t i = 0; i < 4; ++i) {
    state.memory[bus + i - state.memory_base] = static_cast<uint8_t>(op.value >> (8 * i));
  }
  const uint32_t dim = static_cast<uint32_t>(config.dim);
  const uint32_t first = bus / dim * dim, last = (bus + 3) / dim * dim;
  if (write_error(state, config, first)) return {Fault::kBus, first};
  if (write_error(state, config, last)) return {Fault::kBus, last};
  return {};
}

}  // namespace

bool read_error(const State& state, uint32_t beat_addr) {
  return one_in(state.read_error_one_in, beat_addr);
}

bool write_error(const State& state, const isa::Config& config, uint32_t addr) {
  return one_in(state.write_error_one_in,
                addr / static_cast<uint32_t>(config.dim * config.dma_burst));
}

Outcome execute(const isa::Config& config, const isa::Instruction& instruction, State& state) {
  const auto opcode = static_cast<isa::Opcode>(instruction[0] & 0xff);
  if (opcode == isa::Opcode::kSignal) {
    return execute_signal(config, isa::Signal::unpack(instruction), state);
  }
  return Mover(config, isa::Load::unpack(instruction), opcode == isa::Opcode::kStore, state).run();
}

}  // namespace millrace::dma_test
