// SPDX-License-Identifier: Apache-2.0
// The answer that scores give.
#pragma once

#include <algorithm>
#include <span>

namespace millrace::digits {

// Index of the largest score, the first one of several.
template <typename T>
int argmax(std::span<const T> scores) {
  return static_cast<int>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

}  // namespace millrace::digits
