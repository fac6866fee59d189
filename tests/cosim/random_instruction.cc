// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/random_instruction.h"

#include <algorithm>

#include "tests/cosim/mode_names.h"

namespace millrace::cosim {
namespace {

using isa::Fault;
using isa::Space;

// STORE has the fields of LOAD.
isa::Store to_store(const isa::Load& f) {
  return {.space = f.space,
          .flip = f.flip,
          .seg = f.seg,
          .row_bytes = f.row_bytes,
          .src = f.dst,
          .src_hi = f.dst_hi,
          .rows = f.rows,
          .offset = f.offset,
          .mem_row = f.mem_row,
          .mem_plane = f.mem_plane,
          .planes = f.planes,
          .chip_row = f.chip_row,
          .chip_plane = f.chip_plane};
}

// Accesses of A and B in MATMUL.
struct MatmulDeltas {
  std::vector<uint32_t> a, b, d;
};
MatmulDeltas matmul_deltas(const isa::Config& c, const isa::Matmul& f) {
  MatmulDeltas deltas;
  for (uint32_t ky = 0; ky < f.n_ky; ++ky)
    for (uint32_t kx = 0; kx < f.n_kx; ++kx)
      for (uint32_t ct = 0; ct < f.n_ct; ++ct)
        for (uint32_t oy = 0; oy < f.n_oy; ++oy)
          for (uint32_t ox = 0; ox < f.n_ox; ++ox)
            deltas.a.push_back(oy * f.a_oy + ox * f.a_ox + ky * f.a_ky + kx * f.a_kx + ct * f.a_ct);
  for (uint32_t nt = 0; nt < f.n_nt; ++nt)
    for (uint32_t kt = 0; kt < f.n_ky * f.n_kx * f.n_ct; ++kt)
      for (uint32_t i = 0; i < dim_of(c); ++i)
        deltas.b.push_back(nt * f.b_tile + kt * f.b_k + i * f.b_col);
  for (uint32_t i = 0; i < f.n_nt * f.n_oy * f.n_ox; ++i) deltas.d.push_back(i);
  return deltas;
}

}  // namespace

InstructionGenerator::InstructionGenerator(const Surroundings& surroundings, Prng& prng,
                                           const Weights* weights)
    : s_(surroundings), config_(s_.config), prng_(prng), chooser_(prng, weights) {
  if (weights != nullptr) list_goals(*weights);
}

uint32_t InstructionGenerator::draw_limit() {
  switch (prng_.below(10)) {
    case 0:
    case 1:
      return prng_.between(100, 400);
    case 2:
    case 3:
    case 4:
      return prng_.between(1, 8);
    default:
      return prng_.between(8, 64);
  }
}

// ---- MATMUL

std::optional<isa::Matmul> InstructionGenerator::try_matmul(uint32_t limit, Fault fault) {
  isa::Matmul f;
  const uint32_t turned = config_.transpose_b ? 1 : 0;
  const uint32_t mode = chooser_.pick("matmul/", {{"accumulate=0 transpose=0", 2},
                                                  {"accumulate=1 transpose=0", 2},
                                                  {"accumulate=0 transpose=1", turned},
                                                  {"accumulate=1 transpose=1", turned}});
  f.accumulate = mode % 2;
  f.transpose = mode / 2;
  draw_matmul_shape(f, limit);
  if (!place_matmul(f, fault)) return std::nullopt;
  return f;
}

void InstructionGenerator::draw_matmul_shape(isa::Matmul& f, uint32_t limit) {
  const uint32_t dim = dim_of(config_);
  const auto stride = [&](const char* name, uint32_t natural) {
    return draw_stride(prng_, chooser_, std::string("matmul/") + name, chip_of(config_, Space::kSp),
                       natural, config_.sp_addr_bits);
  };
  if (!draw_again(f)) {
    const Loop tiles[] = {{&f.n_nt, config_.tile_loop ? 256u : 1u, "matmul/n_nt"},
                          {&f.n_ky, config_.conv_loops ? 16u : 1u, "matmul/n_ky"},
                          {&f.n_kx, config_.conv_loops ? 16u : 1u, "matmul/n_kx"},
                          {&f.n_ct, most(config_, 1), "matmul/n_ct"}};
    const uint32_t few = std::max(limit / dim, prng_.between(1, 6));
    draw_counts(prng_, chooser_, few, kExtreme, tiles);
    const Loop outputs[] = {{&f.n_ox, most(config_, 1), "matmul/n_ox"},
                            {&f.n_oy, most(config_, 1), "matmul/n_oy"}};
    const uint32_t n_tiles = f.n_nt * f.n_ky * f.n_kx * f.n_ct;
    draw_counts(prng_, chooser_, limit / n_tiles, kExtreme / n_tiles, outputs);
  }
  f.a_ox = stride("a_ox", 1);
  f.a_oy = stride("a_oy", f.n_ox);
  f.a_ct = stride("a_ct", f.n_oy * f.n_ox);
  f.b_col = stride("b_col", 1);
  f.b_k = stride("b_k", dim);
  if (config_.conv_loops) {
    f.a_kx = stride("a_kx", 1);
    f.a_ky = stride("a_ky", f.n_ox + f.n_kx - 1);
  }
  if (config_.tile_loop) f.b_tile = stride("b_tile", dim * f.n_ky * f.n_kx * f.n_ct);
}

// Sometimes more rows than the accumulators have, or nearly so: they are written again and again.
// The range is then all banks.
bool InstructionGenerator::draw_again(isa::Matmul& f) {
  const Chip chip = chip_of(config_, Space::kAcc);
  if (s_.windows.acc.count != chip.banks) return false;
  const uint32_t tiles = config_.tile_loop ? 1 : 0;
  const uint32_t how = chooser_.pick("matmul/", {{"d=once", 80},
                                                 {"d=around", 1},
                                                 {"d=again in a tile", 1},
                                                 {"d=again in another tile", tiles}});
  if (how == 0) return false;
  const uint32_t all = chip.size();
  uint32_t rows = how == 1 ? all - prng_.below(chip.rows) : all + prng_.between(1, all / 2);
  if (how == 3) f.n_nt = prng_.between(2, 4);
  rows = (rows + f.n_nt - 1) / f.n_nt;
  f.n_oy = prng_.between(2, 8);
  f.n_ox = std::min(rows / f.n_oy + 1, most(config_, 1));
  return true;
}

bool InstructionGenerator::place_matmul(isa::Matmul& f, Fault fault) {
  MatmulDeltas deltas = matmul_deltas(config_, f);
  std::vector<Request> requests = {{Space::kSp, &f.a, &f.a_hi, std::move(deltas.a)},
                                   {Space::kSp, &f.b, &f.b_hi, std::move(deltas.b)}};
  const Chip chip = chip_of(config_, Space::kAcc);
  const bool everywhere =
      f.n_nt * f.n_oy * f.n_ox > chip.size() - chip.rows && s_.windows.acc.count == chip.banks;
  if (everywhere) {
    f.d = prng_.below(chip.rows);
    f.d_hi = chip.banks - 1;
  } else {
    requests.push_back({Space::kAcc, &f.d, &f.d_hi, std::move(deltas.d)});
  }
  return place_all(prng_, config_, s_.windows, requests, fault == Fault::kBank);
}

// ---- All of them

isa::Opcode InstructionGenerator::draw_opcode(Fault fault) {
  const bool any = fault == Fault::kNone, chip = any || fault == Fault::kBank;
  const bool memory = !chip;
  const uint32_t i = chooser_.pick("opcode/", {{"load", any ? 4u : 1u},
                                               {"store", any ? 3u : 1u},
                                               {"matmul", any    ? 4u
                                                          : chip ? 1u
                                                                 : 0u},
                                               {"vector", any    ? 4u
                                                          : chip ? 1u
                                                                 : 0u},
                                               {"vset", any ? 2u : 0u},
                                               {"signal", any || memory ? 1u : 0u}});
  return static_cast<isa::Opcode>(i + 1);
}

std::optional<isa::Instruction> InstructionGenerator::attempt(isa::Opcode opcode, uint32_t limit,
                                                              Fault fault) {
  const auto pack = [](const auto& f) -> std::optional<isa::Instruction> {
    if (!f) return std::nullopt;
    return f->pack();
  };
  switch (opcode) {
    case isa::Opcode::kLoad:
      return pack(try_dma(false, limit, fault));
    case isa::Opcode::kStore: {
      const auto f = try_dma(true, limit, fault);
      if (!f) return std::nullopt;
      return to_store(*f).pack();
    }
    case isa::Opcode::kMatmul:
      return pack(try_matmul(limit, fault));
    case isa::Opcode::kVector:
      return pack(try_vector(limit, fault));
    case isa::Opcode::kVset:
      return vset().pack();
    case isa::Opcode::kSignal:
      return pack(try_signal(fault));
  }
  return std::nullopt;
}

isa::Instruction InstructionGenerator::draw(Fault fault) {
  const isa::Opcode opcode = draw_opcode(fault);
  std::optional<isa::Instruction> w;
  for (uint32_t limit = draw_limit(); !w; limit = limit > 1 ? limit * 3 / 4 : draw_limit())
    w = attempt(opcode, limit, fault);
  return *w;
}

isa::Instruction InstructionGenerator::draw(isa::Opcode opcode, uint32_t limit) {
  std::optional<isa::Instruction> w;
  for (; !w; limit = std::max(1u, limit * 3 / 4)) w = attempt(opcode, limit, Fault::kNone);
  return *w;
}

// What the instruction leaves for the choice of younger ones.
void InstructionGenerator::execute(const isa::Instruction& words) {
  if (words[0] % 256 == static_cast<uint32_t>(isa::Opcode::kVset)) vset_ = isa::Vset::unpack(words);
}

std::vector<isa::Instruction> InstructionGenerator::next() {
  if (!goals_.empty() && prng_.one_in(3)) return pursue(goals_[chooser_.pick(goal_shares_)]);
  const isa::Instruction w = draw(Fault::kNone);
  execute(w);
  if (static_cast<isa::Opcode>(w[0] & 0xff) == isa::Opcode::kVector) {
    const isa::Vector f = isa::Vector::unpack(w);
    if (f.channel && !prng_.one_in(3))
      if (const auto load = channel_load(f)) return {*load, w};
  }
  return {w};
}

// ---- Pairs

void InstructionGenerator::list_goals(const Weights& weights) {
  for (const auto& [point, weight] : weights.raised()) {
    const size_t slash = point.find('/'), arrow = point.find('>');
    const std::string group = point.substr(0, slash);
    if ((group != "hazard" && group != "sequence") || weight <= 1) continue;
    const std::string older = point.substr(slash + 1, arrow - slash - 1);
    const size_t space = point.find(' ');
    const std::string younger = point.substr(arrow + 1, std::min(space, point.size()) - arrow - 1);
    Goal goal = {point, {}, {}, space < point.size() ? point.substr(space + 1) : ""};
    for (const isa::InstructionInfo& info : isa::kInstructions) {
      if (info.name == older) goal.older = info.opcode;
      if (info.name == younger) goal.younger = info.opcode;
    }
    goals_.push_back(goal);
    goal_shares_.push_back(weight);
  }
}

// The older instruction takes its time, so that the younger one still finds it; the younger one is
// drawn until it has the conflict.
std::vector<isa::Instruction> InstructionGenerator::pursue(const Goal& goal) {
  constexpr int kTries = 60;
  std::vector<isa::Instruction> list = {draw(goal.older, prng_.between(40, 300))};
  execute(list[0]);
  const Footprint older = footprint(config_, list[0]);
  for (int i = 0; i < kTries; ++i) {
    const isa::Instruction w = draw(goal.younger, prng_.between(1, 40));
    const std::vector<std::string> kinds =
        conflicts(older, footprint(config_, w), shares(config_, s_.segments, w));
    if (!goal.conflict.empty() && std::ranges::find(kinds, goal.conflict) == kinds.end()) continue;
    list.push_back(w);
    execute(w);
    break;
  }
  return list;
}

}  // namespace millrace::cosim
