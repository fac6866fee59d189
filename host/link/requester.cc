// SPDX-License-Identifier: Apache-2.0
// See requester.h.
#include "host/link/requester.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>

namespace millrace::link {
namespace {

constexpr uint32_t kShortestBurst = 8;  // words; damage makes bursts no shorter
constexpr uint32_t kCleanToGrow = 16;   // answers at once after which bursts get longer again
constexpr int kMostDoublings = 5;       // of the silence that is waited for
// A header that lacks one byte; a header that was not believed ends with it, too.
constexpr size_t kOpenHeader = kHeaderBytes - 1;
constexpr size_t kOpenMost = kOpenHeader + kMaxWords * kWordBytes + kCrcBytes;

std::string to_text(const Request& request) {
  char text[96];
  std::snprintf(text, sizeof text, "%s of %s 0x%x", request.write ? "write" : "read",
                request.memory ? "memory at" : "register", request.address);
  return text;
}

}  // namespace

Requester::Requester(std::unique_ptr<ByteStream> stream, const Options& options)
    : stream_(std::move(stream)), options_(options), burst_(options.burst) {
  assert(options.attempts > 0 && options.burst > 0 && options.burst <= kMaxWords);
}

// ---- What others call.

Result<Info> Requester::open() {
  Request request;
  request.address = kInfoRegister;
  request.clear = true;
  std::array<uint8_t, kWordBytes> word{};
  Heard heard;
  for (; heard.failures < options_.attempts; ++heard.failures) {
    // An earlier host may have left a long write half sent. Few do, and it takes long to end one:
    // so only every other time.
    const size_t open_bytes = heard.failures % 2 == 0 ? kOpenHeader : kOpenMost;
    if (const Status status = resynchronise(open_bytes, heard); !status) return status.error();
    request.tag = tag_ = (tag_ + 1) % kTags;
    const auto state = attempt(request, {}, word, heard);
    if (!state) return state.error();
    if (*state) return decode_info(word_at(word, 0));
  }
  return gave_up(request, heard);
}

Result<bool> Requester::read(bool memory, uint32_t address, std::span<uint8_t> out) {
  Request request;
  request.memory = memory;
  request.address = address;
  return transfer(request, {}, out);
}

Result<bool> Requester::write_memory(uint32_t address, std::span<const uint8_t> data) {
  Request request;
  request.memory = request.write = true;
  request.address = address;
  return transfer(request, data, {});
}

Result<bool> Requester::write_register(uint32_t address, uint32_t value) {
  if (!toggle_known_) {  // an earlier write had no answer: any answer tells whether it was done
    std::array<uint8_t, kWordBytes> ignored;
    const Result<bool> found = read(false, kInfoRegister, ignored);
    if (!found) return found.error();
  }
  std::vector<uint8_t> data;
  append_word(data, value);
  Request request;
  request.write = true;
  request.address = address;
  request.toggle = !toggle_;
  toggle_known_ = false;
  return transfer(request, data, {});
}

// ---- Requests and their repetition.

// One request after the other until all bytes are there. A piece that fails is tried again, shorter
// if it is longer than a word.
Result<bool> Requester::transfer(Request request, std::span<const uint8_t> data,
                                 std::span<uint8_t> out) {
  const size_t words = (data.size() + out.size()) / kWordBytes;
  const uint32_t base = request.address;
  bool accepted = true;
  Heard heard;
  request.words = 0;
  for (size_t done = 0; done < words;) {
    const auto piece = static_cast<uint32_t>(std::min<size_t>(words - done, burst_));
    if (heard.failures == 0 || piece != request.words) tag_ = (tag_ + 1) % kTags;
    request.tag = tag_;
    request.words = piece;
    request.address = base + static_cast<uint32_t>(done * kWordBytes);
    const size_t from = done * kWordBytes, bytes = request.data_bytes();
    const auto state = attempt(request, request.write ? data.subspan(from, bytes) : data,
                               request.write ? out : out.subspan(from, bytes), heard);
    if (!state) return state.error();
    if (*state) {
      if (heard.failures == 0) note_success(request);
      accepted = accepted && !(*state)->error;
      done += piece;
      heard = {};
      continue;
    }
    note_failure(request);
    if (++heard.failures == options_.attempts) return gave_up(request, heard);
  }
  return accepted;
}

void Requester::note_failure(const Request& request) {
  ++repetitions_;
  clean_ = 0;
  if (request.words > kShortestBurst) burst_ = std::max(kShortestBurst, request.words / 2);
}

void Requester::note_success(const Request& request) {
  if (request.words < burst_ || ++clean_ < kCleanToGrow) return;
  clean_ = 0;
  burst_ = std::min(options_.burst, 2 * burst_);
}

Result<std::optional<AnswerState>> Requester::attempt(const Request& request,
                                                      std::span<const uint8_t> data,
                                                      std::span<uint8_t> out, Heard& heard) {
  if (lost_) return *lost_;
  if (const Status status = send(encode(request, data)); !status) return status.error();
  const Duration patience = options_.answer * (request.clear ? 1 : 1 + heard.failures);
  const Result<size_t> received = receive(request, patience);
  if (!received) return received.error();
  if (*received == request.answer_bytes()) {
    const Result<std::optional<AnswerState>> state = judge(request, heard);
    if (!state) return state.error();
    if (*state) {
      if (!request.write) std::copy_n(answer_.begin(), out.size(), out.begin());
      return *state;
    }
  } else {
    heard.bytes += *received;
  }
  const size_t open = request.write ? request.data_bytes() + kCrcBytes : 0;
  if (const Status status = resynchronise(kOpenHeader + open, heard); !status)
    return status.error();
  return std::optional<AnswerState>();
}

// Bytes of the answer that came in time, in answer_.
Result<size_t> Requester::receive(const Request& request, Duration patience) {
  const Duration sending = stream_->transfer_time(request.bytes());
  const Duration all = sending + stream_->transfer_time(request.answer_bytes());
  const TimePoint end = stream_->now() + 2 * (all + patience);
  answer_.resize(request.answer_bytes());
  size_t count = 0;
  while (count < answer_.size() && stream_->now() < end) {
    const Duration timeout = count == 0 ? sending + patience : options_.gap;
    const Result<size_t> more = stream_->read(std::span(answer_).subspan(count), timeout);
    if (!more) return gone(more.error());
    if (*more == 0) break;
    count += *more;
  }
  return count;
}

// The state in a whole answer. Nothing if it is not that of the request, or the request was not
// done.
Result<std::optional<AnswerState>> Requester::judge(const Request& request, Heard& heard) {
  const AnswerState state = decode_state(answer_[answer_.size() - kCrcBytes - 1]);
  if (!crc_fits(answer_) || state.tag != request.tag) {
    heard.bytes += answer_.size();
    return std::optional<AnswerState>();
  }
  if (state.fresh && !request.clear) {
    lost_ = failure(stream_->name() +
                    ": the board was reset while it was in use; its segments and its program are "
                    "gone: start again");
    return *lost_;
  }
  toggle_ = state.toggle;
  toggle_known_ = true;
  const bool ignored = request.write && !request.memory && state.toggle != request.toggle;
  if (state.crc) heard.damaged = true;
  if (state.crc || ignored) return std::optional<AnswerState>();
  return std::optional<AnswerState>(state);
}

// ---- The line.

// Afterwards nothing is on the line, and no request is half open of which at most `open_bytes` were
// missing.
Status Requester::resynchronise(size_t open_bytes, Heard& heard) {
  if (lost_) return *lost_;
  if (Status status = discard(heard); !status) return status;
  const TimePoint arrived = stream_->now() + stream_->transfer_time(open_bytes);
  if (Status status = send(std::vector<uint8_t>(open_bytes, kIdleByte)); !status) return status;
  stream_->sleep(std::max(arrived - stream_->now(), Duration::zero()));
  return discard(heard);
}

Status Requester::send(std::span<const uint8_t> bytes) {
  const Status status =
      stream_->write(bytes, options_.answer + 2 * stream_->transfer_time(bytes.size()));
  if (!status) return gone(status.error());
  return {};
}

Status Requester::discard(Heard& heard) {
  std::array<uint8_t, 4096> bytes;
  const Duration quiet = options_.quiet * (1 << std::min(heard.failures, kMostDoublings));
  const TimePoint end =
      stream_->now() + options_.babble + stream_->transfer_time(kMaxWords * kWordBytes);
  while (stream_->now() < end) {
    const Result<size_t> count = stream_->read(bytes, quiet);
    if (!count) return gone(count.error());
    if (*count == 0) return {};
    heard.bytes += *count;
  }
  return failure(stream_->name() + ": noise without end, " + std::to_string(heard.bytes) +
                 " bytes and no answer among them; is this the board's port, and the baud rate "
                 "right?");
}

Error Requester::gone(const Error& error) {
  if (!lost_) lost_ = error;
  return *lost_;
}

Error Requester::gave_up(const Request& request, const Heard& heard) const {
  std::string text = stream_->name() + ": " + to_text(request) + " failed in " +
                     std::to_string(options_.attempts) + " attempts: ";
  if (heard.damaged)
    text += "data arrives damaged at the board; check the cable, or take a lower baud rate";
  else if (heard.bytes > 0)
    text += std::to_string(heard.bytes) +
            " bytes heard, and no valid answer among them; check the baud rate, and that a "
            "Millrace board is there";
  else
    text += "nothing heard; is the board powered and loaded, and is this its port?";
  return failure(text);
}

}  // namespace millrace::link
