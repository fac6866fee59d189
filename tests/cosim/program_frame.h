// SPDX-License-Identifier: Apache-2.0
// What surrounds the body of a random program: its memory, and the instructions that initialise the
// banks and dump them.
//
// With DMA of accumulators those are LOADs and STOREs. Without, MATMULs fill the accumulators, and
// VECTORs take them apart into four planes of bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "millrace/isa.h"
#include "tests/cosim/placement.h"
#include "tests/cosim/prng.h"
#include "tests/cosim/random_instruction.h"
#include "tests/cosim/random_program.h"

namespace millrace::cosim {

inline constexpr uint32_t kImageBytes = 0x10000;  // ring, channel parameters and data
inline constexpr uint32_t kInstructionBytes = isa::kWords * 4;
inline constexpr uint32_t kTableBlocks = 16;  // of channel parameters, for each contract

// Memory: at one end of the image the ring, at the other end the tables, data in between, then the
// dump. Only data and dump are writable. The ring of a program whose fetch is refused lies
// elsewhere.
struct Layout {
  uint32_t ring_base = 0, ring_log2 = 0;
  uint32_t read_begin = 0, read_end = kImageBytes;
  uint32_t table_base = 0;  // kTableBlocks for Q31, as many for fp32, those of the planes
  uint32_t data_begin = 0, data_end = 0;
  uint32_t dump_base = kImageBytes;
  uint32_t dump_bytes = 0;
};

Layout draw_layout(Prng& prng, Chooser& chooser, const isa::Config& config,
                   const ProgramOptions& options, const Windows& windows);
std::vector<Segment> draw_segments(Prng& prng, const isa::Config& config, const Layout& layout);
std::vector<uint8_t> draw_image(Prng& prng, const isa::Config& config, const Layout& layout);
void put32(std::vector<uint8_t>& memory, uint32_t at, uint32_t value);

// A readable segment of the largest size whose end lies before its begin, on the other side of the
// end of the address space.
Segment around_segment(Prng& prng, const isa::Config& config);
// A segment whose first part the bus takes and whose rest it refuses.
Segment refused_segment(Prng& prng, const isa::Config& config);

// Bytes of a block of channel parameters.
inline uint32_t block_bytes(const isa::Config& c) { return 9 * dim_of(c); }
// Instructions around a body, at most.
uint32_t frame_instructions(const isa::Config& config, const Windows& windows);
void add_prologue(Prng& prng, Program& program);
// `plane_table`: offset in segment 0 of the parameters for planes.
void add_dump(Program& program, uint32_t plane_table);
void add_last_signal(Prng& prng, Program& program);

}  // namespace millrace::cosim
