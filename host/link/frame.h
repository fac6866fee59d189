// SPDX-License-Identifier: Apache-2.0
// The frames of docs/reference/link.md, for both ends: what a request and an answer look like as
// bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace millrace::link {

inline constexpr uint32_t kVersion = 1;
inline constexpr uint32_t kMaxWords = 4096;  // of a request
inline constexpr size_t kHeaderBytes = 11, kCrcBytes = 4, kWordBytes = 4;
inline constexpr uint8_t kIdleByte = 0xff;  // means nothing between two requests
inline constexpr uint32_t kInfoRegister = 0x1000;
inline constexpr uint32_t kTags = 16;

struct Request {
  bool write = false, memory = false;
  bool toggle = false;   // of a register write
  bool clear = false;    // clears `fresh`
  uint32_t tag = 0;      // below kTags
  uint32_t words = 1;    // 1 to kMaxWords
  uint32_t address = 0;  // in bytes, a multiple of 4
  size_t data_bytes() const { return words * kWordBytes; }
  // Of the whole request, and of its answer.
  size_t bytes() const { return kHeaderBytes + (write ? data_bytes() + kCrcBytes : 0); }
  size_t answer_bytes() const { return (write ? 0 : data_bytes()) + 1 + kCrcBytes; }
  bool operator==(const Request&) const = default;
};

// The byte after the data of an answer.
struct AnswerState {
  bool crc = false;     // the data of the write arrived damaged
  bool error = false;   // a word was refused
  bool fresh = false;   // reset since a request had `clear`
  bool toggle = false;  // of the last register write that was done
  uint32_t tag = 0;
  bool operator==(const AnswerState&) const = default;
};

struct Info {
  uint32_t clock_10khz = 0;  // 0: simulated
  uint32_t version = kVersion;
  uint32_t mem_log2 = 0;
  uint32_t board = 0;
  bool operator==(const Info&) const = default;
};
// Of INFO's `board`; an unknown number is "unknown board".
std::string_view board_name(uint32_t board);

// CRC-32 as in Ethernet and zlib.
uint32_t crc32(std::span<const uint8_t> bytes);
void append_word(std::vector<uint8_t>& bytes, uint32_t word);
uint32_t word_at(std::span<const uint8_t> bytes, size_t offset);
void append_crc(std::vector<uint8_t>& bytes, std::span<const uint8_t> part);
// Whether the last four bytes are the CRC of those before.
bool crc_fits(std::span<const uint8_t> bytes);

// Whether a request may begin with this byte.
constexpr bool begins_request(uint8_t byte) { return byte >> 4 == 0xa; }
// The header; of a write, `data` of request.data_bytes() and its CRC follow.
std::vector<uint8_t> encode(const Request& request, std::span<const uint8_t> data = {});
// Nothing if the magic or the CRC is wrong.
std::optional<Request> decode_header(std::span<const uint8_t, kHeaderBytes> bytes);

uint8_t encode(const AnswerState& state);
AnswerState decode_state(uint8_t byte);
uint32_t encode(const Info& info);
Info decode_info(uint32_t word);

}  // namespace millrace::link
