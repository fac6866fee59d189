// SPDX-License-Identifier: Apache-2.0
// Two accelerators on one memory, approximately timed: the same network on one of them, then on
// both at once. two_accelerators MODEL.tflite IMAGE.pgm [MEMORY], a specification of
// docs/reference/memory.md
#include <cstdio>
#include <memory>

#include "examples/systemc/host.h"
#include "sim/systemc/platform.h"

namespace {

using namespace millrace;

constexpr uint64_t kShare = 64 << 20;  // bytes of memory for each
constexpr uint64_t kRegisters = 0x4000'0000;

systemc::AcceleratorOptions accelerator_options(const memory::MemorySpec& memory, uint32_t number) {
  systemc::AcceleratorOptions options;
  options.timing = systemc::Timing::kAt;
  options.memory = memory;
  options.memory_base = number * kShare;
  options.order = number;
  return options;
}

systemc::DriverOptions driver_options(uint32_t number) {
  return {kRegisters + number * 0x1000, number * kShare, kShare};
}

void show(const char* what, const RunResult& result) {
  std::printf("%-28s class %zu in %llu cycles\n", what, examples::argmax(result),
              static_cast<unsigned long long>(result.cycles));
}

}  // namespace

int sc_main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr, "usage: %s MODEL.tflite IMAGE.pgm [MEMORY]\n", argv[0]);
    return 2;
  }
  const auto spec = memory::parse_memory_spec(argc > 3 ? argv[3] : "fixed:40:16");
  if (!std::holds_alternative<memory::MemorySpec>(spec)) {
    std::fprintf(stderr, "%s\n", std::get<std::string>(spec).c_str());
    return 2;
  }
  const auto& timing = std::get<memory::MemorySpec>(spec);
  const isa::Config& config = *isa::find_config("base");
  const examples::Job job = examples::load_job(argv[1], argv[2], config);

  systemc::Bus bus("bus", {{"memory", 0, 2 * kShare},
                           {"registers0", kRegisters, 0x1000},
                           {"registers1", kRegisters + 0x1000, 0x1000}});
  systemc::Memory memory("memory", {.bytes = 2 * kShare, .spec = timing});
  systemc::Accelerator first("first", config, accelerator_options(timing, 0));
  systemc::Accelerator second("second", config, accelerator_options(timing, 1));
  sc_core::sc_event both;
  int running = 2;
  const auto done = [&] {
    if (--running == 0) sc_core::sc_stop();
  };
  examples::Host host0("host0", config, driver_options(0), [&](examples::Host& cpu) {
    show("alone", cpu.run(job));
    both.notify();
    show("first of two", cpu.run(job));
    done();
  });
  examples::Host host1("host1", config, driver_options(1), [&](examples::Host& cpu) {
    sc_core::wait(both);
    show("second of two", cpu.run(job));
    done();
  });
  sc_core::sc_signal<bool> irq0("irq0"), irq1("irq1");

  bus.out(0).bind(memory.socket);
  bus.out(1).bind(first.registers);
  bus.out(2).bind(second.registers);
  for (systemc::Accelerator* accelerator : {&first, &second}) accelerator->memory.bind(bus.in);
  for (examples::Host* host : {&host0, &host1}) host->driver.socket.bind(bus.in);
  first.irq(irq0);
  second.irq(irq1);
  host0.irq(irq0);
  host1.irq(irq1);
  sc_core::sc_start();
  return 0;
}
