// SPDX-License-Identifier: Apache-2.0
// Options, dispatch and errors of the command line; see cli.h.
#include "host/cli/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "host/asm/program_file.h"
#include "host/cli/commands.h"
#include "host/io/file.h"
#include "host/link/address.h"

namespace millrace {
namespace {

using cli::Options;

constexpr int kBadInput = 2;

int complain(const Error& error) {
  std::string message = error.message;
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::fprintf(stderr, "millrace: %s\n", message.c_str());
  return error.kind == Error::Kind::kInput ? kBadInput : 1;
}

void add_device(CLI::App& command, Options& options) {
  command
      .add_option("--device", options.device,
                  std::string("Device; `millrace info` lists them. Outside this process: ") +
                      cli::kAddresses)
      ->capture_default_str();
  command.add_option("--config", options.config, "Configuration; `millrace info` lists them");
}

void add_simulated(CLI::App& command, Options& options) {
  add_device(command, options);
  command.add_option("--memory", options.memory,
                     "External memory: ideal, fixed:LATENCY:BYTES_PER_CYCLE, "
                     "random:SEED[:LATENCY[:BYTES_PER_CYCLE[:PERCENT]]], onchip, "
                     "or ddr3-1600, lpddr4-2400 or hbm2, each with :CORE_MHZ (default 400)");
  command.add_option("--kernel", options.kernel,
                     "Instruction set that computes values: portable, avx2 or vnni (device cycle; "
                     "default: the best of this host)");
  command.add_option("--timing", options.timing,
                     "Of the SystemC platform: lt, loosely timed (default), or at, approximately "
                     "(devices tlm and tlm-rtl)");
  command.add_option("--quantum", options.quantum,
                     "Cycles that a loosely timed host may run ahead (devices tlm and tlm-rtl)");
}

void add_run(CLI::App& command, Options& options) {
  add_simulated(command, options);
  command.add_option("--wave", options.wave,
                     "Waveform file to write (device rtl, lockstep or tlm-rtl; device tlm: of "
                     "transactions)");
  command.add_option("--json", options.json, "Report to write as JSON");
  command.add_flag("--progress", options.progress, "Progress on standard error");
  command.add_flag("--profile", options.profile, "Show where every cycle went");
  command.add_option("--timeline", options.timeline,
                     "Timeline to write, for ui.perfetto.dev (device cycle)");
}

void add_file(CLI::App& command, Options& options) {
  command.add_option("FILE", options.file, "Model (.tflite) or program (.mrp)")->required();
  add_run(command, options);
  command.add_option("--input", options.input,
                     "Input tensor: .npy, .bin, .pgm, .ppm (default: random)");
  command.add_option("--output", options.output,
                     "Result: .npy or .bin; of a program, its writable segments");
  command.add_option("--compare", options.compare,
                     "Compare with the golden model (ref), with the cycle model and its cycles "
                     "(cycle) or, a model, with a tensor file");
  command.add_option("--seed", options.seed, "Of the random input")->capture_default_str();
}

void add_selftest(CLI::App& command, Options& options) {
  add_device(command, options);
  command.add_option("--memory", options.memory,
                     "External memory of a simulated device, as for run");
  command.add_option("--seed", options.seed, "Of patterns, inputs and matrices")
      ->capture_default_str();
  command.add_flag("--quick", options.quick, "A smaller share of memory, fewer repetitions");
  command.add_option("--soak", options.soak, "Seconds of the last step (default 2, quick 0.3)");
  command.add_option("--only", options.only,
                     "Only the instruction cases whose name contains this text");
  command.add_option("--json", options.json, "Report to write as JSON");
  command.add_flag("--progress", options.progress, "Progress on standard error");
}

struct Command {
  CLI::App* app;
  std::function<Result<int>()> action;
};

std::vector<Command> add_commands(CLI::App& app, Options& options, const DeviceFactory& factory) {
  CLI::App* info = app.add_subcommand("info", "Configurations, devices and their identity");
  add_device(*info, options);
  CLI::App* run = app.add_subcommand("run", "Run a model or a program file");
  add_file(*run, options);
  CLI::App* profile = app.add_subcommand(
      "profile", "Run with --profile, on the cycle model unless --device says otherwise");
  add_file(*profile, options);
  CLI::App* compare = app.add_subcommand(
      "compare",
      "Run on golden model, cycle model and RTL at once, or on a machine outside and the "
      "cycle model, and compare everything");
  add_file(*compare, options);
  CLI::App* gemm =
      app.add_subcommand("gemm", "Multiply random int8 matrices, C[M,N] = A[M,K] * B[N,K]^T");
  gemm->add_option("M", options.m)->required();
  gemm->add_option("N", options.n)->required();
  gemm->add_option("K", options.k)->required();
  add_run(*gemm, options);
  gemm->add_option("--out", options.out, "C as int8 (requantised) or int32 (sums)")
      ->capture_default_str();
  gemm->add_flag("--check", options.check, "Compare with the host's own product");
  gemm->add_option("--compare", options.compare,
                   "Compare with the golden model (ref), or with the cycle model and its cycles "
                   "(cycle)");
  gemm->add_option("--seed", options.seed, "Of the matrices")->capture_default_str();
  CLI::App* serve = app.add_subcommand(
      "serve", "Let other processes use a simulated machine, as if it were a board");
  add_simulated(*serve, options);
  serve->add_option("--listen", options.listen, "HOST:PORT (port 0: any that is free), or pty")
      ->required();
  CLI::App* selftest = app.add_subcommand(
      "selftest", "Check a machine: link, memory, every instruction, faults, load");
  add_selftest(*selftest, options);
  CLI::App* assemble = app.add_subcommand("asm", "Assemble a program");
  assemble->add_option("FILE", options.file, "Program text")->required();
  assemble->add_option("-o,--output", options.output, "Program file to write")->required();
  CLI::App* disassemble = app.add_subcommand("disasm", "Print a program file as text");
  disassemble->add_option("FILE", options.file, "Program file")->required();
  disassemble->add_option("-o,--output", options.output,
                          "Text file to write (default: standard output)");
  return {{info, [&] { return cli::info(options, factory); }},
          {run, [&] { return cli::run(options, factory); }},
          {profile,
           [&, profile] {
             options.command = "profile";
             options.profile = true;
             if (profile->count("--device") == 0) options.device = cli::kCycleDevice;
             return cli::run(options, factory);
           }},
          {compare,
           [&, compare]() -> Result<int> {
             const bool outside = link::is_address(options.device);
             if ((compare->count("--device") > 0 && !outside) || compare->count("--compare") > 0)
               return input_error(
                   "compare runs on golden model, cycle model and RTL, or on a machine outside "
                   "and the cycle model; leave --compare and other devices out, or use run");
             options.command = "compare";
             if (!outside) options.device = "lockstep";
             options.compare = outside ? cli::kCycleDevice : cli::kReferenceDevice;
             return cli::run(options, factory);
           }},
          {gemm, [&] { return cli::gemm(options, factory); }},
          {serve,
           [&, serve] {
             if (serve->count("--device") == 0) options.device = cli::kCycleDevice;
             return cli::serve(options, factory);
           }},
          {selftest, [&] { return cli::run_selftest(options, factory); }},
          {assemble, [&] { return cli::assemble_file(options); }},
          {disassemble, [&] { return cli::disassemble_file(options); }}};
}

}  // namespace

namespace cli {

Result<int> run(const Options& options, const DeviceFactory& factory) {
  const Result<std::vector<uint8_t>> file = read_file(options.file);
  if (!file) return file.error();
  if (is_program_file(*file) || extension_of(options.file) == "mrp")
    return run_program(options, factory, *file);
  return run_network(options, factory);
}

}  // namespace cli

int cli_main(int argc, const char* const* argv, const DeviceFactory& factory) {
  Options options;
  options.started = std::clock();
  CLI::App app("Millrace: an open tensor accelerator", "millrace");
  app.set_version_flag("--version", std::string("millrace ") + kVersion);
  app.require_subcommand(0, 1);
  const std::vector<Command> commands = add_commands(app, options, factory);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {
    return app.exit(request);  // --help
  } catch (const CLI::ParseError& error) {
    return complain(input_error(std::string(error.what()) + "; millrace --help lists the options"));
  }
  if (!options.json.empty())
    if (const Status status = check_writable(options.json); !status)
      return complain(status.error());
  for (const Command& command : commands) {
    if (!command.app->parsed()) continue;
    // A device writes its waveform from the start; bad input found later must leave no file.
    std::error_code ignored;
    const bool new_wave = !options.wave.empty() && !std::filesystem::exists(options.wave, ignored);
    const Result<int> result = command.action();
    const int status = result ? *result : complain(result.error());
    if (new_wave && status == kBadInput) std::filesystem::remove(options.wave, ignored);
    return status;
  }
  return complain(
      input_error("a command is needed: info, run, profile, compare, gemm, selftest, serve, asm or "
                  "disasm"));
}

}  // namespace millrace
