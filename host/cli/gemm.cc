// SPDX-License-Identifier: Apache-2.0
// `millrace gemm`: C[M][N] = A[M][K] x B[N][K]^T of random int8 matrices, C as int32 sums or
// requantised to int8.
#include "host/kernels/gemm.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "host/cli/commands.h"
#include "host/cli/gemm_check.h"
#include "host/kernels/requant.h"

namespace millrace::cli {
namespace {

constexpr int64_t kMaxSize = 1 << 16;
constexpr MemRef kA{1, 0}, kB{2, 0}, kC{3, 0};

// A multiplier under which the sums of random operands fill int8 well without saturating much.
Epilogue epilogue_for(const Options& options) {
  Epilogue epilogue;
  epilogue.kind = Epilogue::Kind::kInt32;
  if (options.out == kOutInt32) return epilogue;
  constexpr double kOperandDeviation = 73.9;  // of a uniform int8
  constexpr double kResultDeviation = 40;
  const double deviation =
      kOperandDeviation * kOperandDeviation * std::sqrt(static_cast<double>(options.k));
  const Multiplier multiplier = quantize_multiplier(kResultDeviation / deviation);
  epilogue.kind = Epilogue::Kind::kScalar;
  epilogue.mult = multiplier.mult;
  epilogue.shift = multiplier.shift;
  return epilogue;
}

// Operands as they lie in memory; padding of A is random, that of B zero.
void fill_operands(const isa::Config& config, uint64_t seed, GemmTask& task) {
  std::mt19937_64 random(seed);
  task.a.resize(task.layout.a_bytes);
  task.b.resize(task.layout.b_bytes);
  for (uint8_t& value : task.a) value = static_cast<uint8_t>(random());
  for (size_t n = 0; n < static_cast<size_t>(task.shape.n); ++n)
    for (size_t k = 0; k < static_cast<size_t>(task.shape.k); ++k)
      task.b[n * task.layout.b_pitch + k] = static_cast<uint8_t>(random());
  const std::vector<uint8_t> params = gemm_params(config, task.shape, task.epilogue);
  std::copy(params.begin(), params.end(),
            task.b.begin() + static_cast<ptrdiff_t>(task.layout.params));
}

Result<Buffer> place(Runtime& runtime, int segment, uint64_t bytes, Perms perms) {
  const Result<Buffer> buffer = runtime.allocate(bytes);
  if (!buffer) return buffer.error();
  if (const Status status = runtime.bind(segment, *buffer, perms); !status) return status.error();
  return *buffer;
}

// C as it lies in memory, and what the run took.
struct Outcome {
  std::vector<uint8_t> c;
  Execution execution;
};

Result<Outcome> execute(Runtime& runtime, const GemmTask& task, const GemmProgram& program) {
  const Result<Buffer> a = place(runtime, kA.segment, task.a.size(), Perms::kRead);
  if (!a) return a.error();
  const Result<Buffer> b = place(runtime, kB.segment, task.b.size(), Perms::kRead);
  if (!b) return b.error();
  const Result<Buffer> c = place(runtime, kC.segment, task.layout.c_bytes, Perms::kWrite);
  if (!c) return c.error();
  if (const Status status = runtime.write(*a, 0, task.a); !status) return status.error();
  if (const Status status = runtime.write(*b, 0, task.b); !status) return status.error();
  const Result<Execution> execution = runtime.execute(program.code);
  if (!execution) return execution.error();
  Outcome out{std::vector<uint8_t>(task.layout.c_bytes), *execution};
  if (const Status status = runtime.read(*c, 0, out.c); !status) return status.error();
  return out;
}

Status check_options(const Options& options) {
  const std::pair<const char*, int64_t> sizes[] = {
      {"M", options.m}, {"N", options.n}, {"K", options.k}};
  for (const auto& [name, size] : sizes)
    if (size < 1 || size > kMaxSize)
      return input_error(std::string(name) + " is 1 to " + std::to_string(kMaxSize) + ", not " +
                         std::to_string(size));
  if (options.out != kOutInt8 && options.out != kOutInt32)
    return input_error("--out takes " + std::string(kOutInt8) + " or " + kOutInt32 + ", not '" +
                       options.out + "'");
  if (!options.compare.empty() && !compares_devices(options))
    return input_error("--compare takes 'ref' or 'cycle', not '" + options.compare + "'");
  return {};
}

}  // namespace

Result<int> gemm(const Options& options, const DeviceFactory& factory) {
  if (const Status status = check_options(options); !status) return status.error();
  const Result<DeviceRequest> request = device_request(options, factory, kDefaultConfig);
  if (!request) return request.error();
  const isa::Config& config = *request->config;
  GemmTask task;
  task.shape = {static_cast<int>(options.m), static_cast<int>(options.n),
                static_cast<int>(options.k)};
  task.epilogue = epilogue_for(options);
  task.layout = gemm_layout(config, task.shape, task.epilogue.kind);
  const Result<GemmProgram> program = millrace::gemm(config, task.shape, task.epilogue, kA, kB, kC);
  if (!program) return program.error();
  fill_operands(config, options.seed, task);
  Result<Machine> machine = open_machine(factory, *request, program->code.size());
  if (!machine) return machine.error();
  const Result<Outcome> outcome = execute(*machine->runtime, task, *program);
  if (!outcome) return outcome.error();

  Report report;
  report.command = "gemm";
  report.subject = std::to_string(options.m) + " x " + std::to_string(options.n) + " x " +
                   std::to_string(options.k) + ", int8 to " + options.out;
  report.macs = static_cast<uint64_t>(options.m) * static_cast<uint64_t>(options.n) *
                static_cast<uint64_t>(options.k);
  report.offload_macs = report.offload_ops = 1.0;
  describe_run(*request, outcome->execution, report.macs, report);
  if (options.check) check_product(task, outcome->c, report);
  if (!options.compare.empty()) {
    Result<Machine> reference = open_reference(options, factory, *request, *machine);
    if (!reference) return reference.error();
    const Result<Outcome> wanted = execute(*reference->runtime, task, *program);
    if (!wanted) return wanted.error();
    compare_product(task, outcome->c, wanted->c, report);
    if (const Status status = compare_cycles(options, wanted->execution, report); !status)
      return status.error();
  }
  return finish(options, *machine->activities, report);
}

}  // namespace millrace::cli
