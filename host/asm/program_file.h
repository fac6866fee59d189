// SPDX-License-Identifier: Apache-2.0
// A self-contained program: configuration, segments with their first contents, and code; and its
// file format `.mrp`.
//
// File format, little-endian, without padding:
//   bytes  contents
//   4      'M' 'R' 'P' 0x1A
//   4      version, 1
//   4      ISA hash of the configuration
//   16     name of the configuration, filled with zero bytes
//   4      number of segments
//   4      number of instructions
//   then for every segment, in ascending order of numbers:
//     1 number, 1 permissions (bit 0 read, bit 1 write), 1 fill byte, 1 zero, 4 size in bytes, 4
//     bytes of data, the data
//   then 32 bytes an instruction, word 0 first.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/driver/result.h"
#include "host/runtime/runtime.h"

namespace millrace {

// A segment starts with `data`; the rest up to `size` is `fill`.
struct ProgramSegment {
  int number = 0;
  Perms perms = Perms::kNone;
  uint8_t fill = 0;
  uint64_t size = 0;
  std::vector<uint8_t> data;
  bool operator==(const ProgramSegment&) const = default;
  // All bytes of the segment.
  std::vector<uint8_t> contents() const;
};

struct ProgramFile {
  const isa::Config* config = nullptr;
  std::vector<ProgramSegment> segments;  // ascending numbers
  std::vector<isa::Instruction> code;
};

// "none", "r", "w", "rw".
std::string perms_text(Perms perms);

// Whether the number and size fit the configuration and the data fits the size.
Status check_segment(const ProgramSegment& segment, const isa::Config& config);

// Whether the bytes start like a program file.
bool is_program_file(std::span<const uint8_t> bytes);

std::vector<uint8_t> encode_program(const ProgramFile& program);
// `name` is the file's, for messages. Whatever is not exactly one program of this build is an
// Error.
Result<ProgramFile> decode_program(std::span<const uint8_t> bytes, const std::string& name);

}  // namespace millrace
