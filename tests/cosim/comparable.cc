// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/cosim/placement.h"
#include "tests/cosim/random_program.h"

namespace millrace::cosim {
namespace {

// Marks what a STORE or SIGNAL can write.
struct Marker {
  const Program& program;
  std::vector<bool>& comparable;

  void mark(uint32_t seg, uint64_t offset, uint32_t bytes) {
    const Segment& s = program.segments[seg];
    if (!s.write || offset + bytes > s.size) return;
    for (uint64_t i = 0; i < bytes; ++i)
      if (s.base + offset + i < comparable.size()) comparable[s.base + offset + i] = false;
  }
  void mark(const isa::Store& f) {
    const uint64_t mask = (uint64_t{1} << program.config.offset_bits) - 1;
    if (f.seg >= program.segments.size()) return;
    for (const uint32_t delta : row_deltas({f.row_bytes, f.rows, f.planes, f.mem_row, f.mem_plane}))
      mark(f.seg, (f.offset + delta) & mask, f.row_bytes);
  }
};

}  // namespace

std::vector<bool> comparable_after_fault(const Program& program, size_t index) {
  std::vector<bool> comparable(program.memory_image.size(), true);
  const uint32_t ring_bytes = 4u * isa::kWords << program.ring_log2;
  if (program.ring_wraps() && index < program.code.size())
    std::fill_n(comparable.begin() + program.ring_base, ring_bytes, false);
  Marker marker{program, comparable};
  for (size_t i = index; i < program.code.size(); ++i) {
    const isa::Instruction& w = program.code[i];
    const uint32_t opcode = w[0] & 0xff;
    if (opcode == static_cast<uint32_t>(isa::Opcode::kStore)) marker.mark(isa::Store::unpack(w));
    if (opcode == static_cast<uint32_t>(isa::Opcode::kSignal)) {
      const isa::Signal f = isa::Signal::unpack(w);
      if (f.seg < program.segments.size()) marker.mark(f.seg, uint64_t{f.offset} * 4, 4);
    }
  }
  return comparable;
}

}  // namespace millrace::cosim
