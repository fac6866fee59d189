// SPDX-License-Identifier: Apache-2.0
#include "examples/digits/training.h"

#include <cmath>
#include <cstdio>

#include "examples/digits/argmax.h"
#include "examples/digits/dataset.h"

namespace millrace::digits {
namespace {

// e^x for x <= 0, by its series after reduction to |r| <= ln(2) / 2. The library's may differ in
// the last bit between processors.
double exponential(double x) {
  if (x < -700) return 0;
  const double k = std::floor(x * 1.4426950408889634 + 0.5);
  const double r = x - k * 0.6931471805599453;
  double sum = 1;
  for (int i = 14; i > 0; --i) sum = 1 + sum * r / i;
  return std::ldexp(sum, static_cast<int>(k));
}

// Derivative of the cross-entropy by the scores: softmax minus the label's indicator.
std::vector<float> loss_gradient(std::span<const float> scores, int label) {
  const float largest = *std::max_element(scores.begin(), scores.end());
  std::vector<double> powers;
  double sum = 0;
  for (const float s : scores) {
    powers.push_back(exponential(double{s} - double{largest}));
    sum += powers.back();
  }
  std::vector<float> gradient;
  for (const double p : powers) gradient.push_back(static_cast<float>(p / sum));
  gradient[static_cast<size_t>(label)] -= 1;
  return gradient;
}

// Weights as [ky][kx][out_c][in_c].
std::vector<float> transposed(const Layer& layer) {
  const LayerShape& s = layer.shape;
  std::vector<float> result(layer.weights.size());
  for (int k = 0; k < s.kernel * s.kernel; ++k)
    for (int i = 0; i < s.in_c; ++i)
      for (int o = 0; o < s.out_c; ++o)
        result[static_cast<size_t>((k * s.out_c + o) * s.in_c + i)] =
            layer.weights[static_cast<size_t>((k * s.in_c + i) * s.out_c + o)];
  return result;
}

// Adds the derivatives by weights and bias to `sums`; `dy` is the derivative by the layer's sums.
void add_gradient(const std::vector<float>& in, const std::vector<float>& dy, Layer& sums) {
  const LayerShape& s = sums.shape;
  for_each_tap(s, [&](int input, int output, int tap) {
    const float* d = dy.data() + output;
    float* w = sums.weights.data() + tap;
    for (int i = 0; i < s.in_c; ++i, w += s.out_c) {
      const float x = in[static_cast<size_t>(input + i)];
      if (x == 0) continue;
      for (int o = 0; o < s.out_c; ++o) w[o] += x * d[o];
    }
  });
  for (size_t i = 0; i < dy.size(); ++i) sums.bias[i % sums.bias.size()] += dy[i];
}

// The derivative by the layer's input.
std::vector<float> input_gradient(const LayerShape& s, const std::vector<float>& transposed_weights,
                                  const std::vector<float>& dy) {
  std::vector<float> dx(static_cast<size_t>(s.inputs()));
  for_each_tap(s, [&](int input, int output, int tap) {
    float* x = dx.data() + input;
    const float* w = transposed_weights.data() + tap;
    for (int o = 0; o < s.out_c; ++o, w += s.in_c) {
      const float d = dy[static_cast<size_t>(output + o)];
      if (d == 0) continue;
      for (int i = 0; i < s.in_c; ++i) x[i] += d * w[i];
    }
  });
  return dx;
}

class Trainer {
 public:
  explicit Trainer(const TrainingOptions& options)
      : options_(options), network_(random_network(options.seed)), sums_(zeros()) {
    mean_ = square_ = sums_;
  }

  Network run() {
    int right = 0;
    constexpr int kReport = 500;
    for (int step = 0; step < options_.steps; ++step) {
      right += batch(step);
      update(step);
      if ((step + 1) % kReport != 0) continue;
      std::fprintf(stderr, "step %d of %d: %.2f %% of the last %d samples right\n", step + 1,
                   options_.steps, 100.0 * right / (kReport * options_.batch),
                   kReport * options_.batch);
      right = 0;
    }
    return network_;
  }

 private:
  Network zeros() const {
    Network result = network_;
    for (Layer& layer : result) {
      std::fill(layer.weights.begin(), layer.weights.end(), 0.0f);
      std::fill(layer.bias.begin(), layer.bias.end(), 0.0f);
    }
    return result;
  }

  // Gradient of one batch into sums_; returns how many samples were classified rightly.
  int batch(int step) {
    sums_ = zeros();
    std::vector<std::vector<float>> back;
    for (const Layer& layer : network_) back.push_back(transposed(layer));
    int right = 0;
    for (int i = 0; i < options_.batch; ++i) {
      const Sample sample =
          draw(kTrainSeed, static_cast<uint64_t>(step) * static_cast<uint64_t>(options_.batch) +
                               static_cast<uint64_t>(i));
      const Activations all = forward(network_, sample.pixels);
      right += argmax<float>(all.back()) == sample.label;
      std::vector<float> gradient = loss_gradient(all.back(), sample.label);
      for (size_t l = network_.size(); l-- > 0;) {
        add_gradient(all[l], gradient, sums_[l]);
        if (l == 0) break;
        gradient = input_gradient(network_[l].shape, back[l], gradient);
        for (size_t j = 0; j < gradient.size(); ++j)
          if (all[l][j] == 0) gradient[j] = 0;  // ReLU of the layer before
      }
    }
    return right;
  }

  void update(int step) {
    decay1_ *= kBeta1;
    decay2_ *= kBeta2;
    const double rate = options_.rate * (1 - static_cast<double>(step) / options_.steps);
    for (size_t l = 0; l < network_.size(); ++l) {
      update(network_[l].weights, sums_[l].weights, mean_[l].weights, square_[l].weights, rate);
      update(network_[l].bias, sums_[l].bias, mean_[l].bias, square_[l].bias, rate);
    }
  }

  void update(std::vector<float>& values, const std::vector<float>& sums, std::vector<float>& mean,
              std::vector<float>& square, double rate) const {
    for (size_t i = 0; i < values.size(); ++i) {
      const double gradient = double{sums[i]} / options_.batch;
      const double m = kBeta1 * double{mean[i]} + (1 - kBeta1) * gradient;
      const double v = kBeta2 * double{square[i]} + (1 - kBeta2) * gradient * gradient;
      mean[i] = static_cast<float>(m);
      square[i] = static_cast<float>(v);
      const double change = rate * (m / (1 - decay1_)) / (std::sqrt(v / (1 - decay2_)) + 1e-8);
      values[i] = static_cast<float>(double{values[i]} - change);
    }
  }

  static constexpr double kBeta1 = 0.9, kBeta2 = 0.999;

  const TrainingOptions options_;
  Network network_;
  Network sums_, mean_, square_;  // gradients of a batch, and their moments
  double decay1_ = 1, decay2_ = 1;
};

}  // namespace

Network train(const TrainingOptions& options) { return Trainer(options).run(); }

}  // namespace millrace::digits
