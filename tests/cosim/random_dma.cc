// SPDX-License-Identifier: Apache-2.0
// LOAD, STORE and SIGNAL of the program generator.
#include <algorithm>

#include "tests/cosim/mode_names.h"
#include "tests/cosim/random_instruction.h"

namespace millrace::cosim {
namespace {

using isa::Fault;
using isa::Space;

// Words (accumulators: rows) on chip that `words` words take.
uint32_t chip_words(Space space, uint32_t words) {
  return space == Space::kSp ? words : (words + 3) / 4;
}

std::vector<uint32_t> dma_deltas(const isa::Config& c, const isa::Load& f) {
  const uint32_t words = (f.row_bytes + dim_of(c) - 1) / dim_of(c);
  std::vector<uint32_t> deltas;
  for (uint32_t i2 = 0; i2 < f.planes; ++i2)
    for (uint32_t i1 = 0; i1 < f.rows; ++i1)
      for (uint32_t j = 0; j < chip_words(f.space, words); ++j)
        deltas.push_back(i2 * f.chip_plane + i1 * f.chip_row + j);
  return deltas;
}

}  // namespace

uint32_t InstructionGenerator::offset_mask() const {
  const uint32_t all = static_cast<uint32_t>((uint64_t{1} << config_.offset_bits) - 1);
  return config_.dma_unaligned ? all : all & ~(dim_of(config_) - 1);
}

std::optional<uint32_t> InstructionGenerator::draw_segment(bool write, Fault fault) {
  if (fault == Fault::kBus) return s_.refused_segment;
  const auto i = prng_.below(static_cast<uint32_t>(s_.segments.size()));
  const Segment& s = s_.segments[i];
  const bool permitted = fault != Fault::kPermission;
  if ((write ? s.write : s.read) != permitted || i == s_.refused_segment) return std::nullopt;
  // The last segment belongs to the dump.
  if (permitted && i + 1 == s_.segments.size()) return std::nullopt;
  if (fault == Fault::kSegment && i == s_.around_segment) return std::nullopt;
  return i;
}

// ---- LOAD and STORE

std::optional<isa::Load> InstructionGenerator::try_dma(bool store, uint32_t limit, Fault fault) {
  isa::Load f;
  dma_store_ = store;
  const auto segment = draw_segment(store, fault);
  if (!segment) return std::nullopt;
  f.seg = *segment;
  const uint32_t acc = config_.dma_acc ? 1 : 0;
  const uint32_t mode = chooser_.pick(
      dma_prefix(),
      {{"sp flip=0", 4}, {"sp flip=1", 2}, {"acc flip=0", 2 * acc}, {"acc flip=1", acc}});
  f.space = mode < 2 ? Space::kSp : Space::kAcc;
  f.flip = mode % 2;
  RowWish wish = draw_row(f, limit);
  if (!draw_dma_shape(f, limit, wish)) return std::nullopt;
  if (!place_dma(f, wish, fault)) return std::nullopt;
  return f;
}

// Draws row_bytes.
InstructionGenerator::RowWish InstructionGenerator::draw_row(isa::Load& f, uint32_t limit) {
  const uint32_t dim = dim_of(config_), odd = config_.dma_unaligned ? 1 : 0;
  const auto burst = static_cast<uint32_t>(config_.dma_burst);
  uint32_t which =
      chooser_.pick(dma_prefix() + space_name(f.space) + " row=", {{kRowNames[0], 3 * odd},
                                                                   {kRowNames[1], 6},
                                                                   {kRowNames[2], 6 * odd},
                                                                   {kRowNames[3], 2},
                                                                   {kRowNames[4], 2},
                                                                   {"around", 1}});
  RowWish wish;
  if (which == kRowNames.size()) {
    wish.chip_around = true;
    which = static_cast<uint32_t>(RowClass::kWhole);
  }
  wish.which = static_cast<RowClass>(which);
  uint32_t words = prng_.between(1, prng_.one_in(2) ? std::max(limit, 1u) : std::min(limit, 8u));
  if (wish.which == RowClass::kShort) words = 1;
  if (wish.which == RowClass::kBursts) words = prng_.between(2, 3 * burst);
  if (wish.chip_around) words = std::max(words, prng_.between(2, 12));
  f.row_bytes = words * dim;
  if (odd && wish.which != RowClass::kWhole) f.row_bytes -= prng_.below(dim);
  return wish;
}

bool InstructionGenerator::draw_dma_shape(isa::Load& f, uint32_t limit, RowWish& wish) {
  const std::string prefix = dma_prefix();
  const uint32_t words = (f.row_bytes + dim_of(config_) - 1) / dim_of(config_);
  const Loop loops[] = {{&f.rows, most(config_, 1), prefix + "rows"},
                        {&f.planes, most(config_, config_.dma_planes), prefix + "planes"}};
  draw_counts(prng_, chooser_, limit / words, kExtreme / words * 4, loops);
  const Chip chip = chip_of(config_, f.space);
  const uint32_t natural = chip_words(f.space, words);
  f.chip_row = draw_stride(prng_, chooser_, prefix + "chip_row", chip, natural, chip_bits(config_));
  if (config_.dma_planes)
    f.chip_plane = draw_stride(prng_, chooser_, prefix + "chip_plane", chip, natural * f.rows,
                               chip_bits(config_));
  return draw_memory_strides(f, wish);
}

bool InstructionGenerator::draw_memory_strides(isa::Load& f, RowWish& wish) {
  const uint32_t size = std::min(s_.segments[f.seg].size, s_.image_bytes);
  const auto draw = [&](const char* name, uint32_t around) {
    return static_cast<MemoryStride>(
        chooser_.pick(dma_prefix() + name, {{kMemoryStrideNames[0], 2},
                                            {kMemoryStrideNames[1], 4},
                                            {kMemoryStrideNames[2], 2},
                                            {kMemoryStrideNames[3], 4},
                                            {kMemoryStrideNames[4], 3},
                                            {kMemoryStrideNames[5], around}}));
  };
  const MemoryStride row = draw("mem_row=", !dma_store_ && s_.around_segment ? 2 : 0);
  if (row == MemoryStride::kWrap && f.rows > 1) {
    f.seg = *s_.around_segment;
    wish.memory_around = true;
  }
  f.mem_row = draw_memory_stride(prng_, config_, row, f.row_bytes, size);
  if (config_.dma_planes)
    f.mem_plane =
        draw_memory_stride(prng_, config_, draw("mem_plane=", 0), f.row_bytes * f.rows, size);
  return true;
}

bool InstructionGenerator::place_dma(isa::Load& f, const RowWish& wish, Fault fault) {
  const Segment& segment = s_.segments[f.seg];
  if (fault == Fault::kPermission) {
    f.offset = offset_bits();
  } else {
    const bool around = f.seg == s_.around_segment;
    const Room room = {segment.base, segment.size, around ? s_.image_bytes : UINT64_MAX};
    const MemoryRows rows = {f.row_bytes, f.rows, f.planes, f.mem_row, f.mem_plane};
    const auto offset =
        place_rows(prng_, config_, room, rows,
                   {wish.which == RowClass::kPage, wish.memory_around, fault == Fault::kSegment});
    if (!offset) return false;
    f.offset = *offset;
  }
  if (wish.chip_around && fault != Fault::kBank && place_around(f)) return true;
  std::vector<Request> requests = {{f.space, &f.dst, &f.dst_hi, dma_deltas(config_, f)}};
  return place_all(prng_, config_, s_.windows, requests, fault == Fault::kBank);
}

// Rows that begin in bank 0 and step back, so that one lies across the end of the memory.
bool InstructionGenerator::place_around(isa::Load& f) {
  const Chip chip = chip_of(config_, f.space);
  const BankWindow& window = f.space == Space::kSp ? s_.windows.sp : s_.windows.acc;
  const uint32_t words = chip_words(f.space, (f.row_bytes + dim_of(config_) - 1) / dim_of(config_));
  if (window.count != chip.banks || f.rows < 2 || words < 2) return false;
  f.chip_row = chip.size() - prng_.between(1, words - 1);
  f.dst_hi = chip.banks - 1;
  f.dst = prng_.below(words);
  return true;
}

// ---- SIGNAL

std::optional<isa::Signal> InstructionGenerator::try_signal(Fault fault) {
  const auto segment = draw_segment(true, fault);
  if (!segment) return std::nullopt;
  const Segment& s = s_.segments[*segment];
  const bool around = *segment == s_.around_segment;
  const uint32_t words = (around ? s_.image_bytes - s.base : s.size) / 4;
  isa::Signal f;
  f.irq = chooser_.pick("signal/", {{"irq=0", 3}, {"irq=1", 1}});
  f.seg = *segment;
  f.value = prng_.bits();
  if (fault == Fault::kPermission) {
    f.offset = offset_bits() / 4;
  } else if (fault == Fault::kSegment) {
    f.offset = words + (prng_.one_in(2) ? 0 : prng_.below(offset_mask() / 4 - words + 1));
  } else {
    if (words == 0) return std::nullopt;
    f.offset = prng_.one_in(4) ? words - 1 : prng_.below(words);
  }
  return f;
}

}  // namespace millrace::cosim
