// SPDX-License-Identifier: Apache-2.0
// Emission of a planned convolution.
#include "host/kernels/conv.h"

#include <algorithm>
#include <array>
#include <vector>

#include "host/kernels/math.h"

namespace millrace {
namespace {

// What a buffer holds; the meaning of the numbers is the user's.
using Key = std::array<int, 8>;

// Buffers used in turn, with their contents.
class Ring {
 public:
  Ring(uint32_t first, uint32_t words, int count)
      : first_(first), words_(words), held_(u32(count)) {}

  struct Slot {
    uint32_t address;
    bool hit;  // it holds the key already
  };
  Slot get(const Key& key) {
    for (size_t i = 0; i < held_.size(); ++i) {
      if (held_[i].full && held_[i].key == key) return {address(i), true};
    }
    const size_t i = next_;
    next_ = (next_ + 1) % held_.size();
    held_[i] = {true, key};
    return {address(i), false};
  }

 private:
  struct Held {
    bool full = false;
    Key key{};
  };
  uint32_t address(size_t i) const { return first_ + static_cast<uint32_t>(i) * words_; }

  uint32_t first_, words_;
  std::vector<Held> held_;
  size_t next_ = 0;
};

struct Range {
  int first = 0, count = 0;
  int end() const { return first + count; }
};

// Part of the contraction: of a window (input buffer), of a kernel version (weight buffer).
struct Chunk {
  Range c, ky, kx;
};

// Output pixels of one image.
struct Tile {
  int image;
  Range y, x;
  int rows() const { return y.count * x.count; }
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
        dim_(program.config().dim),
        c_words_(ceil_div(shape.in_bytes, program.config().dim)),
        out_tiles_(ceil_div(shape.out_c, program.config().dim)),
        inputs_(0, buffer_words(plan.a_banks), plan.a_bufs),
        weights_(buffer_words(plan.a_banks * plan.a_bufs), buffer_words(plan.b_banks), plan.b_bufs),
        params_(0, 0, 1),
        outs_(0, 0, 1) {
    const BankMap map = bank_map(config_);
    params_ = Ring(buffer_words(map.operand_banks), buffer_words(1), map.param_banks);
    outs_ = Ring(buffer_words(map.operand_banks + map.param_banks), buffer_words(1), map.out_banks);
  }

  void run() {
    const std::vector<Tile> tiles = cut_tiles();
    const int groups = ceil_div(out_tiles_, plan_.group);
    const int blocks = static_cast<int>(tiles.size()) * groups;
    for (int i = 0; i < blocks; ++i) {
      const int tile = plan_.group_outer ? i % static_cast<int>(tiles.size()) : i / groups;
      const int group = plan_.group_outer ? i / static_cast<int>(tiles.size()) : i % groups;
      const Range nt{group * plan_.group, std::min(plan_.group, out_tiles_ - group * plan_.group)};
      block(tiles[u32(tile)], nt, i, i + 1 == blocks);
    }
  }

 private:
  uint32_t buffer_words(int banks) const { return u32(banks * config_.sp_rows); }

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

  // The channel words of the chunks in turn. The first block of a matrix product starts with short
  // ones, so that the array need not wait for a whole buffer.
  std::vector<Range> cut_channels(bool first_block) const {
    std::vector<Range> cuts;
    const bool ramp = first_block && s_.kernel_h * s_.kernel_w == 1 && plan_.a_bufs > 2 &&
                      plan_.b_bufs > 2 && plan_.chunk_c >= 8;
    if (ramp) cuts = {{0, 2}, {2, 4}, {6, plan_.chunk_c - 6}};
    if (ramp && cuts.back().count == 0) cuts.pop_back();
    for (int c = ramp ? plan_.chunk_c : 0; c < c_words_; c += plan_.chunk_c)
      cuts.push_back({c, std::min(plan_.chunk_c, c_words_ - c)});
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

  // One block: contraction, then requantisation and store. In the last block both go through the
  // accumulator banks one by one, so that less is left to do when the array has finished.
  void block(const Tile& tile, Range nt, int index, bool last_block) {
    const int half = config_.acc_banks / 2 * config_.acc_rows;
    const uint32_t acc = u32(index % 2 * half);
    const std::vector<Chunk> chunks = cut_window(index == 0);
    const bool split = last_block && config_.acc_rows % tile.rows() == 0;
    const int step = split ? config_.acc_rows / tile.rows() : nt.count;
    accumulate_ = false;
    for (size_t i = 0; i < chunks.size(); ++i) {
      const bool last_chunk = i + 1 == chunks.size();
      const uint32_t a = input_buffer(tile, chunks[i]);
      contract(tile, nt, chunks[i], a, acc, last_chunk ? step : nt.count);
    }
    for (int t = 0; t < nt.count; t += step) {
      const Range part{nt.first + t, std::min(step, nt.count - t)};
      finish(tile, part, acc + u32(t * tile.rows()));
    }
  }

  // All products of one input buffer; the output tiles of the last ones `step` at a time.
  void contract(const Tile& tile, Range nt, const Chunk& chunk, uint32_t a, uint32_t acc,
                int step) {
    for (int ky = 0; ky < chunk.ky.count; ky += plan_.weight_ky) {
      for (int part = 0; part < s_.parts; ++part) {
        Chunk sub = chunk;
        sub.ky = {chunk.ky.first + ky, std::min(plan_.weight_ky, chunk.ky.count - ky)};
        const uint32_t b = weight_buffer(nt, part, sub);
        const bool last = sub.ky.end() == chunk.ky.end() && part + 1 == s_.parts;
        const int tiles = last ? step : nt.count;
        for (int t = 0; t < nt.count; t += tiles)
          matmuls(tile, {t, std::min(tiles, nt.count - t)}, chunk, sub, a, b, acc);
        accumulate_ = true;
      }
    }
  }

  // The MATMULs of one weight buffer, as few as the loops of the configuration allow.
  void matmuls(const Tile& tile, Range nt, const Chunk& chunk, const Chunk& sub, uint32_t a,
               uint32_t b, uint32_t acc) {
    const int limit = config_.conv_loops ? 16 : 1;
    const int kx_step = std::min(limit, sub.kx.count);
    const int ky_step = kx_step < sub.kx.count ? 1 : limit;
    const int nt_step = config_.tile_loop ? nt.count : 1;
    for (int t = 0; t < nt.count; t += nt_step) {
      bool accumulate = accumulate_;
      for (int ky = 0; ky < sub.ky.count; ky += ky_step) {
        for (int kx = 0; kx < sub.kx.count; kx += kx_step) {
          matmul(tile, {nt.first + t, nt_step}, chunk, sub,
                 {ky, std::min(ky_step, sub.ky.count - ky)},
                 {kx, std::min(kx_step, sub.kx.count - kx)}, a, b, acc, accumulate);
          accumulate = true;
        }
      }
    }
  }

  // One MATMUL over kernel rows `ky` and columns `kx`, counted within the weight buffer.
  void matmul(const Tile& tile, Range nt, const Chunk& chunk, const Chunk& sub, Range ky, Range kx,
              uint32_t a, uint32_t b, uint32_t acc, bool accumulate) {
    const int pixel = chunk.c.count;
    const int row = input_width(tile, chunk) * pixel;
    const int column = sub.ky.count * sub.kx.count * pixel;
    const int point = ky.first * sub.kx.count + kx.first;
    isa::Matmul m;
    m.accumulate = accumulate;
    m.n_nt = u32(nt.count);
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
    m.b = b + u32(nt.first * dim_ * column + point * pixel);
    m.b_col = u32(column);
    m.b_k = 1;
    m.b_tile = u32(dim_ * column);
    m.d = acc + u32(nt.first * tile.rows());
    program_.matmul(m);
  }

  int input_width(const Tile& tile, const Chunk& chunk) const {
    return (tile.x.count - 1) * s_.stride_w + (chunk.kx.count - 1) * s_.dilation_w + 1;
  }
  int input_height(const Tile& tile, const Chunk& chunk) const {
    return (tile.y.count - 1) * s_.stride_h + (chunk.ky.count - 1) * s_.dilation_h + 1;
  }

  // The buffer with the input pixels of a tile, loaded if necessary.
  uint32_t input_buffer(const Tile& tile, const Chunk& chunk) {
    const auto slot = inputs_.get({tile.image, tile.y.first, tile.x.first, chunk.c.first,
                                   chunk.c.count, chunk.ky.first, chunk.kx.first, 0});
    if (slot.hit) return slot.address;
    const int pixel = chunk.c.count;
    const Range rows{tile.y.first * s_.stride_h + chunk.ky.first * s_.dilation_h - s_.pad_top,
                     input_height(tile, chunk)};
    const Range columns{tile.x.first * s_.stride_w + chunk.kx.first * s_.dilation_w - s_.pad_left,
                        input_width(tile, chunk)};
    const Range y = inside(rows, s_.in_h), x = inside(columns, s_.in_w);
    fill_borders(slot.address, rows, columns, y, x, pixel);
    if (y.count == 0 || x.count == 0) return slot.address;
    Transfer t;
    t.flip = s_.in_flip;
    t.mem =
        o_.input.plus(u32(tile.image) * uint64_t{s_.in_image} + u32(y.first) * uint64_t{s_.in_row} +
                      u32(x.first) * uint64_t{s_.in_pixel} + u32(chunk.c.first * dim_));
    t.chip = slot.address +
             u32(((y.first - rows.first) * columns.count + x.first - columns.first) * pixel);
    t.row_bytes = u32(std::min(s_.in_bytes, chunk.c.end() * dim_) - chunk.c.first * dim_);
    t.rows = x.count;
    t.mem_row = s_.in_pixel;
    t.chip_row = u32(pixel);
    t.planes = y.count;
    t.mem_plane = s_.in_row;
    t.chip_plane = u32(columns.count * pixel);
    program_.load(t);
    return slot.address;
  }

  static Range inside(Range range, int size) {
    const int first = std::max(range.first, 0);
    return {first, std::max(std::min(range.end(), size) - first, 0)};
  }

  // Fills what of rows x columns lies outside y x x.
  void fill_borders(uint32_t at, Range rows, Range columns, Range y, Range x, int pixel) {
    const int width = columns.count * pixel;
    if (y.count == 0 || x.count == 0) return fill(at, rows.count * width, 1, 0);
    const int top = y.first - rows.first, bottom = rows.end() - y.end();
    const int left = (x.first - columns.first) * pixel, right = (columns.end() - x.end()) * pixel;
    const uint32_t inner = at + u32(top * width);
    fill(at, top * width, 1, 0);
    fill(inner, left, y.count, width);
    fill(inner + u32(width - right), right, y.count, width);
    fill(inner + u32(y.count * width), bottom * width, 1, 0);
  }

  // Fills `rows` runs of `words` words with the border value.
  void fill(uint32_t at, int words, int rows, int stride) {
    if (words == 0) return;
    isa::Vset set;
    set.zero_point = s_.border;
    set.clamp_lo = -128;
    set.clamp_hi = 127;
    program_.vset(set);
    const int limit = 1 << config_.count_bits;
    for (int y = 0; y < rows; y += limit) {
      for (int x = 0; x < words; x += limit) {
        isa::Vector v;
        v.n2 = u32(std::min(limit, words - x));
        v.n3 = u32(std::min(limit, rows - y));
        v.dst = at + u32(y * stride + x);
        v.d_2 = 1;
        v.d_3 = v.n3 > 1 ? u32(stride) : 0;
        program_.vector(v);
      }
    }
  }

  // The buffer with the weights of output tiles `nt`, loaded if necessary.
  uint32_t weight_buffer(Range nt, int part, const Chunk& chunk) {
    const auto slot = weights_.get({nt.first, part, chunk.c.first, chunk.c.count, chunk.ky.first,
                                    chunk.ky.count, chunk.kx.first, chunk.kx.count});
    if (slot.hit) return slot.address;
    const uint32_t bytes =
        std::min(s_.w_point, u32(chunk.c.end() * dim_)) - u32(chunk.c.first * dim_);
    const bool whole_rows = chunk.kx.count == s_.kernel_w;
    const int runs = whole_rows ? 1 : chunk.ky.count;
    for (int run = 0; run < runs; ++run) {
      const int point = (part * s_.kernel_h + chunk.ky.first + run) * s_.kernel_w + chunk.kx.first;
      Transfer t;
      t.mem = o_.weights.plus(u32(nt.first * dim_) * uint64_t{s_.w_row} +
                              u32(point) * uint64_t{s_.w_point} + u32(chunk.c.first * dim_));
      t.chip = slot.address + u32(run * chunk.kx.count * chunk.c.count);
      t.row_bytes = bytes;
      t.rows = (whole_rows ? chunk.ky.count : 1) * chunk.kx.count;
      t.mem_row = s_.w_point;
      t.chip_row = u32(chunk.c.count);
      t.planes = std::min(s_.w_rows, nt.end() * dim_) - nt.first * dim_;
      t.mem_plane = s_.w_row;
      t.chip_plane = u32(chunk.ky.count * chunk.kx.count * chunk.c.count);
      program_.load(t);
    }
    return slot.address;
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
      v.param = param_words(nt);
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
    v.dst = outs_.get({out_serial_++}).address;
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

  // Parameters come a bank at a time.
  uint32_t param_words(Range nt) {
    const int window = config_.sp_rows / 9 / plan_.group * plan_.group;
    const int first = nt.first / window * window;
    const auto slot = params_.get({first});
    if (!slot.hit) {
      Transfer t;
      t.mem = o_.params.plus(u32(first * 9 * dim_));
      t.chip = slot.address;
      t.row_bytes = u32(std::min(window, out_tiles_ - first) * 9 * dim_);
      program_.load(t);
    }
    return slot.address + u32((nt.first - first) * 9);
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
  Ring inputs_, weights_, params_, outs_;
  bool accumulate_ = false;
  int out_serial_ = 0;
};

}  // namespace

void emit_conv(Program& program, const ConvShape& shape, const Epilogue& epilogue,
               const ConvOperands& operands, const ConvPlan& plan) {
  ConvEmitter(program, shape, epilogue, operands, plan).run();
}

}  // namespace millrace
