// SPDX-License-Identifier: Apache-2.0
// Trains the digits network, quantises it and writes everything that examples/digits keeps of it:
//   train_digits FOLDER   FOLDER/digits.tflite, FOLDER/digits.json, FOLDER/images/digit_*.pgm
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "examples/digits/argmax.h"
#include "examples/digits/dataset.h"
#include "examples/digits/evaluator.h"
#include "examples/digits/quantise.h"
#include "examples/digits/training.h"
#include "host/io/file.h"

namespace millrace::digits {
namespace {

constexpr int kCalibrationSamples = 500;
constexpr int kTestSamples = 5000;

struct Accuracy {
  int float_right = 0, int8_right = 0, same_answer = 0;
};

Accuracy evaluate(const Network& network, const Evaluator& evaluator) {
  Accuracy result;
  for (int i = 0; i < kTestSamples; ++i) {
    const Sample sample = draw(kTestSeed, static_cast<uint64_t>(i));
    const int by_float = argmax<float>(forward(network, sample.pixels).back());
    const int by_int8 = argmax<int8_t>(evaluator(to_int8(sample.pixels)));
    result.float_right += by_float == sample.label;
    result.int8_right += by_int8 == sample.label;
    result.same_answer += by_float == by_int8;
  }
  return result;
}

std::string describe(const TrainingOptions& options, const Evaluator& evaluator, size_t file_bytes,
                     const Accuracy& accuracy) {
  const auto share = [](int count) { return 100.0 * count / kTestSamples; };
  nlohmann::ordered_json json;
  json["data"] =
      "synthetic 16 x 16 grey images of hand-drawn digits, drawn by examples/digits/dataset.cc";
  json["command"] =
      "cmake --build build --target train_digits && build/train_digits examples/digits";
  json["seeds"] = {{"first_weights", options.seed},
                   {"training", kTrainSeed},
                   {"calibration", kCalibrationSeed},
                   {"test", kTestSeed}};
  json["samples"] = {{"training", options.steps * options.batch},
                     {"calibration", kCalibrationSamples},
                     {"test", kTestSamples}};
  json["macs"] = evaluator.macs();
  json["model_bytes"] = file_bytes;
  json["float"] = {{"right", accuracy.float_right}, {"percent", share(accuracy.float_right)}};
  json["int8"] = {{"right", accuracy.int8_right}, {"percent", share(accuracy.int8_right)}};
  json["same_answer"] = {{"samples", accuracy.same_answer},
                         {"percent", share(accuracy.same_answer)}};
  json["images"] = "the first ten test samples, label in the file name";
  return json.dump(2) + "\n";
}

Status write_images(const std::string& folder) {
  for (uint64_t i = 0; i < kClasses; ++i) {
    const Sample sample = draw(kTestSeed, i);
    std::string file = "P5\n" + std::to_string(kSize) + " " + std::to_string(kSize) + "\n255\n";
    file.append(sample.pixels.begin(), sample.pixels.end());
    const std::string path = folder + "/images/digit_" + std::to_string(sample.label) + ".pgm";
    if (Status status = write_file(path, file); !status) return status;
  }
  return {};
}

Status run(const std::string& folder) {
  if (Status status = write_images(folder); !status) return status;
  const TrainingOptions options;
  const Network network = train(options);
  const std::vector<uint8_t> file = quantise(network, kCalibrationSamples);
  const std::optional<Evaluator> evaluator = Evaluator::parse(file);
  if (!evaluator) return failure("the network does not quantise: a scale is out of range");
  const Accuracy accuracy = evaluate(network, *evaluator);
  std::fprintf(stderr, "%d test samples: float %d right, int8 %d right, %d alike\n", kTestSamples,
               accuracy.float_right, accuracy.int8_right, accuracy.same_answer);
  if (Status status = write_file(folder + "/digits.tflite", file); !status) return status;
  return write_file(folder + "/digits.json", describe(options, *evaluator, file.size(), accuracy));
}

}  // namespace
}  // namespace millrace::digits

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: train_digits FOLDER (of examples/digits, with its folder images)\n", stderr);
    return 2;
  }
  const millrace::Status status = millrace::digits::run(argv[1]);
  if (status) return 0;
  std::fprintf(stderr, "train_digits: %s\n", status.error().message.c_str());
  return 1;
}
