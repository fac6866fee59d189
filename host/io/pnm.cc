// SPDX-License-Identifier: Apache-2.0
// Binary grey and colour images of the Netpbm family as tensors; see tensor_file.h for the
// conversion.
#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "host/io/tensor_file.h"

namespace millrace::io {
namespace {

struct Image {
  int64_t width = 0, height = 0, channels = 0, maximum = 0;
  std::span<const uint8_t>
      samples;  // rows from the top, channels innermost; maybe fewer than the size says
};

constexpr int64_t kMaxExtent = 1 << 16;

bool is_blank(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// A number of the header after blanks and comments; takes it off `rest`.
std::optional<int64_t> header_number(std::span<const uint8_t>& rest) {
  size_t at = 0;
  while (at < rest.size() && (is_blank(rest[at]) || rest[at] == '#')) {
    if (rest[at] == '#')
      while (at < rest.size() && rest[at] != '\n') ++at;
    else
      ++at;
  }
  int64_t value = 0;
  const size_t start = at;
  for (; at < rest.size() && rest[at] >= '0' && rest[at] <= '9' && value <= kMaxExtent; ++at)
    value = value * 10 + (rest[at] - '0');
  rest = rest.subspan(at);
  if (at == start || value == 0 || value > kMaxExtent) return std::nullopt;
  return value;
}

Result<Image> parse_header(std::span<const uint8_t> file, const std::string& name) {
  if (file.size() < 2 || file[0] != 'P' || (file[1] != '5' && file[1] != '6'))
    return input_error(name + ": not a binary PGM (P5) or PPM (P6) image");
  Image image;
  image.channels = file[1] == '5' ? 1 : 3;
  std::span<const uint8_t> rest = file.subspan(2);
  const auto width = header_number(rest), height = header_number(rest),
             maximum = header_number(rest);
  if (!width || !height || !maximum || rest.empty() || !is_blank(rest[0]))
    return input_error(name + ": truncated or bad image header");
  if (*maximum > 255) return input_error(name + ": samples of 16 bits; save the image with 8");
  image.width = *width;
  image.height = *height;
  image.maximum = *maximum;
  image.samples = rest.subspan(1);
  return image;
}

Status check_image(const Image& image, const TensorSpec& spec, const std::string& name) {
  std::vector<int64_t> shape = spec.shape;
  if (shape.size() == 4 && shape[0] == 1) shape.erase(shape.begin());
  const std::vector<int64_t> found = {image.height, image.width, image.channels};
  if (shape != found)
    return input_error(name + ": image of height, width, channels " + shape_text(found) + "; " +
                       spec.name + " takes " + shape_text(spec.shape));
  if (spec.type == ElementType::kInt32)
    return input_error(name + ": " + spec.name + " is int32, which no image gives");
  const auto samples = static_cast<uint64_t>(image.width * image.height * image.channels);
  if (image.samples.size() != samples)
    return input_error(name + ": " + (image.samples.size() < samples ? "truncated" : "too long") +
                       " image, " + std::to_string(image.samples.size()) + " samples for " +
                       std::to_string(samples));
  return {};
}

// The int8 or uint8 element for x in [0, 1].
uint8_t quantise(double x, const TensorSpec& spec) {
  const bool is_signed = spec.type == ElementType::kInt8;
  const double lowest = is_signed ? -128 : 0;
  const bool scaled = spec.scale != 0;
  const double scale = scaled ? spec.scale : 1.0 / 255;
  const double zero_point = scaled ? spec.zero_point : lowest;
  const double value = std::clamp(std::round(x / scale) + zero_point, lowest, lowest + 255);
  return static_cast<uint8_t>(static_cast<int>(value));
}

}  // namespace

Result<std::vector<uint8_t>> parse_pnm(std::span<const uint8_t> file, const TensorSpec& spec,
                                       const std::string& name) {
  const Result<Image> image = parse_header(file, name);
  if (!image) return image.error();
  if (const Status status = check_image(*image, spec, name); !status) return status.error();
  std::vector<uint8_t> out;
  out.reserve(tensor_bytes(spec));
  for (uint8_t sample : image->samples) {
    if (sample > image->maximum)
      return input_error(name + ": sample " + std::to_string(sample) + " above the maximum " +
                         std::to_string(image->maximum));
    const double x = static_cast<double>(sample) / static_cast<double>(image->maximum);
    if (spec.type != ElementType::kFloat32) {
      out.push_back(quantise(x, spec));
      continue;
    }
    const uint32_t bits = std::bit_cast<uint32_t>(static_cast<float>(x));
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<uint8_t>(bits >> shift));
  }
  return out;
}

}  // namespace millrace::io
