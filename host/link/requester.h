// SPDX-License-Identifier: Apache-2.0
// The near end of docs/reference/link.md: one request at a time over a line that may lose, change,
// double or delay bytes, repeated until its answer is whole. Every call ends: with the right
// result, with what the far end refused, or with an Error that says what was heard.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "host/link/byte_stream.h"
#include "host/link/frame.h"

namespace millrace::link {

struct Options {
  // From a request to the start of its answer, beyond the time that the line needs for the bytes;
  // after opening longer from attempt to attempt.
  Duration answer = std::chrono::seconds(1);
  Duration gap = std::chrono::milliseconds(250);  // between two pieces of an answer
  // Silence that ends what is discarded; doubles from attempt to attempt, so that a line that lags
  // catches up.
  Duration quiet = std::chrono::milliseconds(30);
  Duration babble = std::chrono::seconds(2);  // noise without such a silence
  Duration stall = std::chrono::seconds(20);  // the machine works and its time stands still
  int attempts = 5;                           // of a request
  uint32_t burst = kMaxWords;                 // words of a request at most
};

class Requester {
 public:
  Requester(std::unique_ptr<ByteStream> stream, const Options& options);

  // Finds the far end: discards what is on the line, ends a request that an earlier host left half
  // sent, clears `fresh` and learns the toggle. The far end's INFO.
  Result<Info> open();
  // Words from `address` on, as bytes; sizes are multiples of 4. False: the far end refused a word.
  Result<bool> read(bool memory, uint32_t address, std::span<uint8_t> out);
  Result<bool> write_memory(uint32_t address, std::span<const uint8_t> data);
  // Done exactly once, or, after an Error, at most once.
  Result<bool> write_register(uint32_t address, uint32_t value);

  ByteStream& stream() { return *stream_; }
  const Options& options() const { return options_; }
  uint64_t repetitions() const { return repetitions_; }  // requests sent again since open()

 private:
  // What came back during the attempts of one request.
  struct Heard {
    int failures = 0;      // attempts without an answer
    uint64_t bytes = 0;    // that were no answer
    bool damaged = false;  // the far end said that data arrived damaged
  };
  Result<bool> transfer(Request request, std::span<const uint8_t> data, std::span<uint8_t> out);
  // One try. Nothing if there was no valid answer; then nothing is half open any more.
  Result<std::optional<AnswerState>> attempt(const Request& request, std::span<const uint8_t> data,
                                             std::span<uint8_t> out, Heard& heard);
  Result<size_t> receive(const Request& request, Duration patience);
  Result<std::optional<AnswerState>> judge(const Request& request, Heard& heard);
  void note_failure(const Request& request);
  void note_success(const Request& request);
  Status resynchronise(size_t open_bytes, Heard& heard);
  Status send(std::span<const uint8_t> bytes);
  Status discard(Heard& heard);
  Error gone(const Error& error);
  Error gave_up(const Request& request, const Heard& heard) const;

  std::unique_ptr<ByteStream> stream_;
  Options options_;
  uint32_t burst_;       // words of the next request at most
  uint32_t clean_ = 0;   // requests answered at once since burst_ changed
  uint32_t tag_ = 0;     // of the last request
  bool toggle_ = false;  // of the last register write that the far end did
  bool toggle_known_ = false;
  uint64_t repetitions_ = 0;
  std::vector<uint8_t> answer_;  // as received
  std::optional<Error> lost_;    // the line is gone, or the board was reset
};

}  // namespace millrace::link
