// SPDX-License-Identifier: Apache-2.0
#include "examples/digits/session.h"

#include "examples/digits/dataset.h"
#include "host/frontend/load_model.h"
#include "host/io/file.h"
#include "host/io/tensor_file.h"
#include "sim/cycle/cycle_device.h"
#include "sim/ref/ref_device.h"

namespace millrace::digits {

Result<std::unique_ptr<Session>> Session::open(const std::string& model_path,
                                               const std::string& config,
                                               const sim::SimOptions& options) {
  const isa::Config* found = isa::find_config(config);
  if (found == nullptr)
    return input_error("unknown configuration '" + config +
                       "'; configurations: " + sim::rtl_configs());
  const Result<std::vector<uint8_t>> file = read_file(model_path);
  if (!file) return file.error();
  const Result<Graph> graph = parse_model(model_path, *file);
  if (!graph) return graph.error();
  std::optional<Evaluator> evaluator = Evaluator::parse(*file);
  if (!evaluator || evaluator->input_size() != kPixels)
    return input_error(model_path + ": not a network for this demonstration");
  Result<CompiledModel> model = compile(*graph, *found);
  if (!model) return model.error();

  Result<std::unique_ptr<sim::RtlDevice>> rtl = sim::open_rtl(config, options);
  if (!rtl) return rtl.error();
  std::unique_ptr<Session> session(new Session(*found, std::move(*evaluator), std::move(*model)));
  if (Status status = session->load(session->rtl_, std::move(*rtl)); !status) return status.error();
  if (Status status = session->load(
          session->cycle_,
          std::make_unique<sim::CycleDevice>(*found, sim::CycleOptions{options.memory, {}, {}}));
      !status)
    return status.error();
  if (Status status = session->load(session->golden_, std::make_unique<RefDevice>(*found)); !status)
    return status.error();
  return session;
}

Status Session::load(Target& target, std::unique_ptr<Device> device) {
  target.device = std::move(device);
  Result<std::unique_ptr<Runtime>> runtime = Runtime::create(*target.device);
  if (!runtime) return runtime.error();
  target.runtime = std::move(*runtime);
  Result<std::unique_ptr<LoadedModel>> model = LoadedModel::create(*target.runtime, model_);
  if (!model) return model.error();
  target.model = std::move(*model);
  return {};
}

Result<std::vector<uint8_t>> Session::read_image(const std::string& path) const {
  const Tensor& tensor = model_.input_tensor;
  io::TensorSpec spec{tensor.name, {}, io::ElementType::kInt8, 0, tensor.zero_point};
  spec.shape.assign(tensor.shape.begin(), tensor.shape.end());
  if (!tensor.scales.empty()) spec.scale = double{tensor.scales[0]};
  return io::read_tensor(path, spec);
}

Result<Outcome> Session::classify(std::span<const uint8_t> input) {
  const Result<RunResult> by_golden = golden_.model->run(input);
  if (!by_golden) return by_golden.error();
  const Result<RunResult> by_rtl = rtl_.model->run(input);
  if (!by_rtl) return by_rtl.error();
  const Result<RunResult> by_model = cycle_.model->run(input);
  if (!by_model) return by_model.error();
  seconds_ += by_rtl->execution.host_seconds;
  model_seconds_ += by_model->execution.host_seconds;
  cycles_ += by_rtl->cycles;
  ++images_;

  Outcome outcome;
  outcome.scores.assign(by_rtl->output.begin(), by_rtl->output.end());
  outcome.exact = by_rtl->output == by_golden->output && by_rtl->output == by_model->output &&
                  outcome.scores == evaluator_(std::vector<int8_t>(input.begin(), input.end()));
  outcome.cycles = by_rtl->cycles;
  outcome.same_cycles = by_model->cycles == by_rtl->cycles;
  return outcome;
}

double Session::utilisation() const {
  const double done = static_cast<double>(model_.device_macs()) * static_cast<double>(images_);
  return done / (static_cast<double>(cycles_) * config_.dim * config_.dim);
}

double Session::cycles_per_second() const { return static_cast<double>(cycles_) / seconds_; }

}  // namespace millrace::digits
