// SPDX-License-Identifier: Apache-2.0
// Where the protocol checks report. The first violation counts; what follows it may be its
// consequence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::sim {

class Violations {
 public:
  void report(uint64_t cycle, std::string_view port, std::string_view rule) {
    if (first_) return;
    first_ = "AXI rule broken in cycle " + std::to_string(cycle) + " on the " + std::string(port) +
             ": " + std::string(rule);
  }
  const std::optional<std::string>& first() const { return first_; }

 private:
  std::optional<std::string> first_;
};

// VALID must stay up, with the same payload, until READY. `Payload` is what is compared.
template <typename Payload>
class StableChannel {
 public:
  explicit StableChannel(std::string_view port, std::string_view channel)
      : port_(port), channel_(channel) {}
  // One cycle; true on a handshake.
  bool sample(uint64_t cycle, bool valid, bool ready, const Payload& payload, Violations& out) {
    if (waiting_ && !valid)
      out.report(cycle, port_, channel_ + "VALID fell before " + channel_ + "READY");
    else if (waiting_ && !(payload == payload_))
      out.report(cycle, port_, channel_ + " payload changed before " + channel_ + "READY");
    waiting_ = valid && !ready;
    if (waiting_) payload_ = payload;
    return valid && ready;
  }

 private:
  std::string port_, channel_;
  bool waiting_ = false;
  Payload payload_{};
};

}  // namespace millrace::sim
