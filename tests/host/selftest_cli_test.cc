// SPDX-License-Identifier: Apache-2.0
// `millrace selftest` from the outside: what it prints and writes, and its exit status.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/cli/cli.h"
#include "host/io/file.h"
#include "tests/host/faulty_device.h"

namespace millrace {
namespace {

constexpr uint32_t kBuild = 0x0badcafe;

Result<std::unique_ptr<Device>> open_device(const DeviceRequest& request) {
  auto device = std::make_unique<testing::FaultyDevice>(*request.config, 128 << 10);
  if (request.device == "board") {
    device->clock = 24'000'000;
    device->value = [cycles = 0u](uint32_t offset, uint32_t v) mutable {
      if (offset == reg::kCycles) return cycles += 10'000;
      return offset == reg::kBuildId ? kBuild : v;
    };
  }
  if (request.device == "broken")
    device->change = [](isa::Instruction& words) {
      if ((words[0] & 0xff) == static_cast<uint32_t>(isa::Opcode::kStore)) words[0] &= ~0x200u;
    };
  return {std::move(device)};
}

DeviceFactory factory() {
  return {
      {{"ref", "reference", {"nano"}}, {"board", "a board", {"nano"}}, {"broken", "", {"nano"}}},
      open_device,
      nullptr};
}

class SelftestCli : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("millrace_self_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_ / "build/fpga/board");
    before_ = std::filesystem::current_path();
    std::filesystem::current_path(folder_);
  }
  void TearDown() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }

  int call(std::vector<std::string> arguments) {
    const std::vector<std::string> first = {"millrace", "selftest", "--config", "nano",
                                            "--quick",  "--soak",   "0.01"};
    arguments.insert(arguments.begin(), first.begin(), first.end());
    std::vector<const char*> argv;
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int status = cli_main(static_cast<int>(argv.size()), argv.data(), factory());
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return status;
  }
  bool says(const std::string& part) const { return out_.find(part) != std::string::npos; }
  static nlohmann::json report() {
    const auto bytes = read_file("r.json");
    EXPECT_TRUE(bytes);
    return bytes ? nlohmann::json::parse(bytes->begin(), bytes->end()) : nlohmann::json();
  }

  std::filesystem::path folder_, before_;
  std::string out_, err_;
};

TEST_F(SelftestCli, AGoodMachinePasses) {
  ASSERT_EQ(call({"--device", "ref", "--json", "r.json"}), 0) << out_ << err_;
  EXPECT_TRUE(says("all steps passed")) << out_;
  EXPECT_FALSE(says("margin")) << out_;
  EXPECT_FALSE(says("MHz")) << out_;
  const auto json = report();
  EXPECT_EQ(json["passed"], true);
  ASSERT_EQ(json["steps"].size(), 5u);
  for (const auto& step : json["steps"]) {
    EXPECT_EQ(step["passed"], true);
    EXPECT_TRUE(step["failure"].is_null());
  }
  EXPECT_GT(json["steps"][0]["memory_read_bytes_per_second"], 1.0);
  EXPECT_GT(json["steps"][2]["cases"], 100);
  EXPECT_EQ(json["checksums"].size(), isa::kInstructions.size());
  EXPECT_TRUE(says("matmul " + json["checksums"]["matmul"].get<std::string>())) << out_;
}

TEST_F(SelftestCli, OtherSeedsGiveOtherChecksums) {
  ASSERT_EQ(call({"--json", "r.json"}), 0);
  const auto first = report();
  ASSERT_EQ(call({"--seed", "2", "--json", "r.json"}), 0);
  const auto second = report();
  size_t compared = 0;
  for (const auto& [name, sum] : second["checksums"].items()) {
    EXPECT_NE(sum, first["checksums"][name]) << name;
    ++compared;
  }
  EXPECT_EQ(compared, isa::kInstructions.size());
  ASSERT_EQ(call({"--json", "r.json"}), 0);
  EXPECT_EQ(report()["checksums"], first["checksums"]);
}

TEST_F(SelftestCli, AFailureGivesStatus1AndTheWayToIt) {
  ASSERT_EQ(call({"--device", "broken", "--json", "r.json"}), 1) << err_;
  EXPECT_TRUE(says("instructions  FAIL")) << out_;
  EXPECT_TRUE(says("store flip=1: checksum 0x")) << out_;
  EXPECT_TRUE(says("look at unit store")) << out_;
  EXPECT_TRUE(says("FAILED; run again: millrace selftest --device broken --config nano --seed 1"))
      << out_;
  EXPECT_TRUE(says("store --------")) << out_;
  EXPECT_EQ(report()["passed"], false);
  EXPECT_TRUE(report()["checksums"]["store"].is_null());
  // The command that it names runs this case alone.
  EXPECT_EQ(call({"--device", "broken", "--only", "store flip=1"}), 1);
  EXPECT_TRUE(says("0 of 1 store")) << out_;
  EXPECT_EQ(call({"--device", "broken", "--only", "load"}), 0);
}

TEST_F(SelftestCli, BadInputIsRefused) {
  EXPECT_EQ(call({"--only", "matmul n_zz"}), 2);
  EXPECT_NE(err_.find("no instruction case of configuration nano has 'matmul n_zz'"),
            std::string::npos)
      << err_;
  EXPECT_EQ(call({"--device", "cuda"}), 2);
  EXPECT_EQ(call({"--json", "no/r.json"}), 2);
  EXPECT_EQ(call({"--soak", "x"}), 2);
}

TEST_F(SelftestCli, TellsClockAndMargin) {
  ASSERT_TRUE(write_file("build/fpga/board/report.json",
                         R"({"build_id": "0badcafe", "clock_mhz": 24, "fmax_mhz": 24.5})"));
  ASSERT_EQ(call({"--device", "board", "--json", "r.json"}), 0) << out_;
  EXPECT_TRUE(says("clock 24 MHz, routed for 24.5 MHz: 2 % margin")) << out_;
  // 2 x MACs in 10,000 cycles of 24 MHz.
  const auto soak = report()["steps"][4];
  EXPECT_EQ(soak["cycles_most"], 10'000);
  EXPECT_EQ(soak["operations_per_second"], 2 * soak["macs"].get<double>() * 2400);
  EXPECT_TRUE(says("10000 cycles each")) << out_;
  EXPECT_TRUE(says("; at 24 MHz: ")) << out_;
  // Numbers do as well; other builds, and files that are no report, say nothing.
  ASSERT_TRUE(write_file("build/fpga/board/report.json",
                         R"({"build_id": 195939070, "clock_mhz": 24, "fmax_mhz": 30})"));
  ASSERT_EQ(call({"--device", "board"}), 0);
  EXPECT_TRUE(says("routed for 30 MHz: 25 % margin")) << out_;
  for (const char* text : {R"({"build_id": "0badcaff", "clock_mhz": 24, "fmax_mhz": 24.5})",
                           R"({"build_id": "0badcafe", "clock_mhz": "fast"})", "[1]", "{"}) {
    ASSERT_TRUE(write_file("build/fpga/board/report.json", text));
    ASSERT_EQ(call({"--device", "board"}), 0);
    EXPECT_FALSE(says("margin")) << out_;
  }
}

}  // namespace
}  // namespace millrace
