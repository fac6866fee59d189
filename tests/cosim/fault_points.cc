// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/fault_points.h"

#include <algorithm>

#include "tests/cosim/classes.h"
#include "tests/cosim/footprint.h"

namespace millrace::cosim {
namespace {

using isa::Opcode;
using isa::Space;
using Point = std::optional<std::string>;

struct Operand {
  std::string name;
  Space space;
  uint32_t base, hi;
};

std::vector<Operand> operands(const isa::Instruction& words) {
  const auto at = [&](const char* name, Space space, size_t word) {
    return Operand{name, space, words[word] & 0xffff, words[word] >> 16 & 0xf};
  };
  switch (static_cast<Opcode>(words[0] & 0xff)) {
    case Opcode::kLoad:
      return {at("dst", isa::Load::unpack(words).space, 1)};
    case Opcode::kStore:
      return {at("src", isa::Store::unpack(words).space, 1)};
    case Opcode::kMatmul:
      return {at("a", Space::kSp, 1), at("b", Space::kSp, 2), at("d", Space::kAcc, 3)};
    case Opcode::kVector: {
      const isa::Vector f = isa::Vector::unpack(words);
      std::vector<Operand> list;
      const auto space = [](isa::Source s) {
        return s == isa::Source::kAcc ? Space::kAcc : Space::kSp;
      };
      if (f.src1_kind != isa::Source::kScalar) list.push_back(at("src1", space(f.src1_kind), 1));
      if (f.src2_kind != isa::Source::kScalar) list.push_back(at("src2", space(f.src2_kind), 2));
      list.push_back(at("dst", f.dst_kind, 3));
      if (f.channel) list.push_back(at("param", Space::kSp, 4));
      return list;
    }
    default:
      return {};
  }
}

bool outside(const isa::Config& config, const Operand& o, uint32_t addr) {
  const Chip chip = chip_of(config, o.space);
  const uint32_t bank = addr % chip.size() / chip.rows;
  return bank < o.base / chip.rows || bank > o.hi;
}

// ---- Decode.

Point illegal(const isa::Config& config, const isa::Instruction& w) {
  const uint32_t opcode = w[0] & 0xff;
  if (opcode == 0 || opcode > isa::kInstructions.size()) return "illegal opcode";
  const isa::InstructionInfo& info = isa::kInstructions[opcode - 1];
  const std::string name(info.name);
  const auto& legal = info.legal[static_cast<size_t>(config.index)];
  for (size_t i = 0; i < w.size(); ++i)
    if (w[i] & ~legal[i]) return "illegal reserved " + name;
  for (const isa::Field& f : info.fields) {
    const uint32_t value = w[static_cast<size_t>(f.word)] >> f.low & ((1u << (f.width & 31)) - 1);
    if (!f.names.empty() && value >= f.names.size())
      return "illegal enum " + name + "." + std::string(f.name);
  }
  const bool dma = info.opcode == Opcode::kLoad || info.opcode == Opcode::kStore;
  if (dma && w[0] >> 16 == 0) return "illegal row_bytes " + name;
  return std::nullopt;
}

Point bad_operand(const isa::Config& config, const isa::Instruction& w) {
  const std::string name = opcode_name(static_cast<Opcode>(w[0] & 0xff));
  const std::vector<Operand> list = operands(w);
  for (size_t i = 0; i < list.size(); ++i) {
    const Operand& o = list[i];
    const Chip chip = chip_of(config, o.space);
    if (o.hi < o.base / chip.rows) return "operand empty " + name + "." + o.name;
    if (o.hi >= chip.banks) return "operand beyond " + name + "." + o.name;
    for (size_t j = 0; j < i; ++j) {
      const bool apart = list[j].space != o.space || list[j].hi < o.base / chip.rows ||
                         o.hi < list[j].base / chip.rows;
      if (!apart) return "operand overlap " + name + "." + list[j].name + "-" + o.name;
    }
  }
  return std::nullopt;
}

// ---- LOAD, STORE and SIGNAL.

struct RowPosition {
  uint32_t i2, i1, word;
  std::string name(bool with_plane) const {
    if (i2 > 0 && with_plane) return "plane";
    if (i2 > 0 || i1 > 0) return "row";
    return word > 0 ? "middle" : "first";
  }
};

// A refused word of a LOAD; of a STORE a word of a refused burst.
bool word_refused(const FaultScene& s, bool load, uint64_t addr, uint64_t row_end) {
  const uint64_t space = uint64_t{1} << s.config.addr_bits;
  const auto dim = static_cast<uint64_t>(s.config.dim);
  const uint64_t unit = load ? dim : dim * static_cast<uint64_t>(s.config.dma_burst);
  const uint64_t end = std::min(addr + dim, row_end);
  if (load) {
    for (uint64_t beat = addr / dim * dim; beat < end; beat += dim)
      if (s.refused(beat % space, dim)) return true;
    return false;
  }
  const uint64_t burst_end = std::min(addr / unit * unit + unit, (row_end + dim - 1) / dim * dim);
  for (uint64_t beat = addr / dim * dim; beat < burst_end; beat += dim)
    if (s.refused(beat % space, dim)) return true;
  return false;
}

struct DmaFaults {
  Point bank, bus, segment;
};

// Of a row inside its segment.
void walk_row(const FaultScene& s, const isa::Load& f, bool load, RowPosition at, uint32_t off,
              DmaFaults& found) {
  const isa::Config& c = s.config;
  const std::string name = load ? "load " : "store ";
  const auto dim = static_cast<uint32_t>(c.dim);
  const uint64_t space = uint64_t{1} << c.addr_bits;
  const uint64_t addr = (uint64_t{s.segments[f.seg].base} + off) % space;
  const Operand o = {"", f.space, f.dst, f.dst_hi};
  const uint32_t chip = f.dst + at.i2 * f.chip_plane + at.i1 * f.chip_row;
  for (uint32_t j = 0; j * dim < f.row_bytes; ++j) {
    at.word = j;
    const uint64_t word = addr + uint64_t{j} * dim;
    if (!found.bus && word_refused(s, load, word, addr + f.row_bytes))
      found.bus = "bus " + name + at.name(false);
    if (load && found.bus) return;
    const bool sp = f.space == Space::kSp;
    if (!found.bank && outside(c, o, chip + (sp ? j : j / 4)))
      found.bank = "bank " + name + (sp ? "sp " : "acc ") + at.name(true);
    if (found.bank) return;
  }
}

Point dma(const FaultScene& s, const isa::Load& f, bool load) {
  const std::string name = load ? "load" : "store";
  const Segment& segment = s.segments[f.seg];
  if (!(load ? segment.read : segment.write)) return "permission " + name;
  DmaFaults found;
  const uint64_t mask = (uint64_t{1} << s.config.offset_bits) - 1;
  for (uint32_t i2 = 0; i2 < f.planes; ++i2)
    for (uint32_t i1 = 0; i1 < f.rows; ++i1) {
      const RowPosition at = {i2, i1, 0};
      const auto off = static_cast<uint32_t>((f.offset + i2 * f.mem_plane + i1 * f.mem_row) & mask);
      if (uint64_t{off} + f.row_bytes > segment.size) {
        found.segment = "segment " + name + " " + at.name(true);
      } else {
        walk_row(s, f, load, at, off, found);
      }
      if (load && found.bus) return found.bus;
      if (found.bank) return found.bank;
      if (found.segment) return found.bus ? found.bus : found.segment;
    }
  return found.bus;
}

Point signal(const FaultScene& s, const isa::Signal& f) {
  const Segment& segment = s.segments[f.seg];
  if (!segment.write) return "permission signal";
  const uint64_t off = uint64_t{f.offset} * 4;
  if (off + 4 > segment.size) return "segment signal";
  const uint64_t addr = segment.base + off;
  return word_refused(s, false, addr, addr + 4) ? Point("bus signal") : std::nullopt;
}

// ---- MATMUL and VECTOR.

Point matmul(const FaultScene& s, const isa::Matmul& f, const isa::Instruction& w) {
  const std::vector<Operand> o = operands(w);
  const uint32_t rows = f.n_oy * f.n_ox;
  const auto bad = [&](size_t i, uint32_t addr) { return outside(s.config, o[i], addr); };
  for (uint32_t nt = 0; nt < f.n_nt; ++nt) {
    uint32_t kt = 0;
    for (uint32_t ky = 0; ky < f.n_ky; ++ky)
      for (uint32_t kx = 0; kx < f.n_kx; ++kx)
        for (uint32_t ct = 0; ct < f.n_ct; ++ct, ++kt) {
          const bool first = nt == 0 && kt == 0;
          for (uint32_t c = 0; c < static_cast<uint32_t>(s.config.dim); ++c)
            if (bad(1, f.b + nt * f.b_tile + kt * f.b_k + c * f.b_col))
              return first ? "bank matmul b middle" : "bank matmul b tile";
          for (uint32_t r = 0; r < rows; ++r) {
            const uint32_t a = f.a + r / f.n_ox * f.a_oy + r % f.n_ox * f.a_ox + ky * f.a_ky +
                               kx * f.a_kx + ct * f.a_ct;
            if (bad(0, a))
              return first    ? "bank matmul a middle"
                     : r == 0 ? "bank matmul a tile"
                              : "bank matmul a later";
            if (bad(2, f.d + nt * rows + r))
              return nt == 0 ? "bank matmul d middle" : "bank matmul d tile";
          }
        }
  }
  return std::nullopt;
}

struct VectorOperands {
  std::optional<Operand> src1, src2, dst, param;
};

Point vector_result(const FaultScene& s, const isa::Vector& f, const VectorOperands& o, uint32_t i3,
                    uint32_t i2) {
  const std::string place = i3 > 0 ? "later" : i2 > 0 ? "row" : "inner";
  const isa::Vset& v = s.vset;
  for (uint32_t i1 = 0; i1 < f.n1; ++i1)
    for (uint32_t i0 = 0; i0 < f.n0; ++i0) {
      const uint32_t x = f.src1 + i0 * f.s1_0 + i1 * f.s1_1 + i2 * f.s1_2 + i3 * f.s1_3;
      const uint32_t y = f.src2 + i0 * v.s2_0 + i1 * v.s2_1 + i2 * v.s2_2 + i3 * v.s2_3;
      if (o.src1 && outside(s.config, *o.src1, x)) return "bank vector src1 " + place;
      if (o.src2 && outside(s.config, *o.src2, y)) return "bank vector src2 " + place;
    }
  if (outside(s.config, *o.dst, f.dst + i2 * f.d_2 + i3 * f.d_3)) return "bank vector dst " + place;
  return std::nullopt;
}

Point vector(const FaultScene& s, const isa::Vector& f, const isa::Instruction& w) {
  VectorOperands o;
  for (const Operand& operand : operands(w)) {
    if (operand.name == "src1") o.src1 = operand;
    if (operand.name == "src2") o.src2 = operand;
    if (operand.name == "dst") o.dst = operand;
    if (operand.name == "param") o.param = operand;
  }
  for (uint32_t i3 = 0; i3 < f.n3; ++i3) {
    for (uint32_t p = 0; o.param && p < 9; ++p)
      if (outside(s.config, *o.param, f.param + 9 * i3 + p))
        return std::string("bank vector param ") + (i3 > 0 ? "later" : "middle");
    for (uint32_t i2 = 0; i2 < f.n2; ++i2)
      if (Point point = vector_result(s, f, o, i3, i2)) return point;
  }
  return std::nullopt;
}

}  // namespace

bool FaultScene::refused(uint64_t addr, uint64_t bytes) const {
  return addr + bytes > uint64_t{1} << config.mem_log2 || slverr.overlaps(addr, bytes);
}

Point fault_point(const FaultScene& scene, const isa::Instruction& words) {
  if (Point point = illegal(scene.config, words)) return point;
  if (Point point = bad_operand(scene.config, words)) return point;
  switch (static_cast<Opcode>(words[0] & 0xff)) {
    case Opcode::kLoad:
      return dma(scene, isa::Load::unpack(words), true);
    case Opcode::kStore:
      return dma(scene, isa::Load::unpack(words), false);
    case Opcode::kMatmul:
      return matmul(scene, isa::Matmul::unpack(words), words);
    case Opcode::kVector:
      return vector(scene, isa::Vector::unpack(words), words);
    case Opcode::kSignal:
      return signal(scene, isa::Signal::unpack(words));
    default:
      return std::nullopt;
  }
}

// ---- The list.

namespace {

void list_decode_faults(const isa::Config& c, std::vector<std::string>& list) {
  list.push_back("illegal opcode");
  for (const isa::InstructionInfo& info : isa::kInstructions) {
    const std::string name(info.name);
    const auto& legal = info.legal[static_cast<size_t>(c.index)];
    list.push_back("illegal reserved " + name);
    for (const isa::Field& f : info.fields) {
      const uint32_t mask = (1u << (f.width & 31)) - 1;
      const uint32_t largest = legal[static_cast<size_t>(f.word)] >> f.low & mask;
      if (!f.names.empty() && largest >= f.names.size())
        list.push_back("illegal enum " + name + "." + std::string(f.name));
    }
  }
  for (const char* name : {"load", "store"})
    list.push_back(std::string("illegal row_bytes ") + name);
  std::vector<std::string> all = {"load.dst", "store.src",   "matmul.a",   "matmul.b",
                                  "matmul.d", "vector.src1", "vector.dst", "vector.param"};
  std::vector<std::string> pairs = {"matmul.a-b", "vector.src1-dst", "vector.src1-param",
                                    "vector.dst-param"};
  if (c.vec_binary) {
    all.push_back("vector.src2");
    for (const char* pair : {"src1-src2", "src2-dst", "src2-param"})
      pairs.push_back(std::string("vector.") + pair);
  }
  std::vector<std::string> scratchpad_only = {"matmul.a", "matmul.b", "vector.param"};
  if (!c.dma_acc) scratchpad_only.insert(scratchpad_only.end(), {"load.dst", "store.src"});
  if (!c.vec_acc) scratchpad_only.push_back("vector.dst");
  for (const std::string& name : all) {
    // The only bank is never behind the last one.
    if (name != "matmul.d" || c.acc_banks > 1) list.push_back("operand empty " + name);
    // A last bank of four bits is never beyond 16 banks.
    const bool sp_only = std::ranges::find(scratchpad_only, name) != scratchpad_only.end();
    if (!sp_only || c.sp_banks < 16) list.push_back("operand beyond " + name);
  }
  for (const std::string& pair : pairs) list.push_back("operand overlap " + pair);
}

void list_dma_faults(const isa::Config& c, std::vector<std::string>& list) {
  std::vector<std::string> rows = {"row"};
  if (c.dma_planes) rows.push_back("plane");
  for (const std::string name : {"load", "store"}) {
    for (const char* space : {" sp ", " acc "}) {
      if (!c.dma_acc && space != std::string(" sp ")) continue;
      list.push_back("bank " + name + space + "middle");
      for (const std::string& row : rows) list.push_back("bank " + name + space + row);
    }
    list.push_back("segment " + name + " first");
    for (const std::string& row : rows) list.push_back("segment " + name + " " + row);
    for (const char* at : {" first", " middle", " row"}) list.push_back("bus " + name + at);
    list.push_back("permission " + name);
  }
  for (const char* code : {"segment", "permission", "bus"})
    list.push_back(std::string(code) + " signal");
  list.push_back("bus fetch first");
  list.push_back("bus fetch later");
}

}  // namespace

std::vector<std::string> fault_points(const isa::Config& c) {
  std::vector<std::string> list;
  list_decode_faults(c, list);
  list_dma_faults(c, list);
  const auto bank = [&](bool possible, const char* at) {
    if (possible) list.push_back(std::string("bank ") + at);
  };
  for (const char* at :
       {"matmul b middle", "matmul b tile", "matmul a middle", "matmul a tile", "matmul a later"})
    bank(true, at);
  // The only bank cannot be left.
  bank(c.acc_banks > 1, "matmul d middle");
  bank(c.acc_banks > 1 && c.tile_loop, "matmul d tile");
  for (const char* at : {"vector param middle", "vector param later", "vector src1 row",
                         "vector src1 later", "vector dst row", "vector dst later"})
    bank(true, at);
  bank(c.vec_reduce, "vector src1 inner");
  bank(c.vec_binary && c.vec_reduce, "vector src2 inner");
  bank(c.vec_binary, "vector src2 row");
  bank(c.vec_binary, "vector src2 later");
  return list;
}

}  // namespace millrace::cosim
