// SPDX-License-Identifier: Apache-2.0
#include "host/selftest/frame.h"

#include <algorithm>
#include <random>

#include "host/kernels/math.h"
#include "host/selftest/placement.h"

namespace millrace::selftest {
namespace {

using isa::Space;

constexpr uint32_t kMostDumped = 64;  // places of one dump
constexpr uint32_t kChunk = 256;      // words of input that fill the on-chip memories
constexpr uint32_t kChunkStep = 3;    // words from chunk to chunk: equal addresses differ

uint32_t chunk_words(const isa::Config& c) { return std::min(u32(c.sp_rows), kChunk); }
uint32_t chunk_rows(const isa::Config& c, Space space) {
  const uint32_t words = space == Space::kSp ? u32(c.sp_words()) : u32(4 * c.acc_words());
  return words / chunk_words(c);
}
uint32_t block_bytes(const isa::Config& c) { return kBlockWords * u32(c.dim); }
uint32_t most_dumped(const isa::Config& c) { return std::min(kMostDumped, u32(c.sp_rows) / 4); }

struct Parameters {
  int32_t bias, mult, shift;
};
Parameters parameters(uint32_t block, std::mt19937_64& random) {
  const auto pick = [&](std::initializer_list<int64_t> list) {
    return static_cast<int32_t>(list.begin()[random() % list.size()]);
  };
  const auto bits = static_cast<int32_t>(random());
  constexpr int64_t kMin = INT32_MIN, kMax = INT32_MAX;
  // The frame's: q31 gives byte `block` of the value (rounded, but for the lowest).
  if (block < kQ31Block) return {0, 128, 24 - 8 * static_cast<int32_t>(block)};
  if (block == kQ31Block)
    return {bits >> 14, static_cast<int32_t>(1 << 30 | (random() & 0x3fffffff)),
            static_cast<int32_t>(random() % 17) - 12};
  if (block == kQ31Block + 1)
    return {bits >> 4, static_cast<int32_t>(random()), pick({-9, -16, -24, -30, 3, 9})};
  if (block == kQ31Block + 2)
    return {pick({kMin, kMax, 0, -1}), pick({kMin, kMax, 0, 1, -1, 1 << 30}),
            pick({-128, 127, -32, -31, 31, 32, 0})};
  // fp32 scales: 2^-20 to 2^-1; any bits; zero, subnormal, infinite, not a number, negative.
  if (block == kFp32Block)
    return {bits >> 10, static_cast<int32_t>((107 + random() % 20) << 23 | (random() & 0x7fffff)),
            0};
  if (block == kFp32Block + 1) return {bits, static_cast<int32_t>(random()), 0};
  return {
      pick({0, kMin, kMax, 1}),
      pick({0, 0x00400000, 0x7f800000, 0x7fc00000, int32_t(0xbf000000), 0x3f000000, 0x4b000000}),
      0};
}

}  // namespace

uint32_t random_bytes(const isa::Config& c) {
  const uint32_t rows = std::max(chunk_rows(c, Space::kSp), chunk_rows(c, Space::kAcc));
  return (chunk_words(c) + kChunkStep * (rows - 1)) * u32(c.dim);
}
uint32_t input_bytes(const isa::Config& c) {
  const uint32_t unit = std::max(1u << c.segment_log2, u32(c.dim));
  return (random_bytes(c) + kBlocks * block_bytes(c) + unit - 1) / unit * unit;
}
uint32_t output_bytes(const isa::Config& c) {
  const uint32_t unit = std::max(1u << c.segment_log2, 64u);
  const uint32_t longest = std::max(5 * kMostDumped, 3 * u32(c.dma_burst)) * u32(c.dim);
  return (longest + unit - 1) / unit * unit + 3 * unit;
}
uint32_t skewed_by(const isa::Config& c, uint32_t segment) {
  return segment <= kOutput ? 0 : (segment - kOutput) % 4 << c.segment_log2;
}

std::vector<uint8_t> case_input(const isa::Config& c, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint8_t> bytes(input_bytes(c));
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  const uint32_t dim = u32(c.dim);
  for (uint32_t block = 0; block < kBlocks; ++block) {
    const uint32_t at = random_bytes(c) + block * block_bytes(c);
    for (uint32_t lane = 0; lane < dim; ++lane) {
      const Parameters p = parameters(block, random);
      for (uint32_t byte = 0; byte < 4; ++byte) {
        bytes[at + 4 * lane + byte] = static_cast<uint8_t>(p.bias >> 8 * byte);
        bytes[at + 4 * dim + 4 * lane + byte] = static_cast<uint8_t>(p.mult >> 8 * byte);
      }
      bytes[at + 8 * dim + lane] = static_cast<uint8_t>(p.shift);
    }
  }
  return bytes;
}

uint32_t legal_bits(const isa::Config& c, const isa::InstructionInfo& info, const isa::Field& f) {
  const uint64_t mask = (uint64_t{1} << f.width) - 1;
  const uint32_t word = info.legal[static_cast<size_t>(c.index)][static_cast<size_t>(f.word)];
  return static_cast<uint32_t>(word >> f.low & mask);
}

isa::Instruction legal_part(const isa::Config& c, isa::Instruction words) {
  for (const isa::InstructionInfo& info : isa::kInstructions)
    if (static_cast<uint32_t>(info.opcode) == (words[0] & 0xff))
      for (size_t w = 0; w < words.size(); ++w)
        words[w] &= info.legal[static_cast<size_t>(c.index)][w];
  return words;
}

Frame::Frame(const isa::Config& config, std::string name, isa::Opcode opcode, uint32_t banks)
    : config_(config), dim_(u32(config.dim)), case_{std::move(name), opcode, {}, {}, 0, 0, {}} {
  const uint32_t chunk = chunk_words(config);
  banks = std::clamp(banks, 4u, u32(config.sp_banks));
  isa::Load f;
  f.seg = kInput;
  f.row_bytes = chunk * dim_;
  f.rows = banks * u32(config.sp_rows) / chunk;
  f.mem_row = kChunkStep * dim_;
  f.chip_row = chunk;
  f.dst_hi = banks - 1;
  add({f.pack()});
}

void Frame::add(const std::vector<isa::Instruction>& code) {
  case_.code.insert(case_.code.end(), code.begin(), code.end());
}
void Frame::load(const Transfer& transfer) {
  Program program(config_);
  program.load(transfer);
  add(program.take());
}
void Frame::store(const Transfer& transfer) {
  Program program(config_);
  program.store(transfer);
  add(program.take());
}

void Frame::params(uint32_t bank, uint32_t word) {
  Transfer t;
  t.mem = {kInput, random_bytes(config_)};
  t.chip = bank * u32(config_.sp_rows) + word;
  t.row_bytes = kBlocks * block_bytes(config_);
  load(t);
}

void Frame::accumulators() {
  if (config_.dma_acc) {
    Transfer t;
    t.space = Space::kAcc;
    t.mem = {kInput, 0};
    t.row_bytes = chunk_words(config_) * dim_;
    t.rows = static_cast<int>(chunk_rows(config_, Space::kAcc));
    t.mem_row = kChunkStep * dim_;
    t.chip_row = chunk_words(config_) / 4;
    return load(t);
  }
  isa::Matmul f;
  f.n_ox = std::min(
      {u32(config_.acc_words()), u32(config_.sp_rows) / 2, 1u << (config_.count_bits - 1)});
  f.n_oy = u32(config_.acc_words()) / f.n_ox;
  f.a_ox = 1;
  f.a_oy = kChunkStep;
  f.b = u32(config_.sp_rows);
  f.b_col = 1;
  Program program(config_);
  program.matmul(f);
  add(program.take());
}

void Frame::test(const isa::Instruction& words) {
  case_.tested.push_back(words);
  add({words});
}
void Frame::set(const isa::Vset& vset) { add({legal_part(config_, vset.pack())}); }

std::vector<Frame::Run> Frame::runs_of(Space space, const std::set<uint32_t>& places) const {
  std::vector<uint32_t> list(places.begin(), places.end());
  const size_t most = most_dumped(config_);
  if (list.size() > most)
    list.erase(list.begin() + static_cast<ptrdiff_t>(most / 2),
               list.end() - static_cast<ptrdiff_t>(most / 2));
  std::set<uint32_t> wider;
  const uint32_t size = chip_of(config_, space).size();
  const bool margins = 3 * list.size() <= most;  // of few, neighbours are looked at too
  for (const uint32_t p : list) {
    wider.insert(p);
    if (margins && p > 0) wider.insert(p - 1);
    if (margins && p + 1 < size) wider.insert(p + 1);
  }
  std::vector<Run> runs;
  for (const uint32_t p : wider) {
    if (!runs.empty() && runs.back().first + runs.back().count == p)
      ++runs.back().count;
    else
      runs.push_back({p, 1});
  }
  return runs;
}

void Frame::dump(Space space, const std::set<uint32_t>& places) {
  if (places.empty()) return;
  const std::vector<Run> runs = runs_of(space, places);
  if (space == Space::kAcc && !config_.dma_acc) return dump_extracted(runs);
  const uint32_t unit = space == Space::kSp ? dim_ : 4 * dim_;
  for (size_t i = 0; i < runs.size();) {
    // Runs of one length at equal distances go together.
    size_t last = i + 1;
    const uint32_t step = last < runs.size() ? runs[last].first - runs[i].first : 0;
    while (last < runs.size() && runs[last].count == runs[i].count &&
           runs[last].first - runs[last - 1].first == step)
      ++last;
    Transfer t;
    t.space = space;
    t.mem = {kOutput, cursor_};
    t.chip = runs[i].first;
    t.row_bytes = runs[i].count * unit;
    t.rows = static_cast<int>(last - i);
    t.mem_row = t.row_bytes;
    t.chip_row = t.rows > 1 ? step : 0;
    store(t);
    for (; i < last; ++i) {
      case_.dumps.push_back({cursor_, runs[i].count * unit,
                             space == Space::kSp ? "scratchpad word" : "accumulator row",
                             runs[i].first, unit});
      cursor_ += runs[i].count * unit;
    }
  }
  case_.to = std::max(case_.to, cursor_);
}

void Frame::dump_extracted(const std::vector<Run>& runs) {
  params(3);
  isa::Vset vset;
  vset.clamp_lo = -128;
  vset.clamp_hi = 127;
  set(vset);
  const uint32_t words = 2 * u32(config_.sp_rows);  // where they pass through
  uint32_t at = words;
  for (uint32_t byte = 0; byte < 4; ++byte) {
    for (const Run& run : runs) {
      isa::Vector f;
      f.src1_kind = isa::Source::kAcc;
      f.dst_kind = Space::kSp;
      f.quant = isa::Quant::kQ31;
      f.channel = 1;
      f.param = 3 * u32(config_.sp_rows) + byte * kBlockWords;
      f.src1 = run.first;
      f.n2 = run.count;
      f.s1_2 = f.d_2 = 1;
      f.dst = at;
      Program program(config_);
      program.vector(f);
      add(program.take());
      const std::string what = "byte " + std::to_string(byte) + " of accumulator row";
      case_.dumps.push_back(
          {cursor_ + (at - words) * dim_, run.count * dim_, what, run.first, dim_});
      at += run.count;
    }
  }
  Transfer t;
  t.mem = {kOutput, cursor_};
  t.chip = words;
  t.row_bytes = (at - words) * dim_;
  store(t);
  cursor_ += t.row_bytes;
  case_.to = std::max(case_.to, cursor_);
}

void Frame::reads_output(uint32_t to) { case_.to = std::max(case_.to, to); }

void Frame::written(uint32_t from, uint32_t to) {
  const uint32_t margin = dim_;
  case_.from = from > margin ? from - margin : 0;
  case_.to = std::min(to + margin, output_bytes(config_));
  case_.dumps.push_back({case_.from, case_.to - case_.from, "output byte", case_.from, 1});
}

}  // namespace millrace::selftest
