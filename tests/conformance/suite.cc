// SPDX-License-Identifier: Apache-2.0
// Options, the device, and the table of chapters; see suite.h.
#include "tests/conformance/suite.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>

#include "host/cli/commands.h"

namespace millrace::conformance {
namespace {

constexpr const char* kProgram = "millrace_conformance";
constexpr const char* kNano = "nano";  // that every device has, boards too

int complain(const Error& error) {
  std::string message = error.message;
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::fprintf(stderr, "%s: %s\n", kProgram, message.c_str());
  return error.kind == Error::Kind::kInput ? 2 : 1;
}

// Counts by chapter, in the order of the tests, and says at the end what was left out and why.
class Table : public ::testing::EmptyTestEventListener {
 public:
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (result.skipped()) reason_ = result.message();
  }
  void OnTestEnd(const ::testing::TestInfo& test) override {
    Row& row = rows_[test.test_suite_name()];
    const ::testing::TestResult& result = *test.result();
    if (result.Skipped()) {
      ++row.skipped;
      skipped_.push_back(std::string(test.test_suite_name()) + "." + test.name() + ": " + reason_);
    } else {
      ++(result.Passed() ? row.passed : row.failed);
    }
  }
  void print(const std::string& what) const {
    Row all;
    std::printf("\n%-14s %7s %7s %8s\n", "chapter", "passed", "failed", "skipped");
    for (const auto& [chapter, row] : rows_) {
      std::printf("%-14s %7d %7d %8d\n", chapter.c_str(), row.passed, row.failed, row.skipped);
      all.passed += row.passed;
      all.failed += row.failed;
      all.skipped += row.skipped;
    }
    for (const std::string& text : skipped_) std::printf("skipped %s\n", text.c_str());
    std::printf("%s: %d passed, %d failed, %d skipped\n", what.c_str(), all.passed, all.failed,
                all.skipped);
  }

 private:
  struct Row {
    int passed = 0, failed = 0, skipped = 0;
  };
  std::map<std::string, Row> rows_;
  std::vector<std::string> skipped_;
  std::string reason_;
};

bool has_time(const DeviceFactory& factory, const std::string& kind) {
  return std::ranges::any_of(factory.kinds,
                             [&](const auto& k) { return k.name == kind && k.time; });
}

// Kinds that have the configuration, a line each.
int list_devices(const DeviceFactory& factory, const std::string& config) {
  for (const DeviceFactory::Kind& kind : factory.kinds)
    if (std::ranges::find(kind.configs, config) != kind.configs.end())
      std::printf("%s\n", kind.name.c_str());
  return 0;
}

Result<int> run(const cli::Options& options, bool no_time, const DeviceFactory& factory) {
  const Result<DeviceRequest> request = cli::device_request(options, factory, kNano);
  if (!request) return request.error();
  const Result<std::shared_ptr<Device>> device = cli::open_device(factory, *request);
  if (!device) return device.error();
  const isa::Config& config = (*device)->config();
  const bool linked = request->linked != nullptr;
  RefDevice golden(config, (*device)->mem_bytes());
  const uint64_t reach = uint64_t{1} << config.addr_bits;
  Subject subject{**device,
                  golden,
                  request->device,
                  linked ? !no_time : has_time(factory, request->device),
                  linked,
                  (*device)->mem_bytes() < reach && (!linked || request->linked->info().board == 0),
                  ""};
  const std::string what =
      "conformance of " + subject.name + ", configuration " + std::string(config.name);
  std::printf("%s: device '%s', %llu KiB of memory, %s time\n", what.c_str(),
              std::string((*device)->kind()).c_str(),
              static_cast<unsigned long long>((*device)->mem_bytes() / 1024),
              subject.time ? "with" : "without");
  std::fflush(stdout);
  Chapter::attach(&subject);
  auto* table = new Table;  // GoogleTest's from now on
  ::testing::UnitTest& tests = *::testing::UnitTest::GetInstance();
  tests.listeners().Append(table);
  const int status = RUN_ALL_TESTS();
  if (tests.test_to_run_count() == 0)
    return input_error("no test has this name; --gtest_list_tests lists them");
  table->print(what);
  return status == 0 ? 0 : 1;
}

}  // namespace

// A machine that is not there, or does not come back, fails all tests without waiting for each.
void Chapter::SetUp() {
  ASSERT_EQ(subject_->lost, "");
  host.expect(reg::kId, kMachineId, "'MILL'; no Millrace machine answers");
  if (HasFailure() || !host.reset_all()) {
    const auto& test = *::testing::UnitTest::GetInstance()->current_test_info();
    subject_->lost =
        std::string("the machine was lost before ") + test.test_suite_name() + "." + test.name();
    FAIL() << subject_->lost;
  }
  ASSERT_TRUE(golden.reset_all());
}

void WorkingChapter::SetUp() {
  Chapter::SetUp();
  if (HasFatalFailure()) return;
  host.ring(3);
  host.segment(1, kData, kDataBytes, kReadable | kWritable);
}

void WorkingChapter::expect_passes(Step step, selftest::Report& report) {
  const selftest::Options options{1, true, 0, "", {}};
  selftest::Session session{device(), subject().golden, options, report};
  const auto runtime = selftest::open_runtime(device());
  ASSERT_TRUE(runtime) << runtime.error().message;
  const auto reference = selftest::open_runtime(subject().golden);
  ASSERT_TRUE(reference) << reference.error().message;
  EXPECT_EQ(step(session, **runtime, **reference).failure, "");
}

int conformance_main(int argc, char** argv, const DeviceFactory& factory) {
  ::testing::InitGoogleTest(&argc, argv);
  if (GTEST_FLAG_GET(list_tests)) return RUN_ALL_TESTS();
  cli::Options options;
  bool no_time = false, list = false;
  CLI::App app(
      "One suite for every Millrace device (docs/developer/conformance.md). GoogleTest's options "
      "choose "
      "tests: --gtest_filter=Memory.*, --gtest_shuffle, --gtest_list_tests.",
      kProgram);
  app.add_option("--device", options.device,
                 std::string("Device; `millrace info` lists them. Outside this process: ") +
                     cli::kAddresses)
      ->capture_default_str();
  app.add_option("--config", options.config,
                 std::string("Configuration of a device of this process (default ") + kNano + ")");
  app.add_option("--memory", options.memory, "External memory of such a device, as for millrace");
  app.add_flag("--no-time", no_time, "The machine outside counts no cycles: a served golden model");
  app.add_flag("--list-devices", list, "Names of devices of this process, and nothing else");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {
    return app.exit(request);  // --help
  } catch (const CLI::ParseError& error) {
    return complain(input_error(std::string(error.what()) + "; --help lists the options"));
  }
  if (list) return list_devices(factory, options.config.empty() ? kNano : options.config);
  const Result<int> result = run(options, no_time, factory);
  return result ? *result : complain(result.error());
}

}  // namespace millrace::conformance
