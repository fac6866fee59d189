// SPDX-License-Identifier: Apache-2.0
// Emission of a planned convolution.
#include "host/kernels/conv.h"

#include <algorithm>
#include <vector>

#include "host/kernels/conv_buffers.h"
#include "host/kernels/math.h"

namespace millrace {
namespace {

// Output tiles of a block that are finished together, and their accumulator rows.
struct Piece {
  Range nt;  // counted from the block's first
  uint32_t acc = 0;
};

class ConvEmitter {
 public:
  ConvEmitter(Program& program, const ConvShape& shape, const Epilogue& epilogue,
              const ConvOperands& operands, const ConvPlan& plan)
      : program_(program),
        config_(program.config()),
        s_(shape),
        e_(epilogue),
        o_(operands),
        plan_(plan),
        dim_(config_.dim),
        c_words_(ceil_div(shape.in_bytes, config_.dim)),
        out_tiles_(ceil_div(shape.out_c, config_.dim)),
        buffers_(program, shape, operands, plan) {}

  void run() {
    const std::vector<Tile> tiles = cut_tiles();
    const int count = static_cast<int>(tiles.size());
    const int groups = ceil_div(out_tiles_, plan_.group);
    const int blocks = count * groups;
    const auto output_tiles = [&](int i) {
      const int first = (plan_.group_outer ? i / count : i % groups) * plan_.group;
      return Range{first, std::min(plan_.group, out_tiles_ - first)};
    };
    if (o_.layer > 0) load_ahead(output_tiles(0));
    for (int i = 0; i < blocks; ++i) {
      const Tile& tile = tiles[u32(plan_.group_outer ? i % count : i / groups)];
      block(tile, output_tiles(i), i, i + 1 == blocks);
    }
  }

 private:
  std::vector<Tile> cut_tiles() const {
    std::vector<Tile> tiles;
    for (int image = 0; image < s_.batch; ++image) {
      for (int y = 0; y < s_.out_h; y += plan_.tile_h) {
        for (int x = 0; x < s_.out_w; x += plan_.tile_w) {
          tiles.push_back({image,
                           {y, std::min(plan_.tile_h, s_.out_h - y)},
                           {x, std::min(plan_.tile_w, s_.out_w - x)}});
        }
      }
    }
    return tiles;
  }

  // The channel words of the chunks in turn.
  std::vector<Range> cut_channels(bool first_block) const {
    std::vector<Range> cuts;
    const bool ramp = first_block && starts_short(s_, plan_);
    if (ramp) cuts = {{0, 2}, {2, 4}};
    const int rest = ramp ? cuts.back().end() : 0;
    for (int c = 0; c < c_words_; c += plan_.chunk_c) {
      const int first = std::max(c, rest);
      cuts.push_back({first, std::min(c + plan_.chunk_c, c_words_) - first});
    }
    return cuts;
  }

  std::vector<Chunk> cut_window(bool first_block) const {
    std::vector<Chunk> chunks;
    for (const Range& c : cut_channels(first_block)) {
      for (int ky = 0; ky < s_.kernel_h; ky += plan_.chunk_ky) {
        for (int kx = 0; kx < s_.kernel_w; kx += plan_.chunk_kx) {
          chunks.push_back({c,
                            {ky, std::min(plan_.chunk_ky, s_.kernel_h - ky)},
                            {kx, std::min(plan_.chunk_kx, s_.kernel_w - kx)}});
        }
      }
    }
    return chunks;
  }

  // Blocks use the halves of the accumulators (acc_turns) in turn. The last block takes its half
  // bank by bank, so that requantisation has less left to do when the array has finished.
  std::vector<Piece> cut_block(const Tile& tile, Range nt, int index, bool last_block) const {
    const int turns = acc_turns(config_), half_banks = config_.acc_banks / turns;
    const uint32_t half = u32(index % turns * half_banks * config_.acc_rows);
    const int step = config_.acc_rows / tile.rows();
    if (!last_block || step < 1 || ceil_div(nt.count, step) > half_banks)
      return {{{0, nt.count}, half}};
    std::vector<Piece> pieces;
    for (int t = 0; t < nt.count; t += step)
      pieces.push_back(
          {{t, std::min(step, nt.count - t)}, half + u32(t / step * config_.acc_rows)});
    return pieces;
  }

  // Parts of a chunk by weight buffer.
  std::vector<Chunk> cut_chunk(const Chunk& chunk) const {
    std::vector<Chunk> subs;
    for (int ky = 0; ky < chunk.ky.count; ky += plan_.weight_ky) {
      subs.push_back(chunk);
      subs.back().ky = {chunk.ky.first + ky, std::min(plan_.weight_ky, chunk.ky.count - ky)};
    }
    return subs;
  }

  // Loads the first block's parameters and first weights. More would hold up the input, which comes
  // through the same queue.
  void load_ahead(Range nt) {
    if (e_.kind == Epilogue::Kind::kChannel) buffers_.params(nt);
    buffers_.weights(nt, 0, cut_chunk(cut_window(true).front()).front());
  }

  // One block: contraction, then requantisation and store.
  void block(const Tile& tile, Range nt, int index, bool last_block) {
    const std::vector<Piece> pieces = cut_block(tile, nt, index, last_block);
    bool accumulate = false;
    for (const Chunk& chunk : cut_window(index == 0)) {
      const uint32_t a = buffers_.input(tile, chunk);
      for (const Chunk& sub : cut_chunk(chunk)) {
        for (int part = 0; part < s_.parts; ++part) {
          const uint32_t b = buffers_.weights(nt, part, sub);
          for (const Piece& piece : pieces) matmuls(tile, piece, chunk, sub, a, b, accumulate);
          accumulate = true;
        }
      }
    }
    for (const Piece& piece : pieces)
      finish(tile, {nt.first + piece.nt.first, piece.nt.count}, piece.acc);
  }

  // The MATMULs of one weight buffer, as few as the loops of the configuration allow.
  void matmuls(const Tile& tile, const Piece& piece, const Chunk& chunk, const Chunk& sub,
               uint32_t a, uint32_t b, bool accumulate) {
    const int limit = config_.conv_loops ? 16 : 1;
    const int kx_step = std::min(limit, sub.kx.count);
    const int ky_step = kx_step < sub.kx.count ? 1 : limit;
    const int nt_step = config_.tile_loop ? piece.nt.count : 1;
    for (int t = 0; t < piece.nt.count; t += nt_step) {
      const Piece part{{piece.nt.first + t, nt_step}, piece.acc + u32(t * tile.rows())};
      bool add = accumulate;
      for (int ky = 0; ky < sub.ky.count; ky += ky_step) {
        for (int kx = 0; kx < sub.kx.count; kx += kx_step) {
          matmul(tile, part, chunk, sub, {ky, std::min(ky_step, sub.ky.count - ky)},
                 {kx, std::min(kx_step, sub.kx.count - kx)}, a, b, add);
          add = true;
        }
      }
    }
  }

  // One MATMUL over kernel rows `ky` and columns `kx`, counted within the weight buffer.
  void matmul(const Tile& tile, const Piece& piece, const Chunk& chunk, const Chunk& sub, Range ky,
              Range kx, uint32_t a, uint32_t b, bool accumulate) {
    const int pixel = chunk.c.count;
    const int row = buffers_.input_row(tile, chunk);
    const int column = sub.ky.count * sub.kx.count * pixel;
    const int point = ky.first * sub.kx.count + kx.first;
    isa::Matmul m;
    m.accumulate = accumulate;
    m.n_nt = u32(piece.nt.count);
    m.n_ky = u32(ky.count);
    m.n_kx = u32(kx.count);
    m.n_ct = u32(pixel);
    m.n_oy = u32(tile.y.count);
    m.n_ox = u32(tile.x.count);
    m.a = a + u32((sub.ky.first - chunk.ky.first + ky.first) * s_.dilation_h * row +
                  kx.first * s_.dilation_w * pixel);
    m.a_ox = u32(s_.stride_w * pixel);
    m.a_oy = u32(s_.stride_h * row);
    m.a_kx = u32(s_.dilation_w * pixel);
    m.a_ky = u32(s_.dilation_h * row);
    m.a_ct = 1;
    m.b = b + u32(piece.nt.first * dim_ * column + point * pixel);
    m.b_col = u32(column);
    m.b_k = 1;
    m.b_tile = u32(dim_ * column);
    m.d = piece.acc;
    program_.matmul(m);
  }

  void finish(const Tile& tile, Range nt, uint32_t acc) {
    if (e_.kind == Epilogue::Kind::kInt32) return store_sums(tile, nt, acc);
    isa::Vset set;
    set.zero_point = e_.zero_point;
    set.clamp_lo = e_.clamp_lo;
    set.clamp_hi = e_.clamp_hi;
    isa::Vector v;
    v.src1_kind = isa::Source::kAcc;
    v.quant = isa::Quant::kQ31;
    if (e_.kind == Epilogue::Kind::kChannel) {
      v.channel = 1;
      v.param = buffers_.params(nt);
    } else {
      set.scalar_mult = e_.mult;
      set.scalar_shift = e_.shift;
    }
    program_.vset(set);
    v.src1 = acc;
    v.n2 = u32(tile.rows());
    v.n3 = u32(nt.count);
    v.s1_2 = 1;
    v.s1_3 = nt.count > 1 ? u32(tile.rows()) : 0;
    v.dst = buffers_.output();
    v.d_2 = u32(nt.count);
    v.d_3 = 1;
    program_.vector(v);
    Transfer t = output_transfer(tile, nt, 1);
    t.flip = s_.out_flip;
    t.chip = v.dst;
    t.row_bytes = u32(std::min(s_.out_bytes, nt.end() * dim_) - nt.first * dim_);
    t.chip_row = u32(nt.count);
    t.chip_plane = u32(tile.x.count * nt.count);
    program_.store(t);
  }

  void store_sums(const Tile& tile, Range nt, uint32_t acc) {
    for (int n = 0; n < nt.count; ++n) {
      Transfer t = output_transfer(tile, {nt.first + n, 1}, 4);
      t.space = isa::Space::kAcc;
      t.chip = acc + u32(n * tile.rows());
      t.row_bytes = u32(std::min(s_.out_bytes - 4 * (nt.first + n) * dim_, 4 * dim_));
      t.chip_row = 1;
      t.chip_plane = u32(tile.x.count);
      program_.store(t);
    }
  }

  // The memory side of a block's output.
  Transfer output_transfer(const Tile& tile, Range nt, int size) const {
    Transfer t;
    t.mem = o_.output.plus(
        u32(tile.image) * uint64_t{s_.out_image} + u32(tile.y.first) * uint64_t{s_.out_row} +
        u32(tile.x.first) * uint64_t{s_.out_pixel} + u32(nt.first * dim_ * size));
    t.rows = tile.x.count;
    t.mem_row = s_.out_pixel;
    t.planes = tile.y.count;
    t.mem_plane = s_.out_row;
    return t;
  }

  Program& program_;
  const isa::Config& config_;
  const ConvShape& s_;
  const Epilogue& e_;
  const ConvOperands& o_;
  const ConvPlan& plan_;
  const int dim_, c_words_, out_tiles_;
  ConvBuffers buffers_;
};

}  // namespace

void emit_conv(Program& program, const ConvShape& shape, const Epilogue& epilogue,
               const ConvOperands& operands, const ConvPlan& plan) {
  assert(plan_fits(program.config(), shape, plan));
  ConvEmitter(program, shape, epilogue, operands, plan).run();
}

}  // namespace millrace
