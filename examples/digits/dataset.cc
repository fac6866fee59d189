// SPDX-License-Identifier: Apache-2.0
#include "examples/digits/dataset.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "examples/digits/glyphs.h"
#include "examples/digits/random.h"

namespace millrace::digits {
namespace {

struct Segment {
  Point a, b;
};

// x' = xx x + xy y + x0, y' = yx x + yy y + y0.
struct Affine {
  double xx, xy, yx, yy, x0, y0;
  Point operator()(Point p) const { return {xx * p.x + xy * p.y + x0, yx * p.x + yy * p.y + y0}; }
};

// From the glyph's box to pixels: size, slant, angle and place at random.
Affine random_place(Random& random) {
  const double width = random.uniform(0.60, 1.05), height = random.uniform(0.85, 1.20);
  const double slant = random.uniform(-0.35, 0.35);
  const double t = random.uniform(-0.15, 0.15);  // tangent of half the angle
  const double cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
  const double xx = cosine * width, xy = cosine * slant - sine * height;
  const double yx = sine * width, yy = sine * slant + cosine * height;
  const double x = kSize / 2.0 + random.uniform(-1.5, 1.5);
  const double y = kSize / 2.0 + random.uniform(-1.5, 1.5);
  return {xx, xy, yx, yy, x - 5 * (xx + xy), y - 5 * (yx + yy)};
}

// Catmull-Rom spline between b and c, u in [0, 1].
Point spline(Point a, Point b, Point c, Point d, double u) {
  const double wa = u * (-1 + u * (2 - u)), wb = 2 + u * u * (-5 + 3 * u);
  const double wc = u * (1 + u * (4 - 3 * u)), wd = u * u * (u - 1);
  return {0.5 * (wa * a.x + wb * b.x + wc * c.x + wd * d.x),
          0.5 * (wa * a.y + wb * b.y + wc * c.y + wd * d.y)};
}

void add_stroke(const Stroke& stroke, const Affine& place, std::vector<Segment>& segments) {
  constexpr int kSteps = 5;
  const size_t n = stroke.size();
  for (size_t i = 0; i + 1 < n; ++i) {
    const Point a = stroke[i == 0 ? 0 : i - 1], d = stroke[std::min(i + 2, n - 1)];
    Point from = place(stroke[i]);
    for (int s = 1; s <= kSteps; ++s) {
      const Point to = place(spline(a, stroke[i], stroke[i + 1], d, s / double{kSteps}));
      segments.push_back({from, to});
      from = to;
    }
  }
}

double distance(Point p, const Segment& s) {
  const double dx = s.b.x - s.a.x, dy = s.b.y - s.a.y;
  const double length = dx * dx + dy * dy;
  const double along = length > 0 ? ((p.x - s.a.x) * dx + (p.y - s.a.y) * dy) / length : 0;
  const double u = std::clamp(along, 0.0, 1.0);
  const double ex = s.a.x + u * dx - p.x, ey = s.a.y + u * dy - p.y;
  return std::sqrt(ex * ex + ey * ey);
}

// The strokes of one digit in pixels, its points moved a little.
std::vector<Segment> random_strokes(int digit, Random& random) {
  const std::span<const Glyph> forms = glyphs(digit);
  Glyph glyph = forms[static_cast<size_t>(random.below(static_cast<int>(forms.size())))];
  for (Stroke& stroke : glyph)
    for (Point& p : stroke) {
      p.x += random.uniform(-0.7, 0.7);
      p.y += random.uniform(-0.7, 0.7);
    }
  const Affine place = random_place(random);
  std::vector<Segment> segments;
  for (const Stroke& stroke : glyph) add_stroke(stroke, place, segments);
  return segments;
}

// A short mark that belongs to no digit.
Segment random_mark(Random& random) {
  const Point a = {random.uniform(0, kSize), random.uniform(0, kSize)};
  return {a, {a.x + random.uniform(-3, 3), a.y + random.uniform(-3, 3)}};
}

}  // namespace

Sample draw(uint64_t seed, uint64_t index) {
  Random random(seed, index);
  Sample sample;
  sample.label = static_cast<int>(index % kClasses);
  std::vector<Segment> segments = random_strokes(sample.label, random);
  if (random.below(3) == 0) segments.push_back(random_mark(random));

  const double radius = random.uniform(0.45, 1.1);
  const double background = random.uniform(0, 0.3), ink = random.uniform(0.55, 1);
  const double noise = random.uniform(0.02, 0.14);
  for (int y = 0; y < kSize; ++y)
    for (int x = 0; x < kSize; ++x) {
      double nearest = std::numeric_limits<double>::max();
      for (const Segment& s : segments)
        nearest = std::min(nearest, distance({x + 0.5, y + 0.5}, s));
      const double cover = std::clamp(radius + 0.5 - nearest, 0.0, 1.0);
      const double value = background + (ink - background) * cover + noise * random.normal();
      sample.pixels[static_cast<size_t>(y * kSize + x)] =
          static_cast<uint8_t>(std::clamp(value, 0.0, 1.0) * 255 + 0.5);
    }
  return sample;
}

}  // namespace millrace::digits
