// SPDX-License-Identifier: Apache-2.0
#include "host/frontend/graph.h"

namespace millrace {

int element_size(DataType type) {
  switch (type) {
    case DataType::kInt8:
    case DataType::kUint8:
      return 1;
    case DataType::kInt32:
    case DataType::kFloat32:
      return 4;
    case DataType::kInt64:
      return 8;
    case DataType::kOther:
      break;
  }
  return 0;
}

std::string_view to_string(DataType type) {
  switch (type) {
    case DataType::kInt8:
      return "int8";
    case DataType::kUint8:
      return "uint8";
    case DataType::kInt32:
      return "int32";
    case DataType::kInt64:
      return "int64";
    case DataType::kFloat32:
      return "float32";
    case DataType::kOther:
      break;
  }
  return "an unknown type";
}

int64_t Tensor::elements() const {
  int64_t count = 1;
  for (int size : shape) count *= size;
  return count;
}

}  // namespace millrace
