// SPDX-License-Identifier: Apache-2.0
// What tests of SystemC need: a process has one kernel, so each test runs in a process of its own.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <vector>

#include "sim/cycle/cycle_device.h"
#include "sim/systemc/accelerator.h"
#include "sim/systemc/bus.h"
#include "sim/systemc/driver.h"
#include "sim/systemc/memory.h"
#include "tests/cosim/same.h"

namespace millrace::systemc {

// Runs `test` in a child; its failures fail the caller's test.
inline void in_own_kernel(const std::function<void()>& test) {
  std::fflush(nullptr);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(120);
    const auto failures = [] {  // the parent's earlier ones among them
      return testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();
    };
    const int before = failures();
    bool thrown = false;  // SystemC reports errors so
    try {
      test();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      thrown = true;
    }
    std::fflush(nullptr);
    _exit(thrown || failures() != before ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << "the test's process ended with status " << status;
}

// A thread of the kernel. The last one to end stops the simulation.
class Thread : public sc_core::sc_module {
 public:
  Thread(sc_core::sc_module_name name, std::function<void()> body)
      : sc_module(name), body_(std::move(body)) {
    ++running();
    SC_HAS_PROCESS(Thread);
    SC_THREAD(run);
  }

 private:
  static int& running() {
    static int count = 0;
    return count;
  }
  void run() {
    body_();
    if (--running() == 0) sc_core::sc_stop();
  }
  std::function<void()> body_;
};

inline memory::MemorySpec spec(std::string_view text) {
  return std::get<memory::MemorySpec>(memory::parse_memory_spec(text));
}

// Accelerators on one memory, a driver for each; machine i has the i-th 2^mem_log2 bytes. `Ram` is
// a module with a target socket `socket`.
template <typename Ram>
class RigOn : public sc_core::sc_module {
 public:
  // On the bus; machine i has the i-th of kRegistersBytes.
  static constexpr uint64_t kMemory = uint64_t{1} << 33, kRegisters = uint64_t{1} << 32;
  static constexpr uint64_t kRegistersBytes = 0x2000;

  // `make` makes the memory.
  RigOn(sc_core::sc_module_name name, const isa::Config& config, AcceleratorOptions options,
        size_t machines, const std::function<std::unique_ptr<Ram>()>& make)
      : sc_module(name), bus("bus", ranges(machines)), memory(make()) {
    ::tlm::tlm_global_quantum::instance().set(
        options.timing == Timing::kAt ? sc_core::SC_ZERO_TIME : Clock(options.period).at(1000));
    bus.out(0).bind(memory->socket);
    for (size_t i = 0; i < machines; ++i) {
      const std::string number = std::to_string(i);
      const DriverOptions driver = {kRegisters + i * kRegistersBytes,
                                    kMemory + (i << config.mem_log2),
                                    uint64_t{1} << config.mem_log2, options.period};
      options.order = static_cast<uint32_t>(i);
      options.memory_base = driver.memory;
      accelerators.push_back(
          std::make_unique<Accelerator>(("accelerator" + number).c_str(), config, options));
      irqs.push_back(std::make_unique<sc_core::sc_signal<bool>>(("irq" + number).c_str()));
      drivers.push_back(std::make_unique<Driver>(("driver" + number).c_str(), config, driver));
      bus.out(i + 1).bind(accelerators[i]->registers);
      accelerators[i]->memory.bind(bus.in);
      accelerators[i]->irq(*irqs[i]);
      drivers[i]->socket.bind(bus.in);
    }
  }

  Bus bus;
  std::unique_ptr<Ram> memory;
  std::vector<std::unique_ptr<Accelerator>> accelerators;
  std::vector<std::unique_ptr<sc_core::sc_signal<bool>>> irqs;
  std::vector<std::unique_ptr<Driver>> drivers;

 private:
  static std::vector<Bus::Range> ranges(size_t machines) {
    static constexpr const char* kNames[] = {"registers0", "registers1"};
    std::vector<Bus::Range> all = {{"memory", kMemory, uint64_t{1} << 32}};
    for (size_t i = 0; i < machines; ++i)
      all.push_back({kNames[i], kRegisters + i * kRegistersBytes, kRegistersBytes});
    return all;
  }
};

// The same on this project's memory.
class Rig : public RigOn<Memory> {
 public:
  Rig(sc_core::sc_module_name name, const isa::Config& config, MemoryOptions memory,
      AcceleratorOptions options, size_t machines = 1)
      : RigOn(name, config, options, machines, [&] {
          memory.bytes = machines << config.mem_log2;
          memory.beat_bytes = static_cast<uint32_t>(config.dim);
          memory.period = options.period;
          return std::make_unique<Memory>("ram", memory);
        }) {}
};

// Random programs without faults, and what they leave on the cycle model alone.
inline cosim::Program plain_program(const isa::Config& config, uint64_t seed) {
  cosim::ProgramOptions options;
  options.seed = seed;
  return cosim::random_program(config, options);
}
inline cosim::Outcome alone(const isa::Config& config, const cosim::Program& program,
                            std::string_view memory) {
  sim::CycleDevice device(config, {spec(memory), {}, {}});
  return *cosim::run(device, program);
}

}  // namespace millrace::systemc
