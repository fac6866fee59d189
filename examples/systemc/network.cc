// SPDX-License-Identifier: Apache-2.0
// A network on the accelerator in a SystemC platform, whole: a processor, a bus, a memory, and the
// accelerator's three ports. network MODEL.tflite IMAGE.pgm
#include <cstdio>

#include "examples/systemc/host.h"
#include "sim/systemc/platform.h"

int sc_main(int argc, char** argv) {
  using namespace millrace;
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s MODEL.tflite IMAGE.pgm\n", argv[0]);
    return 2;
  }
  const isa::Config& config = *isa::find_config("base");
  const examples::Job job = examples::load_job(argv[1], argv[2], config);

  constexpr uint64_t kMemoryBytes = 64 << 20, kRegisters = 0x4000'0000;
  systemc::Bus bus("bus", {{"memory", 0, kMemoryBytes}, {"registers", kRegisters, 0x1000}});
  systemc::Memory memory("memory", {.bytes = kMemoryBytes});
  systemc::Accelerator accelerator("accelerator", config, {});
  examples::Host host("host", config, {kRegisters, 0, kMemoryBytes}, [&](examples::Host& cpu) {
    const RunResult result = cpu.run(job);
    std::printf("class %zu in %llu cycles; simulated time %s\n", examples::argmax(result),
                static_cast<unsigned long long>(result.cycles),
                sc_core::sc_time_stamp().to_string().c_str());
    sc_core::sc_stop();
  });
  sc_core::sc_signal<bool> irq("irq");

  host.driver.socket.bind(bus.in);
  bus.out(0).bind(memory.socket);
  bus.out(1).bind(accelerator.registers);
  accelerator.memory.bind(bus.in);
  accelerator.irq(irq);
  host.irq(irq);

  ::tlm::tlm_global_quantum::instance().set({10, sc_core::SC_US});
  sc_core::sc_start();
  return 0;
}
