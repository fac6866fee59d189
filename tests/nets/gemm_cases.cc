// SPDX-License-Identifier: Apache-2.0
// Matrix products in device memory against the definition.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "host/runtime/runtime.h"
#include "tests/nets/net_cases.h"
#include "tests/nets/reference.h"

namespace millrace::nets {
namespace {

struct Matrices {
  std::vector<uint8_t> a, b;  // as in memory
};

// Random values; the padding of A is random too, that of B zero.
Matrices random_matrices(const GemmShape& s, const GemmLayout& l,
                         const std::vector<uint8_t>& params, uint32_t seed) {
  std::mt19937 engine(seed);
  Matrices m{std::vector<uint8_t>(l.a_bytes), std::vector<uint8_t>(l.b_bytes)};
  for (uint8_t& value : m.a) value = static_cast<uint8_t>(engine());
  for (size_t n = 0; n < static_cast<size_t>(s.n); ++n) {
    for (size_t k = 0; k < static_cast<size_t>(s.k); ++k)
      m.b[n * l.b_pitch + k] = static_cast<uint8_t>(engine());
  }
  std::copy(params.begin(), params.end(), m.b.begin() + static_cast<ptrdiff_t>(l.params));
  return m;
}

// Row i of C as bytes, padding left out.
std::vector<uint8_t> expected_row(const GemmShape& s, const GemmLayout& l, const Epilogue& e,
                                  const Matrices& m, size_t i) {
  std::vector<uint8_t> row;
  for (size_t n = 0; n < static_cast<size_t>(s.n); ++n) {
    int32_t sum = 0;
    for (size_t k = 0; k < static_cast<size_t>(s.k); ++k)
      sum +=
          static_cast<int8_t>(m.a[i * l.a_pitch + k]) * static_cast<int8_t>(m.b[n * l.b_pitch + k]);
    if (e.kind == Epilogue::Kind::kInt32) {
      for (int b = 0; b < 4; ++b)
        row.push_back(static_cast<uint8_t>(static_cast<uint32_t>(sum) >> (8 * b)));
    } else {
      row.push_back(static_cast<uint8_t>(
          reference_requant(sum, {e.mult, e.shift}, e.zero_point, {e.clamp_lo, e.clamp_hi})));
    }
  }
  return row;
}

// Memory of the three matrices on a device; segments 1 to 3.
struct DeviceMatrices {
  Buffer a, b, c;
};

void place(Runtime& runtime, const GemmLayout& l, const Matrices& m, DeviceMatrices& out) {
  const auto allocate = [&](uint64_t bytes, Buffer& buffer) {
    Result<Buffer> made = runtime.allocate(bytes);
    ASSERT_TRUE(made) << made.error().message;
    buffer = *made;
  };
  allocate(l.a_bytes, out.a);
  allocate(l.b_bytes, out.b);
  allocate(l.c_bytes, out.c);
  ASSERT_TRUE(runtime.write(out.a, 0, m.a));
  ASSERT_TRUE(runtime.write(out.b, 0, m.b));
  ASSERT_TRUE(runtime.bind(1, out.a, Perms::kRead));
  ASSERT_TRUE(runtime.bind(2, out.b, Perms::kRead));
  ASSERT_TRUE(runtime.bind(3, out.c, Perms::kWrite));
}

}  // namespace

void check_gemm(const Target& target, const GemmShape& shape, const Epilogue& epilogue,
                uint32_t seed, double least_percent) {
  const std::string what = std::to_string(shape.m) + "x" + std::to_string(shape.n) + "x" +
                           std::to_string(shape.k) + ", seed " + std::to_string(seed) + " on " +
                           target.name + " " + std::string(target.config->name);
  SCOPED_TRACE(what);
  const GemmLayout l = gemm_layout(*target.config, shape, epilogue.kind);
  const Matrices m = random_matrices(shape, l, gemm_params(*target.config, shape, epilogue), seed);
  const Result<GemmProgram> program = gemm(*target.config, shape, epilogue, {1, 0}, {2, 0}, {3, 0});
  ASSERT_TRUE(program) << program.error().message;
  const std::unique_ptr<Device> device = target.make(*target.config);
  Result<std::unique_ptr<Runtime>> runtime = Runtime::create(*device);
  ASSERT_TRUE(runtime) << runtime.error().message;
  DeviceMatrices mem;
  place(**runtime, l, m, mem);
  if (testing::Test::HasFatalFailure()) return;
  const Result<Execution> run = (*runtime)->execute(program->code);
  ASSERT_TRUE(run) << run.error().message;
  std::vector<uint8_t> c(l.c_bytes);
  ASSERT_TRUE((*runtime)->read(mem.c, 0, c));
  for (size_t i = 0; i < static_cast<size_t>(shape.m); ++i) {
    const std::vector<uint8_t> expected = expected_row(shape, l, epilogue, m, i);
    const auto row = c.begin() + static_cast<ptrdiff_t>(i * l.c_pitch);
    ASSERT_TRUE(std::equal(expected.begin(), expected.end(), row)) << "row " << i;
  }
  if (const uint64_t cycles = run->counters.cycles; cycles > 0) {
    const double peak =
        static_cast<double>(shape.m) * shape.n * shape.k / target.config->dim / target.config->dim;
    std::printf("%s: %llu cycles, %.1f %% of the array\n", what.c_str(),
                static_cast<unsigned long long>(cycles), 100 * peak / static_cast<double>(cycles));
    EXPECT_GE(100 * peak / static_cast<double>(cycles), least_percent);
  }
}

}  // namespace millrace::nets
