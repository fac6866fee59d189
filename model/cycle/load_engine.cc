// SPDX-License-Identifier: Apache-2.0
#include "model/cycle/load_engine.h"

#include "model/memory/outside.h"

namespace millrace::cycle {

LoadEngine::LoadEngine(const isa::Config& config, memory::MemoryTiming& timing,
                       memory::Bytes& bytes, Values& values, Dispatch& dispatch)
    : config_(config),
      bytes_(bytes),
      values_(values),
      dispatch_(dispatch),
      port_(timing, memory::Port::kData, static_cast<uint32_t>(config.dim)),
      retired_(static_cast<size_t>(config.dma_outstanding)),
      popped_(static_cast<size_t>(config.queue_depth)) {}

void LoadEngine::reset() {
  busy_ = false;
  next_.reset();
  offered_ = handshake_ = halt_ = kNever;
  launch_ = response_ = word_ = 0;
  bursts_done_ = ops_ = 0;
  in_flight_.clear();
  waited_ = covered_ = 0;
}

void LoadEngine::start(Cycle now, const DmaOp& op) {
  if (busy_)
    next_ = {now, op};
  else
    begin(now, op);
}

// The first row is taken when the burst register is free and the data side has room for the
// instruction.
void LoadEngine::begin(Cycle now, const DmaOp& op) {
  busy_ = true;
  op_ = op;
  stop_ = Stop();
  rows_.emplace(config_, op_, op_.segment.read);
  Cycle from = std::max(now, launch_);
  if (!config_.dma_shared && ops_ >= popped_.size())
    from = std::max(from, popped_[ops_ % popped_.size()] + 1);
  last_row_ = rows_->last();
  row_ = rows_->next();
  if (row_.ok)
    take_row(from);
  else
    fail(std::max(from, word_) + 1, row_);  // seen a cycle after the row is taken
}

void LoadEngine::take_row(Cycle now) {
  around_.clear();
  refused_.reset();
  if (bytes_.outside() == nullptr) move_words(row_);
  bursts_ = BurstWalk(config_, row_, op_.fields.row_bytes);
  if (last_row_ && !config_.dma_shared) dispatch_.popped(unit(), now);
  offer(now + 1);
}

void LoadEngine::offer(Cycle from) {
  burst_ = bursts_.next();
  const size_t limit = retired_.size();
  if (bursts_done_ >= limit) from = std::max(from, retired_[bursts_done_ % limit] + 1);
  if (from >= halt_) return;
  offered_ = from;
  handshake_ = port_.handshake(from);
}

void LoadEngine::request(Cycle now) {
  const uint64_t mask = (uint64_t{1} << config_.addr_bits) - 1;
  const ReadPort::Accepted accepted = port_.accept(now, burst_.addr & mask, burst_.beats);
  response_ = accepted.last;
  while (!in_flight_.empty() && in_flight_.front().last < now) in_flight_.pop_front();
  in_flight_.push_back(accepted);
  waited_ += response_ + 1 - std::max(offered_, covered_) - burst_.beats;
  covered_ = response_ + 1;
  offered_ = handshake_ = kNever;
  retired_[bursts_done_++ % retired_.size()] = response_;
  // With one burst in flight the burst stays in its register until its response.
  launch_ = config_.dma_outstanding == 1 ? response_ : now;
  if (bytes_.outside() != nullptr) collect(*bytes_.outside());
  if (!bursts_.empty()) {
    offer(launch_ + 1);
    return;
  }
  const uint32_t dim = static_cast<uint32_t>(config_.dim);
  const bool spill = row_.addr % dim + (op_.fields.row_bytes - 1) % dim >= dim;
  word_ = response_ + (config_.dma_unaligned && !spill ? 1 : 0);
  if (bytes_.outside() != nullptr) move_words(row_);
  if (!last_row_) {
    last_row_ = rows_->last();
    row_ = rows_->next();
    if (row_.ok)
      take_row(launch_);
    else
      fail(std::max(launch_, word_) + 1, row_);
    return;
  }
  popped_[ops_++ % popped_.size()] = word_;
  const Cycle done = word_ + 1;
  dispatch_.finish(op_.slot, done, stop_);
  if (config_.dma_shared) dispatch_.popped(unit(), done);
  end_addresses();
}

void LoadEngine::end_addresses() {
  busy_ = false;
  if (!next_) return;
  const Waiting next = *next_;
  next_.reset();
  begin(next.start, next.op);
}

// A row outside its segment ends the instruction in cycle `when`, with nothing in flight.
void LoadEngine::fail(Cycle when, const Row& row) {
  const bool permitted = op_.segment.read;
  if (!stop_) stop_ = {permitted ? isa::Fault::kSegment : isa::Fault::kPermission, row.offset};
  popped_[ops_++ % popped_.size()] = when;
  dispatch_.finish(op_.slot, when + 1, stop_);
  dispatch_.popped(unit(), config_.dma_shared ? when + 1 : when);
  end_addresses();
}

// The first word made from a beat that the bus refuses: a word that does not start on a beat
// boundary takes the next beat too, except a row's last one that ends in its first.
std::optional<LoadEngine::Refusal> LoadEngine::first_refused(const Row& row, uint32_t words) const {
  const uint32_t dim = static_cast<uint32_t>(config_.dim);
  const uint64_t mask = (uint64_t{1} << config_.addr_bits) - 1;
  if (bytes_.outside() != nullptr) {
    if (!refused_) return std::nullopt;
    return refused_at(row, words, refused_->first, refused_->second);
  }
  const uint64_t first_beat = row.addr / dim * dim;
  const uint64_t end = (uint64_t{row.addr} + op_.fields.row_bytes + dim - 1) / dim * dim;
  if (bytes_.response(first_beat, end - first_beat) == memory::kOkay) return std::nullopt;
  BurstWalk walk(config_, row, op_.fields.row_bytes);
  for (uint32_t beat = 0; !walk.empty();) {
    const Burst burst = walk.next();
    for (uint32_t i = 0; i < burst.beats; ++i, ++beat) {
      if (bytes_.response((burst.addr + i * uint64_t{dim}) & mask, dim) == memory::kOkay) continue;
      return refused_at(row, words, beat, burst.addr);
    }
  }
  return std::nullopt;
}

std::optional<LoadEngine::Refusal> LoadEngine::refused_at(const Row& row, uint32_t words,
                                                          uint32_t beat, uint64_t burst) const {
  const uint64_t mask = (uint64_t{1} << config_.addr_bits) - 1;
  const uint32_t word =
      beat > 0 && row.addr % static_cast<uint32_t>(config_.dim) != 0 ? beat - 1 : beat;
  if (word >= words) return std::nullopt;
  return Refusal{word, static_cast<uint32_t>(burst & mask)};
}

// The beats of the burst, after those of the row's bursts before it.
void LoadEngine::collect(const memory::Outside& outside) {
  const auto before = static_cast<uint32_t>(around_.size()) / static_cast<uint32_t>(config_.dim);
  if (!refused_ && outside.accepted < burst_.beats)
    refused_ = {before + outside.accepted, burst_.addr};
  around_.insert(around_.end(), outside.data.begin(), outside.data.end());
}

void LoadEngine::move_words(const Row& row) {
  if (stop_) return;
  const isa::Load& f = op_.fields;
  const uint32_t dim = static_cast<uint32_t>(config_.dim);
  const uint32_t words = (f.row_bytes + dim - 1) / dim;
  const Banks banks(config_, f.space, f.dst, f.dst_hi);
  const std::optional<uint32_t> bad = first_outside(banks, f.space, row.chip, words);
  const std::optional<Refusal> refused = first_refused(row, words);
  uint32_t good = std::min(words, bad.value_or(words));
  if (refused && refused->word <= good) {
    good = refused->word;
    stop_ = {isa::Fault::kBus, refused->burst};
  } else if (bad) {
    stop_ = {isa::Fault::kBank, banks.wrap(row.chip + good / (f.space == isa::Space::kSp ? 1 : 4))};
  }
  const uint32_t bytes = std::min(f.row_bytes, good * dim);
  if (bytes > 0)
    values_.load_row(f.space, banks.wrap(row.chip), f.flip != 0, row_bytes(row, bytes), bytes);
  if (bytes_.outside() == nullptr) prefetch(uint64_t{row.addr} + f.mem_row, f.row_bytes);
}

// The next row, most likely: it is taken some bursts from now.
void LoadEngine::prefetch(uint64_t addr, uint32_t bytes) {
  constexpr uint32_t kLine = 64;
  if (!bytes_.contains(addr, bytes)) return;
  const uint8_t* from = bytes_.at(addr, bytes).data();
  for (uint32_t i = 0; i < bytes; i += kLine) __builtin_prefetch(from + i);
}

// The first bytes of a row. One that goes around the end of the address space is put together.
const uint8_t* LoadEngine::row_bytes(const Row& row, uint32_t bytes) {
  if (bytes_.outside() != nullptr)
    return around_.data() + row.addr % static_cast<uint32_t>(config_.dim);
  const uint64_t space = uint64_t{1} << config_.addr_bits;
  if (row.addr + uint64_t{bytes} <= space) return bytes_.at(row.addr, bytes).data();
  around_.resize(bytes);
  const auto before = static_cast<uint32_t>(space - row.addr);
  std::ranges::copy(bytes_.at(row.addr, before), around_.begin());
  std::ranges::copy(bytes_.at(0, bytes - before), around_.begin() + before);
  return around_.data();
}

void LoadEngine::halt(Cycle from) {
  halt_ = from;
  if (handshake_ != kNever && offered_ >= from) offered_ = handshake_ = kNever;
}

uint64_t LoadEngine::memory_cycles(Cycle now) const {
  uint64_t cycles = waited_;
  if (covered_ > now) {
    cycles -= covered_ - now;
    for (const ReadPort::Accepted& burst : in_flight_) cycles += port_.beats_from(burst, now);
  }
  const Cycle from = std::max(offered_, covered_);
  return cycles + (handshake_ != kNever && from < now ? now - from : 0);
}

bool LoadEngine::waits(Cycle now) const {
  const bool in_flight = bursts_done_ > 0 && response_ >= now;
  return in_flight || (handshake_ != kNever && offered_ <= now);
}

}  // namespace millrace::cycle
