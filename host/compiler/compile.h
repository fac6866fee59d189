// SPDX-License-Identifier: Apache-2.0
// From a network to a program for one configuration: layers in order, each by its kernel, all in
// one program. The result depends on nothing but the arguments.
//
// Segments: 0 belongs to the runtime, kConstants holds weights and parameters, those from
// kFirstArena on hold activations. An operator's input and output lie in different arenas where the
// configuration has enough segments, so that loading and storing need not wait for each other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/driver/result.h"
#include "host/frontend/graph.h"
#include "host/kernels/conv.h"
#include "millrace/isa.h"

namespace millrace {

inline constexpr int kConstants = 1;
inline constexpr int kFirstArena = 2;

// Where the elements of a network's input or output lie: rows of `row_bytes` bytes, `pitch` bytes
// apart, the first one `lead` bytes into the region; the rest of the input's region holds
// `background`.
struct Placement {
  int segment = kFirstArena;
  uint64_t offset = 0, bytes = 0;  // region
  int64_t rows = 0;
  uint32_t row_bytes = 0, pitch = 0, lead = 0;
  uint8_t background = 0;
};

// What became of one operator.
struct OpReport {
  std::string name;  // CONV_2D, ...
  int position = 0;
  bool on_device = true;  // false: computed by the host
  int64_t macs = 0;       // multiply-accumulates of the operator as the model states it
  std::string detail;     // how it was cut, or why nothing is left to do
};

// Chooses how a layer is cut, for example by measuring candidates. Must return a plan that fits.
using PlanChooser =
    std::function<Result<ConvPlan>(const isa::Config&, const ConvShape&, Epilogue::Kind)>;

struct CompileOptions {
  bool fold_kernel_x = true;  // treat kernel columns as channels where pixels are narrow
  PlanChooser plan = plan_conv;
};

struct CompiledModel {
  std::string name;
  std::string config;
  uint32_t isa_hash = 0;
  Tensor input_tensor, output_tensor;  // without data
  Placement input, output;
  std::vector<uint8_t> constants;
  std::vector<uint64_t> arenas;  // bytes of segments kFirstArena, ...
  std::vector<isa::Instruction> program;
  std::vector<OpReport> ops;

  int64_t macs() const;
  int64_t device_macs() const;
  int device_ops() const;
  // "10 of 10 operators and 264192 of 264192 MACs on the device"
  std::string offload() const;
};

// An Error names the operator or tensor that the configuration cannot hold.
Result<CompiledModel> compile(const Graph& graph, const isa::Config& config,
                              const CompileOptions& options = {});

}  // namespace millrace
