// SPDX-License-Identifier: Apache-2.0
// `millrace asm` and `millrace disasm`.
#include <cstdio>
#include <filesystem>

#include "host/asm/assembler.h"
#include "host/cli/commands.h"
#include "host/io/file.h"

namespace millrace::cli {

Result<int> assemble_file(const Options& options) {
  const Result<std::vector<uint8_t>> text = read_file(options.file);
  if (!text) return text.error();
  const std::filesystem::path folder = std::filesystem::path(options.file).parent_path();
  const FileReader beside = [&](const std::string& path) {
    return read_file((folder / path).string());
  };
  const Result<ProgramFile> program =
      assemble(std::string_view(reinterpret_cast<const char*>(text->data()), text->size()),
               options.file, beside);
  if (!program) return program.error();
  if (const Status status = write_file(options.output, encode_program(*program)); !status)
    return status.error();
  return 0;
}

Result<int> disassemble_file(const Options& options) {
  const Result<std::vector<uint8_t>> bytes = read_file(options.file);
  if (!bytes) return bytes.error();
  const Result<ProgramFile> program = decode_program(*bytes, options.file);
  if (!program) return program.error();
  const std::string text = disassemble_program(*program);
  if (options.output.empty()) {
    std::fputs(text.c_str(), stdout);
    return 0;
  }
  if (const Status status = write_file(options.output, text); !status) return status.error();
  return 0;
}

}  // namespace millrace::cli
