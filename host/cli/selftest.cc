// SPDX-License-Identifier: Apache-2.0
// `millrace selftest`: a line for each step, checksums of the instructions, a summary.
#include "host/selftest/selftest.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/cli/commands.h"
#include "host/io/file.h"
#include "host/selftest/cases.h"

namespace millrace::cli {
namespace {

using selftest::Step;

constexpr const char* kBitstreams = "build/fpga";  // of `make bitstream`

// Progress on a terminal, overwritten by what comes next; lines with --progress elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(bool asked) : terminal_(isatty(STDERR_FILENO) != 0), asked_(asked) {}
  void show(const std::string& text) {
    if (!terminal_ && !asked_) return;
    std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "%s\n", text.c_str());
    std::fflush(stderr);
    shown_ = terminal_;
  }
  void clear() {
    if (shown_) std::fputs("\r\033[K", stderr);
    shown_ = false;
  }

 private:
  bool terminal_, asked_, shown_ = false;
};

void print_step(const Step& step) {
  const char* result = step.skipped ? "----" : step.failure.empty() ? "pass" : "FAIL";
  std::printf("%-12s  %s  %7.2f s  %s\n", step.name.c_str(), result, step.seconds,
              step.detail.c_str());
  if (!step.failure.empty()) std::printf("  %s\n", step.failure.c_str());
  std::fflush(stdout);
}

std::string hex(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "%08x", value);
  return text;
}

void print_checksums(const selftest::Report& report) {
  std::printf("checksums   ");
  for (size_t i = 0; i < isa::kInstructions.size(); ++i)
    std::printf(" %s %s", std::string(isa::kInstructions[i].name).c_str(),
                report.checksums[i] ? hex(*report.checksums[i]).c_str() : "--------");
  std::printf("\n");
}

// A bitstream's report names its build; hexadecimal text or a number.
bool is_build(const nlohmann::json& field, uint32_t build_id) {
  if (field.is_number_unsigned()) return field.get<uint64_t>() == build_id;
  if (!field.is_string()) return false;
  std::string text = field.get<std::string>();
  if (text.starts_with("0x")) text.erase(0, 2);
  return text == hex(build_id);
}

// "clock 24 MHz, routed for 24.5 MHz: 2 % margin" of the bitstream that the machine was made from.
std::string margin_hint(uint32_t build_id) {
  std::error_code none;
  for (const auto& folder : std::filesystem::directory_iterator(kBitstreams, none)) {
    const Result<std::vector<uint8_t>> file = read_file((folder.path() / "report.json").string());
    if (!file) continue;
    const auto report = nlohmann::json::parse(file->begin(), file->end(), nullptr, false);
    if (!report.is_object() || !is_build(report.value("build_id", nlohmann::json()), build_id))
      continue;
    const auto number = [&](const char* name) {
      const auto it = report.find(name);
      return it != report.end() && it->is_number() ? it->get<double>() : 0;
    };
    const double clock = number("clock_mhz"), limit = number("fmax_mhz");
    if (clock <= 0 || limit <= 0) continue;
    char text[160];
    std::snprintf(text, sizeof text, "clock %.4g MHz, routed for %.4g MHz: %.0f %% margin", clock,
                  limit, 100 * (limit / clock - 1));
    return text;
  }
  return "";
}

nlohmann::ordered_json to_json(const Options& options, const DeviceRequest& request,
                               const selftest::Report& report) {
  nlohmann::ordered_json json = {{"command", "selftest"},
                                 {"device", request.device},
                                 {"config", std::string(request.config->name)},
                                 {"seed", options.seed},
                                 {"quick", options.quick},
                                 {"isa_hash", hex(report.isa_hash)},
                                 {"build_id", hex(report.build_id)},
                                 {"passed", report.passed()},
                                 {"steps", nlohmann::ordered_json::array()},
                                 {"checksums", nlohmann::ordered_json::object()}};
  for (const Step& step : report.steps) {
    nlohmann::ordered_json entry = {{"name", step.name},       {"passed", step.passed()},
                                    {"skipped", step.skipped}, {"seconds", step.seconds},
                                    {"detail", step.detail},   {"failure", nullptr}};
    if (!step.failure.empty()) entry["failure"] = step.failure;
    for (const auto& [name, value] : step.figures) entry[name] = value;
    json["steps"].push_back(std::move(entry));
  }
  for (size_t i = 0; i < isa::kInstructions.size(); ++i) {
    auto& entry = json["checksums"][std::string(isa::kInstructions[i].name)];
    if (report.checksums[i]) entry = hex(*report.checksums[i]);
  }
  return json;
}

std::string reproduce(const Options& options, const DeviceRequest& request) {
  std::string text = "millrace selftest --device " + request.device + " --config " +
                     std::string(request.config->name) + " --seed " + std::to_string(options.seed);
  if (!options.memory.empty()) text += " --memory " + options.memory;
  if (options.quick) text += " --quick";
  return text;
}

}  // namespace

Result<int> run_selftest(const Options& options, const DeviceFactory& factory) {
  const Result<DeviceRequest> request = device_request(options, factory, kDefaultConfig);
  if (!request) return request.error();
  const Result<std::shared_ptr<Device>> device = open_device(factory, *request);
  if (!device) return device.error();
  const isa::Config& config = (*device)->config();
  const auto named = [&](const selftest::Case& c) {
    return c.name.find(options.only) != std::string::npos;
  };
  if (std::ranges::none_of(selftest::instruction_cases(config), named))
    return input_error("--only: no instruction case of configuration " + std::string(config.name) +
                       " has '" + options.only + "' in its name; for example 'matmul n_ox'");
  DeviceRequest golden;
  golden.device = kReferenceDevice;
  golden.config = &config;
  const Result<std::shared_ptr<Device>> reference = open_device(factory, golden);
  if (!reference) return reference.error();

  std::printf("selftest of %s, configuration %s, %llu KiB of memory\n", request->device.c_str(),
              std::string(config.name).c_str(),
              static_cast<unsigned long long>((*device)->mem_bytes() / 1024));
  ProgressLine line(options.progress);
  const selftest::Options chosen = {options.seed, options.quick, options.soak, options.only,
                                    [&](const std::string& text) { line.show(text); }};
  const selftest::Report report =
      selftest::run(**device, **reference, chosen, [&](const Step& step) {
        line.clear();
        print_step(step);
      });
  print_checksums(report);
  std::string build =
      "machine       build " + hex(report.build_id) + ", ISA hash " + hex(report.isa_hash);
  if (const std::string hint = margin_hint(report.build_id); !hint.empty()) build += "; " + hint;
  std::printf("%s\n", build.c_str());
  if (report.passed())
    std::printf("all steps passed\n");
  else
    std::printf("FAILED; run again: %s\n", reproduce(options, *request).c_str());
  if (!options.json.empty()) {
    const std::string text = to_json(options, *request, report).dump(2) + "\n";
    if (const Status status = write_file(options.json, text); !status) return status.error();
  }
  return report.passed() ? 0 : 1;
}

}  // namespace millrace::cli
