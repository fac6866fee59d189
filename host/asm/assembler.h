// SPDX-License-Identifier: Apache-2.0
// ProgramFile text to ProgramFile and back. Text is line by line; `#` starts a comment.
// Instructions as in text.h, and:
//   .config NAME                                             first, once
//   .segment N size=BYTES perms=none|r|w|rw [file=F] [fill=BYTE]   contents: the file's bytes, then
//   `fill` (default 0) .data N HH HH ...                                        appends bytes,
//   hexadecimal, to the data of segment N
// File names hold no blanks and are relative to the folder of the text.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "host/asm/program_file.h"

namespace millrace {

// Reads the file that a `.segment` names.
using FileReader = std::function<Result<std::vector<uint8_t>>(const std::string& path)>;

// `name` is that of the text, for messages of the form `name:line: ...`.
Result<ProgramFile> assemble(std::string_view text, const std::string& name,
                             const FileReader& read);

// Text that assembles to the same program, bytes and all.
std::string disassemble_program(const ProgramFile& program);

}  // namespace millrace
