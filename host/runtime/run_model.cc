// SPDX-License-Identifier: Apache-2.0
#include "host/runtime/run_model.h"

#include <algorithm>
#include <string>

namespace millrace {
namespace {

// Copies between a dense tensor and its region in memory.
template <typename Copy>
void for_each_row(const Placement& p, Copy copy) {
  for (size_t row = 0; row < static_cast<size_t>(p.rows); ++row)
    copy(row * p.row_bytes, p.lead + row * p.pitch, p.row_bytes);
}

}  // namespace

Result<std::unique_ptr<LoadedModel>> LoadedModel::create(Runtime& runtime,
                                                         const CompiledModel& model) {
  if (model.isa_hash != runtime.config().isa_hash)
    return input_error(model.name + ": compiled for configuration " + model.config +
                       ", the device is " + std::string(runtime.config().name) +
                       "; compile it for that one");
  std::unique_ptr<LoadedModel> loaded(new LoadedModel(runtime, model));
  if (Status ok = loaded->place(); !ok)
    return Error{model.name + ": " + ok.error().message, ok.error().kind};
  return loaded;
}

LoadedModel::~LoadedModel() {
  // Refused only while a submission is in flight, after a fault; a reset unbinds nothing either.
  for (size_t i = 0; i < buffers_.size(); ++i) {
    (void)runtime_.bind(kConstants + static_cast<int>(i), 0, 0, Perms::kNone);
    (void)runtime_.release(buffers_[i]);
  }
}

Status LoadedModel::place() {
  std::vector<uint64_t> sizes{model_.constants.size()};
  sizes.insert(sizes.end(), model_.arenas.begin(), model_.arenas.end());
  for (uint64_t size : sizes) {
    Result<Buffer> buffer = runtime_.allocate(size);
    if (!buffer) return buffer.error();
    buffers_.push_back(*buffer);
  }
  if (!model_.constants.empty()) {
    if (Status ok = runtime_.write(buffers_[0], 0, model_.constants); !ok) return ok;
  }
  return bind();
}

Status LoadedModel::bind() {
  for (size_t i = 0; i < buffers_.size(); ++i) {
    const Perms perms = i == 0 ? Perms::kRead : Perms::kReadWrite;
    if (Status ok = runtime_.bind(kConstants + static_cast<int>(i), buffers_[i], perms); !ok)
      return ok;
  }
  return {};
}

const Buffer& LoadedModel::arena(const Placement& p) const {
  return buffers_[static_cast<size_t>(p.segment - kConstants)];
}

Status LoadedModel::write_input(std::span<const uint8_t> input) {
  const Placement& p = model_.input;
  const size_t expected = static_cast<size_t>(p.rows) * p.row_bytes;
  if (input.size() != expected)
    return input_error(model_.name + ": input has " + std::to_string(input.size()) +
                       " bytes, expected " + std::to_string(expected));
  std::vector<uint8_t> region(p.bytes, p.background);
  for_each_row(p, [&](size_t dense, size_t at, size_t bytes) {
    std::copy_n(input.begin() + static_cast<ptrdiff_t>(dense), bytes,
                region.begin() + static_cast<ptrdiff_t>(at));
  });
  return runtime_.write(arena(p), p.offset, region);
}

Result<std::vector<uint8_t>> LoadedModel::read_output() {
  const Placement& p = model_.output;
  std::vector<uint8_t> region(p.bytes), output(static_cast<size_t>(p.rows) * p.row_bytes);
  if (Status ok = runtime_.read(arena(p), p.offset, region); !ok) return ok.error();
  for_each_row(p, [&](size_t dense, size_t at, size_t bytes) {
    std::copy_n(region.begin() + static_cast<ptrdiff_t>(at), bytes,
                output.begin() + static_cast<ptrdiff_t>(dense));
  });
  return output;
}

Result<RunResult> LoadedModel::run(std::span<const uint8_t> input) {
  if (Status ok = write_input(input); !ok) return ok.error();
  const Result<Execution> execution = runtime_.execute(model_.program);
  if (!execution) return execution.error();
  Result<std::vector<uint8_t>> output = read_output();
  if (!output) return output.error();
  RunResult result;
  result.output = std::move(*output);
  result.execution = *execution;
  result.cycles = execution->counters.cycles;
  return result;
}

Result<RunResult> run_model(Runtime& runtime, const CompiledModel& model,
                            std::span<const uint8_t> input) {
  Result<std::unique_ptr<LoadedModel>> loaded = LoadedModel::create(runtime, model);
  if (!loaded) return loaded.error();
  return (*loaded)->run(input);
}

}  // namespace millrace
