// SPDX-License-Identifier: Apache-2.0
// The instructions that the variants vary: all loops turn a few times, nothing is zero.
#include "host/kernels/math.h"
#include "host/selftest/variants.h"

namespace millrace::selftest {

using isa::Opcode;
using isa::Space;

isa::Vset plain_vset() {
  isa::Vset v;
  v.zero_point = -5;
  v.clamp_lo = -100;
  v.clamp_hi = 101;
  v.offset1 = 7;
  v.offset2 = -9;
  v.scalar_mult = 0x5a5a5a5a;
  v.scalar_shift = -7;
  v.preshift2 = 2;
  v.scalar1 = -123456;
  v.scalar2 = 98765;
  v.s2_0 = 1;
  v.s2_1 = 2;
  v.s2_2 = 4;
  v.s2_3 = 12;
  return v;
}

isa::Instruction plain(const isa::Config& config, Opcode opcode) {
  const uint32_t dim = u32(config.dim);
  isa::Instruction words{};
  if (opcode == Opcode::kLoad || opcode == Opcode::kStore) {
    isa::Load f;
    f.row_bytes = 3 * dim;
    f.rows = 3;
    f.planes = 2;
    f.mem_row = 4 * dim;
    f.mem_plane = 15 * dim;
    f.chip_row = 4;
    f.chip_plane = 13;
    f.seg = kInput;
    words = f.pack();
    if (opcode == Opcode::kStore) {
      set_field(info_of(opcode), words, "seg", kOutput);
      words[0] = (words[0] & ~0xffu) | static_cast<uint32_t>(opcode);
    }
  } else if (opcode == Opcode::kMatmul) {
    isa::Matmul f;
    f.n_ox = 3;
    f.n_oy = f.n_ct = f.n_kx = f.n_ky = f.n_nt = 2;
    f.a_ox = 1;
    f.a_oy = 6;
    f.a_kx = 2;
    f.a_ky = 9;
    f.a_ct = 20;
    f.b_col = 1;
    f.b_k = dim;
    f.b_tile = 3;
    words = f.pack();
  } else if (opcode == Opcode::kVector) {
    isa::Vector f;
    f.src1_kind = f.src2_kind = isa::Source::kSp;
    f.dst_kind = Space::kAcc;
    f.op = isa::Binary::kSub;
    f.reduce = isa::Reduce::kSum;
    f.n0 = f.n1 = 2;
    f.n2 = f.n3 = 3;
    f.s1_0 = 1;
    f.s1_1 = 2;
    f.s1_2 = 4;
    f.s1_3 = 12;
    f.d_2 = 1;
    f.d_3 = 4;
    words = f.pack();
  } else if (opcode == Opcode::kVset) {
    words = plain_vset().pack();
  } else {
    isa::Signal f;
    f.seg = u32(config.segments) > 3 ? 3 : kOutput;
    f.value = 0x600dcafe;
    words = f.pack();
  }
  return legal_part(config, words);
}

}  // namespace millrace::selftest
