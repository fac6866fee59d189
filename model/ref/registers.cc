// SPDX-License-Identifier: Apache-2.0
#include "model/ref/registers.h"

namespace millrace::ref {
namespace {

constexpr uint32_t kIdentity = 0x4D494C4C;

uint32_t at(int value, int low) { return static_cast<uint32_t>(value) << low; }

uint32_t caps0(const isa::Config& c) {
  return at(c.dim, reg::kCaps0DimLow) | at(c.lanes, reg::kCaps0LanesLow) |
         at(c.sp_banks, reg::kCaps0SpBanksLow) | at(c.acc_banks, reg::kCaps0AccBanksLow);
}

uint32_t caps1(const isa::Config& c) {
  return at(c.sp_rows, reg::kCaps1SpRowsLow) | at(c.acc_rows, reg::kCaps1AccRowsLow);
}

uint32_t caps2(const isa::Config& c) {
  return at(c.segments, reg::kCaps2SegmentsLow) | at(c.slots, reg::kCaps2SlotsLow) |
         at(c.offset_bits, reg::kCaps2OffsetBitsLow) | at(c.dma_planes, reg::kCaps2DmaPlanesLow) |
         at(c.dma_unaligned, reg::kCaps2DmaUnalignedLow) |
         at(c.conv_loops, reg::kCaps2ConvLoopsLow) | at(c.tile_loop, reg::kCaps2TileLoopLow) |
         at(c.transpose_b, reg::kCaps2TransposeBLow) | at(c.vec_binary, reg::kCaps2VecBinaryLow) |
         at(c.vec_reduce, reg::kCaps2VecReduceLow) | at(c.vec_preshift, reg::kCaps2VecPreshiftLow) |
         at(c.vec_fp32, reg::kCaps2VecFp32Low);
}

uint32_t caps3(const isa::Config& c) {
  return at(c.dma_acc, reg::kCaps3DmaAccLow) | at(c.vec_acc, reg::kCaps3VecAccLow) |
         at(c.vec_scalars, reg::kCaps3VecScalarsLow) | at(c.counters, reg::kCaps3CountersLow) |
         at(c.signal_register, reg::kCaps3SignalRegisterLow) |
         at(c.segment_log2, reg::kCaps3SegmentLog2Low) | at(c.index_bits, reg::kCaps3IndexBitsLow) |
         at(c.cycle_bits, reg::kCaps3CycleBitsLow);
}

}  // namespace

std::optional<uint32_t> read_capability(const isa::Config& config, uint32_t offset) {
  switch (offset) {
    case reg::kId:
      return kIdentity;
    case reg::kIsaHash:
      return config.isa_hash;
    case reg::kCaps0:
      return caps0(config);
    case reg::kCaps1:
      return caps1(config);
    case reg::kCaps2:
      return caps2(config);
    case reg::kCaps3:
      return caps3(config);
    default:
      return std::nullopt;
  }
}

}  // namespace millrace::ref
