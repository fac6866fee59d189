// SPDX-License-Identifier: Apache-2.0
// Training of the network: softmax cross-entropy, minimised by Adam (Kingma, Ba, arXiv:1412.6980).
// Everything is computed in one fixed order and without library functions whose last bit may vary.
#pragma once

#include <cstdint>

#include "examples/digits/network.h"

namespace millrace::digits {

struct TrainingOptions {
  uint64_t seed = 1;   // of the first weights
  int steps = 6000;    // batches
  int batch = 32;      // samples of the training stream; each one is seen once
  double rate = 2e-3;  // at the start; falls to zero along a line
};

// Progress goes to standard error.
Network train(const TrainingOptions& options);

}  // namespace millrace::digits
