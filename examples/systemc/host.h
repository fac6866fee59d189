// SPDX-License-Identifier: Apache-2.0
// A processor of a SystemC platform whose software runs networks on an accelerator.
#pragma once

#include <functional>

#include "host/compiler/compile.h"
#include "host/runtime/run_model.h"
#include "sim/systemc/platform.h"

namespace millrace::examples {

// A network compiled for a configuration, and an input for it.
struct Job {
  CompiledModel model;
  std::vector<uint8_t> input;
};
// An image for a TensorFlow Lite model. Bad files end the process: a line, exit status 2.
Job load_job(const char* model_file, const char* image_file, const isa::Config& config);

// Index of the largest element of the output.
size_t argmax(const RunResult& result);

class Host : public sc_core::sc_module {
 public:
  // `software` runs in the processor's thread.
  Host(sc_core::sc_module_name name, const isa::Config& config,
       const systemc::DriverOptions& options, std::function<void(Host&)> software);

  systemc::Driver driver;           // bind its socket to the bus
  sc_core::sc_in<bool> irq{"irq"};  // the accelerator's

  // For the software. What fails ends the process: a line, exit status 1.
  RunResult run(const Job& job);

 private:
  void interrupted();
  std::function<void(Host&)> software_;
};

}  // namespace millrace::examples
