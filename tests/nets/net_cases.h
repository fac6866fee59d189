// SPDX-License-Identifier: Apache-2.0
// Networks and kernels checked on any device: a target says how to make one, the checks do not know
// which it is. Vectors come from $MILLRACE_VECTORS, else ../shared/vectors beside the repository;
// where they are missing, the check is skipped by name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/compiler/compile.h"
#include "host/driver/device.h"
#include "host/frontend/graph.h"
#include "host/kernels/gemm.h"

namespace millrace::nets {

struct Target {
  std::string name;  // of the device, for messages
  const isa::Config* config;
  std::function<std::unique_ptr<Device>(const isa::Config&)> make;
};

// The folder `name` of the vectors, if it is there.
std::optional<std::filesystem::path> vectors(const std::string& name);
std::vector<uint8_t> read_bytes(const std::filesystem::path& path);

// Compiles and runs a network; a failure of any step fails the test and returns nothing.
std::vector<uint8_t> run_graph(const Target& target, const Graph& graph,
                               const std::vector<uint8_t>& input,
                               const CompileOptions& options = {});

// Cases of tflite_kernels by name. A grouped convolution is not among them.
std::vector<std::string> kernel_cases();
Graph kernel_graph(const std::filesystem::path& folder);

void check_ad01(const Target& target, int inputs);
void check_kernel_case(const Target& target, const std::string& name);
// Random layers and matrices against the naive reference, reproducible by their seed.
void check_random_conv(const Target& target, uint32_t seed);
void check_random_fully_connected(const Target& target, uint32_t seed);
void check_random_gemm(const Target& target, uint32_t seed);
// On a device with time, at least `least_percent` of the array's steps from submission to
// completion must be products of the definition.
void check_gemm(const Target& target, const GemmShape& shape, const Epilogue& epilogue,
                uint32_t seed, double least_percent = 0);

}  // namespace millrace::nets
