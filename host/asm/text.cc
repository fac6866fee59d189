// SPDX-License-Identifier: Apache-2.0
// Instruction text from the field table; see text.h for the grammar.
#include "host/asm/text.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace millrace {
namespace {

constexpr std::string_view kWordDirective = ".word";

uint32_t mask(int width) { return width >= 32 ? ~0u : (1u << width) - 1; }

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

uint32_t raw_field(const isa::Instruction& words, const isa::Field& field) {
  return (words[static_cast<size_t>(field.word)] >> field.low) & mask(field.width);
}

int64_t field_value(const isa::Instruction& words, const isa::Field& field) {
  const uint32_t raw = raw_field(words, field);
  if (field.minus_one) return int64_t{raw} + 1;
  const bool negative = field.is_signed && ((raw >> (field.width - 1)) & 1u) != 0;
  return negative ? int64_t{raw} - (int64_t{1} << field.width) : int64_t{raw};
}

std::string join_names(const isa::InstructionInfo& info) {
  std::string names;
  for (const isa::Field& field : info.fields)
    names += (names.empty() ? "" : ", ") + std::string(field.name);
  return names;
}

// The bits of a field for a value given as text.
Result<uint32_t> parse_value(const isa::Field& field, std::string_view text) {
  for (size_t i = 0; i < field.names.size(); ++i)
    if (field.names[i] == text) return static_cast<uint32_t>(i);
  const Result<int64_t> number = parse_number(text);
  if (!number) {
    std::string names;
    for (std::string_view name : field.names) names += " or " + std::string(name);
    return input_error("field " + quoted(field.name) + " takes a number" + names + ", not " +
                       quoted(text));
  }
  const int64_t range = int64_t{1} << field.width;
  const bool pattern = field.is_signed && text.starts_with("0x");
  const int64_t lowest = field.minus_one ? 1 : field.is_signed ? -range / 2 : 0;
  const int64_t highest = field.minus_one               ? range
                          : field.is_signed && !pattern ? range / 2 - 1
                                                        : range - 1;
  if (*number < lowest || *number > highest)
    return input_error("field " + quoted(field.name) + " takes " + std::to_string(lowest) + " to " +
                       std::to_string(highest) + ", not " + std::string(text));
  return static_cast<uint32_t>(*number - (field.minus_one ? 1 : 0)) & mask(field.width);
}

Result<isa::Instruction> assemble_raw(const std::vector<std::string_view>& tokens) {
  isa::Instruction words{};
  if (tokens.size() != words.size() + 1)
    return input_error(".word takes " + std::to_string(words.size()) + " words, not " +
                       std::to_string(tokens.size() - 1));
  for (size_t i = 0; i < words.size(); ++i) {
    const Result<int64_t> word = parse_number(tokens[i + 1]);
    if (!word) return word.error();
    if (*word < 0 || *word > int64_t{0xffffffff})
      return input_error("no 32-bit word: " + quoted(tokens[i + 1]));
    words[i] = static_cast<uint32_t>(*word);
  }
  return words;
}

// Bits of `words` that the configuration does not allow in this instruction.
bool allowed(const isa::InstructionInfo& info, const isa::Instruction& words,
             const isa::Config& config) {
  const auto& legal = info.legal[static_cast<size_t>(config.index)];
  for (size_t i = 0; i < words.size(); ++i)
    if ((words[i] & ~legal[i]) != 0) return false;
  return true;
}

Status set_field(const isa::InstructionInfo& info, const isa::Config* config,
                 std::string_view token, isa::Instruction& words, uint64_t& seen) {
  const size_t equals = token.find('=');
  const std::string_view name = token.substr(0, equals);
  size_t index = 0;
  while (index < info.fields.size() && info.fields[index].name != name) ++index;
  if (index == info.fields.size())
    return input_error(std::string(info.name) + " has no field " + quoted(name) +
                       "; fields: " + join_names(info));
  if (equals == std::string_view::npos)
    return input_error("field " + quoted(name) + " lacks '=value'");
  if ((seen >> index) & 1u) return input_error("field " + quoted(name) + " is given twice");
  seen |= uint64_t{1} << index;
  const isa::Field& field = info.fields[index];
  const Result<uint32_t> value = parse_value(field, token.substr(equals + 1));
  if (!value) return value.error();
  const auto word = static_cast<size_t>(field.word);
  words[word] = (words[word] & ~(mask(field.width) << field.low)) | (*value << field.low);
  if (config != nullptr && !allowed(info, words, *config))
    return input_error("configuration " + std::string(config->name) + " does not allow " +
                       std::string(token) + " in " + std::string(info.name));
  return {};
}

std::string raw_text(const isa::Instruction& words) {
  std::string text(kWordDirective);
  for (uint32_t word : words) {
    char hex[16];
    std::snprintf(hex, sizeof hex, " 0x%08x", word);
    text += hex;
  }
  return text;
}

}  // namespace

const isa::InstructionInfo* find_instruction(uint32_t opcode) {
  for (const isa::InstructionInfo& info : isa::kInstructions)
    if (static_cast<uint32_t>(info.opcode) == opcode) return &info;
  return nullptr;
}

const isa::InstructionInfo* find_instruction(std::string_view name) {
  for (const isa::InstructionInfo& info : isa::kInstructions)
    if (info.name == name) return &info;
  return nullptr;
}

std::vector<std::string_view> split_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::vector<std::string_view> tokens;
  for (size_t begin = text.find_first_not_of(kBlanks); begin != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
    tokens.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(kBlanks, end);
  }
  return tokens;
}

Result<int64_t> parse_number(std::string_view text) {
  const bool negative = text.starts_with("-");
  std::string_view digits = negative ? text.substr(1) : text;
  const int base = digits.starts_with("0x") ? 16 : 10;
  if (base == 16) digits.remove_prefix(2);
  uint64_t magnitude = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, base);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() ||
      magnitude > INT64_MAX)
    return input_error("no number: " + quoted(text));
  return negative ? -static_cast<int64_t>(magnitude) : static_cast<int64_t>(magnitude);
}

std::string disassemble(const isa::Instruction& words, const isa::Config* config) {
  const isa::InstructionInfo* info = find_instruction(words[0] & 0xffu);
  if (info == nullptr || (config != nullptr && !allowed(*info, words, *config)))
    return raw_text(words);
  isa::Instruction covered{};
  covered[0] = 0xffu;
  std::string text(info->name);
  for (const isa::Field& field : info->fields) {
    covered[static_cast<size_t>(field.word)] |= mask(field.width) << field.low;
    const uint32_t raw = raw_field(words, field);
    if (raw == 0) continue;
    const bool named = raw < field.names.size();
    text += " " + std::string(field.name) + "=" +
            (named ? std::string(field.names[raw]) : std::to_string(field_value(words, field)));
  }
  for (size_t i = 0; i < words.size(); ++i)
    if ((words[i] & ~covered[i]) != 0) return raw_text(words);
  return text;
}

Result<isa::Instruction> assemble_instruction(std::string_view text, const isa::Config* config) {
  const std::vector<std::string_view> tokens = split_blanks(text);
  if (tokens.empty()) return input_error("no instruction");
  if (tokens[0] == kWordDirective) return assemble_raw(tokens);
  const isa::InstructionInfo* info = find_instruction(tokens[0]);
  if (info == nullptr) {
    std::string names;
    for (const isa::InstructionInfo& i : isa::kInstructions)
      names += (names.empty() ? "" : ", ") + std::string(i.name);
    return input_error("unknown instruction " + quoted(tokens[0]) + "; instructions: " + names);
  }
  isa::Instruction words{};
  words[0] = static_cast<uint32_t>(info->opcode);
  uint64_t seen = 0;
  for (size_t i = 1; i < tokens.size(); ++i)
    if (const Status status = set_field(*info, config, tokens[i], words, seen); !status)
      return status.error();
  return words;
}

}  // namespace millrace
