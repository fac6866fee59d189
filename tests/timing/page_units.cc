// SPDX-License-Identifier: Apache-2.0
#include "tests/timing/page_units.h"

#include <algorithm>

namespace millrace::page {
namespace {

Cycle cycles(int value) { return static_cast<Cycle>(value); }

// Cycles of a step: S, or dim elements of E on the serial datapath.
Cycle step_time(const isa::Config& config, const isa::Vector& op) {
  if (!config.serial_quant) return cycles(config.dim / config.lanes);
  return cycles(config.dim) * (op.quant == isa::Quant::kQ31 ? 53 : 7);
}

// Cycles from the first item of an iteration of loop 3 to the first item of the next one: its
// parameter words, its steps and, on the pipelined datapath, three dead cycles before parameters.
struct Iteration {
  Cycle params, steps, gap;
  Cycle all() const { return params + steps + gap; }
};
Iteration iteration(const isa::Config& config, const isa::Vector& op) {
  return {op.channel ? 9u : 0u, Cycle{op.n2} * op.n1 * op.n0 * step_time(config, op),
          op.channel && !config.serial_quant ? 3u : 0u};
}

// From the last slice (or the mark of a fault) in cycle `last`.
Course vector_end(const isa::Config& config, Cycle last) {
  if (config.serial_quant) return {last + 1, last + 1};
  return {last + 11, last + 21};
}

}  // namespace

Cycle matmul_tiles(const isa::Matmul& op) { return Cycle{op.n_nt} * op.n_ky * op.n_kx * op.n_ct; }

Cycle matmul_rows(const isa::Matmul& op) { return Cycle{op.n_oy} * op.n_ox; }

Course matmul(const isa::Config& config, const isa::Matmul& op, Cycle c) {
  const Cycle dim = cycles(config.dim), l = cycles(config.dim_log2);
  const Cycle t = matmul_tiles(op), r = matmul_rows(op), p = std::max(r, dim);
  return {c + (dim + 1) + (t - 1) * p + r, c + (dim + 1) + (t - 1) * p + (r - 1) + 6 + l};
}

Course matmul_fault(const isa::Config& config, const isa::Matmul& op, Cycle c, Cycle tile,
                    Cycle row) {
  const Cycle dim = cycles(config.dim), l = cycles(config.dim_log2);
  const Cycle p = std::max(matmul_rows(op), dim);
  const Cycle done = c + (dim + 1) + tile * p + row + 6 + l;
  return {done, done};
}

Course vset(const isa::Config& config, Cycle c) { return {c, c + (config.serial_quant ? 1 : 21)}; }

Course vector(const isa::Config& config, const isa::Vector& op, Cycle c) {
  const Iteration i = iteration(config, op);
  return vector_end(config, c + op.n3 * i.all() - i.gap);
}

Course vector_step_fault(const isa::Config& config, const isa::Vector& op, Cycle c, Cycle i3,
                         Cycle step) {
  const Iteration i = iteration(config, op);
  return vector_end(config, c + 1 + i3 * i.all() + i.params + step * step_time(config, op));
}

Course vector_param_fault(const isa::Config& config, const isa::Vector& op, Cycle c, Cycle i3,
                          Cycle word) {
  const Iteration i = iteration(config, op);
  const Cycle gap = word == 0 && i3 > 0 ? i.gap : 0;  // the first one does not wait
  return vector_end(config, c + 1 + i3 * i.all() + word - gap);
}

}  // namespace millrace::page
