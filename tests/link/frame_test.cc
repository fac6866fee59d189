// SPDX-License-Identifier: Apache-2.0
// Frames byte for byte. The CRCs were computed with Python's zlib.crc32.
#include "host/link/frame.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::link {
namespace {

using Bytes = std::vector<uint8_t>;

std::optional<Request> decode(const Bytes& bytes) {
  return decode_header(std::span<const uint8_t, kHeaderBytes>(bytes));
}

TEST(Frame, CrcIsTheOneOfTheStandard) {
  const std::string check = "123456789";
  EXPECT_EQ(crc32(Bytes(check.begin(), check.end())), 0xcbf43926u);
  EXPECT_EQ(crc32({}), 0u);
}

TEST(Frame, Requests) {
  // Read of register INFO with `clear`, tag 3.
  EXPECT_EQ(encode({.clear = true, .tag = 3, .address = kInfoRegister}),
            (Bytes{0xa8, 0x03, 0x00, 0x00, 0x10, 0x00, 0x00, 0xa9, 0x93, 0x9a, 0x73}));
  // Read of 4096 words of memory from 0x1c000 on, tag 15.
  EXPECT_EQ(encode({.memory = true, .tag = 15, .words = 4096, .address = 0x1c000}),
            (Bytes{0xa2, 0xff, 0xff, 0x00, 0xc0, 0x01, 0x00, 0x78, 0xd6, 0x4c, 0xeb}));
  // Write of 0x04030201 to register 0x038 with `toggle`, tag 9.
  EXPECT_EQ(encode({.write = true, .toggle = true, .tag = 9, .address = 0x38}, Bytes{1, 2, 3, 4}),
            (Bytes{0xa5, 0x09, 0x00, 0x38, 0x00, 0x00, 0x00, 0x31, 0xa2, 0x6f, 0x9a, 0x01, 0x02,
                   0x03, 0x04, 0xcd, 0xfb, 0x3c, 0xb6}));
  // Write of two words of memory at 0x100.
  EXPECT_EQ(encode({.write = true, .memory = true, .words = 2, .address = 0x100},
                   Bytes{1, 2, 3, 4, 5, 6, 7, 8}),
            (Bytes{0xa3, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x0a, 0x55, 0x8d, 0xd7, 0x01,
                   0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0xc5, 0x88, 0xca, 0x3f}));
}

TEST(Frame, EveryDamagedBitOfAHeaderIsSeen) {
  const Bytes good = encode({.memory = true, .tag = 5, .words = 4096, .address = 0x1fffc});
  ASSERT_TRUE(decode(good));
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ (1u << bit % 8));
    EXPECT_FALSE(decode(bad)) << "bit " << bit;
  }
}

TEST(Frame, HeadersRoundTrip) {
  for (uint32_t words : {1u, 2u, 256u, 257u, 4096u}) {
    for (uint32_t flags = 0; flags < 8; ++flags) {
      const Request request{.memory = (flags & 1) != 0,
                            .toggle = (flags & 2) != 0,
                            .clear = (flags & 4) != 0,
                            .tag = words % 16,
                            .words = words,
                            .address = 0xfffffffc};
      EXPECT_EQ(decode(encode(request)), request);
    }
  }
}

TEST(Frame, AnswerStates) {
  EXPECT_EQ(encode(AnswerState{.crc = true, .tag = 1}), 0x81);
  EXPECT_EQ(encode(AnswerState{.error = true, .tag = 2}), 0x42);
  EXPECT_EQ(encode(AnswerState{.fresh = true, .tag = 3}), 0x23);
  EXPECT_EQ(encode(AnswerState{.toggle = true, .tag = 15}), 0x1f);
  for (uint32_t byte = 0; byte < 256; ++byte)
    EXPECT_EQ(encode(decode_state(static_cast<uint8_t>(byte))), byte);
}

TEST(Frame, InfoWords) {
  const Info info{.clock_10khz = 2400, .version = 1, .mem_log2 = 17, .board = 2};
  EXPECT_EQ(encode(info), 0x05110960u);
  EXPECT_EQ(decode_info(0x05110960u), info);
  EXPECT_EQ(board_name(2), "UPduino 3");
  EXPECT_EQ(board_name(127), "unknown board");
}

TEST(Frame, OnlyTheMagicBeginsARequest) {
  for (uint32_t byte = 0; byte < 256; ++byte)
    EXPECT_EQ(begins_request(static_cast<uint8_t>(byte)), byte >= 0xa0 && byte <= 0xaf);
  EXPECT_FALSE(begins_request(kIdleByte));
}

}  // namespace
}  // namespace millrace::link
