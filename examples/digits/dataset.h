// SPDX-License-Identifier: Apache-2.0
// Synthetic images of hand-drawn digits. A sample is drawn from strokes whose points, size, angle,
// slant, place, width, ink and background vary at random, with stray marks and noise. It depends
// only on (seed, index): arithmetic is plain IEEE double without library functions whose last bit
// may vary, so every machine draws the same bytes.
#pragma once

#include <array>
#include <cstdint>

namespace millrace::digits {

inline constexpr int kSize = 16;  // pixels, both ways
inline constexpr int kPixels = kSize * kSize;
inline constexpr int kClasses = 10;

// Streams of samples; no two of them share one.
inline constexpr uint64_t kTrainSeed = 1;
inline constexpr uint64_t kCalibrationSeed = 2;
inline constexpr uint64_t kTestSeed = 3;

struct Sample {
  int label = 0;                             // 0 to 9
  std::array<uint8_t, kPixels> pixels = {};  // rows from the top; 255 is ink
};

// Sample `index` of the stream `seed`; its label is index % 10.
Sample draw(uint64_t seed, uint64_t index);

}  // namespace millrace::digits
