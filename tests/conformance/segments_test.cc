// SPDX-License-Identifier: Apache-2.0
// Segments: bounds, permissions, overlaps with each other and with the ring (docs/reference/isa.md,
// docs/reference/registers.md).
#include <algorithm>

#include "tests/conformance/suite.h"

namespace millrace::conformance {
namespace {

using isa::Fault;
using isa::Unit;

constexpr uint32_t kRefused = 1u << reg::kStatusRefusedLow;
constexpr uint32_t kBlank = 0xa5a5a5a5;

class Segments : public Chapter {
 protected:
  void SetUp() override {
    Chapter::SetUp();
    if (HasFatalFailure()) return;
    host.ring(3);
    for (uint32_t i = 0; i < kDataBytes; i += 4) host.set_word(kData + i, kBlank);
  }
  uint32_t unit() const { return std::max(1u << config().segment_log2, dim()); }
  // The record that one instruction leaves, or none. The machine is reset after a fault.
  Record result_of(const isa::Instruction& words) {
    host.soft_reset();
    host.submit({words});
    host.settle();
    const Record record = host.record();
    if (record.code != Fault::kNone) host.soft_reset();
    return record;
  }
  void expect_fault(const std::string& what, const isa::Instruction& words, Fault code, Unit in,
                    uint32_t address) {
    const Record wanted{code, in, 0, address};
    EXPECT_EQ(result_of(words), wanted) << what;
  }
  void expect_none(const std::string& what, const isa::Instruction& words) {
    EXPECT_EQ(result_of(words), Record{}) << what;
  }
  // Fills scratchpad word 0 with `value` in every int32 of it.
  void fill_word(uint32_t value) {
    for (uint32_t i = 0; i < dim(); i += 4) host.set_word(kOther + i, value);
    host.segment(2, kOther, unit(), kReadable);
    host.run({load(config(), 2, 0)});
  }
};

TEST_F(Segments, EndWhereTheirSizeSays) {
  const uint32_t size = unit();
  host.segment(1, kData, size, kReadable | kWritable);
  expect_none("a LOAD of the last bytes", load(config(), 1, size - dim()));
  expect_none("a STORE of the last bytes", store(config(), 1, size - dim()));
  expect_none("a SIGNAL to the last bytes", signal(1, size - 4, 1));
  host.expect(reg::kStatus, kIdle, "nothing has failed");
  const uint32_t behind = host.word(kData + size);
  expect_fault("a LOAD behind the end", load(config(), 1, size), Fault::kSegment, Unit::kLoad,
               size);
  expect_fault("a STORE behind the end", store(config(), 1, size), Fault::kSegment, Unit::kStore,
               size);
  expect_fault("a SIGNAL behind the end", signal(1, size, 1), Fault::kSegment, Unit::kStore, size);
  isa::Load across = isa::Load::unpack(load(config(), 1, size - dim()));
  across.row_bytes = 2 * dim();
  expect_fault("a LOAD across the end", across.pack(), Fault::kSegment, Unit::kLoad, size - dim());
  isa::Store over = isa::Store::unpack(store(config(), 1, size - dim()));
  over.row_bytes = 2 * dim();
  expect_fault("a STORE across the end", over.pack(), Fault::kSegment, Unit::kStore, size - dim());
  if (config().dma_unaligned)
    expect_fault("a LOAD one byte across the end", load(config(), 1, size - dim() + 1),
                 Fault::kSegment, Unit::kLoad, size - dim() + 1);
  EXPECT_EQ(host.word(kData + size), behind) << "memory behind the segment was written";
}

TEST_F(Segments, OfNoSizeHoldNothing) {
  host.segment(1, kData, 0, kReadable | kWritable);
  expect_fault("LOAD", load(config(), 1, 0), Fault::kSegment, Unit::kLoad, 0);
  expect_fault("STORE", store(config(), 1, 0), Fault::kSegment, Unit::kStore, 0);
  expect_fault("SIGNAL", signal(1, 0, 1), Fault::kSegment, Unit::kStore, 0);
  EXPECT_EQ(host.word(kData), kBlank);
}

TEST_F(Segments, AllowWhatTheirPermissionsSay) {
  const uint32_t at = unit() - dim();
  for (uint32_t permissions = 0; permissions < 4; ++permissions) {
    SCOPED_TRACE("permissions " + std::to_string(permissions));
    host.segment(1, kData, unit(), permissions);
    if (permissions & kReadable)
      expect_none("LOAD", load(config(), 1, at));
    else
      expect_fault("LOAD", load(config(), 1, at), Fault::kPermission, Unit::kLoad, at);
    const std::vector<uint8_t> before = host.bytes(kData, unit());
    for (const isa::Instruction& words : {store(config(), 1, at), signal(1, at, 0x1234567)}) {
      if (permissions & kWritable)
        expect_none("STORE, SIGNAL", words);
      else
        expect_fault("STORE, SIGNAL", words, Fault::kPermission, Unit::kStore, at);
    }
    if (permissions & kWritable)
      EXPECT_EQ(host.word(kData + at), 0x1234567u) << "the SIGNAL did not reach memory";
    else
      EXPECT_EQ(host.bytes(kData, unit()), before) << "a refused write has reached memory";
    expect_fault("a LOAD behind the end", load(config(), 1, unit()),
                 permissions & kReadable ? Fault::kSegment : Fault::kPermission, Unit::kLoad,
                 unit());
  }
}

TEST_F(Segments, StartAtTheirBase) {
  host.segment(1, kData, unit(), kReadable | kWritable);
  host.run({signal(1, 0, 11)});
  host.segment(1, kData + unit(), unit(), kReadable | kWritable);  // the same program elsewhere
  host.run({signal(1, 0, 22)});
  EXPECT_EQ(host.word(kData), 11u);
  EXPECT_EQ(host.word(kData + unit()), 22u);
  host.soft_reset();  // segments stay
  host.run({signal(1, 4, 33)});
  EXPECT_EQ(host.word(kData + unit() + 4), 33u);
}

TEST_F(Segments, AllOfThemWork) {
  const auto count = static_cast<uint32_t>(config().segments);
  std::vector<isa::Instruction> code;
  for (uint32_t s = 0; s < count; ++s) {
    // Every other one shares its memory with the one before.
    host.segment(s, kOther + s / 2 * unit(), unit(), kWritable);
    code.push_back(signal(s, 4 * (s % 2), 100 + s));
  }
  host.ring(4);
  host.run(code);
  for (uint32_t s = 0; s < count; ++s)
    EXPECT_EQ(host.word(kOther + s / 2 * unit() + 4 * (s % 2)), 100 + s) << "segment " << s;
}

TEST_F(Segments, CoverAllOfMemory) {
  const uint64_t size = std::min(device().mem_bytes(), uint64_t{1} << config().offset_bits);
  const auto last = static_cast<uint32_t>(size) - dim();
  host.segment(1, 0, static_cast<uint32_t>(size), kReadable);
  host.segment(2, kData, unit(), kWritable);
  host.set_word(last, 0x600df00d);
  host.run({load(config(), 1, last), store(config(), 2, 0)});
  EXPECT_EQ(host.word(kData), 0x600df00du);
}

// Rows that step backwards: offsets count modulo 2^offset_bits.
TEST_F(Segments, OffsetsWrap) {
  fill_word(0x77777777);
  host.segment(1, kData, unit(), kWritable);
  isa::Store f = isa::Store::unpack(store(config(), 1, unit() - dim()));
  f.rows = 2;
  f.mem_row = static_cast<uint32_t>((uint64_t{1} << config().offset_bits) - unit() + dim());
  host.run({f.pack()});
  EXPECT_EQ(host.word(kData + unit() - dim()), 0x77777777u);
  EXPECT_EQ(host.word(kData), 0x77777777u) << "the second row begins at offset 0";
}

// What one segment writes the other one reads, in program order.
TEST_F(Segments, SeeEachOthersWrites) {
  host.ring(4);
  host.segment(1, kData, 2 * unit(), kReadable | kWritable);
  host.segment(3, kData + unit(), unit(), kReadable | kWritable);
  fill_word(0x01020304);
  host.run({store(config(), 1, unit()),  // written by 1, read by 3
            load(config(), 3, 0), store(config(), 1, 0), signal(3, 0, 5), load(config(), 1, unit()),
            store(config(), 1, dim())});
  EXPECT_EQ(host.word(kData), 0x01020304u);
  EXPECT_EQ(host.word(kData + dim()), 5u);
}

// Writable ones lose their permissions where they overlap the ring, with alias_check.
TEST_F(Segments, StayOffTheRing) {
  const bool checked = config().alias_check;
  const uint32_t ring_end = kRing + (4 * isa::kWords << 2), ctrl = reg::kSegCtrl + reg::kSegStride;
  host.ring(2);
  const auto place = [&](uint32_t base, uint32_t size, uint32_t permissions, bool overlaps,
                         const std::string& what) {
    SCOPED_TRACE(what);
    host.soft_reset();
    host.segment(1, base, size, permissions);
    const bool refused = checked && overlaps && (permissions & kWritable) != 0;
    host.expect(ctrl, refused ? 0 : permissions, what);
    host.expect(reg::kStatus, refused ? kIdle | kRefused : kIdle, what);
  };
  const uint32_t u = std::max(unit(), 32u);
  place(kRing - u, 2 * u, kReadable, true, "a readable one may cover the ring");
  place(kRing - u, u, kReadable | kWritable, false, "up to the ring");
  place(kRing - u, 2 * u, kReadable | kWritable, true, "into the ring");
  place(0, 0x2000, kWritable, true, "around the ring");
  if (1u << config().segment_log2 <= 32) {  // the ring's end is a multiple of the unit
    place(ring_end - u, u, kWritable, true, "the ring's end");
    place(ring_end, u, kWritable, false, "behind the ring");
    place(kRing - u, u + 1, kWritable, true, "one byte of the ring");
  }
  // The ring moves onto a segment.
  host.soft_reset();
  host.segment(1, kData, unit(), kWritable);
  host.expect(ctrl, kWritable, "far from the ring");
  host.ring(2, kData);
  host.expect(ctrl, checked ? 0 : kWritable, "the ring has come");
  host.expect(reg::kStatus, checked ? kIdle | kRefused : kIdle, "the ring has come");
  host.soft_reset();
  host.expect(reg::kStatus, kIdle, "a reset clears `refused`");
  host.ring(2);
  host.segment(1, kRing + 0x400, unit(), kWritable);
  host.ring(6);  // it grows
  host.expect(ctrl, checked ? 0 : kWritable, "the ring has grown");
}

}  // namespace
}  // namespace millrace::conformance
