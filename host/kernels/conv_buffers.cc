// SPDX-License-Identifier: Apache-2.0
#include "host/kernels/conv_buffers.h"

#include <algorithm>

#include "host/kernels/math.h"

namespace millrace {
namespace {

// The part of `range` that lies in [0, size).
Range inside(Range range, int size) {
  const int first = std::max(range.first, 0);
  return {first, std::max(std::min(range.end(), size) - first, 0)};
}

uint32_t buffer_words(const isa::Config& config, int banks) { return u32(banks * config.sp_rows); }

}  // namespace

ConvBuffers::ConvBuffers(Program& program, const ConvShape& shape, const ConvOperands& operands,
                         const ConvPlan& plan)
    : program_(program),
      config_(program.config()),
      s_(shape),
      o_(operands),
      plan_(plan),
      dim_(config_.dim),
      inputs_(0, buffer_words(config_, plan.a_banks), plan.a_bufs, operands.layer % 2),
      weights_(buffer_words(config_, plan.a_banks * plan.a_bufs),
               buffer_words(config_, plan.b_banks), plan.b_bufs, operands.layer % 2),
      params_(buffer_words(config_, bank_map(config_).operand_banks), buffer_words(config_, 1),
              bank_map(config_).param_banks, operands.layer % 2),
      outs_(buffer_words(config_, bank_map(config_).operand_banks + bank_map(config_).param_banks),
            buffer_words(config_, 1), bank_map(config_).out_banks, operands.layer % 2) {}

int ConvBuffers::input_width(const Tile& tile, const Chunk& chunk) const {
  return (tile.x.count - 1) * s_.stride_w + (chunk.kx.count - 1) * s_.dilation_w + 1;
}
int ConvBuffers::input_height(const Tile& tile, const Chunk& chunk) const {
  return (tile.y.count - 1) * s_.stride_h + (chunk.ky.count - 1) * s_.dilation_h + 1;
}

// The buffer with the input pixels of a tile, loaded if necessary.
uint32_t ConvBuffers::input(const Tile& tile, const Chunk& chunk) {
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

// Fills what of rows x columns lies outside y x x.
void ConvBuffers::fill_borders(uint32_t at, Range rows, Range columns, Range y, Range x,
                               int pixel) {
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
void ConvBuffers::fill(uint32_t at, int words, int rows, int stride) {
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
uint32_t ConvBuffers::weights(Range nt, int part, const Chunk& chunk) {
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

// Parameters come a bank at a time.
uint32_t ConvBuffers::params(Range nt) {
  const int window = config_.sp_rows / 9 / plan_.group * plan_.group;
  const int first = nt.first / window * window;
  const auto slot = params_.get({first});
  if (!slot.hit) {
    Transfer t;
    t.mem = o_.params.plus(u32(first * 9 * dim_));
    t.chip = slot.address;
    t.row_bytes = u32(std::min(window, ceil_div(s_.out_c, dim_) - first) * 9 * dim_);
    program_.load(t);
  }
  return slot.address + u32((nt.first - first) * 9);
}

}  // namespace millrace
