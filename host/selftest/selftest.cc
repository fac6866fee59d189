// SPDX-License-Identifier: Apache-2.0
// The order of the steps; see selftest.h.
#include "host/selftest/selftest.h"

#include <algorithm>
#include <cstdio>

#include "host/selftest/clock.h"

namespace millrace::selftest {
namespace {

constexpr uint64_t kTinyMemory = 32 << 10;
constexpr int kTinyRingLog2 = 5;

Step skipped(const char* name, const std::string& why) {
  Step step;
  step.name = name;
  step.skipped = true;
  step.detail = why;
  return step;
}

}  // namespace

bool Report::passed() const {
  return std::ranges::all_of(steps, [](const Step& s) { return s.failure.empty(); });
}

std::string hex32(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", value);
  return text;
}

std::string per_second(double value, const char* unit) {
  constexpr const char* kPrefixes[] = {"", "k", "M", "G"};
  size_t i = 0;
  for (; i < 3 && value >= 1000; ++i) value /= 1000;
  char text[48];
  std::snprintf(text, sizeof text, "%.3g %s%s/s", value, kPrefixes[i], unit);
  return text;
}

Result<std::unique_ptr<Runtime>> open_runtime(Device& device) {
  RuntimeOptions options;
  if (device.mem_bytes() < kTinyMemory) options.ring_log2 = kTinyRingLog2;
  return Runtime::create(device, options);
}

Report run(Device& device, Device& reference, const Options& options,
           const std::function<void(const Step&)>& done) {
  Report report;
  Session session{device, reference, options, report};
  const auto add = [&](const std::function<Step()>& check) {
    const Stopwatch watch;
    Step step = check();
    step.seconds = step.skipped ? 0 : watch.seconds();
    report.steps.push_back(step);
    done(step);
    return step.failure.empty();
  };
  std::unique_ptr<Runtime> runtime, golden;
  const auto open = [&]() -> Status {
    for (auto [machine, out] : {std::pair{&device, &runtime}, {&reference, &golden}}) {
      Result<std::unique_ptr<Runtime>> opened = open_runtime(*machine);
      if (!opened) return opened.error();
      *out = std::move(*opened);
    }
    return {};
  };
  bool good = add([&] { return check_link(session); });
  if (good && options.only.empty()) good = add([&] { return check_memory(session); });
  std::string why = "not run: an earlier step failed";
  if (const Status status = good ? open() : Status(); !status) {
    add([&] {
      Step step;
      step.name = "driver";
      step.failure = status.error().message;
      return step;
    });
    good = false;
  }
  if (good) good = add([&] { return check_instructions(session, *runtime, *golden); });
  // A machine that hangs does not come back: nothing else can be said about it.
  const bool alive = runtime && golden && (good || runtime->reset());
  if (!options.only.empty()) return report;
  add([&] { return alive ? check_faults(session, *runtime, *golden) : skipped("faults", why); });
  add([&] {
    return alive && runtime->reset() ? check_soak(session, *runtime) : skipped("soak", why);
  });
  return report;
}

}  // namespace millrace::selftest
