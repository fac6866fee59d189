// SPDX-License-Identifier: Apache-2.0
// The ways to write the ten digits: strokes through points in a box of 10 x 10, y downwards.
#pragma once

#include <span>
#include <vector>

namespace millrace::digits {

struct Point {
  double x = 0, y = 0;
};
using Stroke = std::vector<Point>;  // a smooth curve through its points
using Glyph = std::vector<Stroke>;

// At least one for every digit.
std::span<const Glyph> glyphs(int digit);

}  // namespace millrace::digits
