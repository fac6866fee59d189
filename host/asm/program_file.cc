// SPDX-License-Identifier: Apache-2.0
// ProgramFile files; see program_file.h for the format.
#include "host/asm/program_file.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace millrace {
namespace {

constexpr std::array<uint8_t, 4> kMagic = {'M', 'R', 'P', 0x1A};
constexpr uint32_t kVersion = 1;
constexpr size_t kNameBytes = 16;
constexpr size_t kInstructionBytes = 4 * isa::kWords;

void append(std::vector<uint8_t>& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

std::string hex32(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "%08x", value);
  return text;
}

// Takes bytes off the front of a file; once too few are left, everything reads as empty or zero and
// ok() is false.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : rest_(bytes) {}
  std::span<const uint8_t> take(uint64_t count) {
    ok_ = ok_ && count <= rest_.size();
    if (!ok_) return {};
    const auto front = rest_.first(count);
    rest_ = rest_.subspan(count);
    return front;
  }
  uint32_t number(int bytes) {
    uint32_t value = 0;
    int shift = 0;
    for (uint8_t byte : take(static_cast<uint64_t>(bytes))) {
      value |= uint32_t{byte} << shift;
      shift += 8;
    }
    return value;
  }
  bool ok() const { return ok_; }
  uint64_t left() const { return rest_.size(); }

 private:
  std::span<const uint8_t> rest_;
  bool ok_ = true;
};

Result<const isa::Config*> check_header(Reader& in, const std::string& name) {
  if (!std::ranges::equal(in.take(kMagic.size()), kMagic))
    return input_error(name + ": not a Millrace program file");
  const uint32_t version = in.number(4);
  if (in.ok() && version != kVersion)
    return input_error(name + ": program file version " + std::to_string(version) +
                       "; this build reads version " + std::to_string(kVersion));
  const uint32_t hash = in.number(4);
  const auto bytes = in.take(kNameBytes);
  if (!in.ok()) return input_error(name + ": truncated program file");
  std::string config_name(bytes.begin(), bytes.end());
  config_name.resize(config_name.find_last_not_of('\0') + 1);
  const isa::Config* config = isa::find_config(config_name);
  if (config != nullptr && config->isa_hash == hash) return config;
  const bool printable =
      std::ranges::all_of(config_name, [](char c) { return c > ' ' && c < 0x7f; });
  return input_error(name + ": built for configuration " + (printable ? config_name : "?") +
                     ", hash " + hex32(hash) + "; this build has " +
                     (config == nullptr ? "no such configuration"
                                        : config_name + " with hash " + hex32(config->isa_hash)) +
                     ", assemble it again");
}

Status read_segments(Reader& in, uint32_t count, ProgramFile& program) {
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    ProgramSegment segment;
    segment.number = static_cast<int>(in.number(1));
    const uint32_t perms = in.number(1);
    segment.perms = static_cast<Perms>(perms);
    segment.fill = static_cast<uint8_t>(in.number(1));
    const uint32_t zero = in.number(1);
    segment.size = in.number(4);
    const auto data = in.take(in.number(4));
    segment.data.assign(data.begin(), data.end());
    if (!in.ok()) break;
    if (perms > static_cast<uint32_t>(Perms::kReadWrite) || zero != 0)
      return input_error("segment " + std::to_string(segment.number) + " has unknown permissions");
    if (!program.segments.empty() && segment.number <= program.segments.back().number)
      return input_error("segments are not in ascending order");
    if (const Status status = check_segment(segment, *program.config); !status) return status;
    program.segments.push_back(std::move(segment));
  }
  return {};
}

}  // namespace

std::vector<uint8_t> ProgramSegment::contents() const {
  std::vector<uint8_t> bytes(data);
  bytes.resize(size, fill);
  return bytes;
}

std::string perms_text(Perms perms) {
  constexpr std::array kTexts = {"none", "r", "w", "rw"};
  return kTexts[static_cast<size_t>(perms)];
}

Status check_segment(const ProgramSegment& segment, const isa::Config& config) {
  const std::string what = "segment " + std::to_string(segment.number);
  const uint64_t limit = uint64_t{1} << config.mem_log2;
  if (segment.number == Runtime::kDriverSegment)
    return input_error("segment 0 is the driver's; programs use segments from 1");
  if (segment.number < 0 || segment.number >= config.segments)
    return input_error(what + " does not exist; configuration " + std::string(config.name) +
                       " has segments 1 to " + std::to_string(config.segments - 1) +
                       " for programs");
  if (segment.size > limit)
    return input_error(what + " of " + std::to_string(segment.size) + " bytes is larger than the " +
                       std::to_string(limit) + " bytes of memory of configuration " +
                       std::string(config.name));
  if (segment.data.size() > segment.size)
    return input_error(what + " has " + std::to_string(segment.data.size()) +
                       " bytes of data but a size of " + std::to_string(segment.size));
  return {};
}

bool is_program_file(std::span<const uint8_t> bytes) {
  return bytes.size() >= kMagic.size() && std::ranges::equal(bytes.first(kMagic.size()), kMagic);
}

std::vector<uint8_t> encode_program(const ProgramFile& program) {
  std::vector<uint8_t> out(kMagic.begin(), kMagic.end());
  append(out, kVersion, 4);
  append(out, program.config->isa_hash, 4);
  const std::string_view name = program.config->name;
  assert(name.size() < kNameBytes);
  out.insert(out.end(), name.begin(), name.end());
  out.resize(out.size() + kNameBytes - name.size(), 0);
  append(out, program.segments.size(), 4);
  append(out, program.code.size(), 4);
  for (const ProgramSegment& segment : program.segments) {
    append(out, static_cast<uint64_t>(segment.number), 1);
    append(out, static_cast<uint64_t>(segment.perms), 1);
    append(out, segment.fill, 1);
    append(out, 0, 1);
    append(out, segment.size, 4);
    append(out, segment.data.size(), 4);
    out.insert(out.end(), segment.data.begin(), segment.data.end());
  }
  for (const isa::Instruction& instruction : program.code)
    for (uint32_t word : instruction) append(out, word, 4);
  return out;
}

Result<ProgramFile> decode_program(std::span<const uint8_t> bytes, const std::string& name) {
  Reader in(bytes);
  const Result<const isa::Config*> config = check_header(in, name);
  if (!config) return config.error();
  ProgramFile program;
  program.config = *config;
  const uint32_t segments = in.number(4);
  const uint32_t instructions = in.number(4);
  if (const Status status = read_segments(in, segments, program); !status)
    return input_error(name + ": " + status.error().message);
  const uint64_t code = uint64_t{instructions} * kInstructionBytes;
  if (!in.ok() || in.left() < code) return input_error(name + ": truncated program file");
  if (in.left() > code)
    return input_error(name + ": " + std::to_string(in.left() - code) +
                       " bytes after the end of the program");
  program.code.resize(instructions);
  for (isa::Instruction& instruction : program.code)
    for (uint32_t& word : instruction) word = in.number(4);
  return program;
}

}  // namespace millrace
