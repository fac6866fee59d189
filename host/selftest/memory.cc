// SPDX-License-Identifier: Apache-2.0
// The second step: device memory as the host reaches it. Data lines, address lines, then patterns
// over all of it, or over blocks spread over it as far as time allows.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <random>

#include "host/selftest/clock.h"
#include "host/selftest/selftest.h"

namespace millrace::selftest {
namespace {

constexpr uint64_t kBlock = 4096, kSmallBlock = 256, kPiece = 1 << 20;

struct Range {
  uint64_t address, bytes;
};

uint32_t word_at(std::span<const uint8_t> bytes, size_t i) {
  uint32_t word = 0;
  for (size_t byte = 4; byte-- > 0;) word = word << 8 | bytes[4 * i + byte];
  return word;
}
void put_word(std::span<uint8_t> bytes, size_t i, uint32_t word) {
  for (size_t byte = 0; byte < 4; ++byte)
    bytes[4 * i + byte] = static_cast<uint8_t>(word >> (8 * byte));
}
// A good hash of an address and a seed (the finaliser of MurmurHash3).
uint32_t scramble(uint64_t address, uint64_t seed) {
  uint64_t x = address / 4 + seed * 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53u;
  return static_cast<uint32_t>(x ^ x >> 33);
}

// Words as they should be and are.
struct Tally {
  uint64_t wrong = 0, first = 0;
  uint32_t got = 0, want = 0;  // of the first wrong word
  void add(uint64_t address, uint32_t found, uint32_t wanted) {
    if (found == wanted || wrong++ > 0) return;
    first = address;
    got = found;
    want = wanted;
  }
};

class MemoryCheck {
 public:
  explicit MemoryCheck(Session& session)
      : session_(session), device_(session.device), bytes_(device_.mem_bytes() & ~uint64_t{3}) {}

  Step run() {
    step_.name = "memory";
    const uint32_t seed = static_cast<uint32_t>(session_.options.seed);
    const bool good =
        data_lines() && address_lines() && choose_share() &&
        pattern(
            "address in address", [](uint64_t a) { return low32(a); }, Kind::kAddress) &&
        pattern(
            "inverted address", [](uint64_t a) { return ~low32(a); }, Kind::kInverted) &&
        pattern(
            "random", [&](uint64_t a) { return scramble(a, seed); }, Kind::kOther);
    if (good) {
      char share[32] = "all";
      if (tested_ < bytes_)
        std::snprintf(share, sizeof share, "%.2g %%",
                      100 * static_cast<double>(tested_) / static_cast<double>(bytes_));
      step_.detail = "data lines, address lines, 3 patterns over " + std::string(share) + " of " +
                     std::to_string(bytes_ / 1024) + " KiB";
      step_.figures.emplace_back("tested_bytes", static_cast<double>(tested_));
    }
    return step_;
  }

 private:
  enum class Kind { kAddress, kInverted, kOther };
  static uint32_t low32(uint64_t address) { return static_cast<uint32_t>(address); }
  bool fail(std::string text) {
    step_.failure = std::move(text);
    return false;
  }
  bool write(uint64_t address, std::span<const uint8_t> data) {
    const Status status = device_.write_mem(address, data);
    return status || fail("writing memory: " + status.error().message);
  }
  bool read(uint64_t address, std::span<uint8_t> data) {
    const Status status = device_.read_mem(address, data);
    return status || fail("reading memory: " + status.error().message);
  }
  static std::string address_text(uint64_t address) {
    return hex32(static_cast<uint32_t>(address));
  }

  // A one and a zero in every bit of one word, so that address lines do not matter.
  bool data_lines() {
    session_.progress("memory: data lines");
    std::array<uint8_t, 4> word;
    Tally tally;
    for (int bit = 0; bit < 32; ++bit) {
      for (const uint32_t flip : {0u, ~0u}) {
        const uint32_t wanted = flip ^ 1u << bit;
        put_word(word, 0, wanted);
        if (!write(0, word) || !read(0, word)) return false;
        tally.add(0, word_at(word, 0), wanted);
      }
    }
    return tally.wrong == 0 || explain(tally, "walking ones and zeros");
  }

  // Looks again at the first wrong word: bits that are always the same, or an error that is gone.
  bool explain(const Tally& tally, const char* pattern) {
    const std::string text = "memory at " + address_text(tally.first) + " reads " +
                             hex32(tally.got) + ", expected " + hex32(tally.want) + " (" + pattern +
                             ", " + std::to_string(tally.wrong) + " wrong)";
    std::array<uint8_t, 4> word;
    uint32_t of_zeros = 0, of_ones = 0;
    for (auto [value, out] : {std::pair{0u, &of_zeros}, {~0u, &of_ones}}) {
      put_word(word, 0, value);
      if (!device_.write_mem(tally.first, word) || !device_.read_mem(tally.first, word))
        return fail(text + ", then no more: look at the link");
      *out = word_at(word, 0);
    }
    const uint32_t high = of_zeros & of_ones, low = ~of_zeros & ~of_ones;
    std::string stuck;
    if (low != 0) stuck += ", bits " + hex32(low) + " stuck at 0";
    if (high != 0) stuck += ", bits " + hex32(high) + " stuck at 1";
    if (stuck.empty())
      return fail(text +
                  ", but zeros and ones alone are right there: look at the link, at the "
                  "clock, and at words that disturb each other");
    return fail(text + stuck + ": look at the memory and its data lines");
  }

  // Word 0 and the words that one address line away from it: all written, then all read.
  bool address_lines() {
    session_.progress("memory: address lines");
    std::vector<uint64_t> places = {0};
    for (uint64_t a = 4; a < bytes_; a *= 2) places.push_back(a);
    std::array<uint8_t, 4> word;
    for (const bool downwards : {false, true}) {
      std::vector<uint64_t> order = places;
      if (downwards) std::ranges::reverse(order);
      for (const uint64_t a : order) {
        put_word(word, 0, scramble(a, 77));
        if (!write(a, word)) return false;
      }
      for (const uint64_t a : places) {
        if (!read(a, word)) return false;
        const uint32_t found = word_at(word, 0);
        if (found == scramble(a, 77)) continue;
        for (const uint64_t other : places)
          if (other != a && scramble(other, 77) == found) return aliased(a, other);
        return fail("memory at " + address_text(a) + " reads " + hex32(found) + ", expected " +
                    hex32(scramble(a, 77)) + " (address lines): look at the memory and its wiring");
      }
    }
    return true;
  }
  bool aliased(uint64_t a, uint64_t other) {
    std::string lines;
    for (int bit = 0; bit < 40; ++bit)
      if ((a ^ other) >> bit & 1) lines += (lines.empty() ? "" : ", ") + std::to_string(bit);
    return fail(
        "memory at " + address_text(a) + " and at " + address_text(other) +
        " is the same word: look at address line " + lines +
        " of the memory (stuck, open, or the memory is smaller than the configuration says)");
  }

  // Bytes for which three patterns can be written and read in time.
  bool choose_share() {
    const double seconds = session_.options.quick ? 1 : 20;
    const std::array<std::pair<const char*, bool>, 2> directions = {
        std::pair{"memory_write_bytes_per_second", true}, {"memory_read_bytes_per_second", false}};
    double each = 2e-9;  // seconds a byte, of making and comparing patterns
    for (const auto& [name, writes] : directions)
      for (const Step& step : session_.report.steps)
        for (const auto& [figure, value] : step.figures)
          if (figure == name) each += 1 / value;
    tested_ = std::min(bytes_, static_cast<uint64_t>(seconds / (3 * each)));
    const uint64_t block = tested_ < 16 * kBlock ? kSmallBlock : kBlock;
    if (tested_ == bytes_) {
      for (uint64_t a = 0; a < bytes_; a += kPiece)
        ranges_.push_back({a, std::min(kPiece, bytes_ - a)});
      return true;
    }
    // One block somewhere in each of so many equal parts; the first and the last at the very ends.
    const uint64_t count = std::max<uint64_t>(2, tested_ / block);
    std::mt19937_64 random(session_.options.seed);
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t from = bytes_ / count * i, room = bytes_ / count - block;
      uint64_t at = from + (random() % (room + 1) & ~uint64_t{3});
      if (i == 0) at = 0;
      if (i + 1 == count) at = (bytes_ - block) & ~uint64_t{3};
      ranges_.push_back({at, block});
    }
    tested_ = count * block;
    return true;
  }

  template <typename Value>
  bool pattern(const char* name, Value value, Kind kind) {
    std::vector<uint8_t> block;
    const Stopwatch watch;
    double shown = 0;
    const auto show = [&](const char* what, size_t i) {
      if (watch.seconds() < shown + 0.5) return;
      shown = watch.seconds();
      session_.progress(std::string("memory: ") + name + ", " + what + " " +
                        std::to_string(100 * i / ranges_.size()) + " %");
    };
    for (size_t i = 0; i < ranges_.size(); ++i) {
      const Range& r = ranges_[i];
      show("writing", i);
      block.resize(r.bytes);
      for (size_t w = 0; w < r.bytes / 4; ++w) put_word(block, w, value(r.address + 4 * w));
      if (!write(r.address, block)) return false;
    }
    for (size_t i = 0; i < ranges_.size(); ++i) {
      const Range& r = ranges_[i];
      show("reading", i);
      block.resize(r.bytes);
      if (!read(r.address, block) || !compare(name, r, block, value, kind)) return false;
    }
    return true;
  }

  template <typename Value>
  bool compare(const char* name, const Range& range, std::span<const uint8_t> found, Value value,
               Kind kind) {
    Tally tally;
    uint64_t any_line = 0,
             every_line = ~uint64_t{0};  // between a wrong word and where its value belongs
    for (size_t w = 0; w < range.bytes / 4; ++w) {
      const uint64_t at = range.address + 4 * w;
      const uint32_t got = word_at(found, w), want = value(at);
      tally.add(at, got, want);
      if (got == want) continue;
      const uint64_t lines = at ^ (kind == Kind::kInverted ? ~got : got);
      any_line |= lines;
      every_line &= lines;
    }
    if (tally.wrong == 0) return true;
    // The values of all wrong words are those of words one address line away.
    const bool one_line = any_line == every_line && std::has_single_bit(any_line);
    if (kind != Kind::kOther && tally.wrong > 1 && one_line)
      return aliased(tally.first, tally.first ^ any_line);
    return explain(tally, name);
  }

  Session& session_;
  Device& device_;
  uint64_t bytes_, tested_ = 0;
  std::vector<Range> ranges_;
  Step step_;
};

}  // namespace

Step check_memory(Session& session) { return MemoryCheck(session).run(); }

}  // namespace millrace::selftest
