// SPDX-License-Identifier: Apache-2.0
// See far_end.h.
#include "sim/server/far_end.h"

#include <bit>
#include <cassert>
#include <utility>

namespace millrace::sim {

using namespace link;

FarEnd::FarEnd(Device& device, const Info& info) : device_(device), info_(info) {
  assert(std::has_single_bit(device.mem_bytes()));
  info_.mem_log2 = static_cast<uint32_t>(std::countr_zero(device.mem_bytes()));
}

void FarEnd::reset() {
  forget();
  fresh_ = true;
  toggle_ = refused_ = false;
}

bool FarEnd::take_touched() { return std::exchange(touched_, false); }

void FarEnd::take(std::span<const uint8_t> bytes, std::vector<uint8_t>& answers) {
  for (const uint8_t byte : bytes) take_byte(byte, answers);
}

void FarEnd::take_byte(uint8_t byte, std::vector<uint8_t>& answers) {
  if (!request_ && bytes_.empty() && !begins_request(byte)) return;
  bytes_.push_back(byte);
  if (!request_) {
    if (bytes_.size() < kHeaderBytes) return;
    request_ = decode_header(std::span<const uint8_t, kHeaderBytes>(bytes_));
    bytes_.clear();
    if (!request_ || request_->write) return;
  } else if (bytes_.size() < request_->data_bytes() + kCrcBytes) {
    return;
  }
  perform(answers);
  forget();
}

// All bytes of a request whose header was right are there.
void FarEnd::perform(std::vector<uint8_t>& answers) {
  AnswerState state;
  state.tag = request_->tag;
  if (request_->clear) fresh_ = false;
  std::vector<uint8_t> answer;
  if (!request_->write)
    read(answer, state.error);
  else if (!crc_fits(bytes_))
    state.crc = true;
  else
    state.error = !write(std::span(bytes_).first(request_->data_bytes()));
  state.fresh = fresh_;
  state.toggle = toggle_;
  answer.push_back(encode(state));
  append_crc(answer, answer);
  answers.insert(answers.end(), answer.begin(), answer.end());
  ++done_;
}

void FarEnd::read(std::vector<uint8_t>& answer, bool& error) {
  if (request_->memory) {
    answer.resize(request_->data_bytes());
    error = !device_.read_mem(request_->address, answer);
    return;
  }
  for (uint32_t i = 0; i < request_->words; ++i) {
    uint32_t value = 0;
    error = !read_register(request_->address + 4 * i, value) || error;
    append_word(answer, value);
  }
}

bool FarEnd::read_register(uint32_t address, uint32_t& value) {
  if (address == kInfoRegister) {
    value = encode(info_);
    return true;
  }
  touched_ = true;
  const Result<uint32_t> read = device_.read_reg(address);
  if (read) value = *read;
  return static_cast<bool>(read);
}

bool FarEnd::write(std::span<const uint8_t> data) {
  if (request_->memory) return static_cast<bool>(device_.write_mem(request_->address, data));
  if (request_->toggle != toggle_) {
    toggle_ = request_->toggle;
    refused_ = !write_register(data);
  }
  return !refused_;
}

// Of several words only the last one counts.
bool FarEnd::write_register(std::span<const uint8_t> data) {
  touched_ = true;
  const uint32_t address = request_->address + 4 * (request_->words - 1);
  return static_cast<bool>(device_.write_reg(address, word_at(data, data.size() - kWordBytes)));
}

}  // namespace millrace::sim
