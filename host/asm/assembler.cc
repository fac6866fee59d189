// SPDX-License-Identifier: Apache-2.0
// The assembler's directives and lines; see assembler.h for the grammar.
#include "host/asm/assembler.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>

#include "host/asm/text.h"

namespace millrace {
namespace {

constexpr size_t kDataPerLine = 32;

using Tokens = std::vector<std::string_view>;

class Assembler {
 public:
  explicit Assembler(const FileReader& read) : read_(read) {}

  Status line(std::string_view text) {
    const Tokens tokens = split_blanks(text.substr(0, text.find('#')));
    if (tokens.empty()) return {};
    if (tokens[0] == ".config") return config(tokens);
    if (config_ == nullptr)
      return input_error("the first line must be .config NAME, one of " + config_names());
    if (tokens[0] == ".segment") return segment(tokens);
    if (tokens[0] == ".data") return data(tokens);
    if (tokens[0].starts_with(".") && tokens[0] != ".word")
      return input_error("unknown directive '" + std::string(tokens[0]) +
                         "'; directives: .config, .segment, .data, .word");
    const Result<isa::Instruction> words =
        assemble_instruction(text.substr(0, text.find('#')), config_);
    if (!words) return words.error();
    code_.push_back(*words);
    return {};
  }

  Result<ProgramFile> finish() {
    if (config_ == nullptr) return input_error("no .config line");
    ProgramFile program;
    program.config = config_;
    program.code = std::move(code_);
    for (auto& [number, segment] : segments_) program.segments.push_back(std::move(segment));
    return program;
  }

 private:
  static std::string config_names() {
    std::string names;
    for (const isa::Config& c : isa::kConfigs)
      names += (names.empty() ? "" : ", ") + std::string(c.name);
    return names;
  }

  Status config(const Tokens& tokens) {
    if (config_ != nullptr) return input_error(".config is given twice");
    if (tokens.size() != 2) return input_error(".config takes one name, one of " + config_names());
    config_ = isa::find_config(tokens[1]);
    if (config_ == nullptr)
      return input_error("unknown configuration '" + std::string(tokens[1]) +
                         "'; configurations: " + config_names());
    return {};
  }

  static Result<int> segment_number(const Tokens& tokens) {
    const Result<int64_t> number =
        tokens.size() > 1 ? parse_number(tokens[1]) : input_error("no number");
    if (!number || *number < 0 || *number > 255)
      return input_error(std::string(tokens[0]) + " needs a segment number");
    return static_cast<int>(*number);
  }

  Status option(std::string_view key, std::string_view value, ProgramSegment& segment) {
    if (key == "perms") {
      for (const Perms perms : {Perms::kNone, Perms::kRead, Perms::kWrite, Perms::kReadWrite})
        if (perms_text(perms) == value) {
          segment.perms = perms;
          return {};
        }
      return input_error("perms takes none, r, w or rw, not '" + std::string(value) + "'");
    }
    if (key == "file") {
      Result<std::vector<uint8_t>> bytes = read_(std::string(value));
      if (!bytes) return bytes.error();
      segment.data = std::move(*bytes);
      return {};
    }
    const Result<int64_t> number = parse_number(value);
    if (!number) return input_error(std::string(key) + ": " + number.error().message);
    const int64_t highest = key == "fill" ? 0xff : 0xffffffff;
    if (*number < 0 || *number > highest)
      return input_error(std::string(key) + " takes 0 to " + std::to_string(highest) + ", not " +
                         std::string(value));
    if (key == "fill") segment.fill = static_cast<uint8_t>(*number);
    if (key == "size") segment.size = static_cast<uint64_t>(*number);
    return {};
  }

  Status segment(const Tokens& tokens) {
    const Result<int> number = segment_number(tokens);
    if (!number) return number.error();
    if (segments_.contains(*number))
      return input_error("segment " + std::to_string(*number) + " is given twice");
    ProgramSegment segment;
    segment.number = *number;
    std::map<std::string_view, bool> seen;
    for (size_t i = 2; i < tokens.size(); ++i) {
      const size_t equals = tokens[i].find('=');
      const std::string_view key = tokens[i].substr(0, equals);
      if (equals == std::string_view::npos ||
          (key != "size" && key != "perms" && key != "file" && key != "fill"))
        return input_error(".segment takes size=, perms=, file= and fill=, not '" +
                           std::string(tokens[i]) + "'");
      if (seen[key]) return input_error(std::string(key) + " is given twice");
      seen[key] = true;
      if (const Status status = option(key, tokens[i].substr(equals + 1), segment); !status)
        return status;
    }
    if (!seen["size"] || !seen["perms"])
      return input_error(".segment needs size=BYTES and perms=none|r|w|rw");
    if (const Status status = check_segment(segment, *config_); !status) return status;
    segments_[*number] = std::move(segment);
    return {};
  }

  Status data(const Tokens& tokens) {
    const Result<int> number = segment_number(tokens);
    if (!number) return number.error();
    const auto segment = segments_.find(*number);
    if (segment == segments_.end())
      return input_error(".data before .segment " + std::to_string(*number));
    for (size_t i = 2; i < tokens.size(); ++i) {
      const char* const end = tokens[i].data() + tokens[i].size();
      uint8_t byte = 0;
      const auto [stop, error] = std::from_chars(tokens[i].data(), end, byte, 16);
      if (tokens[i].size() > 2 || error != std::errc() || stop != end)
        return input_error("no byte of one or two hexadecimal digits: '" + std::string(tokens[i]) +
                           "'");
      segment->second.data.push_back(byte);
    }
    return check_segment(segment->second, *config_);
  }

  const FileReader& read_;
  const isa::Config* config_ = nullptr;
  std::map<int, ProgramSegment> segments_;
  std::vector<isa::Instruction> code_;
};

void append_data(const ProgramSegment& segment, std::string& text) {
  for (size_t begin = 0; begin < segment.data.size(); begin += kDataPerLine) {
    text += ".data " + std::to_string(segment.number);
    for (size_t i = begin; i < std::min(begin + kDataPerLine, segment.data.size()); ++i) {
      char hex[8];
      std::snprintf(hex, sizeof hex, " %02x", segment.data[i]);
      text += hex;
    }
    text += "\n";
  }
}

}  // namespace

Result<ProgramFile> assemble(std::string_view text, const std::string& name,
                             const FileReader& read) {
  Assembler assembler(read);
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (const Status status = assembler.line(text.substr(0, end)); !status)
      return input_error(name + ":" + std::to_string(number) + ": " + status.error().message);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  Result<ProgramFile> program = assembler.finish();
  if (!program) return input_error(name + ": " + program.error().message);
  return program;
}

std::string disassemble_program(const ProgramFile& program) {
  std::string text = ".config " + std::string(program.config->name) + "\n";
  for (const ProgramSegment& segment : program.segments) {
    text += ".segment " + std::to_string(segment.number) + " size=" + std::to_string(segment.size) +
            " perms=" + perms_text(segment.perms);
    if (segment.fill != 0) text += " fill=" + std::to_string(segment.fill);
    text += "\n";
    append_data(segment, text);
  }
  for (const isa::Instruction& instruction : program.code)
    text += disassemble(instruction, program.config) + "\n";
  return text;
}

}  // namespace millrace
