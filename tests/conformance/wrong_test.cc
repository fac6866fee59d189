// SPDX-License-Identifier: Apache-2.0
// The suite finds what is wrong with devices that are wrong on purpose, in the chapter that says
// so, and nothing wrong with right ones.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "tests/conformance/wrong_devices.h"

namespace millrace::conformance {
namespace {

struct Outcome {
  int status = -1;
  std::string output;
};

Outcome run(const WrongDevice& wrong, const std::string& filter) {
  const std::string command = std::string("timeout 100 ") + MILLRACE_WRONG + " --device " +
                              wrong.name + " --config " + wrong.config +
                              " --gtest_color=no --gtest_filter='" + filter + "' 2>&1";
  Outcome result;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return result;
  std::array<char, 4096> piece;
  while (const size_t got = std::fread(piece.data(), 1, piece.size(), pipe))
    result.output.append(piece.data(), got);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) result.status = WEXITSTATUS(status);
  return result;
}

// The first test that failed, as GoogleTest names it.
std::string first_failure(const std::string& output) {
  const std::string mark = "[  FAILED  ] ";
  const size_t at = output.find(mark);
  if (at == std::string::npos) return "";
  const size_t from = at + mark.size();
  return output.substr(from, output.find_first_of(" \n", from) - from);
}

class Wrong : public ::testing::TestWithParam<WrongDevice> {};

TEST_P(Wrong, IsFound) {
  const WrongDevice& wrong = GetParam();
  const std::string chapter = wrong.chapter;
  const Outcome found = run(wrong, chapter.empty() ? "*" : chapter + ".*");
  if (chapter.empty()) {
    EXPECT_EQ(found.status, 0) << found.output;
    return;
  }
  ASSERT_EQ(found.status, 1) << found.output;
  EXPECT_TRUE(first_failure(found.output).starts_with(chapter + ".")) << found.output;
  std::printf("%-38s found by %s\n", wrong.name, first_failure(found.output).c_str());
}
INSTANTIATE_TEST_SUITE_P(Devices, Wrong, ::testing::ValuesIn(wrong_devices()),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           for (char& c : name)
                             if (c == '-') c = '_';
                           return name;
                         });

// All tests fail on the skeleton, at once, and say that no machine is there.
TEST(Null, FailsWithAClearMessage) {
  const WrongDevice null{"null", "", "nano", false, {}};
  const Outcome found = run(null, "*");
  EXPECT_EQ(found.status, 1);
  EXPECT_EQ(first_failure(found.output), "Registers.Identity") << found.output;
  const std::string message =
      "register ID reads 0x00000000, expected 0x4d494c4c: 'MILL'; no Millrace machine answers";
  EXPECT_NE(found.output.find(message), std::string::npos) << found.output;
  EXPECT_NE(found.output.find(": 0 passed, "), std::string::npos) << found.output;
}

}  // namespace
}  // namespace millrace::conformance
