// SPDX-License-Identifier: Apache-2.0
// The program millrace_board, reached as any host reaches a serial line.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "tests/soc/frames.h"

namespace millrace::soc {
namespace {

TEST(Board, AnswersOnItsPseudoTerminalAndEndsWithItsHost) {
  FILE* board = popen(MILLRACE_BOARD " --once --stats 2>&1", "r");
  ASSERT_NE(board, nullptr);
  char line[256] = "";
  ASSERT_NE(std::fgets(line, sizeof line, board), nullptr);
  const std::string scheme = "serial://", address(line);
  ASSERT_EQ(address.rfind(scheme, 0), 0u) << address;
  const std::string path = address.substr(scheme.size(), address.size() - scheme.size() - 1);

  // No settings are made here: the terminal is raw already.
  const int fd = open(path.c_str(), O_RDWR | O_NOCTTY);
  ASSERT_GE(fd, 0) << path;
  std::vector<uint32_t> data(300);
  for (uint32_t i = 0; i < data.size(); ++i) data[i] = i * 0x0d0a0311u;
  const Request requests[] = {{.clear = true, .address = 0x1000, .tag = 1},
                              {.write = true, .memory = true, .address = 0x100, .data = data},
                              {.memory = true, .address = 0x100, .tag = 3, .words = 300}};
  size_t sent = 0, received = 0;
  for (const Request& request : requests) {
    const Frame frame = encode(request);
    ASSERT_EQ(write(fd, frame.data(), frame.size()), static_cast<ssize_t>(frame.size()));
    Frame heard(answer_bytes(request));
    for (size_t got = 0; got < heard.size();) {
      pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
      ASSERT_EQ(poll(&ready, 1, 60'000), 1) << got << " of " << heard.size() << " bytes";
      const ssize_t more = read(fd, heard.data() + got, heard.size() - got);
      ASSERT_GT(more, 0);
      got += static_cast<size_t>(more);
    }
    sent += frame.size();
    received += heard.size();
    const auto answer = decode(heard);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->tag, request.tag);
    if (request.words == 300) {
      EXPECT_EQ(answer->data, data);
    }
  }
  close(fd);

  std::string stats;
  while (std::fgets(line, sizeof line, board) != nullptr) stats += line;
  EXPECT_EQ(pclose(board), 0);
  EXPECT_NE(stats.find(std::to_string(sent) + " bytes to the board, " + std::to_string(received) +
                       " from it, 0 damaged"),
            std::string::npos)
      << stats;
}

}  // namespace
}  // namespace millrace::soc
