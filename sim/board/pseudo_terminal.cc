// SPDX-License-Identifier: Apache-2.0
#include "sim/board/pseudo_terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <thread>
#include <utility>

namespace millrace::sim {

std::optional<PseudoTerminal> PseudoTerminal::open() {
  const int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  char path[64];
  if (grantpt(fd) != 0 || unlockpt(fd) != 0 || ptsname_r(fd, path, sizeof path) != 0) {
    close(fd);
    return std::nullopt;
  }
  // Opened and closed once: to turn the terminal's conversions off, and because it counts as hung
  // up only after that.
  const int other = ::open(path, O_RDWR | O_NOCTTY);
  termios settings;
  if (other < 0 || tcgetattr(other, &settings) != 0) {
    if (other >= 0) close(other);
    close(fd);
    return std::nullopt;
  }
  cfmakeraw(&settings);
  tcsetattr(other, TCSANOW, &settings);
  close(other);
  return PseudoTerminal(fd, path);
}

PseudoTerminal::PseudoTerminal(PseudoTerminal&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

PseudoTerminal::~PseudoTerminal() {
  if (fd_ >= 0) close(fd_);
}

bool PseudoTerminal::connected(int milliseconds) {
  pollfd poll_fd{.fd = fd_, .events = POLLIN, .revents = 0};
  poll(&poll_fd, 1, milliseconds);
  const bool hung_up = (poll_fd.revents & POLLHUP) != 0;
  // poll() does not wait on a terminal that is hung up.
  if (hung_up && milliseconds > 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return !hung_up || (poll_fd.revents & POLLIN) != 0;
}

size_t PseudoTerminal::read(std::span<uint8_t> into) {
  const ssize_t got = ::read(fd_, into.data(), into.size());
  return got > 0 ? static_cast<size_t>(got) : 0;
}

size_t PseudoTerminal::write(std::span<const uint8_t> bytes) {
  const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
  return put > 0 ? static_cast<size_t>(put) : 0;
}

}  // namespace millrace::sim
