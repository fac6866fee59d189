// SPDX-License-Identifier: Apache-2.0
// The demonstration: a network classifies images on the golden model and on the Verilated RTL with
// one and the same program, and a plain integer evaluation of the network checks both.
//   demo_digits [--config NAME] [--memory SPEC] [--wave FILE] [--ascii] [--model FILE] [IMAGE...]
// Default paths are relative to the root of the repository. Exit status: 0 all alike; 1 they differ
// or the machine failed; 2 bad input.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "examples/digits/argmax.h"
#include "examples/digits/dataset.h"
#include "examples/digits/session.h"
#include "examples/digits/terminal.h"

namespace millrace::digits {
namespace {

struct Options {
  std::string config = "base";
  std::string memory = "ideal";
  std::string wave;
  std::string model = "examples/digits/digits.tflite";
  bool ascii = false;
  std::vector<std::string> images;
};

struct Totals {
  size_t images = 0, exact = 0, same_cycles = 0, labelled = 0, right = 0;
};

// The digit that ends a file's name, as in digit_3.pgm; -1 without one.
int label_of(const std::string& path) {
  const std::string stem = std::filesystem::path(path).stem().string();
  return !stem.empty() && stem.back() >= '0' && stem.back() <= '9' ? stem.back() - '0' : -1;
}

// Image on the left; answer, label and the ten scores on the right.
void show(std::span<const uint8_t> input, int label, const Outcome& outcome, Style style) {
  std::vector<uint8_t> pixels;
  for (const uint8_t byte : input) pixels.push_back(byte ^ 0x80);
  std::vector<std::string> lines = picture(pixels, kSize, kSize, style);
  const int answer = argmax<int8_t>(outcome.scores);
  const auto [lowest, highest] = std::minmax_element(outcome.scores.begin(), outcome.scores.end());
  const double range = std::max(*highest - *lowest, 1);
  lines[0] += "   " + strong("answer " + std::to_string(answer), style);
  if (label >= 0)
    lines[0] += "   label " + std::to_string(label) + (label == answer ? "" : "   wrong");
  for (int i = 0; i < kClasses; ++i) {
    const int score = outcome.scores[static_cast<size_t>(i)];
    char number[8];
    std::snprintf(number, sizeof number, "%5d", score);
    const std::string entry =
        std::to_string(i) + " " + bar((score - *lowest) / range, 14, style) + number;
    lines[static_cast<size_t>(2 + i % 5)] += "   " + (i == answer ? strong(entry, style) : entry);
  }
  lines[7] += "   bit-exact: " + std::string(outcome.exact ? "yes" : "no") + "   " +
              with_commas(outcome.cycles) + " cycles";
  for (const std::string& line : lines) std::printf("  %s\n", line.c_str());
  std::printf("\n");
  std::fflush(stdout);
}

void summarise(const Totals& totals, const Session& session) {
  std::printf("bit-exact: %s   (%zu of %zu images: Verilated RTL = both models = plain integers)\n",
              totals.exact == totals.images ? "yes" : "no", totals.exact, totals.images);
  std::printf("answers: %zu of %zu right\n", totals.right, totals.labelled);
  std::printf("cycles: %s an image, MAC utilisation %.1f %%\n",
              with_commas(session.cycles() / totals.images).c_str(), 100 * session.utilisation());
  std::printf("simulation: %s cycles a second\n",
              with_commas(static_cast<uint64_t>(session.cycles_per_second())).c_str());
  std::printf("cycle model: %s cycles as the RTL, %.0f times faster\n",
              totals.same_cycles == totals.images ? "the same" : "NOT the same", session.speedup());
  std::printf("offload: %s\n", session.model().offload().c_str());
}

Result<int> run(const Options& options) {
  sim::SimOptions sim_options;
  sim_options.wave = options.wave;
  const auto memory = memory::parse_memory_spec(options.memory);
  if (const std::string* wrong = std::get_if<std::string>(&memory)) return input_error(*wrong);
  sim_options.memory = std::get<memory::MemorySpec>(memory);
  const Result<std::unique_ptr<Session>> session =
      Session::open(options.model, options.config, sim_options);
  if (!session) return session.error();
  std::vector<std::vector<uint8_t>> inputs;
  for (const std::string& path : options.images) {
    const Result<std::vector<uint8_t>> input = (*session)->read_image(path);
    if (!input) return input.error();
    inputs.push_back(*input);
  }
  std::printf("%s on configuration %s, memory %s\n\n", options.model.c_str(),
              options.config.c_str(), options.memory.c_str());
  const Style style = options.ascii ? Style::kAscii : terminal_style();
  Totals totals;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Result<Outcome> outcome = (*session)->classify(inputs[i]);
    if (!outcome) return outcome.error();
    const int label = label_of(options.images[i]);
    show(inputs[i], label, *outcome, style);
    totals.images += 1;
    totals.exact += outcome->exact ? 1 : 0;
    totals.same_cycles += outcome->same_cycles ? 1 : 0;
    totals.labelled += label >= 0 ? 1 : 0;
    totals.right += label == argmax<int8_t>(outcome->scores) ? 1 : 0;
  }
  summarise(totals, **session);
  return totals.exact == totals.images && totals.same_cycles == totals.images ? 0 : 1;
}

int complain(const Error& error) {
  std::fprintf(stderr, "demo_digits: %s\n", error.message.c_str());
  return error.kind == Error::Kind::kInput ? 2 : 1;
}

int parse_and_run(int argc, char** argv) {
  Options options;
  CLI::App app("Classifies images on the golden model and on the Verilated RTL", "demo_digits");
  app.add_option("--config", options.config, "Configuration of the machine")->capture_default_str();
  app.add_option("--memory", options.memory,
                 "External memory, as docs/reference/memory.md names it")
      ->capture_default_str();
  app.add_option("--wave", options.wave, "Waveform to write (FST); one image if none is named");
  app.add_option("--model", options.model, "Network to run")->capture_default_str();
  app.add_flag("--ascii", options.ascii, "No Unicode and no colours");
  app.add_option("IMAGE", options.images,
                 "PGM images, 16 x 16, the label last in the name (default: ten)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {
    return app.exit(request);  // --help
  } catch (const CLI::ParseError& error) {
    return complain(input_error(error.what()));
  }
  if (options.images.empty())
    for (int i = options.wave.empty() ? 0 : kClasses - 1; i < kClasses; ++i)
      options.images.push_back("examples/digits/images/digit_" + std::to_string(i) + ".pgm");
  const Result<int> status = run(options);
  return status ? *status : complain(status.error());
}

}  // namespace
}  // namespace millrace::digits

int main(int argc, char** argv) { return millrace::digits::parse_and_run(argc, argv); }
