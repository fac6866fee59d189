// SPDX-License-Identifier: Apache-2.0
// How fast the kernels are: the MATMUL and VECTOR instructions of a matrix product of 1024 x 1024 x
// 1024 in configuration base, as the compiler emits it, and requantisation alone.
//
//   kernel_bench [repetitions]     default 5; the best counts
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <vector>

#include "host/kernels/gemm.h"
#include "millrace/isa.h"
#include "model/cycle/values.h"
#include "tests/cosim/prng.h"

namespace millrace::cycle {
namespace {

constexpr int kSize = 1024;

// Best time of some, in milliseconds.
template <typename Work>
double best_ms(int repetitions, const Work& work) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < repetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count());
  }
  return best;
}

void fill(Values& values) {
  cosim::Prng prng(1);
  std::vector<int8_t> lanes(values.scratchpad().size());
  for (int8_t& lane : lanes) lane = static_cast<int8_t>(prng.bits());
  values.set_scratchpad(lanes);
  for (int32_t& lane : values.accumulators()) lane = static_cast<int32_t>(prng.bits()) >> 12;
}

// The instructions of one kind, in the order of the program.
std::vector<isa::Instruction> select(const std::vector<isa::Instruction>& code,
                                     std::initializer_list<isa::Opcode> opcodes) {
  std::vector<isa::Instruction> list;
  for (const isa::Instruction& w : code)
    if (std::ranges::count(opcodes, static_cast<isa::Opcode>(w[0] & 0xff))) list.push_back(w);
  return list;
}

double matmul_ms(Values& values, const std::vector<isa::Instruction>& code, int repetitions) {
  return best_ms(repetitions, [&] {
    for (const isa::Instruction& w : code) {
      const isa::Matmul f = isa::Matmul::unpack(w);
      values.matmul(f, Values::matmul_tiles(f), 0);
    }
  });
}

double vector_ms(Values& values, const std::vector<isa::Instruction>& code, int repetitions) {
  isa::Vset vset;
  return best_ms(repetitions, [&] {
    for (const isa::Instruction& w : code) {
      if (static_cast<isa::Opcode>(w[0] & 0xff) == isa::Opcode::kVset) {
        vset = isa::Vset::unpack(w);
        continue;
      }
      const isa::Vector f = isa::Vector::unpack(w);
      values.vector(f, vset, uint64_t{f.n2} * f.n3);
    }
  });
}

// Nanoseconds per value, per-channel parameters, accumulators to scratchpad.
double requantise_ns(Values& values, isa::Quant quant, int repetitions) {
  constexpr uint32_t kRows = 1024, kTimes = 64;
  isa::Vector f;
  f.src1_kind = isa::Source::kAcc, f.s1_2 = 1, f.s1_3 = kRows / 4;
  f.quant = quant, f.channel = 1, f.param = 8 * 1024;
  f.n2 = kRows / 4, f.n3 = 4, f.d_2 = 4, f.d_3 = 1;
  isa::Vset vset;
  vset.clamp_lo = -128, vset.clamp_hi = 127;
  const double ms = best_ms(repetitions, [&] {
    for (uint32_t i = 0; i < kTimes; ++i) values.vector(f, vset, kRows);
  });
  return ms * 1e6 / (kTimes * kRows * 16);
}

int run(int repetitions) {
  const isa::Config& config = *isa::find_config("base");
  const Epilogue epilogue = {.kind = Epilogue::Kind::kScalar, .mult = 1 << 30, .shift = -8};
  const auto program =
      gemm(config, {kSize, kSize, kSize}, epilogue, {0, 0}, {0, kSize * kSize}, {1, 0});
  if (!program) return 1;
  const auto matmuls = select(program->code, {isa::Opcode::kMatmul});
  const auto vectors = select(program->code, {isa::Opcode::kVset, isa::Opcode::kVector});
  std::printf("%d x %d x %d in base: %s\n%zu MATMULs, %zu VECTORs and VSETs\n\n", kSize, kSize,
              kSize, program->plan.to_string().c_str(), matmuls.size(), vectors.size());
  std::printf("kernel    MATMUL ms  GMAC/s  VECTOR ms  q31 ns  fp32 ns  none ns\n");
  for (const Kernel kernel : available_kernels()) {
    Values values(config, kernel);
    fill(values);
    const double ms = matmul_ms(values, matmuls, repetitions);
    std::printf("%-10s%9.2f%8.1f%11.2f", name(kernel).data(), ms, 1e-6 * kSize * kSize * kSize / ms,
                vector_ms(values, vectors, repetitions));
    for (const isa::Quant quant : {isa::Quant::kQ31, isa::Quant::kFp32, isa::Quant::kNone})
      std::printf("%8.3f", requantise_ns(values, quant, repetitions));
    std::printf("\n");
  }
  return 0;
}

}  // namespace
}  // namespace millrace::cycle

int main(int argc, char** argv) {
  return millrace::cycle::run(argc > 1 ? std::max(std::atoi(argv[1]), 1) : 5);
}
