// SPDX-License-Identifier: Apache-2.0
// Coverage of the modes of each instruction. One visitor names the points of an instruction; the
// list has the names that some legal instruction gives.
#include <algorithm>

#include "tests/cosim/classes.h"
#include "tests/cosim/coverage.h"
#include "tests/cosim/mode_names.h"

namespace millrace::cosim {
namespace {

using isa::Space;

class ModeFinder {
 public:
  ModeFinder(const isa::Config& config, const Program& program, std::set<std::string>& found)
      : c_(config), p_(program), found_(found) {}

  void dma(const isa::Load& f, bool load) {
    group_ = load ? "load/" : "store/";
    const std::string space = space_name(f.space);
    hit(space + " flip=" + std::to_string(f.flip));
    count("rows", f.rows, most(1));
    count("planes", f.planes, most(c_.dma_planes));
    if (f.rows > 1) stride("chip_row", f.chip_row, f.space);
    if (f.planes > 1) stride("chip_plane", f.chip_plane, f.space);
    dma_strides(f, load);
    const Segment& segment = p_.segments[f.seg];
    for (uint32_t i2 = 0; i2 < f.planes; ++i2)
      for (uint32_t i1 = 0; i1 < f.rows; ++i1) dma_row(f, segment, i2, i1);
  }

  void matmul(const isa::Matmul& f) {
    group_ = "matmul/";
    hit(matmul_mode(f.accumulate, f.transpose));
    const LoopAxis axes[] = {{"n_nt", f.n_nt, c_.tile_loop ? 256u : 1u, "b_tile", f.b_tile},
                             {"n_ky", f.n_ky, c_.conv_loops ? 16u : 1u, "a_ky", f.a_ky},
                             {"n_kx", f.n_kx, c_.conv_loops ? 16u : 1u, "a_kx", f.a_kx},
                             {"n_ct", f.n_ct, most(1), "a_ct", f.a_ct},
                             {"n_oy", f.n_oy, most(1), "a_oy", f.a_oy},
                             {"n_ox", f.n_ox, most(1), "a_ox", f.a_ox}};
    for (const LoopAxis& axis : axes) loop(axis, Space::kSp);
    stride("b_col", f.b_col, Space::kSp);
    if (f.n_ky * f.n_kx * f.n_ct > 1) stride("b_k", f.b_k, Space::kSp);
    const auto dim = static_cast<uint32_t>(c_.dim);
    const uint32_t rows = f.n_oy * f.n_ox, all = chip_of(c_, Space::kAcc).size();
    hit(rows < dim ? "rows<dim" : rows == dim ? "rows=dim" : "rows>dim");
    if (rows * f.n_nt > all) hit(rows > all ? "d=again in a tile" : "d=again in another tile");
    if (f.d % all + rows * f.n_nt > all) hit("d=around");
  }

  void vector(const isa::Vector& f, const isa::Vset& v) {
    group_ = "vector/";
    hit(vector_sources(f.src1_kind, f.src2_kind, f.dst_kind, c_.vec_binary));
    if (c_.vec_reduce && f.n0 * f.n1 > 1) hit(vector_reduction(f.op, f.reduce));
    if (c_.vec_binary && f.n0 * f.n1 == 1) hit(vector_operation(f.op));
    hit(vector_quantisation(f.quant, f.channel, f.dst_kind));
    const uint32_t reduced = c_.vec_reduce ? 64 : 1;
    const Space s1 = f.src1_kind == isa::Source::kAcc ? Space::kAcc : Space::kSp;
    const Space s2 = f.src2_kind == isa::Source::kAcc ? Space::kAcc : Space::kSp;
    const bool scalar1 = f.src1_kind == isa::Source::kScalar;
    const bool scalar2 = f.src2_kind == isa::Source::kScalar || !c_.vec_binary;
    const LoopAxis axes[] = {{"n0", f.n0, reduced, "s1_0", f.s1_0},
                             {"n1", f.n1, reduced, "s1_1", f.s1_1},
                             {"n2", f.n2, most(1), "s1_2", f.s1_2},
                             {"n3", f.n3, most(1), "s1_3", f.s1_3}};
    const uint32_t second[] = {v.s2_0, v.s2_1, v.s2_2, v.s2_3};
    for (size_t i = 0; i < 4; ++i) {
      count(axes[i].name, axes[i].count, axes[i].max);
      if (axes[i].count == 1) continue;
      if (!scalar1) stride(axes[i].stride_name, axes[i].stride, s1);
      if (!scalar2) stride(("s2_" + std::to_string(i)).c_str(), second[i], s2);
    }
    if (f.n2 > 1) stride("d_2", f.d_2, f.dst_kind);
    if (f.n3 > 1) stride("d_3", f.d_3, f.dst_kind);
  }

  void vset(const isa::Vset& f) {
    group_ = "vset/";
    if (c_.vec_scalars) hit(shift_class(f.scalar_shift));
    if (c_.vec_scalars) hit(f.scalar_mult < 0 ? "mult negative" : "mult positive");
    hit(f.clamp_lo > f.clamp_hi ? "clamp inverted" : "clamp ordered");
    if (!c_.vec_preshift) return;
    hit(preshift_class("preshift1", f.preshift1));
    if (c_.vec_binary) hit(preshift_class("preshift2", f.preshift2));
  }

  void signal(const isa::Signal& f) {
    group_ = "signal/";
    hit("irq=" + std::to_string(f.irq));
    const Segment& s = p_.segments[f.seg];
    const auto dim = static_cast<uint32_t>(c_.dim);
    const uint32_t low = (s.base + f.offset * 4) % dim;
    hit(low % 4 == 0 ? "addr=word" : low + 4 > dim ? "addr=two beats" : "addr=odd");
    if (uint64_t{f.offset} * 4 + 8 > s.size) hit("segment=end");
  }

 private:
  struct LoopAxis {
    const char* name;
    uint32_t count, max;
    const char* stride_name;
    uint32_t stride;
  };

  uint32_t most(int feature) const { return feature ? 1u << c_.count_bits : 1; }
  void hit(const std::string& point) { found_.insert(group_ + point); }
  void count(const char* name, uint32_t value, uint32_t max) {
    if (max == 1) return;
    hit(std::string(name) + "=" +
        std::string(kCountNames[static_cast<size_t>(count_class(value, max))]));
  }
  void stride(const char* name, uint32_t value, Space space) {
    const auto i = static_cast<size_t>(stride_class(value, chip_of(c_, space)));
    hit(std::string(name) + "=" + std::string(kStrideNames[i]));
  }
  void loop(const LoopAxis& axis, Space space) {
    count(axis.name, axis.count, axis.max);
    if (axis.count > 1) stride(axis.stride_name, axis.stride, space);
  }
  void memory(const char* name, MemoryStride which) {
    hit(std::string(name) + "=" + std::string(kMemoryStrideNames[static_cast<size_t>(which)]));
  }

  void dma_strides(const isa::Load& f, bool load) {
    const uint64_t mask = (uint64_t{1} << c_.offset_bits) - 1;
    if (f.rows > 1) {
      const MemoryStride which = memory_stride(f.mem_row, f.row_bytes, c_.offset_bits);
      const uint64_t walk = (f.offset & mask) + uint64_t{f.mem_row & mask} * (f.rows - 1);
      const bool around = walk > mask && which != MemoryStride::kBack;
      // No writable segment has the end of the offsets in memory.
      if (load)
        memory("mem_row", around ? MemoryStride::kWrap : which);
      else
        memory("mem_row", which);
    }
    if (f.planes > 1)
      memory("mem_plane",
             memory_stride(f.mem_plane, uint64_t{f.row_bytes} * f.rows, c_.offset_bits));
  }

  void dma_row(const isa::Load& f, const Segment& segment, uint32_t i2, uint32_t i1) {
    const uint64_t mask = (uint64_t{1} << c_.offset_bits) - 1;
    const uint64_t off = (f.offset + i2 * f.mem_plane + i1 * f.mem_row) & mask;
    const uint64_t addr = (segment.base + off) & ((uint64_t{1} << c_.addr_bits) - 1);
    const auto dim = static_cast<uint32_t>(c_.dim);
    const auto which = static_cast<size_t>(row_class(c_, addr, f.row_bytes));
    hit(space_name(f.space) + " row=" + std::string(kRowNames[which]));
    const auto low = static_cast<uint32_t>(addr % dim);
    const uint32_t rest = (f.row_bytes - 1) % dim;
    if (c_.dma_unaligned)
      hit(low == 0 ? "addr=aligned" : low + rest >= dim ? "addr=spill" : "addr=fit");
    if (off + f.row_bytes == segment.size) hit("segment=end");
    const uint32_t in_row = f.space == Space::kSp ? 1 : 4;
    const uint32_t words = (f.row_bytes + dim - 1) / dim, size = chip_of(c_, f.space).size();
    const uint32_t chip = (f.dst + i2 * f.chip_plane + i1 * f.chip_row) % size;
    if (chip + (words - 1) / in_row >= size) hit(space_name(f.space) + " row=around");
    if (f.space == Space::kAcc && words % 4 != 0) hit("acc quarter");
  }

  const isa::Config& c_;
  const Program& p_;
  std::set<std::string>& found_;
  std::string group_;
};

// ---- Lists.

class ModeList {
 public:
  ModeList(const isa::Config& config, std::vector<std::string>& list) : c_(config), list_(list) {}

  void dma(const char* name, bool load) {
    group_ = name;
    for (const Space space : {Space::kSp, Space::kAcc}) {
      if (space == Space::kAcc && !c_.dma_acc) continue;
      for (const char* flip : {" flip=0", " flip=1"}) add(space_name(space) + flip);
      for (const std::string_view row : kRowNames) {
        const bool odd = row == "short" || row == "odd";
        if (c_.dma_unaligned || !odd) add(space_name(space) + " row=" + std::string(row));
      }
      add(space_name(space) + " row=around");
    }
    if (c_.dma_acc) add("acc quarter");
    add("segment=end");
    if (c_.dma_unaligned)
      for (const char* addr : {"addr=aligned", "addr=spill", "addr=fit"}) add(addr);
    counts("rows", true);
    counts("planes", c_.dma_planes);
    strides("chip_row", true);
    strides("chip_plane", c_.dma_planes);
    for (const std::string_view stride : kMemoryStrideNames) {
      const bool wrap = stride == "wrap";
      if (load || !wrap) add("mem_row=" + std::string(stride));
      if (c_.dma_planes && !wrap) add("mem_plane=" + std::string(stride));
    }
  }

  void matmul() {
    group_ = "matmul/";
    for (const uint32_t accumulate : {0, 1})
      for (uint32_t transpose = 0; transpose <= static_cast<uint32_t>(c_.transpose_b); ++transpose)
        add(matmul_mode(accumulate, transpose));
    for (const char* name : {"n_oy", "n_ox", "n_ct"}) counts(name, true);
    for (const char* name : {"n_ky", "n_kx"}) counts(name, c_.conv_loops);
    counts("n_nt", c_.tile_loop);
    for (const char* name : {"a_oy", "a_ox", "a_ct", "b_col", "b_k"}) strides(name, true);
    for (const char* name : {"a_ky", "a_kx"}) strides(name, c_.conv_loops);
    strides("b_tile", c_.tile_loop);
    for (const char* name : {"rows<dim", "rows=dim", "rows>dim", "d=around", "d=again in a tile"})
      add(name);
    if (c_.tile_loop) add("d=again in another tile");
  }

  void vector() {
    group_ = "vector/";
    for (const isa::Source s1 : kSources)
      for (const isa::Source s2 : kSources)
        for (const Space dst : {Space::kSp, Space::kAcc})
          if ((c_.vec_binary || s2 == isa::Source::kScalar) && (c_.vec_acc || dst == Space::kSp))
            add(vector_sources(s1, s2, dst, c_.vec_binary));
    for (uint32_t op = 0; op < isa::kBinaryNames.size(); ++op) {
      if (c_.vec_binary) add(vector_operation(static_cast<isa::Binary>(op)));
      for (uint32_t r = 0; r < isa::kReduceNames.size() && c_.vec_reduce; ++r)
        add(vector_reduction(static_cast<isa::Binary>(op), static_cast<isa::Reduce>(r)));
    }
    for (uint32_t q = 0; q < (c_.vec_fp32 ? 3u : 2u); ++q)
      for (const uint32_t channel : {0, 1})
        for (const Space dst : {Space::kSp, Space::kAcc})
          if (c_.vec_acc || dst == Space::kSp)
            add(vector_quantisation(static_cast<isa::Quant>(q), channel, dst));
    for (const char* name : {"n2", "n3"}) counts(name, true);
    for (const char* name : {"n0", "n1"}) counts(name, c_.vec_reduce);
    for (const char* name : {"s1_2", "s1_3", "d_2", "d_3"}) strides(name, true);
    for (const char* name : {"s1_0", "s1_1"}) strides(name, c_.vec_reduce);
    for (const char* name : {"s2_0", "s2_1"}) strides(name, c_.vec_binary && c_.vec_reduce);
    for (const char* name : {"s2_2", "s2_3"}) strides(name, c_.vec_binary);
  }

  void others() {
    group_ = "vset/";
    for (const int shift : {-40, -1, 0, 1, 40})
      if (c_.vec_scalars) add(shift_class(shift));
    for (const char* name : {"mult negative", "mult positive"})
      if (c_.vec_scalars) add(name);
    for (const char* name : {"clamp inverted", "clamp ordered"}) add(name);
    for (const uint32_t shift : {0, 1, 31}) {
      if (c_.vec_preshift) add(preshift_class("preshift1", shift));
      if (c_.vec_preshift && c_.vec_binary) add(preshift_class("preshift2", shift));
    }
    group_ = "signal/";
    for (const char* name : {"irq=0", "irq=1", "addr=word", "segment=end"}) add(name);
    if (c_.dma_unaligned) add("addr=odd");
    if (c_.dma_unaligned) add("addr=two beats");
  }

 private:
  void add(const std::string& point) { list_.push_back(group_ + point); }
  void counts(const std::string& name, bool possible) {
    for (const std::string_view n : kCountNames)
      if (possible) add(name + "=" + std::string(n));
  }
  void strides(const std::string& name, bool possible) {
    for (const std::string_view n : kStrideNames)
      if (possible) add(name + "=" + std::string(n));
  }

  const isa::Config& c_;
  std::vector<std::string>& list_;
  std::string group_;
};

}  // namespace

void list_modes(const isa::Config& config, std::vector<std::string>& list) {
  ModeList modes(config, list);
  modes.dma("load/", true);
  modes.dma("store/", false);
  modes.matmul();
  modes.vector();
  modes.others();
}

void find_modes(const isa::Config& config, const isa::Instruction& words, const isa::Vset& vset,
                const Program& program, std::set<std::string>& found) {
  ModeFinder finder(config, program, found);
  switch (static_cast<isa::Opcode>(words[0] & 0xff)) {
    case isa::Opcode::kLoad:
      return finder.dma(isa::Load::unpack(words), true);
    case isa::Opcode::kStore:
      return finder.dma(isa::Load::unpack(words), false);
    case isa::Opcode::kMatmul:
      return finder.matmul(isa::Matmul::unpack(words));
    case isa::Opcode::kVector:
      return finder.vector(isa::Vector::unpack(words), vset);
    case isa::Opcode::kVset:
      return finder.vset(isa::Vset::unpack(words));
    case isa::Opcode::kSignal:
      return finder.signal(isa::Signal::unpack(words));
  }
}

}  // namespace millrace::cosim
