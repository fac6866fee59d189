// SPDX-License-Identifier: Apache-2.0
// Runs a compiled network on a device: constants and activations in device memory, input in,
// program, output out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "host/compiler/compile.h"
#include "host/driver/result.h"
#include "host/runtime/runtime.h"

namespace millrace {

struct RunResult {
  std::vector<uint8_t> output;  // dense, in the order of the output tensor's shape
  uint64_t cycles = 0;          // from submission to completion; 0 on devices without time
  Execution execution;
};

// A network resident in device memory; may run any number of times. The runtime must outlive it and
// be idle when it is created and destroyed. Binds segments kConstants and up.
class LoadedModel {
 public:
  // The model must outlive it.
  static Result<std::unique_ptr<LoadedModel>> create(Runtime& runtime, const CompiledModel& model);
  ~LoadedModel();
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;

  // `input` is dense, in the order of the input tensor's shape; its size must be the tensor's.
  Result<RunResult> run(std::span<const uint8_t> input);

 private:
  LoadedModel(Runtime& runtime, const CompiledModel& model) : runtime_(runtime), model_(model) {}
  Status place();
  Status bind();
  Status write_input(std::span<const uint8_t> input);
  Result<std::vector<uint8_t>> read_output();
  const Buffer& arena(const Placement& p) const;

  Runtime& runtime_;
  const CompiledModel& model_;
  std::vector<Buffer> buffers_;  // constants, arenas
};

// Loads, runs once and unloads.
Result<RunResult> run_model(Runtime& runtime, const CompiledModel& model,
                            std::span<const uint8_t> input);

}  // namespace millrace
