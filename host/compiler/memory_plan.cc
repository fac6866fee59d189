// SPDX-License-Identifier: Apache-2.0
#include "host/compiler/memory_plan.h"

#include <algorithm>

#include "host/compiler/compile.h"
#include "host/kernels/math.h"

namespace millrace {
namespace {

constexpr uint64_t kAlignment = 64;  // bytes; at least a K-vector of every configuration

class Planner {
 public:
  Planner(const Graph& graph, const isa::Config& config, const Layout& input)
      : graph_(graph), config_(config), input_(input) {
    plan_.layouts.resize(graph.tensors.size());
  }

  Result<MemoryPlan> run() {
    define(graph_.input, input_, -1);
    for (size_t i = 0; i < graph_.ops.size(); ++i) add_op(graph_.ops[i], static_cast<int>(i));
    storage_of(graph_.output).last = static_cast<int>(graph_.ops.size());
    choose_arenas();
    place();
    for (const Storage& s : plan_.storages) {
      if (plan_.arenas[static_cast<size_t>(s.arena)] <= limit()) continue;
      return input_error(
          "activations need " + std::to_string(plan_.arenas[static_cast<size_t>(s.arena)]) +
          " bytes (tensor '" + graph_.tensor(s.tensor).name + "' alone " + std::to_string(s.bytes) +
          "), a segment of configuration " + std::string(config_.name) + " covers " +
          std::to_string(limit()) + "; use a larger configuration");
    }
    return std::move(plan_);
  }

 private:
  uint64_t limit() const { return (uint64_t{1} << config_.offset_bits) - 1; }
  Layout& layout(int tensor) { return plan_.layouts[static_cast<size_t>(tensor)]; }
  Storage& storage_of(int tensor) {
    return plan_.storages[static_cast<size_t>(layout(tensor).storage)];
  }

  void define(int tensor, const Layout& layout_in, int op) {
    layout(tensor) = layout_in;
    layout(tensor).storage = static_cast<int>(plan_.storages.size());
    Storage s;
    s.tensor = tensor;
    s.first = s.last = op;
    s.bytes = round_up(layout_in.bytes(), kAlignment);
    plan_.storages.push_back(s);
  }

  void add_op(const Op& op, int index) {
    storage_of(op.input).last = index;
    if (std::holds_alternative<Reshape>(op.kind)) {
      layout(op.output) = layout(op.input);
      return;
    }
    const Tensor& t = graph_.tensor(op.output);
    Layout l;
    l.inner = t.shape.empty() ? 1 : t.shape.back();
    l.pitch = pixel_pitch(config_, l.inner);
    l.pixels = t.elements() / l.inner;
    define(op.output, l, index);
  }

  // The lowest arena that the operator does not read.
  void choose_arenas() {
    const int count = config_.segments - kFirstArena;
    for (const Op& op : graph_.ops) {
      if (layout(op.input).storage == layout(op.output).storage) continue;
      const bool taken = storage_of(op.input).arena == 0;
      storage_of(op.output).arena = taken && count > 1 ? 1 : 0;
    }
  }

  // First fit, in the order in which the storages are written.
  void place() {
    plan_.arenas.resize(1);
    for (size_t i = 0; i < plan_.storages.size(); ++i) {
      Storage& s = plan_.storages[i];
      s.offset = lowest_offset(i);
      if (plan_.arenas.size() <= static_cast<size_t>(s.arena))
        plan_.arenas.resize(u32(s.arena) + 1);
      uint64_t& size = plan_.arenas[static_cast<size_t>(s.arena)];
      size = std::max(size, s.offset + s.bytes);
    }
  }

  uint64_t lowest_offset(size_t index) const {
    const Storage& s = plan_.storages[index];
    std::vector<const Storage*> live;
    for (size_t i = 0; i < index; ++i) {
      const Storage& other = plan_.storages[i];
      if (other.arena == s.arena && other.last >= s.first) live.push_back(&other);
    }
    std::sort(live.begin(), live.end(),
              [](const Storage* a, const Storage* b) { return a->offset < b->offset; });
    uint64_t offset = 0;
    for (const Storage* other : live) {
      if (offset + s.bytes <= other->offset) break;
      offset = std::max(offset, other->offset + other->bytes);
    }
    return offset;
  }

  const Graph& graph_;
  const isa::Config& config_;
  const Layout& input_;
  MemoryPlan plan_;
};

}  // namespace

uint64_t Layout::bytes() const {
  const uint64_t count = static_cast<uint64_t>(pixels);
  return width > 0 ? count / u32(width) * row_pitch() : count * pitch;
}

MemRef MemoryPlan::ref(int tensor) const {
  const Storage& s = storage(tensor);
  return {kFirstArena + s.arena, static_cast<uint32_t>(s.offset)};
}

uint32_t pixel_pitch(const isa::Config& config, int channels) {
  const bool dense = config.dma_unaligned && channels < config.dim;
  return u32(dense ? channels : round_up(channels, config.dim));
}

Result<MemoryPlan> plan_memory(const Graph& graph, const isa::Config& config,
                               const Layout& input_layout) {
  return Planner(graph, config, input_layout).run();
}

}  // namespace millrace
