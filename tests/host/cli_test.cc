// SPDX-License-Identifier: Apache-2.0
// The command line from the outside: results, exit status, one line for every kind of bad input,
// and no file left behind.
#include "host/cli/cli.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "host/asm/program_file.h"
#include "host/cli/gemm_check.h"
#include "host/io/file.h"
#include "model/ref/numerics.h"
#include "sim/ref/ref_device.h"
#include "tests/host/fake_device.h"

namespace millrace {
namespace {

// Computes as the reference, but every bulk read has one bit wrong.
class BentDevice : public RefDevice {
 public:
  using RefDevice::RefDevice;
  Status read_mem(uint64_t addr, std::span<uint8_t> out) override {
    const Status status = RefDevice::read_mem(addr, out);
    if (out.size() > 4) out[1] ^= 1;
    return status;
  }
};

Result<std::unique_ptr<Device>> open_device(const DeviceRequest& request) {
  if (!request.memory.empty() && request.memory != "ideal")
    return input_error("unknown memory '" + request.memory + "'; memories: ideal");
  if (request.device == "bent" && !request.wave.empty()) {
    const Status status = write_file(request.wave, "signals");
    if (!status) return status.error();
    return {std::make_unique<BentDevice>(*request.config)};
  }
  if (!request.wave.empty()) return input_error("device " + request.device + " has no waveforms");
  if (request.device == "ref") return {std::make_unique<RefDevice>(*request.config)};
  if (request.device == "bent") return {std::make_unique<BentDevice>(*request.config)};
  auto fake = std::make_unique<testing::FakeDevice>(request.config->name);
  if (request.device == "faulty") fake->fault_at = 1;
  if (request.device == "foreign") fake->hash = 1;
  return {std::move(fake)};
}

DeviceFactory factory() {
  const std::vector<std::string> all = {"nano", "small", "base", "large"};
  return {{{"ref", "reference", all},
           {"bent", "wrong results", {"base", "nano"}},
           {"faulty", "faults", {"base"}},
           {"foreign", "other hardware", {"base"}}},
          open_device,
          nullptr};
}

// Copies 16 bytes from segment 1 to segment 2.
constexpr const char* kCopy = R"(.config base
.segment 1 size=16 perms=r file=data.bin
.segment 2 size=24 perms=rw fill=7
load seg=1 row_bytes=16
store seg=2 row_bytes=16 offset=4
)";

class Cli : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("millrace_cli_" + std::to_string(getpid()));
    std::filesystem::create_directory(folder_);
    std::vector<uint8_t> data(16);
    for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<uint8_t>(100 + i);
    ASSERT_TRUE(write_file(path("data.bin"), data));
    ASSERT_TRUE(write_file(path("copy.s"), kCopy));
    ASSERT_EQ(call({"asm", path("copy.s"), "-o", path("copy.mrp")}), 0) << err_;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }
  std::vector<uint8_t> bytes(const std::string& name) const {
    const auto data = read_file(path(name));
    EXPECT_TRUE(data);
    return data ? *data : std::vector<uint8_t>();
  }
  nlohmann::json json(const std::string& name) const {
    const auto text = bytes(name);
    return nlohmann::json::parse(text.begin(), text.end());
  }

  int call(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "millrace");
    std::vector<const char*> argv;
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int status = cli_main(static_cast<int>(argv.size()), argv.data(), factory());
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return status;
  }

  // The call ends with status 2, says one line that contains `part`, and leaves the folder as it
  // was.
  void refuses(const std::vector<std::string>& arguments, const std::string& part) {
    const auto before = files();
    EXPECT_EQ(call(arguments), 2) << part;
    EXPECT_TRUE(err_.starts_with("millrace: ")) << err_;
    EXPECT_EQ(std::ranges::count(err_, '\n'), 1) << err_;
    EXPECT_NE(err_.find(part), std::string::npos) << err_;
    EXPECT_EQ(out_, "");
    EXPECT_EQ(files(), before);
  }

  std::filesystem::path folder_;
  std::string out_, err_;
};

TEST_F(Cli, InfoListsConfigurationsAndDevices) {
  ASSERT_EQ(call({"info"}), 0) << err_;
  for (const char* part :
       {"nano", "large", "device ref", "device faulty", "device ref, configuration base: ISA hash"})
    EXPECT_NE(out_.find(part), std::string::npos) << out_;
  EXPECT_EQ(call({"info", "--config", "nano"}), 0);
  EXPECT_NE(out_.find("131072 bytes of memory"), std::string::npos) << out_;
  EXPECT_EQ(call({"--help"}), 0);
  EXPECT_EQ(call({"--version"}), 0);
  EXPECT_EQ(call({"run", "--help"}), 0);
  EXPECT_NE(out_.find("--compare"), std::string::npos);
}

TEST_F(Cli, ProgramsRunAndReport) {
  ASSERT_EQ(call({"run", path("copy.mrp"), "--output", path("out.bin"), "--json", path("r.json"),
                  "--compare", "ref"}),
            0)
      << err_;
  std::vector<uint8_t> wanted = {7, 7, 7, 7};
  for (int i = 0; i < 16; ++i) wanted.push_back(static_cast<uint8_t>(100 + i));
  wanted.resize(24, 7);
  EXPECT_EQ(bytes("out.bin"), wanted);
  const auto report = json("r.json");
  EXPECT_EQ(report["device"], "ref");
  EXPECT_EQ(report["config"], "base");
  EXPECT_EQ(report["macs"], 0);
  EXPECT_TRUE(report["cycles"].is_null());
  EXPECT_TRUE(report["utilization"].is_null());
  EXPECT_EQ(report["mismatches"], 0);
  EXPECT_EQ(report["compared"], 24);
  EXPECT_GE(report["host_seconds"].get<double>(), 0);
  EXPECT_NE(out_.find("differences    0 of 24"), std::string::npos) << out_;
}

TEST_F(Cli, DifferencesGiveStatus1) {
  EXPECT_EQ(call({"run", path("copy.mrp"), "--device", "bent", "--compare", "ref", "--json",
                  path("r.json")}),
            1);
  EXPECT_NE(out_.find("first: segment 2, byte 1: 0x06, not 0x07"), std::string::npos) << out_;
  EXPECT_EQ(json("r.json")["mismatches"], 1);
}

TEST_F(Cli, FaultsGiveStatus1AndNoOutput) {
  EXPECT_EQ(call({"run", path("copy.mrp"), "--device", "faulty", "--output", path("out.bin")}), 1);
  EXPECT_NE(err_.find("fault bank in unit matmul at address 0x123, instruction 1: store"),
            std::string::npos)
      << err_;
  EXPECT_FALSE(std::filesystem::exists(path("out.bin")));
}

TEST_F(Cli, TextAndFilesRoundTrip) {
  ASSERT_EQ(call({"disasm", path("copy.mrp")}), 0);
  EXPECT_NE(out_.find("store seg=2 row_bytes=16 offset=4\n"), std::string::npos) << out_;
  ASSERT_EQ(call({"disasm", path("copy.mrp"), "-o", path("again.s")}), 0);
  ASSERT_EQ(call({"asm", path("again.s"), "-o", path("again.mrp")}), 0) << err_;
  EXPECT_EQ(bytes("again.mrp"), bytes("copy.mrp"));
}

constexpr const char* kModel = "examples/digits/digits.tflite";
constexpr const char* kImage = "examples/digits/images/digit_7.pgm";

TEST_F(Cli, MatrixProductsAreChecked) {
  for (const char* config : {"nano", "base"}) {
    for (const char* out : {"int8", "int32"}) {
      if (std::string(out) == "int32" && !isa::find_config(config)->dma_acc) {
        refuses({"gemm", "9", "21", "35", "--config", config, "--out", out}, "accumulators");
        continue;
      }
      ASSERT_EQ(call({"gemm", "9", "21", "35", "--config", config, "--out", out, "--check",
                      "--json", path("r.json"), "--seed", "5"}),
                0)
          << err_;
      const auto report = json("r.json");
      EXPECT_EQ(report["macs"], 9 * 21 * 35);
      EXPECT_EQ(report["mismatches"], 0);
      EXPECT_EQ(report["compared"], 9 * 21);
      EXPECT_EQ(report["offload_macs"], 1.0);
      EXPECT_EQ(call({"gemm", "9", "21", "35", "--config", config, "--out", out, "--check",
                      "--device", "bent"}),
                1);
      EXPECT_NE(out_.find("differences    1 of 189; first: C[0]["), std::string::npos) << out_;
    }
  }
}

TEST(Requantise, AgreesWithTheGoldenModel) {
  std::mt19937_64 random(3);
  const std::vector<int32_t> corners = {INT32_MIN, INT32_MIN + 1, -1, 0, 1, INT32_MAX};
  const auto draw = [&] {
    return random() % 4 == 0 ? corners[random() % corners.size()] : static_cast<int32_t>(random());
  };
  for (int i = 0; i < 200000; ++i) {
    const int32_t sum = draw(), mult = draw(), shift = static_cast<int32_t>(random() % 80) - 40;
    ASSERT_EQ(cli::requantise(sum, mult, shift), ref::q31(sum, mult, shift))
        << sum << " " << mult << " " << shift;
  }
}

TEST_F(Cli, NetworksRunAndReport) {
  for (const char* config : {"nano", "base"}) {
    ASSERT_EQ(call({"run", kModel, "--config", config, "--input", kImage, "--compare", "ref",
                    "--output", path("out.npy"), "--json", path("r.json")}),
              0)
        << err_;
    const auto report = json("r.json");
    EXPECT_EQ(report["argmax"], 7);
    EXPECT_EQ(report["mismatches"], 0);
    EXPECT_EQ(report["compared"], 10);
    EXPECT_EQ(report["offload_macs"], 1.0);
    EXPECT_EQ(report["offload_ops"], 1.0);
    EXPECT_GT(report["macs"], 10000);
    ASSERT_EQ(
        call({"run", kModel, "--config", config, "--input", kImage, "--compare", path("out.npy")}),
        0);
    EXPECT_EQ(call({"run", kModel, "--config", config, "--input",
                    "examples/digits/images/digit_1.pgm", "--compare", path("out.npy")}),
              1);
    EXPECT_NE(out_.find("first: element "), std::string::npos) << out_;
  }
  EXPECT_EQ(call({"run", kModel, "--device", "bent", "--compare", "ref"}), 1);
  EXPECT_EQ(call({"run", kModel, "--seed", "4"}), 0);
}

TEST_F(Cli, BadNetworksAndSizesAreRefused) {
  refuses({"gemm", "4", "4"}, "K");
  refuses({"gemm", "4", "4", "x"}, "K");
  refuses({"gemm", "0", "4", "4"}, "M is 1 to 65536, not 0");
  refuses({"gemm", "4", "4", "65537"}, "K is 1 to 65536");
  refuses({"gemm", "4", "4", "4", "--out", "int4"}, "--out takes int8 or int32");
  refuses({"gemm", "4", "4", "4", "--device", "cuda"}, "unknown device");
  refuses({"gemm", "4096", "4096", "4", "--config", "nano"}, "bytes");
  refuses({"gemm", "4", "4", "4", "--json", path("no/r.json")}, "No such file");
  refuses({"run", path("none.tflite")}, "No such file");
  ASSERT_TRUE(write_file(path("bad.tflite"), "hello"));
  refuses({"run", path("bad.tflite"), "--output", path("o.npy")}, "bad.tflite");
  refuses({"run", kModel, "--input", path("none.npy")}, "No such file");
  refuses({"run", kModel, "--input", path("data.bin"), "--output", path("o.npy")}, "16 bytes");
  refuses({"run", kModel, "--input", path("copy.s")}, ".npy, .bin, .pgm or .ppm");
  refuses({"run", kModel, "--output", path("o.txt")}, ".npy or .bin");
  refuses({"run", kModel, "--output", path("no/o.npy"), "--device", "faulty"}, "No such file");
  refuses({"run", kModel, "--compare", path("data.bin")}, "16 bytes");
  refuses({"run", kModel, "--config", "huge"}, "configurations: nano, small, base, large");
  refuses({"run", path("copy.mrp"), "--output", path("no/o.bin"), "--device", "faulty"},
          "No such file");
}

TEST_F(Cli, WaveformsStayUnlessTheInputIsBad) {
  EXPECT_EQ(call({"gemm", "4", "4", "4", "--device", "bent", "--wave", path("w.fst")}), 0) << err_;
  EXPECT_EQ(bytes("w.fst").size(), 7u);
  refuses({"gemm", "1", "1", "30000", "--config", "nano", "--device", "bent", "--wave",
           path("new.fst")},
          "out of device memory");
  EXPECT_EQ(call({"gemm", "4", "4", "4", "--device", "bent", "--wave", path("new.fst"), "--check"}),
            1);
  EXPECT_EQ(bytes("new.fst").size(), 7u);
}

TEST_F(Cli, BadOptionsAreRefused) {
  refuses({}, "a command is needed: info");
  refuses({"walk"}, "walk");
  refuses({"run"}, "FILE");
  refuses({"run", path("copy.mrp"), "--speed", "9"}, "--speed");
  refuses({"run", path("copy.mrp"), "--seed", "x"}, "--seed");
  refuses({"asm", path("copy.s")}, "--output");
  refuses({"run", path("copy.mrp"), "--device", "cuda"},
          "unknown device 'cuda'; devices: ref, bent, faulty, foreign");
  refuses({"run", path("copy.mrp"), "--config", "huge"}, "not huge");
  refuses({"info", "--config", "huge"},
          "unknown configuration 'huge'; configurations: nano, small, base, large");
  refuses({"info", "--device", "bent", "--config", "large"},
          "not built for configuration large; it has: base, nano");
  refuses({"run", path("copy.mrp"), "--memory", "slow"}, "unknown memory 'slow'; memories: ideal");
  refuses({"run", path("copy.mrp"), "--wave", path("w.fst")}, "no waveforms");
  refuses({"run", path("copy.mrp"), "--config", "nano"}, "built for configuration base, not nano");
  refuses({"run", path("copy.mrp"), "--input", path("data.bin")}, "--input is for models");
  refuses({"run", path("copy.mrp"), "--compare", path("data.bin")}, "--compare takes 'ref'");
  refuses({"run", path("copy.mrp"), "--output", path("no/out.bin")}, "No such file");
  refuses({"run", path("copy.mrp"), "--output", folder_.string()}, "directory");
  refuses({"run", path("copy.mrp"), "--output", path("o.bin"), "--json", path("no/r.json")},
          "r.json");
  refuses({"run", path("copy.mrp"), "--device", "foreign", "--output", path("out.bin")},
          "ISA hash 00000001");
}

TEST_F(Cli, BadFilesAreRefused) {
  refuses({"run", path("none.mrp")}, "No such file");
  refuses({"disasm", path("none.mrp")}, "No such file");
  refuses({"asm", path("none.s"), "-o", path("o.mrp")}, "No such file");
  refuses({"asm", path("copy.s"), "-o", path("no/o.mrp")}, "No such file");
  refuses({"disasm", path("data.bin")}, "not a Millrace program file");
  refuses({"disasm", path("copy.mrp"), "-o", path("no/o.s")}, "No such file");
  auto damaged = bytes("copy.mrp");
  damaged.pop_back();
  ASSERT_TRUE(write_file(path("cut.mrp"), damaged));
  refuses({"run", path("cut.mrp"), "--output", path("out.bin")}, "truncated");
  damaged = bytes("copy.mrp");
  damaged[8] ^= 1;
  ASSERT_TRUE(write_file(path("stale.mrp"), damaged));
  refuses({"run", path("stale.mrp"), "--json", path("r.json")}, "assemble it again");
  ASSERT_TRUE(write_file(path("foreign.mrp"), "GIF89a"));
  refuses({"run", path("foreign.mrp")}, "not a Millrace program file");
  ASSERT_TRUE(write_file(path("bad.s"), ".config base\nload colour=1\n"));
  refuses({"asm", path("bad.s"), "-o", path("bad.mrp")}, "bad.s:2: load has no field 'colour'");
  ASSERT_TRUE(
      write_file(path("nofile.s"), ".config base\n.segment 1 size=4 perms=r file=gone.bin\n"));
  refuses({"asm", path("nofile.s"), "-o", path("bad.mrp")}, "gone.bin': No such file");
  ASSERT_TRUE(write_file(path("big.s"), ".config nano\n.segment 1 size=131072 perms=r\n"));
  ASSERT_EQ(call({"asm", path("big.s"), "-o", path("big.mrp")}), 0);
  refuses({"run", path("big.mrp")}, "segment 1: out of device memory: 131072 bytes wanted");
  ASSERT_TRUE(write_file(path("rude.s"), ".config base\nsignal value=1\n"));
  ASSERT_EQ(call({"asm", path("rude.s"), "-o", path("rude.mrp")}), 0);
  refuses({"run", path("rude.mrp")}, "writes segment 0");
}

}  // namespace
}  // namespace millrace
