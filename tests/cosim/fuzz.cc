// SPDX-License-Identifier: Apache-2.0
// Random programs without end: RTL, cycle model and golden model on the same program, each program
// on an RTL and a cycle model of its own, so that configuration, memory and seed repeat it.
// Programs of odd seeds are drawn alike; those of even seeds belong to campaigns that coverage
// steers. A quarter also has a soft reset in mid-program. At the first difference: both sides, the
// command that repeats it, and a waveform of the window. Exit status: 0 no difference, 1 a
// difference, 2 bad input.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <thread>

#include "sim/lockstep/lockstep_device.h"
#include "tests/cosim/check.h"
#include "tests/cosim/prng.h"
#include "tests/cosim/random_program.h"
#include "tests/cosim/steer.h"

namespace millrace {
namespace {

struct Options {
  std::string config = "all", memory = "all", wave = "build/divergence.fst";
  uint64_t seed = 1, count = 1;
  unsigned jobs = 1;
};

// One program and the machines it runs on.
struct Task {
  uint64_t seed = 0;
  const isa::Config* config = nullptr;
  std::string memory;
  std::string repeat() const {
    return "make cosim CONFIG=" + std::string(config->name) + " MEM=" + memory +
           " SEED=" + std::to_string(seed);
  }
};

std::vector<std::string> memories(uint64_t seed) {
  const std::string s = std::to_string(seed);
  return {"ideal",  "fixed:40:16", "fixed:7:3", "random:" + s,    "random:" + s + ":3:8:60",
          "onchip", "ddr3-1600",   "hbm2",      "lpddr4-2400:800"};
}

// Programs by seed. Steered ones need those before them in their campaign: cheap in order.
class Programs {
 public:
  Result<cosim::Program> draw(const Task& task) {
    cosim::Program program;
    if (task.seed % 2) {
      program = random_program(*task.config, cosim::options_of(task.seed));
    } else {
      const Result<cosim::ProgramOptions> options = steered(task);
      if (!options) return options.error();
      program = random_program(*task.config, *options);
    }
    if (task.seed / 2 % 2) spoil_after_fault(program);
    return program;
  }

 private:
  static constexpr uint64_t kCampaign = 64;  // seeds

  Result<cosim::ProgramOptions> steered(const Task& task) {
    const uint64_t number = task.seed / kCampaign, index = task.seed % kCampaign;
    auto& [current, campaign] = campaigns_[task.config];
    if (!campaign || current != number || campaign->programs() > index) {
      campaign = std::make_unique<cosim::Campaign>(*task.config, number, true);
      current = number;
    }
    while (campaign->programs() < index)
      if (const Status step = campaign->step(); !step) return step.error();
    cosim::ProgramOptions options = campaign->next_options();
    options.dump = true;
    return options;
  }

  std::map<const isa::Config*, std::pair<uint64_t, std::unique_ptr<cosim::Campaign>>> campaigns_;
};

class Worker {
 public:
  // Runs the task; the waveform window, if any, is for `wave`. On success the cycles it took.
  Result<uint64_t> run(const Task& task, const std::string& wave,
                       std::optional<uint64_t>& difference) {
    const Result<cosim::Program> program = programs_.draw(task);
    if (!program) return program.error();
    sim::SimOptions options;
    options.memory = std::get<memory::MemorySpec>(memory::parse_memory_spec(task.memory));
    options.slverr = cosim::refused_range(*task.config);
    options.seed = task.seed;
    if (!wave.empty()) {
      options.wave = wave;
      options.wave_from = *difference > kBefore ? *difference - kBefore : 0;
      options.wave_to = *difference + kAfter;
    }
    auto machines = sim::LockstepDevice::open(task.config->name, options);
    if (!machines) return machines.error();
    std::unique_ptr<RefDevice>& golden = golden_[task.config];
    if (!golden) golden = std::make_unique<RefDevice>(*task.config);
    const Status status = pass(**machines, *golden, *program, task.seed);
    difference = (*machines)->difference_cycle();
    if (!status) return status.error();
    return (*machines)->cycle();
  }

 private:
  static constexpr uint64_t kBefore = 400, kAfter = 100;  // cycles of the window

  static Status pass(sim::LockstepDevice& machines, RefDevice& golden,
                     const cosim::Program& program, uint64_t seed) {
    if (seed % 4 == 3) {
      if (Status status = start(machines, program); !status) return status;
      if (Status status = machines.run(cosim::Prng(seed).below(4000)); !status) return status;
    }
    const Result<bool> faulted = cosim::check(machines, golden, program);
    return faulted ? Status() : Status(faulted.error());
  }

  Programs programs_;
  std::map<const isa::Config*, std::unique_ptr<RefDevice>> golden_;
};

class Fuzzer {
 public:
  explicit Fuzzer(const Options& options) : options_(options) {}

  // Exit status.
  int run() {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options_.jobs; ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
    show(true);
    return bad_input_ ? 2 : failed_ ? 1 : 0;
  }

 private:
  Task task(uint64_t number) const {
    Task task;
    task.seed = options_.seed + number;
    std::vector<const isa::Config*> configs;
    for (const isa::Config& c : isa::kConfigs)
      if (options_.config == "all" || c.name == options_.config) configs.push_back(&c);
    // Four seeds in a row, one of each kind of program, before the next configuration.
    const uint64_t block = number / 4;
    task.config = configs[block % configs.size()];
    const std::vector<std::string> all = memories(task.seed);
    task.memory =
        options_.memory == "all" ? all[block / configs.size() % all.size()] : options_.memory;
    return task;
  }

  void work() {
    Worker worker;
    while (!failed_) {
      const uint64_t number = next_++;
      if (number >= options_.count) return;
      const Task current = task(number);
      if (options_.count == 1) std::printf("%s\n", current.repeat().c_str());
      std::optional<uint64_t> difference;
      const Result<uint64_t> cycles = worker.run(current, "", difference);
      if (!cycles) return report(worker, current, cycles.error(), difference);
      ++done_;
      cycles_ += *cycles;
      show(false);
    }
  }

  void report(Worker& worker, const Task& task, const Error& error,
              std::optional<uint64_t> difference) {
    if (failed_.exchange(true)) return;
    if (error.kind == Error::Kind::kInput) {
      bad_input_ = true;
      std::fprintf(stderr, "millrace_fuzz: %s\n", error.message.c_str());
      return;
    }
    std::printf("\nDIVERGENCE: %s\nconfiguration %s, memory %s, seed %llu; repeat with: %s\n",
                error.message.c_str(), std::string(task.config->name).c_str(), task.memory.c_str(),
                static_cast<unsigned long long>(task.seed), task.repeat().c_str());
    if (!difference || options_.wave.empty()) return;
    const uint64_t cycle = *difference;
    (void)worker.run(task, options_.wave, difference);
    std::printf("waveform around cycle %llu: %s\n", static_cast<unsigned long long>(cycle),
                options_.wave.c_str());
  }

  void show(bool last) {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (!last && now - shown_ < std::chrono::seconds(isatty(1) ? 1 : 30)) return;
    shown_ = now;
    const double seconds = std::chrono::duration<double>(now - started_).count();
    std::printf("%s%llu of %llu programs, %s, %.1f Mcycles, %.0f s%s", isatty(1) ? "\r" : "",
                static_cast<unsigned long long>(done_),
                static_cast<unsigned long long>(options_.count),
                failed_ ? "1 divergence" : "0 divergences", static_cast<double>(cycles_) * 1e-6,
                seconds, isatty(1) && !last ? "   " : "\n");
    std::fflush(stdout);
  }

  const Options& options_;
  std::atomic<uint64_t> next_{0}, done_{0}, cycles_{0};
  std::atomic<bool> failed_{false}, bad_input_{false};
  std::mutex mutex_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point shown_ = started_;
};

int bad_input(const std::string& message) {
  std::fprintf(stderr, "millrace_fuzz: %s\n", message.c_str());
  return 2;
}

int fuzz(int argc, char** argv) {
  Options options;
  CLI::App app("Random programs on RTL, cycle model and golden model", "millrace_fuzz");
  app.add_option("--config", options.config, "Configuration, or all")->capture_default_str();
  app.add_option("--memory", options.memory, "External memory, or all")->capture_default_str();
  app.add_option("--seed", options.seed, "First seed")->capture_default_str();
  app.add_option("--count", options.count, "Programs")->capture_default_str();
  app.add_option("--jobs", options.jobs, "Threads")->check(CLI::Range(1, 64));
  app.add_option("--wave", options.wave, "Waveform of a difference; empty: none")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {
    return app.exit(request);
  } catch (const CLI::ParseError& error) {
    return bad_input(error.what());
  }
  if (options.config != "all" && isa::find_config(options.config) == nullptr)
    return bad_input("unknown configuration '" + options.config +
                     "'; all, nano, small, base or large");
  if (options.memory != "all") {
    const auto spec = memory::parse_memory_spec(options.memory);
    if (const auto* wrong = std::get_if<std::string>(&spec)) return bad_input(*wrong);
  }
  std::printf("%llu programs from seed %llu, configuration %s, memory %s\n",
              static_cast<unsigned long long>(options.count),
              static_cast<unsigned long long>(options.seed), options.config.c_str(),
              options.memory.c_str());
  return Fuzzer(options).run();
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) { return millrace::fuzz(argc, argv); }
