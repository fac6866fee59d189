// SPDX-License-Identifier: Apache-2.0
// See frame.h.
#include "host/link/frame.h"

#include <zlib.h>

#include <cassert>

namespace millrace::link {
namespace {

// Byte 0 of a request.
constexpr uint32_t kMagic = 0xa0, kClear = 8, kToggle = 4, kMemory = 2, kWrite = 1;
// The state of an answer.
constexpr uint32_t kStateCrc = 0x80, kStateError = 0x40, kStateFresh = 0x20, kStateToggle = 0x10;
// INFO.
constexpr int kVersionLow = 16, kMemLow = 20, kBoardLow = 25;

constexpr std::array<std::string_view, 8> kBoards = {
    "simulated machine", "iCEBreaker",    "UPduino 3", "iCE40-HX8K breakout board", "ULX3S",
    "Colorlight i5",     "Tang Nano 20K", "Arty A7"};

constexpr uint32_t flag(bool set, uint32_t mask) { return set ? mask : 0; }

}  // namespace

std::string_view board_name(uint32_t board) {
  return board < kBoards.size() ? kBoards[board] : "unknown board";
}

uint32_t crc32(std::span<const uint8_t> bytes) {
  return static_cast<uint32_t>(::crc32_z(0, bytes.data(), bytes.size()));
}

void append_word(std::vector<uint8_t>& bytes, uint32_t word) {
  for (int byte = 0; byte < 4; ++byte) bytes.push_back(static_cast<uint8_t>(word >> (8 * byte)));
}

uint32_t word_at(std::span<const uint8_t> bytes, size_t offset) {
  uint32_t word = 0;
  for (size_t byte = 4; byte-- > 0;) word = word << 8 | bytes[offset + byte];
  return word;
}

void append_crc(std::vector<uint8_t>& bytes, std::span<const uint8_t> part) {
  append_word(bytes, crc32(part));
}

bool crc_fits(std::span<const uint8_t> bytes) {
  if (bytes.size() < kCrcBytes) return false;
  const size_t size = bytes.size() - kCrcBytes;
  return crc32(bytes.first(size)) == word_at(bytes, size);
}

std::vector<uint8_t> encode(const Request& request, std::span<const uint8_t> data) {
  assert(request.words >= 1 && request.words <= kMaxWords && request.tag < kTags);
  assert(data.size() == (request.write ? request.data_bytes() : 0));
  const uint32_t count = request.words - 1;
  std::vector<uint8_t> bytes;
  bytes.reserve(request.bytes());
  bytes.push_back(
      static_cast<uint8_t>(kMagic | flag(request.clear, kClear) | flag(request.toggle, kToggle) |
                           flag(request.memory, kMemory) | flag(request.write, kWrite)));
  bytes.push_back(static_cast<uint8_t>(count >> 8 << 4 | request.tag));
  bytes.push_back(static_cast<uint8_t>(count));
  append_word(bytes, request.address);
  append_word(bytes, crc32(bytes));
  if (!request.write) return bytes;
  bytes.insert(bytes.end(), data.begin(), data.end());
  append_crc(bytes, data);
  return bytes;
}

std::optional<Request> decode_header(std::span<const uint8_t, kHeaderBytes> bytes) {
  if (!begins_request(bytes[0]) || !crc_fits(bytes)) return std::nullopt;
  Request request;
  request.clear = (bytes[0] & kClear) != 0;
  request.toggle = (bytes[0] & kToggle) != 0;
  request.memory = (bytes[0] & kMemory) != 0;
  request.write = (bytes[0] & kWrite) != 0;
  request.tag = bytes[1] & 0xfu;
  request.words = (uint32_t{bytes[1]} >> 4 << 8 | bytes[2]) + 1;
  request.address = word_at(bytes, 3);
  return request;
}

uint8_t encode(const AnswerState& state) {
  return static_cast<uint8_t>(flag(state.crc, kStateCrc) | flag(state.error, kStateError) |
                              flag(state.fresh, kStateFresh) | flag(state.toggle, kStateToggle) |
                              state.tag);
}

AnswerState decode_state(uint8_t byte) {
  return {(byte & kStateCrc) != 0, (byte & kStateError) != 0, (byte & kStateFresh) != 0,
          (byte & kStateToggle) != 0, byte & 0xfu};
}

uint32_t encode(const Info& info) {
  return info.clock_10khz | info.version << kVersionLow | info.mem_log2 << kMemLow |
         info.board << kBoardLow;
}

Info decode_info(uint32_t word) {
  return {word & 0xffffu, word >> kVersionLow & 0xfu, word >> kMemLow & 0x1fu, word >> kBoardLow};
}

}  // namespace millrace::link
