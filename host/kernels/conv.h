// SPDX-License-Identifier: Apache-2.0
// Convolution, fully connected layer and matrix product: one kernel.
//
// The output is cut into blocks of tile_h x tile_w pixels by `group` output tiles (of dim
// channels). A block's input pixels lie in a scratchpad buffer as [y][x][channel word], borders
// included, so that the loops of MATMUL walk the windows; its weights lie in another as
// [channel][ky][kx][channel word]. Both are kept in rings of buffers and loaded only when they are
// not there, so that whichever operand fits stays on chip, and the next one is loaded while the
// last one is used. A block that is too large is cut along the contraction into chunks that
// accumulate. A fully connected layer is an image of one row whose pixels are the batch; so is a
// matrix product, whose B [N][K] has the layout of weights.
#pragma once

#include <cstdint>
#include <string>

#include "host/driver/result.h"
#include "host/kernels/program.h"

namespace millrace {

// Sizes in pixels, channels and bytes; strides in bytes. Where the configuration has no unaligned
// DMA, everything in bytes (in_bytes, out_bytes, all strides, offsets) is a multiple of dim.
struct ConvShape {
  int batch = 1, in_h = 1, in_w = 1;
  int in_bytes =
      1;  // bytes of a pixel that take part: input channels, and padding if weights are 0
  int out_h = 1, out_w = 1;
  int out_c = 1;      // output channels
  int out_bytes = 1;  // bytes of a pixel written: out_c, or up to round_up(out_c, dim)
  int kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int pad_top = 0, pad_left = 0;  // what is missing at the other ends follows from the sizes
  int border = 0;                 // value outside the input
  bool in_flip = false, out_flip = false;  // uint8 in memory
  uint32_t in_pixel = 1, in_row = 1, in_image = 1;
  uint32_t out_pixel = 1, out_row = 1, out_image = 1;
  // Weights: `w_rows` rows (out_c, or up to round_up(out_c, dim)), `w_row` bytes apart, of `parts`
  // versions of the kernel, [ky][kx] points of `w_point` bytes; the versions' products are summed.
  int w_rows = 1, parts = 1;
  uint32_t w_row = 1, w_point = 1;

  int64_t macs() const {
    return int64_t{1} * batch * out_h * out_w * out_c * kernel_h * kernel_w * in_bytes;
  }
};

// What happens to the sums.
struct Epilogue {
  enum class Kind {
    kChannel,  // int8 by the parameters in memory (pack.h) of every channel
    kScalar,   // int8 by `mult` and `shift`
    kInt32,    // stored as they are; out_pixel etc. still in bytes, out_bytes = 4 * out_c
  };
  Kind kind = Kind::kChannel;
  int32_t mult = 0, shift = 0;
  int zero_point = 0, clamp_lo = -128, clamp_hi = 127;
};

struct ConvOperands {
  MemRef input, weights, params, output;
  // Number of the layer in the program. All but the first load what does not depend on the layer
  // before ahead of their input; neighbours begin with different buffers, so that this can overlap.
  int layer = 0;
};

// How the work is cut; see above.
struct ConvPlan {
  int tile_h = 1, tile_w = 1;                   // output pixels of a block
  int group = 1;                                // output tiles of a block
  int chunk_c = 1, chunk_ky = 1, chunk_kx = 1;  // part of the window that an input buffer holds
  int weight_ky = 1;                            // kernel rows of it that a weight buffer holds
  int a_banks = 1, a_bufs = 1, b_banks = 1, b_bufs = 1;  // banks of a buffer, buffers
  bool group_outer = false;  // blocks in order [group][pixels] instead of [pixels][group]
  double cycles = 0;         // estimate
  std::string to_string() const;
};

// The plan with the lowest estimate. An Error if the window does not fit the scratchpad.
Result<ConvPlan> plan_conv(const isa::Config& config, const ConvShape& shape,
                           Epilogue::Kind epilogue);

// Scratchpad banks that a buffer of input pixels or weights takes when the work is cut as `plan`
// says.
int input_banks(const isa::Config& config, const ConvShape& shape, const ConvPlan& plan);
int weight_banks(const isa::Config& config, const ConvShape& shape, const ConvPlan& plan);
// Whether the configuration can execute the plan; emit_conv() takes no other.
bool plan_fits(const isa::Config& config, const ConvShape& shape, const ConvPlan& plan);

// Whether the first block begins with short chunks, so that the array need not wait for a whole
// buffer.
bool starts_short(const ConvShape& shape, const ConvPlan& plan);

void emit_conv(Program& program, const ConvShape& shape, const Epilogue& epilogue,
               const ConvOperands& operands, const ConvPlan& plan);

// Scratchpad banks by use.
struct BankMap {
  int operand_banks;  // input and weight buffers, from bank 0
  int param_banks;    // channel parameters, after them
  int out_banks;      // results on their way to memory, after them
};
BankMap bank_map(const isa::Config& config);

// Equal parts of the accumulators that blocks use in turn: one with a single bank, else two.
int acc_turns(const isa::Config& config);

}  // namespace millrace
