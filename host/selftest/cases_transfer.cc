// SPDX-License-Identifier: Apache-2.0
// Cases of LOAD, STORE and SIGNAL.
#include <algorithm>

#include "host/kernels/math.h"
#include "host/selftest/cases.h"
#include "host/selftest/placement.h"

namespace millrace::selftest {
namespace {

using isa::Opcode;
using isa::Space;

constexpr uint32_t kOff = 11;  // places from the start of a memory

constexpr Opcode opcode_of(const isa::Instruction& words) {
  return static_cast<Opcode>(words[0] & 0xff);
}

// LOAD and STORE have the same fields.
isa::Instruction pack(const isa::Load& f, Opcode opcode) {
  isa::Instruction words = f.pack();
  words[0] = (words[0] & ~0xffu) | static_cast<uint32_t>(opcode);
  return words;
}

// Words or rows on chip of a row of bytes.
uint32_t row_places(const isa::Config& c, const isa::Load& f) {
  const int unit = f.space == Space::kSp ? c.dim : 4 * c.dim;
  return (f.row_bytes + u32(unit) - 1) / u32(unit);
}

// Loads the row under test and what it leaves, or stores it.
void move(const isa::Config& c, Frame& frame, const isa::Load& f, Opcode opcode) {
  const Axis chip[] = {{f.rows, f.chip_row}, {f.planes, f.chip_plane}};
  const Axis memory[] = {{f.rows, f.mem_row}, {f.planes, f.mem_plane}};
  frame.test(pack(f, opcode));
  if (opcode == Opcode::kLoad)
    return frame.dump(f.space,
                      places_of(f.dst, chip, chip_of(c, f.space).size(), row_places(c, f)));
  const Reach reach = reach_of(memory, uint64_t{1} << c.offset_bits, f.row_bytes);
  const int64_t base = int64_t{f.offset} + skewed_by(c, f.seg);
  frame.written(static_cast<uint32_t>(base + reach.low),
                static_cast<uint32_t>(base + reach.high + 1));
}

// A row on chip that ends behind the last word and goes on with the first.
Case around_case(const isa::Config& c, Opcode opcode, Space space) {
  const Chip chip = chip_of(c, space);
  isa::Load f = isa::Load::unpack(plain(c, opcode));
  f.space = space;
  f.row_bytes = u32(2 * c.dim * (space == Space::kSp ? 1 : 4));
  f.rows = 2;
  f.planes = 1;
  f.dst = 1;
  f.dst_hi = chip.banks - 1;
  f.chip_row = chip.size() - 2;
  f.mem_row = f.row_bytes;
  f.mem_plane = f.chip_plane = 0;
  const std::string name(info_of(opcode).name);
  Frame frame(c, name + (space == Space::kSp ? " sp" : " acc") + " around the end", opcode,
              chip.banks);
  if (space == Space::kAcc) frame.accumulators();
  move(c, frame, f, opcode);
  return frame.take();
}

// One word or row at the end of every bank.
Case bank_walk(const isa::Config& c, Opcode opcode, Space space) {
  const Chip chip = chip_of(c, space);
  const bool load = opcode == Opcode::kLoad;
  const std::string field = load ? " dst" : " src";
  Frame frame(c,
              std::string(info_of(opcode).name) + (space == Space::kSp ? " sp" : " acc") + field +
                  "=every bank",
              opcode, chip.banks);
  if (space == Space::kAcc) frame.accumulators();
  isa::Load f;
  f.space = space;
  f.row_bytes = u32(2 * c.dim * (space == Space::kSp ? 1 : 4));
  std::set<uint32_t> places;
  for (uint32_t bank = 0; bank < chip.banks; ++bank) {
    f.seg = u32(load ? kInput : kOutput);
    f.dst = (bank + 1) * chip.rows - 2;
    f.dst_hi = bank;
    f.offset = load ? 5 * bank * u32(c.dim) : bank * f.row_bytes;
    frame.test(pack(f, opcode));
    places.insert({f.dst, f.dst + 1});
  }
  if (load)
    frame.dump(space, places);
  else
    frame.written(0, chip.banks * f.row_bytes);
  return frame.take();
}

// All of an on-chip memory, piece by piece.
void everything(const isa::Config& c, Space space, std::vector<Case>& list) {
  const Chip chip = chip_of(c, space);
  const uint32_t words = space == Space::kSp ? 1 : 4;  // of a place
  const uint32_t piece = std::min(chip.rows, 256 / words);
  for (uint32_t at = 0; at < chip.size(); at += piece) {
    isa::Store f;
    f.space = space;
    f.seg = kOutput;
    f.row_bytes = piece * words * u32(c.dim);
    f.src = at;
    f.src_hi = at / chip.rows;
    Frame frame(c,
                std::string("store all of ") + (space == Space::kSp ? "sp" : "acc") + " from " +
                    std::to_string(at),
                Opcode::kStore, space == Space::kSp ? f.src_hi + 1 : 4);
    if (space == Space::kAcc) frame.accumulators();
    frame.test(f.pack());
    frame.written(0, f.row_bytes);
    list.push_back(frame.take());
  }
}

}  // namespace

std::optional<Case> transfer_case(const isa::Config& c, const Variant& variant) {
  const Opcode opcode = opcode_of(variant.words);
  const bool load = opcode == Opcode::kLoad;
  isa::Load f = isa::Load::unpack(variant.words);
  const Chip chip = chip_of(c, f.space);
  const Axis on_chip[] = {{f.rows, f.chip_row}, {f.planes, f.chip_plane}};
  const Reach places = reach_of(on_chip, chip.size(), row_places(c, f));
  if (places.places() > chip.size()) return std::nullopt;
  f.dst = begin_of(places, chip.size(), kOff);
  f.dst_hi = (f.dst + static_cast<uint32_t>(places.high)) / chip.rows;

  const Axis in_memory[] = {{f.rows, f.mem_row}, {f.planes, f.mem_plane}};
  const Reach bytes = reach_of(in_memory, uint64_t{1} << c.offset_bits, f.row_bytes);
  if (variant.field != "offset") f.offset = static_cast<uint32_t>(-bytes.low);
  const uint32_t limit =
      f.seg == u32(kInput) ? input_bytes(c) : output_bytes(c) - skewed_by(c, f.seg);
  if (int64_t{f.offset} + bytes.high >= limit) return std::nullopt;

  Frame frame(c, variant.name, opcode, f.dst_hi + 2);
  if (f.space == Space::kAcc) frame.accumulators();
  if (load && f.seg != u32(kInput))
    frame.reads_output(skewed_by(c, f.seg) + f.offset + static_cast<uint32_t>(bytes.high) + 1);
  move(c, frame, f, opcode);
  return frame.take();
}

void transfer_walks(const isa::Config& c, std::vector<Case>& list) {
  for (const Space space : {Space::kSp, Space::kAcc}) {
    if (space == Space::kAcc && !c.dma_acc) continue;
    for (const Opcode opcode : {Opcode::kLoad, Opcode::kStore}) {
      list.push_back(bank_walk(c, opcode, space));
      list.push_back(around_case(c, opcode, space));
    }
    everything(c, space, list);
  }
}

std::optional<Case> signal_case(const isa::Config& c, const Variant& variant) {
  const isa::Signal f = isa::Signal::unpack(variant.words);
  const uint32_t skew = skewed_by(c, f.seg);
  if (4 * f.offset + 4 + skew > output_bytes(c)) return std::nullopt;
  Frame frame(c, variant.name, Opcode::kSignal);
  frame.test(f.pack());
  frame.written(skew + 4 * f.offset, skew + 4 * f.offset + 4);
  return frame.take();
}

}  // namespace millrace::selftest
