// SPDX-License-Identifier: Apache-2.0
#include "host/selftest/variants.h"

#include <algorithm>
#include <bit>
#include <set>

#include "host/kernels/math.h"
#include "host/selftest/placement.h"

namespace millrace::selftest {
namespace {

using isa::Opcode;
using isa::Space;
using Names = std::vector<std::string_view>;

struct Loop {
  std::string_view stride, count;
};
constexpr Loop kLoops[] = {
    {"chip_row", "rows"}, {"chip_plane", "planes"}, {"a_ox", "n_ox"}, {"a_oy", "n_oy"},
    {"a_kx", "n_kx"},     {"a_ky", "n_ky"},         {"a_ct", "n_ct"}, {"b_col", ""},
    {"b_k", "n_ct"},      {"b_tile", "n_nt"},       {"s1_0", "n0"},   {"s1_1", "n1"},
    {"s1_2", "n2"},       {"s1_3", "n3"},           {"d_2", "n2"},    {"d_3", "n3"},
    {"s2_0", "n0"},       {"s2_1", "n1"},           {"s2_2", "n2"},   {"s2_3", "n3"}};
constexpr Loop kMemoryLoops[] = {{"mem_row", "rows"}, {"mem_plane", "planes"}};

// Modes whose combinations matter.
struct Cross {
  Opcode opcode;
  Names fields;
};
const std::vector<Cross>& crosses() {
  static const std::vector<Cross> kCrosses = {
      {Opcode::kLoad, {"space", "flip"}},
      {Opcode::kStore, {"space", "flip"}},
      {Opcode::kMatmul, {"accumulate", "transpose"}},
      {Opcode::kVector, {"src1_kind", "src2_kind", "dst_kind"}},
      {Opcode::kVector, {"op", "reduce"}},
      {Opcode::kVector, {"quant", "channel", "dst_kind"}}};
  return kCrosses;
}

const Loop* find_loop(std::span<const Loop> loops, std::string_view stride) {
  for (const Loop& loop : loops)
    if (loop.stride == stride) return &loop;
  return nullptr;
}

bool is_counted(const isa::Field& f) { return f.minus_one; }

uint32_t values_of_mode(const isa::Config& config, const isa::InstructionInfo& info,
                        const isa::Field& f) {
  const uint32_t all = legal_bits(config, info, f) + 1;
  return f.names.empty() ? all : std::min(all, static_cast<uint32_t>(f.names.size()));
}
std::string mode_name(const isa::Field& f, uint32_t value) {
  return std::string(f.name) + "=" +
         (f.names.empty() ? std::to_string(value) : std::string(f.names[value]));
}

class Maker {
 public:
  Maker(const isa::Config& config, const isa::InstructionInfo& info)
      : c_(config), info_(info), dim_(u32(config.dim)), plain_(plain(config, info.opcode)) {}

  std::vector<Variant> make() {
    add("", "", plain_);
    for (const isa::Field& f : info_.fields) {
      const uint32_t legal = legal_bits(c_, info_, f);
      if (legal == 0) continue;
      switch (role_of(info_, f)) {
        case Role::kMode:
          for (uint32_t v = 0; v < values_of_mode(c_, info_, f); ++v) set(f, mode_name(f, v), v);
          break;
        case Role::kCount:
          counts(f, legal + 1);
          break;
        case Role::kStride:
          if (info_.opcode != Opcode::kVset) strides(f, legal);
          break;
        case Role::kMemoryStride:
          memory_strides(f, legal);
          break;
        case Role::kSegment:
          for (uint32_t s = 1; s < u32(c_.segments); ++s)
            if (s >= u32(kOutput) || info_.opcode == Opcode::kLoad)
              set(f, "seg=" + std::to_string(s), s);
          break;
        case Role::kPlace:
          places(f);
          break;
        case Role::kNumber:
          numbers(f, legal);
          break;
        case Role::kAddress:
        case Role::kBank:
          break;
      }
    }
    for (const Cross& cross : crosses())
      if (cross.opcode == info_.opcode) combine(cross.fields, 0, "", plain_);
    return std::move(list_);
  }

 private:
  // Once: a combination of one mode is that mode.
  void add(const std::string& name, std::string_view field, const isa::Instruction& words) {
    const std::string full = std::string(info_.name) + (name.empty() ? "" : " ") + name;
    const auto same = [&](const Variant& v) { return v.name == full && v.words == words; };
    if (std::ranges::none_of(list_, same)) list_.push_back({full, field, words, plain_vset()});
  }
  void set(const isa::Field& f, const std::string& name, uint32_t bits) {
    isa::Instruction words = plain_;
    set_field(info_, words, f.name, bits);
    add(name, f.name, words);
  }
  uint32_t get(const isa::Instruction& words, const char* name) const {
    return get_field(info_, words, name);
  }

  // All values of the first mode with all of the others.
  void combine(const Names& fields, size_t i, const std::string& name, isa::Instruction words) {
    if (i == fields.size()) return add(name, "", words);
    const isa::Field& f = *find_field(info_, fields[i]);
    if (legal_bits(c_, info_, f) == 0) return combine(fields, i + 1, name, words);
    for (uint32_t v = 0; v < values_of_mode(c_, info_, f); ++v) {
      set_field(info_, words, f.name, v);
      // Without anything to reduce, the operation alone.
      if (f.name == "reduce" && v == 0) {
        isa::Instruction single = words;
        for (const char* n : {"n0", "n1"}) set_field(info_, single, n, 0);
        add(name + " without loops", "", single);
      }
      combine(fields, i + 1, name + (name.empty() ? "" : " ") + mode_name(f, v), words);
    }
  }

  void counts(const isa::Field& f, uint32_t most) {
    std::vector<uint32_t> values = {1, 2, 5};
    if (f.name == "n_ox")
      for (const uint32_t rows : {dim_ - 1, dim_, dim_ + 1}) values.push_back(rows);
    values.push_back(most);
    std::ranges::sort(values);
    values.erase(std::ranges::unique(values).begin(), values.end());
    for (const uint32_t v : values) {
      if (v > most) continue;
      isa::Instruction words = plain_;
      if (v > 8 || f.name == "n_ox") one_loop(words);
      set_field(info_, words, f.name, v - 1);
      if (v == most) far_apart(words, f.name);
      add(std::string(f.name) + "=" + std::to_string(v), f.name, words);
    }
  }
  // Only the counts that are set after this turn.
  void one_loop(isa::Instruction& words) const {
    for (const isa::Field& f : info_.fields)
      if (is_counted(f)) set_field(info_, words, f.name, 0);
  }
  // Unit strides, so that the longest loop stays inside.
  void far_apart(isa::Instruction& words, std::string_view count) const {
    for (const Loop& loop : kLoops)
      if (loop.count == count && find_field(info_, loop.stride) != nullptr)
        set_field(info_, words, loop.stride, 1);
    if (count == "rows" || count == "planes") {
      set_field(info_, words, "row_bytes", dim_);
      set_field(info_, words, count == "rows" ? "mem_row" : "mem_plane",
                c_.dma_unaligned ? 1 : dim_);
    }
  }

  // The on-chip memory that a stride counts in, as the words have it.
  Space space_of(const isa::Field& f, const isa::Instruction& words) const {
    if (info_.opcode == Opcode::kMatmul) return Space::kSp;
    if (info_.opcode != Opcode::kVector) return static_cast<Space>(get(words, "space"));
    if (f.name.starts_with("d_")) return static_cast<Space>(get(words, "dst_kind"));
    return get(words, "src1_kind") == u32(int(isa::Source::kAcc)) ? Space::kAcc : Space::kSp;
  }
  void strides(const isa::Field& f, uint32_t legal) {
    strides(f, legal, plain_, "");
    if (!f.name.starts_with("d_") || !c_.vec_acc) return;
    isa::Instruction words = plain_;
    set_field(info_, words, "dst_kind", 0);
    strides(f, legal, words, "dst_kind=sp ");
  }
  void strides(const isa::Field& f, uint32_t legal, const isa::Instruction& from,
               const std::string& mode) {
    for (const NamedValue& value : stride_values(c_, legal, space_of(f, from))) {
      isa::Instruction words = from;
      turn_only(info_, words, count_of_stride(f.name), value.name);
      set_field(info_, words, f.name, value.value);
      add(mode + std::string(f.name) + "=" + value.name, f.name, words);
    }
  }
  void memory_strides(const isa::Field& f, uint32_t legal) {
    const bool plane = f.name == "mem_plane";
    const uint32_t row = get(plain_, "row_bytes");
    const uint32_t whole = plane ? row * (get(plain_, "rows") + 1) : row;
    const uint32_t odd = c_.dma_unaligned ? 1 : 0;
    const NamedValue values[] = {{"zero", 0},
                                 {"unit", whole},
                                 {"overlap", dim_ - odd},
                                 {"gap", whole + 2 * dim_ + odd},
                                 {"back", 0 - (whole + dim_ + odd)}};
    for (const NamedValue& value : values) {
      isa::Instruction words = plain_;
      if (plane) set_field(info_, words, "mem_row", row);
      set_field(info_, words, f.name, value.value & all_bits(legal));
      add(std::string(f.name) + "=" + value.name, f.name, words);
    }
  }
  // Up to the highest legal bit: alignment keeps the lowest from being legal.
  static uint32_t all_bits(uint32_t legal) { return UINT32_MAX >> std::countl_zero(legal); }

  void places(const isa::Field& f) {
    if (info_.opcode == Opcode::kSignal) {
      const uint32_t last = (output_bytes(c_) - skewed_by(c_, 3)) / 4 - 1;
      std::set<uint32_t> words = {0, 1, dim_ / 4 - 1, std::bit_floor(last) - 1, last};
      for (const uint32_t v : words) set(f, "offset=" + std::to_string(4 * v), v);
      return;
    }
    const bool load = info_.opcode == Opcode::kLoad;
    const uint32_t limit = load ? input_bytes(c_) : output_bytes(c_);
    const uint32_t unit = c_.dma_unaligned ? 1 : dim_;
    const uint32_t ones = std::bit_floor(limit) - unit;  // as many one bits as fit
    for (uint32_t space = 0; space <= u32(c_.dma_acc); ++space) {
      if (f.name == "row_bytes") {
        for (const uint32_t row : {dim_, 3 * dim_, (2 * u32(c_.dma_burst) + 1) * dim_,
                                   std::min(ones, std::bit_floor(random_bytes(c_)) - unit)})
          place(0, row, space);
        place(kPageOffset + (u32(c_.dma_burst) - 1) * dim_, 2 * dim_, space);  // across a burst
        if (!c_.dma_unaligned) continue;
        for (const uint32_t odd : {1u, dim_ - 1, dim_ + 1, 4 * dim_ + 3}) place(0, odd, space);
        place(3, 1, space);  // within a word
      } else {
        for (const uint32_t offset : {0u, dim_, kPageOffset - dim_, limit - 3 * dim_})
          place(offset, 3 * dim_, space);
        place(ones, unit, space);
        if (!c_.dma_unaligned) continue;
        for (const uint32_t odd : {1u, dim_ - 1, kPageOffset - 5}) place(odd, 3 * dim_, space);
      }
    }
  }
  // One row.
  void place(uint32_t offset, uint32_t row_bytes, uint32_t space) {
    isa::Instruction words = plain_;
    one_loop(words);
    set_field(info_, words, "offset", offset);
    set_field(info_, words, "row_bytes", row_bytes);
    set_field(info_, words, "space", space);
    const std::string at = space ? "space=acc " : "";
    add(at + "offset=" + std::to_string(offset) + " row_bytes=" + std::to_string(row_bytes),
        "offset", words);
  }

  void numbers(const isa::Field& f, uint32_t legal) {
    const uint32_t sign = f.is_signed ? legal ^ legal >> 1 : 0;
    std::vector<uint32_t> values = {0, 1, legal, 0xa5c35a96u & legal};
    if (f.is_signed) values.insert(values.end(), {sign, sign - 1});
    for (const uint32_t v : values) {
      const int64_t number =
          f.is_signed && (v & sign) ? int64_t{v} - int64_t{legal} - 1 : int64_t{v};
      set(f, std::string(f.name) + "=" + std::to_string(number), v);
    }
  }

  const isa::Config& c_;
  const isa::InstructionInfo& info_;
  const uint32_t dim_;
  const isa::Instruction plain_;
  std::vector<Variant> list_;
};

}  // namespace

Role role_of(const isa::InstructionInfo& info, const isa::Field& f) {
  const std::string name(f.name);
  if (!f.names.empty() || f.width == 1) return Role::kMode;
  if (f.minus_one) return Role::kCount;
  if (name.ends_with("_hi") && find_field(info, name.substr(0, name.size() - 3)))
    return Role::kBank;
  if (find_field(info, name + "_hi")) return Role::kAddress;
  if (find_loop(kLoops, name)) return Role::kStride;
  if (find_loop(kMemoryLoops, name)) return Role::kMemoryStride;
  if (name == "seg") return Role::kSegment;
  if (name == "offset" || name == "row_bytes") return Role::kPlace;
  return Role::kNumber;
}

std::string_view count_of_stride(std::string_view stride) {
  const Loop* loop = find_loop(kLoops, stride);
  return loop ? loop->count : std::string_view();
}

const isa::Field* find_field(const isa::InstructionInfo& info, std::string_view name) {
  for (const isa::Field& f : info.fields)
    if (f.name == name) return &f;
  return nullptr;
}

uint32_t get_field(const isa::InstructionInfo& info, const isa::Instruction& words,
                   std::string_view name) {
  const isa::Field& f = *find_field(info, name);
  const uint64_t mask = (uint64_t{1} << f.width) - 1;
  return static_cast<uint32_t>(words[static_cast<size_t>(f.word)] >> f.low & mask);
}
void set_field(const isa::InstructionInfo& info, isa::Instruction& words, std::string_view name,
               uint32_t bits) {
  const isa::Field& f = *find_field(info, name);
  const auto mask = static_cast<uint32_t>((uint64_t{1} << f.width) - 1);
  uint32_t& word = words[static_cast<size_t>(f.word)];
  word = (word & ~(mask << f.low)) | (bits & mask) << f.low;
}
const isa::InstructionInfo& info_of(Opcode opcode) {
  for (const isa::InstructionInfo& info : isa::kInstructions)
    if (info.opcode == opcode) return info;
  return isa::kInstructions[0];  // not reached: every opcode is in the table
}

std::vector<NamedValue> stride_values(const isa::Config& config, uint32_t legal, Space space) {
  const uint32_t far = chip_of(config, space).rows - 2;
  return {{"zero", 0}, {"unit", 1}, {"near", 5}, {"far", far}, {"back", legal - 1}};
}

void turn_only(const isa::InstructionInfo& info, isa::Instruction& words, std::string_view count,
               const std::string& stride_name) {
  const bool far = stride_name == "far";
  if (far)
    for (const isa::Field& f : info.fields)
      if (is_counted(f)) set_field(info, words, f.name, 0);
  if (!count.empty()) set_field(info, words, count, far ? 1 : 2);
}

std::vector<Variant> variants(const isa::Config& config, const isa::InstructionInfo& info) {
  return Maker(config, info).make();
}

}  // namespace millrace::selftest
