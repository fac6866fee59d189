// SPDX-License-Identifier: Apache-2.0
// Tensors from and to files. The format follows the file name:
//   .npy         NumPy format 1, 2 or 3: int8, uint8, int32, float32, little-endian, C order; type
//   and shape must be the
//                tensor's (leading dimensions of 1 may be missing)
//   .bin         the bytes of the tensor, nothing else
//   .pgm, .ppm   binary 8-bit images (P5, P6; read only) for tensors [H, W, C] or [1, H, W, C] with
//   C = 1 or 3. A sample s of
//                maximum m means x = s / m; an int8 or uint8 tensor gets round(x / scale) +
//                zero_point, saturated (halves away from zero; without a scale, s itself if uint8
//                and s - 128 if int8, for m = 255), a float32 tensor x
// Sources: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html,
// https://netpbm.sourceforge.net/doc/ppm.html
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/driver/result.h"

namespace millrace::io {

enum class ElementType { kInt8, kUint8, kInt32, kFloat32 };

struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;
  ElementType type = ElementType::kInt8;
  double scale = 0;  // 0: not quantised
  int32_t zero_point = 0;
};

size_t element_bytes(ElementType type);
std::string type_name(ElementType type);                    // NumPy's: "int8", ...
std::string shape_text(const std::vector<int64_t>& shape);  // "[1, 28, 28, 1]"
uint64_t tensor_bytes(const TensorSpec& spec);

// Little-endian bytes of the tensor in C order.
Result<std::vector<uint8_t>> read_tensor(const std::string& path, const TensorSpec& spec);
Status write_tensor(const std::string& path, const TensorSpec& spec,
                    std::span<const uint8_t> bytes);
// Whether write_tensor() knows the format and could write there; writes nothing.
Status check_tensor_output(const std::string& path);

// The formats, by their bytes; `name` is the file's, for messages.
Result<std::vector<uint8_t>> parse_npy(std::span<const uint8_t> file, const TensorSpec& spec,
                                       const std::string& name);
std::vector<uint8_t> format_npy(const TensorSpec& spec, std::span<const uint8_t> bytes);
Result<std::vector<uint8_t>> parse_pnm(std::span<const uint8_t> file, const TensorSpec& spec,
                                       const std::string& name);

}  // namespace millrace::io
