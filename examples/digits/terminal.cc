// SPDX-License-Identifier: Apache-2.0
#include "examples/digits/terminal.h"

#include <langinfo.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace millrace::digits {
namespace {

// Two pixels of one column: upper in the foreground colour, lower in the background colour, from
// the 24 greys of the 256-colour palette.
std::string half_block(int upper, int lower) {
  const auto grey = [](int value) { return std::to_string(232 + value * 23 / 255); };
  return "\x1b[38;5;" + grey(upper) + ";48;5;" + grey(lower) + "m\u2580";
}

char shade(int value, int lowest, int highest) {
  constexpr std::string_view kRamp = " .:-=+*#%@";
  const int range = std::max(highest - lowest, 1), top = static_cast<int>(kRamp.size()) - 1;
  return kRamp[static_cast<size_t>(std::clamp((value - lowest) * top / range, 0, top))];
}

}  // namespace

Style terminal_style() {
  const char* term = std::getenv("TERM");
  const char* no_colour = std::getenv("NO_COLOR");
  std::setlocale(LC_CTYPE, "");
  const bool utf8 = std::string_view(nl_langinfo(CODESET)) == "UTF-8";
  std::setlocale(LC_CTYPE, "C");
  const bool colours = term != nullptr && std::string_view(term) != "dumb" &&
                       (no_colour == nullptr || *no_colour == '\0');
  return isatty(STDOUT_FILENO) != 0 && utf8 && colours ? Style::kBlocks : Style::kAscii;
}

std::vector<std::string> picture(std::span<const uint8_t> pixels, int width, int height,
                                 Style style) {
  std::vector<uint8_t> sorted(pixels.begin(), pixels.end());
  std::sort(sorted.begin(), sorted.end());
  const int background = sorted[(sorted.size() - 1) / 2], highest = sorted.back();
  const auto at = [&](int x, int y) {
    return int{pixels[static_cast<size_t>(std::min(y, height - 1) * width + x)]};
  };
  std::vector<std::string> lines;
  for (int y = 0; y < height; y += 2) {
    std::string line;
    for (int x = 0; x < width; ++x)
      if (style == Style::kBlocks)
        line += half_block(at(x, y), at(x, y + 1));
      else
        line += shade((at(x, y) + at(x, y + 1)) / 2, background, highest);
    lines.push_back(style == Style::kBlocks ? line + "\x1b[0m" : line);
  }
  return lines;
}

std::string bar(double share, int width, Style style) {
  const double length = std::clamp(share, 0.0, 1.0) * width;
  if (style == Style::kAscii) {
    const auto full = static_cast<size_t>(std::lround(length));
    return std::string(full, '#') + std::string(static_cast<size_t>(width) - full, ' ');
  }
  static constexpr std::array<std::string_view, 8> kEighths = {
      "", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589"};
  const auto eighths = static_cast<size_t>(std::lround(length * 8));
  std::string text;
  for (size_t i = 0; i < eighths / 8; ++i) text += "\u2588";
  text += kEighths[eighths % 8];
  const size_t columns = (eighths + 7) / 8;
  return text + std::string(static_cast<size_t>(width) - columns, ' ');
}

std::string strong(const std::string& text, Style style) {
  return style == Style::kBlocks ? "\x1b[1m" + text + "\x1b[0m" : text;
}

std::string with_commas(uint64_t value) {
  std::string text = std::to_string(value);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

}  // namespace millrace::digits
