// SPDX-License-Identifier: Apache-2.0
// See faulty_line.h.
#include "tests/link/faulty_line.h"

#include <algorithm>

namespace millrace::link::testing {

void FaultyLine::launch(std::deque<Flying>& way, TimePoint from, uint8_t byte) {
  constexpr uint32_t kMillion = 1'000'000;
  const auto happens = [&](uint32_t rate) { return prng_.below(kMillion) < rate; };
  if (cut || happens(faults.lost)) return;
  if (happens(faults.changed)) byte = static_cast<uint8_t>(byte ^ (1u << prng_.below(8)));
  TimePoint due = from + kByteTime + faults.latency;
  if (happens(faults.late)) due += faults.delay * prng_.below(1000) / 1000;
  if (!way.empty()) due = std::max(due, way.back().due + kByteTime);
  way.push_back({due, byte});
  if (happens(faults.doubled)) way.push_back({due + kByteTime, byte});
}

void FaultyLine::deliver(const Flying& flying) {
  if (++arrived_ == reset_at) far_.reset();
  if (flying.due < deaf_until_) return;
  std::vector<uint8_t> answers;
  far_.take(std::span(&flying.byte, 1), answers);
  for (size_t i = 0; i < answers.size(); ++i)
    launch(back_, flying.due + kByteTime * static_cast<int64_t>(i), answers[i]);
  deaf_until_ = flying.due + transfer_time(answers.size());
}

void FaultyLine::run_until(TimePoint end) {
  while (!there_.empty() && there_.front().due <= end) {
    const Flying flying = there_.front();
    there_.pop_front();
    deliver(flying);
  }
  now_ = end;
}

Status FaultyLine::write(std::span<const uint8_t> bytes, Duration) {
  if (arrived_ >= unplug_at) return failure(name_ + ": unplugged");
  for (size_t i = 0; i < bytes.size(); ++i)
    launch(there_, now_ + kByteTime * static_cast<int64_t>(i), bytes[i]);
  return {};
}

Result<size_t> FaultyLine::read(std::span<uint8_t> out, Duration timeout) {
  if (babbles) {
    for (uint8_t& byte : out) byte = static_cast<uint8_t>(prng_.bits());
    now_ += transfer_time(out.size());
    return out.size();
  }
  const TimePoint end = now_ + timeout;
  while (true) {
    if (arrived_ >= unplug_at) return failure(name_ + ": unplugged");
    // The next thing that happens, if it happens in time.
    const bool back = !back_.empty() && (there_.empty() || back_.front().due <= there_.front().due);
    const TimePoint next = back             ? back_.front().due
                           : there_.empty() ? TimePoint::max()
                                            : there_.front().due;
    if (next > end) break;
    run_until(std::max(next, now_));
    if (!back) continue;
    size_t count = 0;
    for (; count < out.size() && !back_.empty() && back_.front().due <= now_; ++count) {
      out[count] = back_.front().byte;
      back_.pop_front();
    }
    return count;
  }
  now_ = end;
  return size_t{0};
}

}  // namespace millrace::link::testing
