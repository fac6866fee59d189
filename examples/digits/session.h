// SPDX-License-Identifier: Apache-2.0
// One compiled network on three devices, the golden model, the Verilated RTL and the cycle model,
// and the plain integer evaluation that all are compared with.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "examples/digits/evaluator.h"
#include "host/compiler/compile.h"
#include "host/runtime/run_model.h"
#include "sim/verilator/rtl_device.h"

namespace millrace::digits {

// What one image gave.
struct Outcome {
  std::vector<int8_t> scores;  // of the RTL
  bool exact = false;          // RTL, both models and evaluator agree in every byte
  bool same_cycles = false;    // RTL and cycle model took the same time
  uint64_t cycles = 0;         // of the RTL, from submission to completion
};

class Session {
 public:
  // `model_path` is a .tflite file with int8 images of kPixels as input.
  static Result<std::unique_ptr<Session>> open(const std::string& model_path,
                                               const std::string& config,
                                               const sim::SimOptions& options);

  const CompiledModel& model() const { return model_; }
  // The image of a file as the network takes it.
  Result<std::vector<uint8_t>> read_image(const std::string& path) const;
  Result<Outcome> classify(std::span<const uint8_t> input);

  // Of all images so far.
  uint64_t cycles() const { return cycles_; }
  double utilisation() const;        // device MACs by what the multipliers could do, 0 to 1
  double cycles_per_second() const;  // of the Verilated RTL
  double speedup() const { return seconds_ / model_seconds_; }  // of the cycle model over it

 private:
  // Destroyed in reverse order: the model before the runtime before the device.
  struct Target {
    std::unique_ptr<Device> device;
    std::unique_ptr<Runtime> runtime;
    std::unique_ptr<LoadedModel> model;
  };

  Session(const isa::Config& config, Evaluator evaluator, CompiledModel model)
      : config_(config), evaluator_(std::move(evaluator)), model_(std::move(model)) {}
  Status load(Target& target, std::unique_ptr<Device> device);

  const isa::Config& config_;
  Evaluator evaluator_;
  CompiledModel model_;
  Target golden_, rtl_, cycle_;
  uint64_t images_ = 0, cycles_ = 0;
  double seconds_ = 0, model_seconds_ = 0;  // processor time of RTL and cycle model
};

}  // namespace millrace::digits
