// SPDX-License-Identifier: Apache-2.0
// Matrix product C[M][N] = A[M][K] x B[N][K]^T of int8 operands in memory, for any sizes from 1.
#pragma once

#include <cstdint>
#include <vector>

#include "host/driver/result.h"
#include "host/kernels/conv.h"

namespace millrace {

struct GemmShape {
  int m = 1, n = 1, k = 1;
};

// Bytes from row to row, rows and bytes of the operands as gemm() expects them. Without unaligned
// DMA rows are padded to multiples of dim bytes and B to whole tiles of rows: the padding of B must
// be zero, that of A and C may hold anything. Elsewhere everything is dense. Without vec_scalars
// the result's multiplier comes from memory: gemm_params() lies behind B, at its byte `params`.
struct GemmLayout {
  uint32_t a_pitch = 1, b_pitch = 1, c_pitch = 1;
  int b_rows = 1;
  uint64_t a_bytes = 1, b_bytes = 1, c_bytes = 1;
  uint64_t params = 0;  // 0: none
};
GemmLayout gemm_layout(const isa::Config& config, const GemmShape& shape, Epilogue::Kind epilogue);

// What lies at byte `params` of B's memory; empty where nothing does.
std::vector<uint8_t> gemm_params(const isa::Config& config, const GemmShape& shape,
                                 const Epilogue& epilogue);

struct GemmProgram {
  ConvPlan plan;
  std::vector<isa::Instruction> code;
};

// `epilogue` is kScalar (int8 C, requantised) or, with dma_acc, kInt32. `c` lies in another segment
// than `a` and `b` if stores are not to wait for loads.
Result<GemmProgram> gemm(const isa::Config& config, const GemmShape& shape,
                         const Epilogue& epilogue, MemRef a, MemRef b, MemRef c);

}  // namespace millrace
