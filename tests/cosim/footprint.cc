// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/footprint.h"

#include <algorithm>

#include "tests/cosim/classes.h"

namespace millrace::cosim {
namespace {

using isa::Opcode;
using isa::Space;

uint32_t banks(const isa::Config& config, Space space, uint32_t base, uint32_t hi) {
  const uint32_t lo = base / chip_of(config, space).rows;
  return (2u << hi) - (1u << lo);
}

void add_vector(const isa::Config& config, const isa::Vector& f, Footprint& p) {
  const auto source = [&](isa::Source kind, uint32_t base, uint32_t hi) {
    if (kind == isa::Source::kSp) p.sp_read |= banks(config, Space::kSp, base, hi);
    if (kind == isa::Source::kAcc) p.acc_read |= banks(config, Space::kAcc, base, hi);
  };
  source(f.src1_kind, f.src1, f.src1_hi);
  source(f.src2_kind, f.src2, f.src2_hi);
  if (f.channel) source(isa::Source::kSp, f.param, f.param_hi);
  uint32_t& written = f.dst_kind == Space::kSp ? p.sp_write : p.acc_write;
  written = banks(config, f.dst_kind, f.dst, f.dst_hi);
}

void add_kind(std::vector<std::string>& list, bool conflict, const char* kind) {
  if (conflict) list.push_back(kind);
}

}  // namespace

Footprint footprint(const isa::Config& config, const isa::Instruction& words) {
  Footprint p;
  p.opcode = static_cast<Opcode>(words[0] & 0xff);
  const isa::Load dma = isa::Load::unpack(words);  // STORE has the same fields
  switch (p.opcode) {
    case Opcode::kLoad:
      (dma.space == Space::kSp ? p.sp_write : p.acc_write) =
          banks(config, dma.space, dma.dst, dma.dst_hi);
      p.seg_read = dma.seg;
      break;
    case Opcode::kStore:
      (dma.space == Space::kSp ? p.sp_read : p.acc_read) =
          banks(config, dma.space, dma.dst, dma.dst_hi);
      p.seg_write = dma.seg;
      break;
    case Opcode::kMatmul: {
      const isa::Matmul f = isa::Matmul::unpack(words);
      p.sp_read = banks(config, Space::kSp, f.a, f.a_hi) | banks(config, Space::kSp, f.b, f.b_hi);
      p.acc_write = banks(config, Space::kAcc, f.d, f.d_hi);
      if (f.accumulate) p.acc_read = p.acc_write;
      break;
    }
    case Opcode::kVector:
      add_vector(config, isa::Vector::unpack(words), p);
      break;
    case Opcode::kVset:
      break;
    case Opcode::kSignal:
      p.seg_write = isa::Signal::unpack(words).seg;
      break;
  }
  return p;
}

std::string opcode_name(Opcode opcode) {
  for (const isa::InstructionInfo& info : isa::kInstructions)
    if (info.opcode == opcode) return std::string(info.name);
  return "?";
}

uint32_t queue_of(const isa::Config& config, Opcode opcode) {
  switch (opcode) {
    case Opcode::kLoad:
      return config.dma_shared ? 1 : 0;
    case Opcode::kStore:
    case Opcode::kSignal:
      return 1;
    case Opcode::kMatmul:
      return 2;
    default:
      return 3;
  }
}

std::vector<std::string> conflicts(const Footprint& o, const Footprint& y, uint32_t shares) {
  if (y.opcode == Opcode::kSignal) return {"order"};
  std::vector<std::string> list;
  add_kind(list, (o.sp_write & y.sp_read) != 0, "sp RAW");
  add_kind(list, (o.sp_read & y.sp_write) != 0, "sp WAR");
  add_kind(list, (o.sp_write & y.sp_write) != 0, "sp WAW");
  add_kind(list, (o.sp_read & y.sp_read) != 0, "sp RAR");
  add_kind(list, (o.acc_write & y.acc_read) != 0, "acc RAW");
  add_kind(list, (o.acc_read & y.acc_write) != 0, "acc WAR");
  add_kind(list, (o.acc_write & y.acc_write) != 0, "acc WAW");
  add_kind(list, (o.acc_read & y.acc_read) != 0, "acc RAR");
  const auto memory = [&](uint32_t older, uint32_t younger, const char* kind) {
    if (older == kNoSegment || younger == kNoSegment || !(shares >> older & 1)) return;
    list.push_back((older == younger ? "segment " : "alias ") + std::string(kind));
  };
  memory(o.seg_write, y.seg_read, "RAW");
  memory(o.seg_read, y.seg_write, "WAR");
  return list;
}

uint32_t shares(const isa::Config& config, std::span<const Segment> segments,
                const isa::Instruction& words) {
  const Footprint p = footprint(config, words);
  const uint32_t segment = p.seg_read != kNoSegment ? p.seg_read : p.seg_write;
  if (segment == kNoSegment) return 0;
  if (!config.alias_check) return ~0u;
  const auto overlap = [](const Segment& a, const Segment& b) {
    const uint64_t a_end = uint64_t{a.base} + a.size, b_end = uint64_t{b.base} + b.size;
    const bool wraps = std::max(a_end, b_end) > uint64_t{1} << 32;
    return a.size != 0 && b.size != 0 && (wraps || (a.base < b_end && b.base < a_end));
  };
  uint32_t mask = 1u << segment;
  for (uint32_t i = 0; i < segments.size(); ++i)
    if (overlap(segments[i], segments[segment])) mask |= 1u << i;
  return mask;
}

}  // namespace millrace::cosim
