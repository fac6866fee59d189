// SPDX-License-Identifier: Apache-2.0
#include "host/compiler/compile.h"

#include <algorithm>

#include "host/compiler/layers.h"
#include "host/compiler/memory_plan.h"
#include "host/kernels/math.h"

namespace millrace {
namespace {

constexpr uint64_t kAlignment = 64;

class Compiler {
 public:
  Compiler(const Graph& graph, const isa::Config& config, const CompileOptions& options)
      : graph_(graph), config_(config), options_(options) {}

  Result<CompiledModel> run() {
    const Layout input = input_layout(graph_, config_, options_.fold_kernel_x);
    Result<MemoryPlan> memory = plan_memory(graph_, config_, input);
    if (!memory) return memory.error();
    memory_ = std::move(*memory);
    for (const Op& op : graph_.ops) {
      if (Status ok = add_op(op); !ok) return ok.error();
    }
    if (Status ok = check_size(); !ok) return ok.error();
    emit();
    out_.name = graph_.name;
    out_.config = config_.name;
    out_.isa_hash = config_.isa_hash;
    out_.arenas = memory_.arenas;
    out_.input = place(graph_.input);
    out_.output = place(graph_.output);
    out_.input_tensor = graph_.tensor(graph_.input);
    out_.output_tensor = graph_.tensor(graph_.output);
    return std::move(out_);
  }

 private:
  struct Step {
    ConvShape shape;
    Epilogue epilogue;
    ConvOperands operands;
    ConvPlan plan;
  };

  Status add_op(const Op& op) {
    OpReport report{op.name, op.position, true, 0, ""};
    if (std::holds_alternative<Reshape>(op.kind)) {
      report.detail = "in place";
      out_.ops.push_back(std::move(report));
      return {};
    }
    const Layout &in = memory_.layout(op.input), &out = memory_.layout(op.output);
    Result<Layer> layer = std::holds_alternative<Conv2D>(op.kind)
                              ? conv_layer(graph_, op, config_, in, out, options_.fold_kernel_x)
                              : fully_connected_layer(graph_, op, config_, in, out);
    if (!layer) return layer.error();
    Result<ConvPlan> plan = options_.plan(config_, layer->shape, layer->epilogue.kind);
    if (!plan)
      return input_error(op.name + " (operator " + std::to_string(op.position) +
                         "): " + plan.error().message + "; use a larger configuration");
    Step step{layer->shape, layer->epilogue, {}, *plan};
    ConvOperands& operands = step.operands;
    operands.input = memory_.ref(op.input);
    operands.weights = add_constant(layer->weights);
    operands.params = add_constant(layer->params);
    operands.output = memory_.ref(op.output);
    operands.layer = static_cast<int>(steps_.size());
    steps_.push_back(std::move(step));
    report.macs = layer->macs;
    report.detail = plan->to_string();
    out_.ops.push_back(std::move(report));
    return {};
  }

  void emit() {
    Program program(config_);
    for (const Step& s : steps_) emit_conv(program, s.shape, s.epilogue, s.operands, s.plan);
    out_.program = program.take();
  }

  MemRef add_constant(const std::vector<uint8_t>& bytes) {
    const uint64_t offset = round_up(out_.constants.size(), kAlignment);
    out_.constants.resize(offset);
    out_.constants.insert(out_.constants.end(), bytes.begin(), bytes.end());
    return MemRef{kConstants, static_cast<uint32_t>(offset)};
  }

  // All constants and activations must lie in the memory that the configuration can address.
  Status check_size() const {
    uint64_t activations = 0;
    for (uint64_t bytes : memory_.arenas) activations += bytes;
    const uint64_t total = out_.constants.size() + activations;
    const uint64_t limit = uint64_t{1} << std::min(config_.addr_bits, config_.offset_bits);
    if (total <= limit) return {};
    const auto size = [](const Storage& s) { return s.bytes; };
    const Storage& largest = *std::ranges::max_element(memory_.storages, {}, size);
    return input_error(graph_.name + ": needs " + std::to_string(total) + " bytes (constants " +
                       std::to_string(out_.constants.size()) + ", activations " +
                       std::to_string(activations) + ", largest tensor '" +
                       graph_.tensor(largest.tensor).name + "' " + std::to_string(largest.bytes) +
                       "), configuration " + std::string(config_.name) + " addresses " +
                       std::to_string(limit) + "; use a larger configuration");
  }

  // Rows of the host's dense tensor in a region of memory.
  Placement place(int tensor) const {
    const Layout& l = memory_.layout(tensor);
    const Storage& s = memory_.storage(tensor);
    Placement p;
    p.segment = kFirstArena + s.arena;
    p.offset = s.offset;
    p.bytes = l.bytes();
    const bool rows = l.width > 0;
    p.rows = rows ? l.pixels / l.width : l.pixels;
    p.row_bytes = u32(l.inner) * u32(rows ? l.width : 1);
    p.pitch = rows ? l.row_pitch() : l.pitch;
    p.lead = u32(l.left) * l.pitch;
    p.background = rows ? static_cast<uint8_t>(graph_.tensor(tensor).zero_point) : uint8_t{0};
    return p;
  }

  const Graph& graph_;
  const isa::Config& config_;
  const CompileOptions& options_;
  MemoryPlan memory_;
  std::vector<Step> steps_;
  CompiledModel out_;
};

}  // namespace

int64_t CompiledModel::macs() const {
  int64_t sum = 0;
  for (const OpReport& op : ops) sum += op.macs;
  return sum;
}

int64_t CompiledModel::device_macs() const {
  int64_t sum = 0;
  for (const OpReport& op : ops) sum += op.on_device ? op.macs : 0;
  return sum;
}

int CompiledModel::device_ops() const {
  return static_cast<int>(std::ranges::count(ops, true, &OpReport::on_device));
}

std::string CompiledModel::offload() const {
  return std::to_string(device_ops()) + " of " + std::to_string(ops.size()) + " operators and " +
         std::to_string(device_macs()) + " of " + std::to_string(macs()) + " MACs on the device";
}

Result<CompiledModel> compile(const Graph& graph, const isa::Config& config,
                              const CompileOptions& options) {
  return Compiler(graph, config, options).run();
}

}  // namespace millrace
