// SPDX-License-Identifier: Apache-2.0
#include "examples/systemc/host.h"

#include <algorithm>
#include <cstdio>

#include "host/frontend/load_model.h"
#include "host/io/tensor_file.h"

namespace millrace::examples {
namespace {

template <typename T>
T value(Result<T> result, int exit_status) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(exit_status);
}

}  // namespace

Job load_job(const char* model_file, const char* image_file, const isa::Config& config) {
  const Graph graph = value(load_model(model_file), 2);
  CompiledModel model = value(compile(graph, config), 2);
  const Tensor& in = model.input_tensor;
  const io::TensorSpec spec{
      "the input",
      {in.shape.begin(), in.shape.end()},
      in.type == DataType::kUint8 ? io::ElementType::kUint8 : io::ElementType::kInt8,
      in.scales.at(0),
      in.zero_point};
  std::vector<uint8_t> input = value(io::read_tensor(image_file, spec), 2);
  return {std::move(model), std::move(input)};
}

size_t argmax(const RunResult& result) {
  const auto less = [](uint8_t a, uint8_t b) {
    return static_cast<int8_t>(a) < static_cast<int8_t>(b);
  };
  return static_cast<size_t>(std::max_element(result.output.begin(), result.output.end(), less) -
                             result.output.begin());
}

Host::Host(sc_core::sc_module_name name, const isa::Config& config,
           const systemc::DriverOptions& options, std::function<void(Host&)> software)
    : sc_module(name), driver("bus", config, options), software_(std::move(software)) {
  SC_HAS_PROCESS(Host);
  sc_core::sc_spawn([this] { software_(*this); }, "software");
  SC_METHOD(interrupted);
  sensitive << irq.pos();
  dont_initialize();
}

void Host::interrupted() { SC_REPORT_WARNING(name(), "the accelerator has stopped on a fault"); }

RunResult Host::run(const Job& job) {
  const auto runtime = value(Runtime::create(driver), 1);
  if (const Status ok = driver.write_reg(reg::kIrqEnable, 1u << reg::kIrqEnableFaultLow); !ok)
    value(Result<int>(ok.error()), 1);
  return value(run_model(*runtime, job.model, job.input), 1);
}

}  // namespace millrace::examples
