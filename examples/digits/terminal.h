// SPDX-License-Identifier: Apache-2.0
// Pictures and bars for a terminal: Unicode half blocks in shades of grey, or plain ASCII.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace millrace::digits {

enum class Style { kBlocks, kAscii };

// kBlocks where standard output is a terminal that takes UTF-8 and colours (TERM is not "dumb",
// NO_COLOR is not set, the locale's character set is UTF-8), else kAscii.
Style terminal_style();

// The image as lines of text, two rows of pixels each; `pixels` is width x height, 255 is white.
// ASCII shows what is brighter than half of the pixels.
std::vector<std::string> picture(std::span<const uint8_t> pixels, int width, int height,
                                 Style style);

// A bar of `width` columns, filled by `share` in [0, 1].
std::string bar(double share, int width, Style style);

// Text that stands out.
std::string strong(const std::string& text, Style style);

// 1234567 as "1,234,567".
std::string with_commas(uint64_t value);

}  // namespace millrace::digits
