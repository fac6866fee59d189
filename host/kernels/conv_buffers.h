// SPDX-License-Identifier: Apache-2.0
// On-chip buffers of a convolution: what they hold, and the loads and fills that bring it there.
// Internal to the kernels.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "host/kernels/conv.h"
#include "host/kernels/math.h"

namespace millrace {

// What a buffer holds; the meaning of the numbers is the user's.
using Key = std::array<int, 8>;

// Buffers used in turn, with their contents.
class Ring {
 public:
  // Begins in the middle if `shifted`.
  Ring(uint32_t first, uint32_t words, int count, bool shifted)
      : first_(first), words_(words), held_(u32(count)), next_(shifted ? held_.size() / 2 : 0) {}

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
  size_t next_;
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

class ConvBuffers {
 public:
  ConvBuffers(Program& program, const ConvShape& shape, const ConvOperands& operands,
              const ConvPlan& plan);

  // Addresses of buffers with the input pixels of a tile and the weights of output tiles `nt` in
  // kernel version `part`, loaded if they are not there.
  uint32_t input(const Tile& tile, const Chunk& chunk);
  uint32_t weights(Range nt, int part, const Chunk& chunk);
  // Address of the channel parameters of output tiles `nt`; they come a bank at a time.
  uint32_t params(Range nt);
  // A buffer for results.
  uint32_t output() { return outs_.get({out_serial_++}).address; }

  // Words of a pixel row in an input buffer.
  int input_row(const Tile& tile, const Chunk& chunk) const {
    return input_width(tile, chunk) * chunk.c.count;
  }

 private:
  int input_width(const Tile& tile, const Chunk& chunk) const;
  int input_height(const Tile& tile, const Chunk& chunk) const;
  void fill_borders(uint32_t at, Range rows, Range columns, Range y, Range x, int pixel);
  void fill(uint32_t at, int words, int rows, int stride);

  Program& program_;
  const isa::Config& config_;
  const ConvShape& s_;
  const ConvOperands& o_;
  const ConvPlan& plan_;
  const int dim_;
  Ring inputs_, weights_, params_, outs_;
  int out_serial_ = 0;
};

}  // namespace millrace
