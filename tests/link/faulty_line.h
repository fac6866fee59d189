// SPDX-License-Identifier: Apache-2.0
// A line in this process between a LinkDevice and a FarEnd that loses, changes, doubles and delays
// bytes both ways, is unplugged, or has a far end that is reset or babbles. Its time is its own: a
// byte takes kByteTime, waiting costs nothing, and the same seed gives the same run.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "host/link/byte_stream.h"
#include "sim/server/far_end.h"
#include "tests/cosim/prng.h"

namespace millrace::link::testing {

// Of a million bytes, so many ...
struct Faults {
  uint32_t lost = 0, changed = 0, doubled = 0;
  uint32_t late = 0;  // ... wait up to `delay`, and all after them
  Duration delay = std::chrono::milliseconds(300);
  Duration latency{};  // of every byte
};

class FaultyLine : public ByteStream {
 public:
  static constexpr Duration kByteTime = std::chrono::microseconds(10);

  FaultyLine(sim::FarEnd& far, uint64_t seed, Faults faults = {})
      : faults(faults), far_(far), prng_(seed << 32) {}

  const std::string& name() const override { return name_; }
  Status write(std::span<const uint8_t> bytes, Duration timeout) override;
  Result<size_t> read(std::span<uint8_t> out, Duration timeout) override;
  Duration transfer_time(size_t bytes) const override {
    return kByteTime * static_cast<int64_t>(bytes);
  }
  TimePoint now() const override { return now_; }
  void sleep(Duration duration) override { run_until(now_ + duration); }

  Faults faults;
  bool cut = false;      // nothing passes, as with a board without power
  bool babbles = false;  // the far end sends random bytes without end
  // Bytes at the far end after which that happens; UINT64_MAX: never.
  uint64_t unplug_at = UINT64_MAX, reset_at = UINT64_MAX;
  uint64_t arrived() const { return arrived_; }

 private:
  struct Flying {
    TimePoint due;
    uint8_t byte;
  };
  void launch(std::deque<Flying>& way, TimePoint from, uint8_t byte);
  void run_until(TimePoint end);
  void deliver(const Flying& flying);

  sim::FarEnd& far_;
  cosim::Prng prng_;
  std::string name_ = "faulty:";
  TimePoint now_{};
  std::deque<Flying> there_, back_;
  TimePoint deaf_until_{};  // the far end answers and takes no bytes, like a board
  uint64_t arrived_ = 0;
};

}  // namespace millrace::link::testing
