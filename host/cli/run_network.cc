// SPDX-License-Identifier: Apache-2.0
// `millrace run MODEL`: load, compile, run once, and compare with another device or with a tensor
// file.
#include <random>

#include "host/cli/commands.h"
#include "host/compiler/compile.h"
#include "host/frontend/load_model.h"
#include "host/io/tensor_file.h"
#include "host/runtime/run_model.h"

namespace millrace::cli {
namespace {

constexpr size_t kMaxClasses = 4096;  // outputs larger than this are no list of classes

Result<io::TensorSpec> spec_of(const Tensor& tensor, const std::string& what) {
  io::TensorSpec spec;
  spec.name = what;
  spec.shape.assign(tensor.shape.begin(), tensor.shape.end());
  spec.scale = tensor.scales.empty() ? 0 : tensor.scales[0];
  spec.zero_point = tensor.zero_point;
  switch (tensor.type) {
    case DataType::kInt8:
      spec.type = io::ElementType::kInt8;
      return spec;
    case DataType::kUint8:
      spec.type = io::ElementType::kUint8;
      return spec;
    case DataType::kInt32:
      spec.type = io::ElementType::kInt32;
      return spec;
    case DataType::kFloat32:
      spec.type = io::ElementType::kFloat32;
      return spec;
    default:
      return input_error(what + " has elements of type " + std::string(to_string(tensor.type)));
  }
}

int64_t element(const io::TensorSpec& spec, std::span<const uint8_t> bytes, size_t index) {
  if (spec.type == io::ElementType::kInt8) return static_cast<int8_t>(bytes[index]);
  if (spec.type == io::ElementType::kUint8) return bytes[index];
  uint32_t word = 0;
  for (size_t byte = 4; byte-- > 0;) word = word << 8 | bytes[4 * index + byte];
  return static_cast<int32_t>(word);
}

Result<std::vector<uint8_t>> input_bytes(const Options& options, const io::TensorSpec& spec) {
  if (!options.input.empty()) return io::read_tensor(options.input, spec);
  std::mt19937_64 random(options.seed);
  std::vector<uint8_t> bytes(io::tensor_bytes(spec));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

void compare(const io::TensorSpec& spec, std::span<const uint8_t> found,
             std::span<const uint8_t> wanted, Report& report) {
  report.compared = found.size() / io::element_bytes(spec.type);
  report.mismatches = 0;
  for (size_t i = 0; i < *report.compared; ++i) {
    const int64_t value = element(spec, found, i), expected = element(spec, wanted, i);
    if (value == expected || (*report.mismatches)++ > 0) continue;
    report.first_mismatch = "element " + std::to_string(i) + " is " + std::to_string(value) +
                            ", not " + std::to_string(expected);
  }
}

// Index of the largest element, the first of equals, of an output that is one list.
std::optional<uint64_t> largest(const io::TensorSpec& spec, std::span<const uint8_t> bytes) {
  const size_t count = bytes.size() / io::element_bytes(spec.type);
  if (spec.type == io::ElementType::kFloat32 || count > kMaxClasses || spec.shape.empty())
    return std::nullopt;
  if (static_cast<size_t>(spec.shape.back()) != count) return std::nullopt;
  size_t best = 0;
  for (size_t i = 1; i < count; ++i)
    if (element(spec, bytes, i) > element(spec, bytes, best)) best = i;
  return best;
}

// Everything that is known before a device is opened.
struct Task {
  DeviceRequest request;
  CompiledModel model;
  io::TensorSpec input_spec, output_spec;
  std::vector<uint8_t> input;
  std::vector<uint8_t> wanted;  // of a comparison with a file
};

Result<Task> prepare(const Options& options, const DeviceFactory& factory) {
  Task task;
  const Result<DeviceRequest> request = device_request(options, factory, kDefaultConfig);
  if (!request) return request.error();
  task.request = *request;
  const Result<Graph> graph = load_model(options.file);
  if (!graph) return graph.error();
  Result<CompiledModel> model = compile(*graph, *request->config);
  if (!model) return model.error();
  task.model = std::move(*model);
  const Result<io::TensorSpec> input_spec = spec_of(task.model.input_tensor, "the input");
  if (!input_spec) return input_spec.error();
  const Result<io::TensorSpec> output_spec = spec_of(task.model.output_tensor, "the output");
  if (!output_spec) return output_spec.error();
  task.input_spec = *input_spec;
  task.output_spec = *output_spec;
  Result<std::vector<uint8_t>> input = input_bytes(options, *input_spec);
  if (!input) return input.error();
  task.input = std::move(*input);
  if (!options.output.empty())
    if (const Status status = io::check_tensor_output(options.output); !status)
      return status.error();
  if (options.compare.empty() || compares_devices(options)) return task;
  Result<std::vector<uint8_t>> wanted = io::read_tensor(options.compare, *output_spec);
  if (!wanted) return wanted.error();
  task.wanted = std::move(*wanted);
  return task;
}

}  // namespace

Result<int> run_network(const Options& options, const DeviceFactory& factory) {
  Result<Task> task = prepare(options, factory);
  if (!task) return task.error();
  Result<Machine> machine = open_machine(factory, task->request, task->model.program.size());
  if (!machine) return machine.error();
  const Result<RunResult> result = run_model(*machine->runtime, task->model, task->input);
  if (!result) return result.error();

  Report report;
  report.command = options.command;
  report.subject = options.file;
  report.macs = static_cast<uint64_t>(task->model.macs());
  const auto device_macs = static_cast<uint64_t>(task->model.device_macs());
  report.offload_macs = *report.macs == 0
                            ? 1.0
                            : static_cast<double>(device_macs) / static_cast<double>(*report.macs);
  report.offload_ops =
      static_cast<double>(task->model.device_ops()) / static_cast<double>(task->model.ops.size());
  report.argmax = largest(task->output_spec, result->output);
  describe_run(task->request, result->execution, device_macs, report);
  if (compares_devices(options)) {
    Result<Machine> reference = open_reference(options, factory, task->request, *machine);
    if (!reference) return reference.error();
    Result<RunResult> wanted = run_model(*reference->runtime, task->model, task->input);
    if (!wanted) return wanted.error();
    if (const Status status = compare_cycles(options, wanted->execution, report); !status)
      return status.error();
    task->wanted = std::move(wanted->output);
  }
  if (!options.compare.empty()) compare(task->output_spec, result->output, task->wanted, report);
  if (!options.output.empty())
    if (const Status status = io::write_tensor(options.output, task->output_spec, result->output);
        !status)
      return status.error();
  return finish(options, *machine->activities, report);
}

}  // namespace millrace::cli
