// SPDX-License-Identifier: Apache-2.0
// Requests and answers of docs/reference/link.md as bytes.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace millrace::soc {

using Frame = std::vector<uint8_t>;

struct Request {
  bool write = false, memory = false, toggle = false, clear = false;
  uint32_t address = 0;
  uint32_t tag = 0;
  std::vector<uint32_t> data = {};  // of a write
  uint32_t words = 1;               // of a read
};

struct Answer {
  uint32_t tag;
  bool toggle, fresh, error, crc;
  std::vector<uint32_t> data;
};

inline constexpr size_t kHeaderBytes = 11;
inline constexpr size_t kStatusBytes = 5;

inline void put32(Frame& frame, uint32_t value) {
  for (int i = 0; i < 4; ++i) frame.push_back(static_cast<uint8_t>(value >> 8 * i));
}

inline uint32_t crc(std::span<const uint8_t> bytes) {
  return static_cast<uint32_t>(crc32(0, bytes.data(), static_cast<uInt>(bytes.size())));
}

inline Frame encode(const Request& r) {
  const uint32_t count = (r.write ? static_cast<uint32_t>(r.data.size()) : r.words) - 1;
  Frame frame = {static_cast<uint8_t>(0xa0 | r.clear << 3 | r.toggle << 2 | r.memory << 1 |
                                      static_cast<int>(r.write)),
                 static_cast<uint8_t>(count >> 8 << 4 | r.tag), static_cast<uint8_t>(count)};
  put32(frame, r.address);
  put32(frame, crc(frame));
  if (r.write) {
    for (const uint32_t word : r.data) put32(frame, word);
    put32(frame, crc(std::span(frame).subspan(kHeaderBytes)));
  }
  return frame;
}

inline size_t answer_bytes(const Request& r) { return kStatusBytes + (r.write ? 0 : 4 * r.words); }

// Nothing if the frame is damaged.
inline std::optional<Answer> decode(std::span<const uint8_t> frame) {
  if (frame.size() < kStatusBytes || frame.size() % 4 != 1) return std::nullopt;
  const auto word = [&](size_t at) {
    return static_cast<uint32_t>(frame[at] | frame[at + 1] << 8 | frame[at + 2] << 16) |
           static_cast<uint32_t>(frame[at + 3]) << 24;
  };
  if (crc(frame.first(frame.size() - 4)) != word(frame.size() - 4)) return std::nullopt;
  const uint8_t status = frame[frame.size() - kStatusBytes];
  Answer answer{.tag = status & 15u,
                .toggle = (status & 0x10) != 0,
                .fresh = (status & 0x20) != 0,
                .error = (status & 0x40) != 0,
                .crc = (status & 0x80) != 0,
                .data = {}};
  for (size_t at = 0; at + kStatusBytes < frame.size(); at += 4) answer.data.push_back(word(at));
  return answer;
}

}  // namespace millrace::soc
