// SPDX-License-Identifier: Apache-2.0
// Choice of the tensor format by file name, and raw tensors; see tensor_file.h.
#include "host/io/tensor_file.h"

#include "host/io/file.h"

namespace millrace::io {
namespace {

constexpr const char* kInputFormats = ".npy, .bin, .pgm or .ppm";
constexpr const char* kOutputFormats = ".npy or .bin";

Error unknown_format(const std::string& path, const char* formats) {
  return input_error("'" + path + "': tensors are files named " + formats);
}

}  // namespace

size_t element_bytes(ElementType type) {
  return type == ElementType::kInt32 || type == ElementType::kFloat32 ? 4 : 1;
}

std::string type_name(ElementType type) {
  switch (type) {
    case ElementType::kInt8:
      return "int8";
    case ElementType::kUint8:
      return "uint8";
    case ElementType::kInt32:
      return "int32";
    case ElementType::kFloat32:
      return "float32";
  }
  return "unknown";
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

uint64_t tensor_bytes(const TensorSpec& spec) {
  uint64_t bytes = element_bytes(spec.type);
  for (int64_t extent : spec.shape) bytes *= static_cast<uint64_t>(extent);
  return bytes;
}

Result<std::vector<uint8_t>> read_tensor(const std::string& path, const TensorSpec& spec) {
  const std::string format = extension_of(path);
  if (format != "npy" && format != "bin" && format != "pgm" && format != "ppm")
    return unknown_format(path, kInputFormats);
  Result<std::vector<uint8_t>> file = read_file(path);
  if (!file) return file.error();
  if (format == "npy") return parse_npy(*file, spec, path);
  if (format != "bin") return parse_pnm(*file, spec, path);
  if (file->size() != tensor_bytes(spec))
    return input_error(path + ": " + std::to_string(file->size()) + " bytes; " + spec.name +
                       " of shape " + shape_text(spec.shape) + " and type " + type_name(spec.type) +
                       " has " + std::to_string(tensor_bytes(spec)));
  return file;
}

Status check_tensor_output(const std::string& path) {
  const std::string format = extension_of(path);
  if (format != "npy" && format != "bin") return unknown_format(path, kOutputFormats);
  return check_writable(path);
}

Status write_tensor(const std::string& path, const TensorSpec& spec,
                    std::span<const uint8_t> bytes) {
  if (const Status status = check_tensor_output(path); !status) return status;
  if (extension_of(path) == "bin") return write_file(path, bytes);
  return write_file(path, format_npy(spec, bytes));
}

}  // namespace millrace::io
