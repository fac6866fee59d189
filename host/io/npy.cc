// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy format; see tensor_file.h for what is taken.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "host/io/tensor_file.h"

namespace millrace::io {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kAlignment = 64;  // of the data, in version 1 headers

struct TypeCode {
  ElementType type;
  std::string_view code;
};
constexpr std::array kTypeCodes = {
    TypeCode{ElementType::kInt8, "|i1"}, TypeCode{ElementType::kUint8, "|u1"},
    TypeCode{ElementType::kInt32, "<i4"}, TypeCode{ElementType::kFloat32, "<f4"}};

struct Header {
  std::string type_code;
  bool fortran_order = false;
  std::vector<int64_t> shape;
  size_t data_start = 0;
};

// The text after `'key':` in the header's dictionary, blanks skipped; nullopt if the key is
// missing.
std::optional<std::string_view> value_of(std::string_view dictionary, std::string_view key) {
  size_t at = dictionary.find("'" + std::string(key) + "'");
  if (at == std::string_view::npos) return std::nullopt;
  at = dictionary.find_first_not_of(" ", at + key.size() + 2);
  if (at == std::string_view::npos || dictionary[at] != ':') return std::nullopt;
  at = dictionary.find_first_not_of(" ", at + 1);
  if (at == std::string_view::npos) return std::nullopt;
  return dictionary.substr(at);
}

// "(1, 2)", "(3,)", "()".
std::optional<std::vector<int64_t>> parse_shape(std::string_view text) {
  const size_t close = text.find(')');
  if (!text.starts_with("(") || close == std::string_view::npos) return std::nullopt;
  text = text.substr(1, close - 1);
  std::vector<int64_t> shape;
  for (size_t at = text.find_first_not_of(" "); at != std::string_view::npos;) {
    int64_t extent = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), extent);
    if (error != std::errc() || extent < 0) return std::nullopt;
    shape.push_back(extent);
    at = text.find_first_not_of(" ", static_cast<size_t>(end - text.data()));
    if (at == std::string_view::npos) break;
    if (text[at] != ',') return std::nullopt;
    at = text.find_first_not_of(" ", at + 1);
  }
  return shape;
}

std::optional<Header> parse_header(std::string_view file) {
  if (file.size() < 10) return std::nullopt;
  const int version = static_cast<unsigned char>(file[6]);
  if (version < 1 || version > 3) return std::nullopt;
  const size_t length_bytes = version == 1 ? 2 : 4;
  const size_t start = 8 + length_bytes;
  if (file.size() < start) return std::nullopt;
  size_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i)
    length |= size_t{static_cast<unsigned char>(file[8 + i])} << (8 * i);
  if (length > file.size() - start) return std::nullopt;
  const std::string_view dictionary = file.substr(start, length);
  const auto type_code = value_of(dictionary, "descr");
  const auto order = value_of(dictionary, "fortran_order");
  const auto shape_value = value_of(dictionary, "shape");
  if (!type_code || !order || !shape_value || !type_code->starts_with("'")) return std::nullopt;
  const auto shape = parse_shape(*shape_value);
  const size_t quote = type_code->find('\'', 1);
  if (!shape || quote == std::string_view::npos) return std::nullopt;
  if (!order->starts_with("True") && !order->starts_with("False")) return std::nullopt;
  return Header{std::string(type_code->substr(1, quote - 1)), order->starts_with("True"), *shape,
                start + length};
}

// Without leading dimensions of 1, as far as another dimension remains.
std::span<const int64_t> significant(const std::vector<int64_t>& shape) {
  std::span<const int64_t> rest(shape);
  while (!rest.empty() && rest.front() == 1) rest = rest.subspan(1);
  return rest;
}

std::string_view code_of(ElementType type) {
  return std::ranges::find(kTypeCodes, type, &TypeCode::type)->code;
}

}  // namespace

Result<std::vector<uint8_t>> parse_npy(std::span<const uint8_t> file, const TensorSpec& spec,
                                       const std::string& name) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (!text.starts_with(kMagic)) return input_error(name + ": not a .npy file");
  const std::optional<Header> header = parse_header(text);
  if (!header) return input_error(name + ": truncated or unknown .npy header");
  std::string code = header->type_code;
  if (code == "<i1" || code == "<u1") code[0] = '|';
  if (code != code_of(spec.type))
    return input_error(name + ": elements of type '" + header->type_code + "'; " + spec.name +
                       " takes '" + std::string(code_of(spec.type)) + "' (" + type_name(spec.type) +
                       ")");
  if (header->fortran_order)
    return input_error(name + ": Fortran order; save the array in C order");
  if (!std::ranges::equal(significant(header->shape), significant(spec.shape)))
    return input_error(name + ": shape " + shape_text(header->shape) + "; " + spec.name +
                       " takes " + shape_text(spec.shape));
  const std::span<const uint8_t> data = file.subspan(header->data_start);
  if (data.size() != tensor_bytes(spec))
    return input_error(
        name + ": " + (data.size() < tensor_bytes(spec) ? "truncated, " : "too long, ") +
        std::to_string(data.size()) + " bytes of data for " + std::to_string(tensor_bytes(spec)));
  return std::vector<uint8_t>(data.begin(), data.end());
}

std::vector<uint8_t> format_npy(const TensorSpec& spec, std::span<const uint8_t> bytes) {
  std::string header =
      "{'descr': '" + std::string(code_of(spec.type)) + "', 'fortran_order': False, 'shape': (";
  for (int64_t extent : spec.shape) header += std::to_string(extent) + ",";
  header += "), }";
  const size_t prefix = kMagic.size() + 4;
  header.append(kAlignment - (prefix + header.size() + 1) % kAlignment, ' ');
  header += '\n';
  std::string out(kMagic);
  out += {'\x01', '\0', static_cast<char>(header.size() & 0xff),
          static_cast<char>(header.size() >> 8)};
  out += header;
  std::vector<uint8_t> file(out.begin(), out.end());
  file.insert(file.end(), bytes.begin(), bytes.end());
  return file;
}

}  // namespace millrace::io
