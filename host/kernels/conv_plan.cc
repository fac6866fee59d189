// SPDX-License-Identifier: Apache-2.0
// Choice of a plan: all candidates that fit are rated by a rough model of the machine's time.
#include <algorithm>
#include <cmath>
#include <vector>

#include "host/kernels/conv.h"
#include "host/kernels/math.h"

namespace millrace {
namespace {

// Cycles: an instruction's start and drain, and the memory's latency. Rough on purpose; only the
// order of the candidates matters.
constexpr double kMatmulStart = 40, kVectorStart = 40, kMemoryLatency = 50, kSerialQuant = 51;

// Sizes up to `limit` that cut n into nearly equal pieces, largest first.
std::vector<int> pieces(int n, int limit) {
  std::vector<int> sizes;
  const int first = ceil_div(n, std::min(n, limit));
  for (int i = first; i < first + 8 && i <= n; ++i) sizes.push_back(ceil_div(n, i));
  for (int i = 2 * first + 8; i < 2 * n; i *= 2) sizes.push_back(ceil_div(n, std::min(i, n)));
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

int64_t window(int outputs, int stride, int points, int dilation) {
  return int64_t{outputs - 1} * stride + int64_t{points - 1} * dilation + 1;
}

int banks(const isa::Config& config, int64_t words) {
  return static_cast<int>(
      std::min<int64_t>((words + config.sp_rows - 1) / config.sp_rows, 1 << 20));
}

class Planner {
 public:
  Planner(const isa::Config& config, const ConvShape& shape, Epilogue::Kind epilogue)
      : config_(config), s_(shape), epilogue_(epilogue), map_(bank_map(config)) {
    c_words_ = ceil_div(s_.in_bytes, config.dim);
    out_tiles_ = ceil_div(s_.out_c, config.dim);
    acc_rows_ = config.acc_banks / acc_turns(config) * config.acc_rows;
    max_count_ = 1 << config.count_bits;
  }

  Result<ConvPlan> best() {
    for (int kx : pieces(s_.kernel_w, s_.kernel_w)) {
      for (int ky : {s_.kernel_h, 1}) {
        for (int c : pieces(c_words_, max_count_)) try_chunk(c, ky, kx);
        if (found_ && kx == s_.kernel_w && ky == s_.kernel_h) return best_;
      }
    }
    if (found_) return best_;
    return input_error("the window of one output does not fit the scratchpad of configuration " +
                       std::string(config_.name));
  }

 private:
  void try_chunk(int c, int ky, int kx) {
    for (int w : pieces(s_.out_w, std::min(acc_rows_, max_count_))) {
      for (int h : pieces(s_.out_h, std::min(acc_rows_ / w, max_count_))) {
        try_tile({.tile_h = h, .tile_w = w, .chunk_c = c, .chunk_ky = ky, .chunk_kx = kx});
      }
    }
  }

  void try_tile(ConvPlan p) {
    const int rows = p.tile_h * p.tile_w;
    p.a_banks = input_banks(config_, s_, p);
    if (p.a_banks >= map_.operand_banks) return;
    int limit = std::min({acc_rows_ / rows, config_.sp_rows / rows, config_.sp_rows / 9, 256});
    for (int group : pieces(out_tiles_, std::max(limit, 1))) {
      for (int wky : pieces(p.chunk_ky, p.chunk_ky)) {
        p.group = group;
        p.weight_ky = wky;
        p.b_banks = weight_banks(config_, s_, p);
        try_buffers(p);
      }
    }
  }

  void try_buffers(ConvPlan p) {
    for (int a_bufs : {1, 2, 3, 4, 6, 8}) {
      p.a_bufs = a_bufs;
      const int rest = map_.operand_banks - a_bufs * p.a_banks;
      if (rest < p.b_banks) return;
      p.b_bufs = std::min(rest / p.b_banks, 8);
      for (bool outer : {false, true}) {
        p.group_outer = outer;
        p.cycles = estimate(p);
        if (found_ && p.cycles >= best_.cycles) continue;
        best_ = p;
        found_ = true;
      }
    }
  }

  // Cycles of `rows` memory rows of `bytes` each.
  double rows_cost(double rows, double bytes) const {
    const double beats = std::ceil(bytes / config_.dim);
    const double bursts = std::ceil(beats / config_.dma_burst);
    const double wait = kMemoryLatency / config_.dma_outstanding;
    return rows *
           std::max(beats + (config_.dma_outstanding == 1 ? bursts * wait : 0), bursts * wait);
  }

  double input_cost(const ConvPlan& p) const {
    const auto ih = static_cast<double>(window(p.tile_h, s_.stride_h, p.chunk_ky, s_.dilation_h));
    const auto iw = static_cast<double>(window(p.tile_w, s_.stride_w, p.chunk_kx, s_.dilation_w));
    const bool dense =
        p.chunk_c == c_words_ && s_.in_bytes % config_.dim == 0 && s_.in_pixel == u32(s_.in_bytes);
    const double moved = dense ? rows_cost(ih, iw * s_.in_bytes)
                               : rows_cost(ih * iw, std::min(p.chunk_c * config_.dim, s_.in_bytes));
    return moved + kMemoryLatency / 2;
  }

  double weight_cost(const ConvPlan& p) const {
    const double columns = std::min(p.group * config_.dim, s_.w_rows);
    const double point = std::min<double>(p.chunk_c * config_.dim, s_.in_bytes);
    const double points = p.weight_ky * p.chunk_kx;
    const bool dense = p.chunk_c == c_words_ && p.chunk_kx == s_.kernel_w;
    return (dense ? rows_cost(columns, points * point) : rows_cost(columns * points, point)) +
           kMemoryLatency / 2;
  }

  // Chunks of the input and of the weights that a block needs, and how often both are cut.
  struct Counts {
    double tiles, groups, blocks, a_chunks, b_chunks;
  };
  Counts counts(const ConvPlan& p) const {
    Counts n;
    n.tiles = 1.0 * s_.batch * ceil_div(s_.out_h, p.tile_h) * ceil_div(s_.out_w, p.tile_w);
    n.groups = ceil_div(out_tiles_, p.group);
    n.blocks = n.tiles * n.groups;
    n.a_chunks = 1.0 * ceil_div(c_words_, p.chunk_c) * ceil_div(s_.kernel_h, p.chunk_ky) *
                 ceil_div(s_.kernel_w, p.chunk_kx);
    n.b_chunks = n.a_chunks * ceil_div(p.chunk_ky, p.weight_ky) * s_.parts;
    return n;
  }

  double matmul_cost(const ConvPlan& p, const Counts& n) const {
    const double pixels = 1.0 * s_.batch * s_.out_h * s_.out_w;
    const double stretch = std::max(1.0, (config_.dim + 4.0) / (p.tile_h * p.tile_w));
    const double tiles = 1.0 * s_.kernel_h * s_.kernel_w * c_words_ * out_tiles_ * s_.parts;
    const int points = config_.conv_loops ? ceil_div(p.chunk_kx, 16) : p.weight_ky * p.chunk_kx;
    const double starts = n.blocks * n.b_chunks * points * (config_.tile_loop ? 1 : p.group);
    return tiles * pixels * stretch + starts * kMatmulStart;
  }

  // Cycles of the whole layer: the busiest unit, and what nothing hides.
  double estimate(const ConvPlan& p) const {
    const Counts n = counts(p);
    const bool a_stays = n.a_chunks * (p.group_outer ? n.tiles : 1) <= p.a_bufs;
    const bool b_stays = n.b_chunks * (p.group_outer ? 1 : n.groups) <= p.b_bufs;
    const double a_cost = input_cost(p), b_cost = weight_cost(p);
    const double a_loads = n.a_chunks * (a_stays ? n.tiles : n.blocks);
    const double b_loads = n.b_chunks * (b_stays ? n.groups : n.blocks);
    const double a_time = a_loads * a_cost, b_time = b_loads * b_cost;
    const double pixels = 1.0 * s_.batch * s_.out_h * s_.out_w;
    const double matmul = matmul_cost(p, n);
    const double store = n.blocks * rows_cost(p.tile_h * p.tile_w, store_bytes(p));
    const double step =
        1.0 * config_.dim / config_.lanes * (config_.serial_quant ? kSerialQuant : 1);
    const double vector = pixels * out_tiles_ * step + n.blocks * (kVectorStart + 9 * p.group);
    const double moved = a_time + b_time + (config_.dma_shared ? store : 0);
    // While a chunk is computed, only buffers that it does not use can be filled.
    const double chunk = matmul / (n.blocks * n.b_chunks);
    const bool no_spare = p.a_bufs <= n.a_chunks || p.b_bufs == 1;
    const double turns = no_spare ? std::min(a_loads, n.tiles) : 0;
    const double exposed = (p.a_bufs == 1 && a_loads > 1 ? a_time : 0) +
                           (p.b_bufs == 1 && b_loads > 1 ? b_time : 0) +
                           turns * std::max(a_cost + b_cost - chunk, 0.0);
    const double start =
        starts_short(s_, p) ? (a_cost + b_cost) * 2 / p.chunk_c + kMemoryLatency : a_cost + b_cost;
    // In one part of the accumulators, a block is computed after the last one is requantised.
    const double compute = acc_turns(config_) > 1 ? std::max(matmul, vector) : matmul + vector;
    return std::max({compute, moved, store}) + exposed + start + (vector + store) / n.blocks;
  }

  double store_bytes(const ConvPlan& p) const {
    const int size = epilogue_ == Epilogue::Kind::kInt32 ? 4 : 1;
    return std::min(p.group * config_.dim * size, s_.out_bytes);
  }

  const isa::Config& config_;
  const ConvShape& s_;
  Epilogue::Kind epilogue_;
  BankMap map_;
  int c_words_ = 0, out_tiles_ = 0, acc_rows_ = 0, max_count_ = 0;
  bool found_ = false;
  ConvPlan best_;
};

}  // namespace

int input_banks(const isa::Config& config, const ConvShape& s, const ConvPlan& p) {
  const int64_t limit = config.sp_words();  // keeps the product small
  const int64_t ih = std::min(window(p.tile_h, s.stride_h, p.chunk_ky, s.dilation_h), limit + 1);
  const int64_t iw = std::min(window(p.tile_w, s.stride_w, p.chunk_kx, s.dilation_w), limit + 1);
  return banks(config, ih * iw * p.chunk_c);
}

int weight_banks(const isa::Config& config, const ConvShape&, const ConvPlan& p) {
  return banks(config, int64_t{1} * p.group * config.dim * p.weight_ky * p.chunk_kx * p.chunk_c);
}

bool plan_fits(const isa::Config& config, const ConvShape& shape, const ConvPlan& p) {
  const int count = 1 << config.count_bits;
  const int rows = p.tile_h * p.tile_w * p.group;
  return p.tile_h <= count && p.tile_w <= count && p.chunk_c <= count && p.group <= 256 &&
         rows <= config.acc_banks / acc_turns(config) * config.acc_rows && rows <= config.sp_rows &&
         9 * p.group <= config.sp_rows && p.a_banks >= input_banks(config, shape, p) &&
         p.b_banks >= weight_banks(config, shape, p) &&
         p.a_banks * p.a_bufs + p.b_banks * p.b_bufs <= bank_map(config).operand_banks;
}

int acc_turns(const isa::Config& config) { return std::min(config.acc_banks, 2); }

BankMap bank_map(const isa::Config& config) {
  const int side = std::max(config.sp_banks / 8, 1);
  return {config.sp_banks - 2 * side, side, side};
}

bool starts_short(const ConvShape& shape, const ConvPlan& plan) {
  return shape.kernel_h * shape.kernel_w == 1 && plan.a_bufs > 1 && plan.b_bufs > 1 &&
         plan.chunk_c >= 12;
}

std::string ConvPlan::to_string() const {
  const auto n = [](int value) { return std::to_string(value); };
  return "pixels " + n(tile_h) + "x" + n(tile_w) + ", tiles " + n(group) + ", chunk " +
         n(chunk_ky) + "x" + n(chunk_kx) + "x" + n(chunk_c) + " (" + n(weight_ky) + "), input " +
         n(a_bufs) + "x" + n(a_banks) + " banks, weights " + n(b_bufs) + "x" + n(b_banks) +
         " banks" + (group_outer ? ", weights stay" : "");
}

Result<ConvPlan> plan_conv(const isa::Config& config, const ConvShape& shape,
                           Epilogue::Kind epilogue) {
  return Planner(config, shape, epilogue).best();
}

}  // namespace millrace
