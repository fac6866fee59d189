// SPDX-License-Identifier: Apache-2.0
#include "host/kernels/gemm.h"

#include "host/kernels/math.h"
#include "host/kernels/pack.h"

namespace millrace {
namespace {

constexpr uint64_t kParamsAlignment = 64;

bool takes_params(const isa::Config& config, Epilogue::Kind epilogue) {
  return epilogue == Epilogue::Kind::kScalar && !config.vec_scalars;
}

int result_bytes(Epilogue::Kind epilogue) { return epilogue == Epilogue::Kind::kInt32 ? 4 : 1; }

// The rows of A are the pixels of an image of one row.
ConvShape as_conv(const GemmShape& shape, const GemmLayout& layout, const isa::Config& config,
                  Epilogue::Kind epilogue) {
  ConvShape s;
  s.in_w = s.out_w = shape.m;
  s.in_bytes = config.dma_unaligned ? shape.k : static_cast<int>(layout.a_pitch);
  s.in_pixel = layout.a_pitch;
  s.out_c = shape.n;
  s.out_bytes =
      config.dma_unaligned ? shape.n * result_bytes(epilogue) : static_cast<int>(layout.c_pitch);
  s.out_pixel = layout.c_pitch;
  s.w_rows = layout.b_rows;
  s.w_row = layout.b_pitch;
  s.w_point = u32(s.in_bytes);
  return s;
}

}  // namespace

GemmLayout gemm_layout(const isa::Config& config, const GemmShape& shape, Epilogue::Kind epilogue) {
  const int unit = config.dma_unaligned ? 1 : config.dim;
  GemmLayout l;
  l.a_pitch = l.b_pitch = u32(round_up(shape.k, unit));
  l.b_rows = round_up(shape.n, unit);
  l.c_pitch = u32(round_up(shape.n, unit) * result_bytes(epilogue));
  l.a_bytes = uint64_t{l.a_pitch} * u32(shape.m);
  l.b_bytes = uint64_t{l.b_pitch} * u32(l.b_rows);
  l.c_bytes = uint64_t{l.c_pitch} * u32(shape.m);
  if (!takes_params(config, epilogue)) return l;
  l.params = round_up(l.b_bytes, kParamsAlignment);
  l.b_bytes = l.params + u32(ceil_div(shape.n, config.dim) * 9 * config.dim);
  return l;
}

std::vector<uint8_t> gemm_params(const isa::Config& config, const GemmShape& shape,
                                 const Epilogue& epilogue) {
  if (!takes_params(config, epilogue.kind)) return {};
  const Multiplier multiplier{epilogue.mult, epilogue.shift};
  return pack_params(config, shape.n, {}, std::span(&multiplier, 1));
}

Result<GemmProgram> gemm(const isa::Config& config, const GemmShape& shape,
                         const Epilogue& epilogue, MemRef a, MemRef b, MemRef c) {
  if (shape.m < 1 || shape.n < 1 || shape.k < 1)
    return input_error("matrix sizes must be at least 1");
  if (epilogue.kind == Epilogue::Kind::kChannel)
    return input_error("a matrix product has one multiplier for all channels");
  if (epilogue.kind == Epilogue::Kind::kInt32 && !config.dma_acc)
    return input_error("configuration " + std::string(config.name) +
                       " cannot store accumulators; ask for an int8 result or use a larger "
                       "configuration");
  const GemmLayout layout = gemm_layout(config, shape, epilogue.kind);
  const uint64_t limit = uint64_t{1} << config.offset_bits;
  for (uint64_t bytes : {layout.a_bytes, layout.b_bytes, layout.c_bytes}) {
    if (bytes > limit)
      return input_error("a matrix of " + std::to_string(bytes) +
                         " bytes is larger than a segment of configuration " +
                         std::string(config.name) + ", " + std::to_string(limit) +
                         " bytes; use smaller sizes or a larger configuration");
  }
  const ConvShape conv = as_conv(shape, layout, config, epilogue.kind);
  Result<ConvPlan> plan = plan_conv(config, conv, epilogue.kind);
  if (!plan) return plan.error();
  Epilogue last = epilogue;
  if (layout.params > 0) last.kind = Epilogue::Kind::kChannel;
  Program program(config);
  emit_conv(program, conv, last, {a, b, b.plus(layout.params), c}, *plan);
  return GemmProgram{*plan, program.take()};
}

}  // namespace millrace
