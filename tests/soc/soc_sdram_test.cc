// SPDX-License-Identifier: Apache-2.0
// A whole board of configuration small with its SDRAM: random programs and a matrix product leave
// the bytes that the golden model leaves. MILLRACE_PROGRAMS: how many programs.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "host/kernels/gemm.h"
#include "host/runtime/runtime.h"
#include "sim/cycle/cycle_device.h"
#include "sim/ref/ref_device.h"
#include "tests/cosim/host.h"
#include "tests/soc/sdram_board.h"

namespace millrace::soc {
namespace {

const isa::Config& small() { return *isa::find_config("small"); }

void expect_legal(SdramMachine& board) {
  for (const std::string& what : board.chip().violations()) ADD_FAILURE() << what;
}

TEST(SocSdram, TellsWhatItIs) {
  SdramMachine board(small());
  const auto info = board.ask({.clear = true, .address = 0x1000});
  ASSERT_TRUE(info);
  EXPECT_EQ(info->data[0], 4u << 25 | 25u << 20 | 1u << 16 | 5000u);
  EXPECT_EQ(*board.read_reg(reg::kIsaHash), small().isa_hash);
}

// Every address bit counts, over the line and into the chip.
TEST(SocSdram, MemoryIsAllThere) {
  SdramMachine board(small());
  board.pass(280 * 50);  // the chip is initialised
  std::array<uint8_t, 16> bytes, back;
  for (uint64_t at = 16; at <= board.mem_bytes(); at *= 2) {
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(at % 251 + i);
    const uint64_t address = at - (at == board.mem_bytes() ? 16 : 8);
    ASSERT_TRUE(board.write_slowly(address, bytes));
    ASSERT_TRUE(board.read_mem(address, back));
    EXPECT_EQ(back, bytes) << "address " << address;
    ASSERT_TRUE(board.read_slowly(address, back));
    EXPECT_EQ(back, bytes) << "address " << address;
  }
  expect_legal(board);
}

TEST(SocSdram, RandomPrograms) {
  SdramMachine board(small());
  RefDevice golden(small());
  const char* wanted = std::getenv("MILLRACE_PROGRAMS");
  const int count = wanted ? std::atoi(wanted) : 3;
  uint64_t cycles = 0;
  for (int seed = 1; seed <= count; ++seed) {
    cosim::Program program = cosim::random_program(small(), {.seed = static_cast<uint64_t>(seed)});
    const auto on_board = cosim::run(board, program);
    ASSERT_TRUE(on_board) << on_board.error().message << ", " << program.repro();
    const auto on_golden = cosim::run(golden, program);
    ASSERT_TRUE(on_golden);
    EXPECT_EQ(on_board->status, on_golden->status);
    EXPECT_EQ(on_board->signal_value, on_golden->signal_value);
    EXPECT_EQ(on_board->memory, on_golden->memory);
    expect_legal(board);
    ASSERT_FALSE(HasFailure()) << program.repro();
    cycles += on_board->cycles;
  }
  std::printf("%d programs, %llu cycles\n", count, static_cast<unsigned long long>(cycles));
}

// C, and cycles.
struct Product {
  std::vector<uint8_t> c;
  uint64_t cycles = 0;
};

Product product(Device& device, const GemmShape& shape) {
  Product out;
  const auto multiply = [&]() -> Status {
    Epilogue epilogue;
    epilogue.kind = Epilogue::Kind::kInt32;
    const GemmLayout l = gemm_layout(small(), shape, epilogue.kind);
    auto runtime = Runtime::create(device);
    if (!runtime) return runtime.error();
    std::mt19937 random(1);
    const uint64_t sizes[] = {l.a_bytes, l.b_bytes, l.c_bytes};
    Buffer c{};
    for (int i = 0; i < 3; ++i) {
      const auto buffer = (*runtime)->allocate(sizes[i]);
      if (!buffer) return buffer.error();
      std::vector<uint8_t> bytes(sizes[i]);
      for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
      if (auto status = (*runtime)->write(*buffer, 0, bytes); !status) return status;
      const Perms perms = i == 2 ? Perms::kWrite : Perms::kRead;
      if (auto status = (*runtime)->bind(i + 1, *buffer, perms); !status) return status;
      c = *buffer;
    }
    const auto program = gemm(small(), shape, epilogue, {1, 0}, {2, 0}, {3, 0});
    if (!program) return program.error();
    const auto run = (*runtime)->execute(program->code);
    if (!run) return run.error();
    out.cycles = run->counters.cycles;
    out.c.resize(l.c_bytes);
    return (*runtime)->read(c, 0, out.c);
  };
  const Status status = multiply();
  EXPECT_TRUE(status) << status.error().message;
  return out;
}

// The time of the SDRAM is not promised; a constant latency and two bytes a cycle come close.
TEST(SocSdram, MatrixProducts) {
  for (const GemmShape shape : {GemmShape{64, 64, 64}, GemmShape{128, 128, 128}}) {
    SdramMachine board(small());
    board.pass(280 * 50);
    const Product on_board = product(board, shape);
    expect_legal(board);
    RefDevice golden(small());
    EXPECT_EQ(on_board.c, product(golden, shape).c);
    const auto cycles = static_cast<double>(on_board.cycles);
    std::printf("GEMM %d x %d x %d: %.0f cycles\n", shape.m, shape.n, shape.k, cycles);
    for (const uint64_t latency : {12u, 20u}) {
      sim::CycleDevice model(small(), {.memory = {.latency = latency, .bytes_per_cycle = 2}});
      const auto modelled = static_cast<double>(product(model, shape).cycles);
      std::printf("  fixed:%d:2 %.0f cycles, %+.1f %%\n", static_cast<int>(latency), modelled,
                  100 * (modelled / cycles - 1));
      EXPECT_LT(std::abs(modelled / cycles - 1), 0.1);
    }
  }
}

}  // namespace
}  // namespace millrace::soc
