// SPDX-License-Identifier: Apache-2.0
// A whole board (configuration nano) behind its serial line: random programs with the bytes of the
// golden model and, to the cycle, the time of the cycle model with memory `onchip`, although the
// host reads and writes all the while. MILLRACE_PROGRAMS: how many programs.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "sim/cycle/cycle_device.h"
#include "sim/ref/ref_device.h"
#include "tests/cosim/host.h"
#include "tests/cosim/same.h"
#include "tests/soc/linked_board.h"

namespace millrace::soc {
namespace {

const isa::Config& nano() { return *isa::find_config("nano"); }

TEST(Soc, TellsWhatItIs) {
  LinkedBoard board(nano(), 1);
  const auto info = board.ask({.clear = true, .address = 0x1000});
  ASSERT_TRUE(info);
  EXPECT_EQ(info->data[0], 17u << 20 | 1u << 16 | 1200u);
  EXPECT_FALSE(info->error || info->fresh);
  EXPECT_EQ(*board.read_reg(reg::kId), 0x4d494c4cu);
  EXPECT_EQ(*board.read_reg(reg::kIsaHash), nano().isa_hash);
  EXPECT_NE(*board.read_reg(reg::kBuildId), 0u);
  EXPECT_FALSE(board.read_reg(0x1c));          // no such register
  EXPECT_FALSE(board.write_reg(reg::kId, 1));  // read-only
  EXPECT_TRUE(board.write_reg(reg::kIrqEnable, 3));
  EXPECT_EQ(*board.read_reg(reg::kIrqEnable), 3u);
}

TEST(Soc, MemoryIsAllThereAndFast) {
  LinkedBoard board(nano(), 2);
  std::mt19937 random(5);
  std::vector<uint8_t> bytes(4 * 4096), back(bytes.size());
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  const uint64_t begin = board.cycles();
  ASSERT_TRUE(board.write_mem(0x8000, bytes));
  const uint64_t middle = board.cycles();
  ASSERT_TRUE(board.read_mem(0x8000, back));
  EXPECT_EQ(back, bytes);
  const double line = 10 * sim::board_cycles_per_bit() * static_cast<double>(bytes.size());
  EXPECT_GT(line / static_cast<double>(middle - begin), 0.98);
  EXPECT_GT(line / static_cast<double>(board.cycles() - middle), 0.98);
  // Every address bit counts.
  const auto word = [](uint64_t at) {
    return std::array{uint8_t(at >> 2), uint8_t(at >> 10), uint8_t(at >> 16)};
  };
  for (uint64_t at = 4; at < board.mem_bytes(); at *= 2) {
    const auto tag = word(at);
    ASSERT_TRUE(board.write_mem(at, std::array{tag[0], tag[1], tag[2], uint8_t{0x5a}}));
  }
  for (uint64_t at = 4; at < board.mem_bytes(); at *= 2) {
    std::array<uint8_t, 4> read;
    ASSERT_TRUE(board.read_mem(at, read));
    EXPECT_EQ((std::array{read[0], read[1], read[2]}), word(at));
  }
}

TEST(Soc, RandomProgramsTakeTheTimeOfTheCycleModel) {
  LinkedBoard board(nano(), 3);
  sim::CycleDevice model(nano(), {.memory = {.preset = memory::Preset::kOnchip}});
  RefDevice golden(nano());
  const char* wanted = std::getenv("MILLRACE_PROGRAMS");
  const int count = wanted ? std::atoi(wanted) : 3;
  int programs = 0, faults = 0;
  uint64_t cycles = 0;
  for (uint64_t seed = 1; programs < count; ++seed) {
    cosim::ProgramOptions options{.seed = seed};
    if (seed % 3 == 0) options.fault = static_cast<isa::Fault>(1 + seed / 3 % 6);
    if (options.fault == isa::Fault::kBus) continue;  // this memory refuses nothing
    cosim::Program program = cosim::random_program(nano(), options);
    if (program.ring_wraps()) continue;
    // The line would decide when a second doorbell comes.
    program.doorbells = {{static_cast<uint32_t>(program.code.size()), false}};
    ASSERT_LE(program.memory_image.size(), board.mem_bytes() - LinkedBoard::kFreeBytes);
    const auto on_board = cosim::run(board, program);
    ASSERT_TRUE(on_board) << on_board.error().message << ", " << program.repro();
    const auto on_model = cosim::run(model, program);
    ASSERT_TRUE(on_model) << on_model.error().message;
    cosim::expect_same(*on_model, *on_board);
    EXPECT_EQ(on_board->cycles, on_model->cycles);
    if (!on_model->faulted()) {
      const auto on_golden = cosim::run(golden, program);
      ASSERT_TRUE(on_golden);
      cosim::expect_same(*on_golden, *on_board);
    }
    ASSERT_FALSE(HasFailure()) << program.repro();
    ++programs;
    faults += on_model->faulted();
    cycles += on_board->cycles;
  }
  EXPECT_GE(faults, 1);
  EXPECT_GT(board.looks(), 5u * static_cast<unsigned>(count));  // while programs ran
  std::printf("%d programs, %d with a fault, %llu cycles, %llu looks\n", programs, faults,
              static_cast<unsigned long long>(cycles),
              static_cast<unsigned long long>(board.looks()));
}

}  // namespace
}  // namespace millrace::soc
