// SPDX-License-Identifier: Apache-2.0
// `millrace run PROGRAM.mrp`: gives every segment a buffer, runs the code, and takes the bytes of
// the writable segments as the result, in order of their numbers.
#include <cstdio>

#include "host/asm/program_file.h"
#include "host/cli/commands.h"
#include "host/io/file.h"

namespace millrace::cli {
namespace {

bool writable(const ProgramSegment& segment) {
  return (static_cast<uint32_t>(segment.perms) & static_cast<uint32_t>(Perms::kWrite)) != 0;
}

struct Outcome {
  std::vector<std::vector<uint8_t>> segments;  // final bytes of the writable ones
  Execution execution;
};

Result<Outcome> execute(Machine& machine, const ProgramFile& program) {
  Runtime& runtime = *machine.runtime;
  std::vector<Buffer> buffers;
  for (const ProgramSegment& segment : program.segments) {
    const Result<Buffer> buffer = runtime.allocate(segment.size);
    if (!buffer)
      return input_error("segment " + std::to_string(segment.number) + ": " +
                         buffer.error().message);
    if (const Status status = runtime.write(*buffer, 0, segment.contents()); !status)
      return status.error();
    if (const Status status = runtime.bind(segment.number, *buffer, segment.perms); !status)
      return status.error();
    buffers.push_back(*buffer);
  }
  const Result<Execution> execution = runtime.execute(program.code);
  if (!execution) return execution.error();
  Outcome outcome{{}, *execution};
  for (size_t i = 0; i < buffers.size(); ++i) {
    if (!writable(program.segments[i])) continue;
    std::vector<uint8_t>& bytes = outcome.segments.emplace_back(buffers[i].size);
    if (const Status status = runtime.read(buffers[i], 0, bytes); !status) return status.error();
  }
  return outcome;
}

void compare(const ProgramFile& program, const Outcome& found, const Outcome& wanted,
             Report& report) {
  report.mismatches = report.compared = 0;
  size_t index = 0;
  for (const ProgramSegment& segment : program.segments) {
    if (!writable(segment)) continue;
    for (size_t i = 0; i < found.segments[index].size(); ++i) {
      if (found.segments[index][i] == wanted.segments[index][i]) continue;
      if ((*report.mismatches)++ > 0) continue;
      char text[96];
      std::snprintf(text, sizeof text, "segment %d, byte %zu: 0x%02x, not 0x%02x", segment.number,
                    i, found.segments[index][i], wanted.segments[index][i]);
      report.first_mismatch = text;
    }
    *report.compared += found.segments[index].size();
    ++index;
  }
}

Status check_options(const Options& options, const ProgramFile& program) {
  const std::string config(program.config->name);
  if (!options.config.empty() && options.config != config)
    return input_error(options.file + ": built for configuration " + config + ", not " +
                       options.config + "; assemble it again or leave --config out");
  if (!options.input.empty())
    return input_error("--input is for models; a program file carries its own data");
  if (!options.compare.empty() && !compares_devices(options))
    return input_error("--compare takes 'ref' or 'cycle' for programs, not '" + options.compare +
                       "'");
  if (!options.output.empty())
    if (const Status status = check_writable(options.output); !status) return status;
  return {};
}

}  // namespace

Result<int> run_program(const Options& options, const DeviceFactory& factory,
                        std::span<const uint8_t> file) {
  const Result<ProgramFile> program = decode_program(file, options.file);
  if (!program) return program.error();
  if (const Status status = check_options(options, *program); !status) return status.error();
  const Result<DeviceRequest> request =
      device_request(options, factory, std::string(program->config->name));
  if (!request) return request.error();
  if (request->config != program->config)
    return input_error(options.file + ": built for configuration " +
                       std::string(program->config->name) + "; the machine at " + request->device +
                       " has " + std::string(request->config->name) + "; assemble it again");
  Result<Machine> machine = open_machine(factory, *request, program->code.size());
  if (!machine) return machine.error();
  const Result<Outcome> outcome = execute(*machine, *program);
  if (!outcome) return outcome.error();

  Report report;
  report.command = options.command;
  report.subject = options.file;
  const auto dim = static_cast<uint64_t>(program->config->dim);
  if (program->config->counters != 0)
    report.macs = outcome->execution.counters.matmul_steps * dim * dim;
  describe_run(*request, outcome->execution, report.macs, report);
  if (!options.compare.empty()) {
    Result<Machine> reference = open_reference(options, factory, *request, *machine);
    if (!reference) return reference.error();
    const Result<Outcome> wanted = execute(*reference, *program);
    if (!wanted) return wanted.error();
    compare(*program, *outcome, *wanted, report);
    if (const Status status = compare_cycles(options, wanted->execution, report); !status)
      return status.error();
  }
  if (!options.output.empty()) {
    std::vector<uint8_t> bytes;
    for (const auto& segment : outcome->segments)
      bytes.insert(bytes.end(), segment.begin(), segment.end());
    if (const Status status = write_file(options.output, bytes); !status) return status.error();
  }
  return finish(options, *machine->activities, report);
}

}  // namespace millrace::cli
