// SPDX-License-Identifier: Apache-2.0
// The far side of a board's serial line in simulated time: bytes to levels of the board's rx pin,
// levels of its tx pin to bytes. 8N1, least significant bit first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace millrace::sim {

class SerialLine {
 public:
  // Bits last `cycles_per_bit` clock cycles of the board, which need not be a whole number.
  explicit SerialLine(double cycles_per_bit) : bit_(cycles_per_bit) {}

  // Queues a byte; it starts at the end of the one before it or, on a quiet line, `phase` cycles
  // (less than 1) into the next cycle.
  void send(uint8_t byte, double phase = 0) { out_.push_back({byte, phase}); }
  // The next byte received, whose stop bit is over.
  std::optional<uint8_t> receive() {
    if (in_.empty() || now_ < in_.front().end) return std::nullopt;
    const uint8_t byte = in_.front().value;
    in_.pop_front();
    return byte;
  }
  // Nothing is on the line or about to be.
  bool quiet() const { return out_.empty() && in_.empty() && !sending_ && !receiving_; }
  // Bytes that have not begun.
  size_t waiting() const { return out_.size(); }
  // Bytes whose stop bit was low.
  uint64_t framing_errors() const { return framing_errors_; }

  // One clock cycle: the level of the rx pin during it, given that of the tx pin.
  bool cycle(bool tx) {
    listen(tx);
    const bool rx = level();
    now_ += 1;
    return rx;
  }

 private:
  struct Byte {
    uint8_t value;
    double phase;
  };
  struct Received {
    uint8_t value;
    double end;  // of its stop bit
  };

  bool level() {
    if (sending_ && now_ >= send_start_ + 10 * bit_) sending_ = false;
    if (!sending_ && !out_.empty()) {
      // Back to back with the byte before it, if that has just ended.
      const double end = send_start_ + 10 * bit_;
      send_start_ = end > now_ - 1 ? end : now_ + out_.front().phase;
      // Start bit, data, stop bit.
      send_bits_ = static_cast<uint32_t>(out_.front().value) << 1 | 0x200u;
      out_.pop_front();
      sending_ = true;
    }
    if (!sending_ || now_ < send_start_) return true;
    return send_bits_ >> static_cast<uint32_t>((now_ - send_start_) / bit_) & 1;
  }

  void listen(bool tx) {
    if (!receiving_) {
      if (tx) return;
      receiving_ = true;
      receive_start_ = now_;
      receive_bits_ = received_ = 0;
    }
    // Bit k is sampled in its middle.
    if (now_ + 1 > receive_start_ + (received_ + 0.5) * bit_)
      receive_bits_ |= static_cast<uint32_t>(tx) << received_++;
    if (received_ == 10) {
      // From here on a start bit may come, early from a fast sender.
      receiving_ = false;
      if ((receive_bits_ >> 9 & 1) == 0) ++framing_errors_;
      in_.push_back({static_cast<uint8_t>(receive_bits_ >> 1), receive_start_ + 10 * bit_});
    }
  }

  double bit_;
  double now_ = 0;
  std::deque<Byte> out_;
  bool sending_ = false;
  double send_start_ = -1e9;
  uint32_t send_bits_ = 0;
  bool receiving_ = false;
  double receive_start_ = 0;
  uint32_t receive_bits_ = 0, received_ = 0;
  std::deque<Received> in_;
  uint64_t framing_errors_ = 0;
};

}  // namespace millrace::sim
