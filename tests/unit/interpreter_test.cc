// SPDX-License-Identifier: Apache-2.0
// LOAD, STORE, SIGNAL and MATMUL of the golden model against expectations written by hand.
#include <limits>

#include "tests/unit/machine_bench.h"

namespace millrace::ref {
namespace {

using isa::Space;
using isa::Unit;
constexpr int32_t kMax = std::numeric_limits<int32_t>::max();
constexpr int32_t kMin = std::numeric_limits<int32_t>::min();

class Interpreter : public MachineTest {};
INSTANTIATE_TEST_SUITE_P(All, Interpreter, testing::ValuesIn(isa::kConfigs), config_name);

// ---- LOAD

TEST_P(Interpreter, LoadTwoWords) {
  count_memory();
  run(isa::Load{.row_bytes = 2 * dim(), .dst = 5, .offset = 4 * dim()});
  for (uint32_t i = 0; i < 2 * dim(); ++i)
    EXPECT_EQ(sp(5 + i / dim(), i % dim()), static_cast<int8_t>(4 * dim() + i + 1));
}

TEST_P(Interpreter, LoadPadsTheLastWordWithZeros) {
  MILLRACE_NEEDS(dma_unaligned);
  count_memory();
  fill_sp(0, 77);
  fill_sp(1, 77);
  run(isa::Load{.flip = 1, .row_bytes = dim() + 1, .offset = 3});
  EXPECT_EQ(sp(0, 0), static_cast<int8_t>(4 ^ 0x80));
  EXPECT_EQ(sp(1, 0), static_cast<int8_t>((dim() + 4) ^ 0x80));
  for (uint32_t n = 1; n < dim(); ++n) EXPECT_EQ(sp(1, n), 0);
}

TEST_P(Interpreter, LoadRowsOverlapInMemoryAndCountBackwardsOnChip) {
  count_memory();
  run(isa::Load{
      .row_bytes = 2 * dim(), .dst = 6, .rows = 3, .mem_row = dim(), .chip_row = sp_words() - 2});
  EXPECT_EQ(sp(6, 0), 1);
  EXPECT_EQ(sp(4, 0), static_cast<int8_t>(dim() + 1));
  EXPECT_EQ(sp(2, 0), static_cast<int8_t>(2 * dim() + 1));
  EXPECT_EQ(sp(3, 0), static_cast<int8_t>(3 * dim() + 1));
}

TEST_P(Interpreter, LoadOffsetsWrap) {
  count_memory();
  run(isa::Load{.row_bytes = dim(),
                .rows = 2,
                .offset = 8 * dim(),
                .mem_row = (0u - 8 * dim()) & offset_mask(),
                .chip_row = 1});
  EXPECT_EQ(sp(0, 0), static_cast<int8_t>(8 * dim() + 1));
  EXPECT_EQ(sp(1, 0), 1);
}

TEST_P(Interpreter, LoadPlanes) {
  MILLRACE_NEEDS(dma_planes);
  count_memory();
  run(isa::Load{.row_bytes = dim(),
                .rows = 2,
                .mem_row = 2,
                .mem_plane = 5,
                .planes = 2,
                .chip_row = 1,
                .chip_plane = 10});
  EXPECT_EQ(sp(0, 0), 1);
  EXPECT_EQ(sp(1, 0), 3);
  EXPECT_EQ(sp(10, 0), 6);
  EXPECT_EQ(sp(11, 0), 8);
}

TEST_P(Interpreter, LoadAccumulatorsByQuarters) {
  MILLRACE_NEEDS(dma_acc);
  for (uint32_t i = 0; i < 20 * dim(); ++i)
    memory_[i] = static_cast<uint8_t>(i % 4 == 0 ? i / 4 : 0);
  for (uint32_t row = 0; row < 8; ++row) fill_acc(row, -1);
  // Five words a row: row 2 whole and the first quarter of row 3, then rows 4 and 5.
  run(isa::Load{.space = Space::kAcc,
                .row_bytes = 5 * dim(),
                .dst = 2,
                .rows = 2,
                .mem_row = 8 * dim(),
                .chip_row = 2});
  for (uint32_t n = 0; n < dim(); ++n) {
    EXPECT_EQ(acc(2, n), static_cast<int32_t>(n));
    EXPECT_EQ(acc(3, n), n < dim() / 4 ? static_cast<int32_t>(dim() + n) : -1);
    EXPECT_EQ(acc(4, n), static_cast<int32_t>(2 * dim() + n));
    EXPECT_EQ(acc(6, n), -1);
  }
}

TEST_P(Interpreter, LoadAccumulatorsLittleEndian) {
  MILLRACE_NEEDS(dma_acc);
  memory_[0] = 0x01;
  memory_[1] = 0x02;
  memory_[2] = 0x03;
  memory_[3] = 0x84;
  run(isa::Load{.space = Space::kAcc, .row_bytes = dim()});
  EXPECT_EQ(acc(0, 0), static_cast<int32_t>(0x84030201));
}

TEST_P(Interpreter, LoadStopsBeforeTheWordOutsideItsBanks) {
  count_memory();
  fill_sp(sp_rows(), 55);
  expect_fault(isa::Load{.row_bytes = 3 * dim(), .dst = sp_rows() - 2, .offset = 0},
               isa::Fault::kBank, Unit::kLoad, sp_rows());
  EXPECT_EQ(sp(sp_rows() - 2, 0), 1);
  EXPECT_EQ(sp(sp_rows() - 1, 0), static_cast<int8_t>(dim() + 1));
  EXPECT_EQ(sp(sp_rows(), 0), 55);
}

TEST_P(Interpreter, LoadWrapsAroundTheMemory) {
  count_memory();
  // The last word is in the last bank, the next one is word 0: below the range.
  expect_fault(isa::Load{.row_bytes = 2 * dim(), .dst = sp_words() - 1, .dst_hi = last_sp_bank()},
               isa::Fault::kBank, Unit::kLoad, 0);
  EXPECT_EQ(sp(sp_words() - 1, 0), 1);
  EXPECT_EQ(sp(0, 0), 0);
}

TEST_P(Interpreter, LoadChecksPermissionThenSizeOfEachRow) {
  count_memory();
  expect_fault(isa::Load{.seg = 2, .row_bytes = dim(), .offset = 3 * dim()},
               isa::Fault::kPermission, Unit::kLoad, 3 * dim());
  // The last row begins where the segment ends; the rows before it are loaded.
  const uint32_t rows = kSmallSize / dim() + 1;
  fill_sp(rows - 1, 55);
  expect_fault(
      isa::Load{.seg = 3, .row_bytes = dim(), .rows = rows, .mem_row = dim(), .chip_row = 1},
      isa::Fault::kSegment, Unit::kLoad, kSmallSize);
  EXPECT_EQ(sp(rows - 2, 0), static_cast<int8_t>(kSmallSize - dim() + 1));
  EXPECT_EQ(sp(rows - 1, 0), 55);
}

// ---- STORE and SIGNAL

TEST_P(Interpreter, StoreRows) {
  for (uint32_t w = 0; w < 4; ++w)
    for (uint32_t n = 0; n < dim(); ++n) sp(w, n) = static_cast<int8_t>(w * dim() + n);
  run(isa::Store{
      .flip = 1, .row_bytes = dim(), .rows = 2, .offset = 64, .mem_row = 128, .chip_row = 3});
  EXPECT_EQ(memory_[63], 0);
  EXPECT_EQ(memory_[64], 0x80);
  EXPECT_EQ(memory_[65], 0x81);
  EXPECT_EQ(memory_[64 + dim()], 0);
  EXPECT_EQ(memory_[192], static_cast<uint8_t>((3 * dim()) ^ 0x80));
}

TEST_P(Interpreter, StoreDropsTheRestOfTheLastWord) {
  MILLRACE_NEEDS(dma_unaligned);
  fill_sp(0, 1);
  fill_sp(1, 2);
  run(isa::Store{.row_bytes = dim() + 2, .offset = 7});
  EXPECT_EQ(memory_[6], 0);
  EXPECT_EQ(memory_[7], 1);
  EXPECT_EQ(memory_[7 + dim()], 2);
  EXPECT_EQ(memory_[8 + dim()], 2);
  EXPECT_EQ(memory_[9 + dim()], 0);
}

TEST_P(Interpreter, StoreAccumulators) {
  MILLRACE_NEEDS(dma_acc);
  fill_acc(1, 0x01020304);
  fill_acc(2, -2);
  run(isa::Store{.space = Space::kAcc, .row_bytes = 5 * dim(), .src = 1});
  EXPECT_EQ(memory_[0], 4);
  EXPECT_EQ(memory_[4 * dim() - 1], 1);
  EXPECT_EQ(memory_[4 * dim()], 0xfe);
  EXPECT_EQ(memory_[5 * dim() - 1], 0xff);
  EXPECT_EQ(memory_[5 * dim()], 0);
}

TEST_P(Interpreter, StorePlanes) {
  MILLRACE_NEEDS(dma_planes);
  for (uint32_t w = 0; w < 8; ++w) fill_sp(w, static_cast<int8_t>(w + 1));
  run(isa::Store{.row_bytes = 1,
                 .rows = 2,
                 .mem_row = 1,
                 .mem_plane = 4,
                 .planes = 2,
                 .chip_row = 1,
                 .chip_plane = 5});
  EXPECT_EQ(memory_[0], 1);
  EXPECT_EQ(memory_[1], 2);
  EXPECT_EQ(memory_[4], 6);
  EXPECT_EQ(memory_[5], 7);
}

TEST_P(Interpreter, StoreFaultsAfterTheElementsBefore) {
  fill_sp(sp_rows() - 1, 9);
  expect_fault(isa::Store{.row_bytes = 2 * dim(), .src = sp_rows() - 1}, isa::Fault::kBank,
               Unit::kStore, sp_rows());
  EXPECT_EQ(memory_[dim() - 1], 9);
  expect_fault(isa::Store{.seg = 1, .row_bytes = dim(), .offset = dim()}, isa::Fault::kPermission,
               Unit::kStore, dim());
  fill_sp(0, 3);
  expect_fault(isa::Store{.seg = 3, .row_bytes = dim(), .rows = 2, .mem_row = kSmallSize},
               isa::Fault::kSegment, Unit::kStore, kSmallSize);
  EXPECT_EQ(memory_[kSmallBase], 3);
  EXPECT_EQ(memory_[kSmallBase + kSmallSize], 0);
}

TEST_P(Interpreter, SegmentEndIsExact) {
  run(isa::Store{.seg = 3, .row_bytes = dim(), .offset = kSmallSize - dim()});
  const uint32_t step = config().dma_unaligned ? 1 : dim();
  expect_fault(isa::Store{.seg = 3, .row_bytes = dim(), .offset = kSmallSize - dim() + step},
               isa::Fault::kSegment, Unit::kStore, kSmallSize - dim() + step);
  // The sum of offset and length does not wrap.
  const uint32_t high = offset_mask() & ~(dim() - 1);
  expect_fault(isa::Store{.seg = 3, .row_bytes = 2 * dim(), .offset = high}, isa::Fault::kSegment,
               Unit::kStore, high);
}

TEST_P(Interpreter, AccessBeyondMemoryIsABusFault) {
  machine_.set_segment(3, {kMemory - dim(), 4 * dim(), true, true});
  fill_sp(0, 1);
  expect_fault(isa::Store{.seg = 3, .row_bytes = 2 * dim()}, isa::Fault::kBus, Unit::kStore,
               kMemory);
  EXPECT_EQ(memory_[kMemory - 1], 1);
  expect_fault(isa::Load{.seg = 3, .row_bytes = dim(), .offset = dim()}, isa::Fault::kBus,
               Unit::kLoad, kMemory);
}

TEST_P(Interpreter, Signal) {
  run(isa::Signal{.seg = 3, .offset = 2, .value = 0x11223344});
  EXPECT_EQ(machine_.signal_value(), 0x11223344u);
  EXPECT_FALSE(machine_.take_irq());
  EXPECT_EQ(memory_[kSmallBase + 8], 0x44);
  EXPECT_EQ(memory_[kSmallBase + 11], 0x11);
  run(isa::Signal{.irq = 1, .seg = 3, .offset = kSmallSize / 4 - 1, .value = 7});
  EXPECT_TRUE(machine_.take_irq());
  EXPECT_FALSE(machine_.take_irq());
  expect_fault(isa::Signal{.seg = 1, .offset = 5}, isa::Fault::kPermission, Unit::kStore, 20);
  expect_fault(isa::Signal{.irq = 1, .seg = 3, .offset = kSmallSize / 4}, isa::Fault::kSegment,
               Unit::kStore, kSmallSize);
  EXPECT_FALSE(machine_.take_irq());
}

// ---- MATMUL

// B is the identity times `factor`, one column a word from `word`.
#define PUT_IDENTITY(word, factor)                   \
  for (uint32_t c = 0; c < dim(); ++c) {             \
    fill_sp((word) + c, 0);                          \
    sp((word) + c, c) = static_cast<int8_t>(factor); \
  }

TEST_P(Interpreter, MatmulByIdentityCopiesRows) {
  const uint32_t b = sp_rows();
  PUT_IDENTITY(b, 2);
  for (uint32_t r = 0; r < 6; ++r)
    for (uint32_t n = 0; n < dim(); ++n) sp(3 * r, n) = static_cast<int8_t>(r * 16 + n);
  run(isa::Matmul{
      .n_ox = 3, .b = b, .b_hi = 1, .n_oy = 2, .d = 4, .a_ox = 3, .a_oy = 9, .b_col = 1});
  for (uint32_t r = 0; r < 6; ++r)
    for (uint32_t n = 0; n < dim(); ++n)
      EXPECT_EQ(acc(4 + r, n), static_cast<int32_t>(2 * (r * 16 + n)));
  EXPECT_EQ(machine_.matmul_steps(), 6u);
}

TEST_P(Interpreter, MatmulExtremesAndWrap) {
  fill_sp(0, -128);
  fill_sp(sp_rows(), -128);
  fill_acc(0, kMax);
  isa::Matmul f{.accumulate = 1, .b = sp_rows(), .b_hi = 1};  // every column is the same word
  run(f);
  const int32_t product = 16384 * static_cast<int32_t>(dim());
  for (uint32_t n = 0; n < dim(); ++n) EXPECT_EQ(acc(0, n), kMin + product - 1);
  f.accumulate = 0;
  run(f);
  for (uint32_t n = 0; n < dim(); ++n) EXPECT_EQ(acc(0, n), product);
}

TEST_P(Interpreter, MatmulChannelTilesAccumulate) {
  const uint32_t b = sp_rows();
  PUT_IDENTITY(b, 1);
  PUT_IDENTITY(b + 64, 10);
  fill_sp(0, 3);
  fill_sp(1, 4);
  fill_acc(0, 1000);
  run(isa::Matmul{.b = b, .b_hi = 1, .n_ct = 2, .a_ct = 1, .b_col = 1, .b_k = 64});
  for (uint32_t n = 0; n < dim(); ++n) EXPECT_EQ(acc(0, n), 43);
}

TEST_P(Interpreter, MatmulColumnsAreDotProducts) {
  const uint32_t b = sp_rows();
  for (uint32_t c = 0; c < dim(); ++c)
    for (uint32_t k = 0; k < dim(); ++k) sp(b + c, k) = static_cast<int8_t>(k == 1 ? c : 0);
  for (uint32_t k = 0; k < dim(); ++k) sp(0, k) = static_cast<int8_t>(k == 1 ? 5 : -100);
  run(isa::Matmul{.b = b, .b_hi = 1, .b_col = 1});
  for (uint32_t n = 0; n < dim(); ++n) EXPECT_EQ(acc(0, n), static_cast<int32_t>(5 * n));
}

TEST_P(Interpreter, MatmulTransposedRowsOfB) {
  MILLRACE_NEEDS(transpose_b);
  const uint32_t b = sp_rows();
  for (uint32_t k = 0; k < dim(); ++k)
    for (uint32_t n = 0; n < dim(); ++n) sp(b + k, n) = static_cast<int8_t>(k == 1 ? n : 0);
  for (uint32_t k = 0; k < dim(); ++k) sp(0, k) = static_cast<int8_t>(k == 1 ? 5 : -100);
  run(isa::Matmul{.transpose = 1, .b = b, .b_hi = 1, .b_col = 1});
  for (uint32_t n = 0; n < dim(); ++n) EXPECT_EQ(acc(0, n), static_cast<int32_t>(5 * n));
}

TEST_P(Interpreter, MatmulOutputTilesTakeConsecutiveRows) {
  MILLRACE_NEEDS(tile_loop);
  const uint32_t b = sp_rows();
  PUT_IDENTITY(b, 1);
  PUT_IDENTITY(b + 100, -1);
  for (uint32_t r = 0; r < 4; ++r) fill_sp(r, static_cast<int8_t>(r + 7));
  run(isa::Matmul{.n_nt = 2,
                  .n_ox = 2,
                  .b = b,
                  .b_hi = 1,
                  .n_oy = 2,
                  .d = acc_rows() - 4,
                  .d_hi = 1,
                  .a_ox = 1,
                  .a_oy = 2,
                  .b_col = 1,
                  .b_tile = 100});
  const int32_t expected[] = {7, 8, 9, 10, -7, -8, -9, -10};
  for (uint32_t r = 0; r < 8; ++r) EXPECT_EQ(acc(acc_rows() - 4 + r, 0), expected[r]);
}

TEST_P(Interpreter, MatmulConvolves) {
  MILLRACE_NEEDS(conv_loops);
  // A 4 x 3 image of words in row-major order; a 2 x 2 kernel with weights 1, 10, 100, -1.
  const uint32_t b = sp_rows();
  const int weights[] = {1, 10, 100, -1};
  for (uint32_t i = 0; i < 4; ++i) PUT_IDENTITY(b + i * dim(), weights[i]);
  for (uint32_t i = 0; i < 12; ++i) fill_sp(i, static_cast<int8_t>(i));
  run(isa::Matmul{.n_ky = 2,
                  .n_kx = 2,
                  .n_ox = 3,
                  .b = b,
                  .b_hi = 1,
                  .n_oy = 2,
                  .a_ox = 1,
                  .a_oy = 4,
                  .a_kx = 1,
                  .a_ky = 4,
                  .b_col = 1,
                  .b_k = dim()});
  for (int y = 0; y < 2; ++y)
    for (int x = 0; x < 3; ++x) {
      const int i = 4 * y + x;
      EXPECT_EQ(acc(static_cast<uint32_t>(3 * y + x), 1),
                i + 10 * (i + 1) + 100 * (i + 4) - (i + 5));
    }
}

TEST_P(Interpreter, MatmulFaultsInOrder) {
  const uint32_t b = sp_rows();
  PUT_IDENTITY(b, 1);
  fill_sp(sp_rows() - 1, 6);
  fill_acc(0, -9);
  // The B tile comes first.
  expect_fault(isa::Matmul{.n_ox = 2, .b = b, .b_hi = 1, .b_col = sp_words() - 1},
               isa::Fault::kBank, Unit::kMatmul, b - 1);
  EXPECT_EQ(acc(0, 0), -9);
  // Row 0 executes, row 1 leaves the range of A.
  expect_fault(isa::Matmul{.a = sp_rows() - 1, .n_ox = 2, .b = b, .b_hi = 1, .a_ox = 1, .b_col = 1},
               isa::Fault::kBank, Unit::kMatmul, sp_rows());
  EXPECT_EQ(acc(0, 0), 6);
  EXPECT_EQ(acc(1, 0), 0);
  // D leaves its range; when A does too, A is first.
  if (last_acc_bank() == 0) return;  // D cannot leave its range
  const uint32_t d = acc_rows() - 1;
  expect_fault(isa::Matmul{.n_ox = 2, .b = b, .b_hi = 1, .d = d, .b_col = 1}, isa::Fault::kBank,
               Unit::kMatmul, acc_rows());
  expect_fault(
      isa::Matmul{.a = sp_rows() - 1, .n_ox = 2, .b = b, .b_hi = 1, .d = d, .a_ox = 1, .b_col = 1},
      isa::Fault::kBank, Unit::kMatmul, sp_rows());
}

TEST_P(Interpreter, MatmulFaultsInALaterTile) {
  const uint32_t b = sp_words() - dim();
  PUT_IDENTITY(b, 1);
  fill_sp(0, 5);
  // The second k-tile's B wraps to word 0; the first tile has been written.
  expect_fault(isa::Matmul{.b = b, .b_hi = last_sp_bank(), .n_ct = 2, .b_col = 1, .b_k = dim()},
               isa::Fault::kBank, Unit::kMatmul, 0);
  EXPECT_EQ(acc(0, 0), 5);
}

}  // namespace
}  // namespace millrace::ref
