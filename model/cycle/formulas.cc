// SPDX-License-Identifier: Apache-2.0
#include "model/cycle/formulas.h"

#include <algorithm>

namespace millrace::cycle {
namespace {

// Pipelined vector datapath (rtl/core/vec_datapath.sv).
constexpr Cycle kVectorDone = 21;     // from an instruction's last slice, or its mark, to done
constexpr Cycle kVectorRelease = 11;  // ... until nothing depends on its fields
constexpr Cycle kParamGap = 3;        // dead cycles before parameters are overwritten
constexpr Cycle kParamWords = 9;
// Serial vector datapath (rtl/core/vec_serial.sv): cycles of an element.
constexpr Cycle kSerialQ31 = 53, kSerialNone = 7;

Cycle dim(const isa::Config& config) { return static_cast<Cycle>(config.dim); }

// Cycles of one tile.
Cycle tile_time(const isa::Config& config, const isa::Matmul& op) {
  return std::max<Cycle>(Cycle{op.n_oy} * op.n_ox, dim(config));
}

// From the address of a row to the write of its accumulators.
Cycle matmul_depth(const isa::Config& config) { return 5 + static_cast<Cycle>(config.dim_log2); }

// The address of the first row of the first tile.
Cycle first_row(const isa::Config& config, Cycle start) { return start + dim(config) + 2; }

Cycle step_time(const isa::Config& config, const isa::Vector& op) {
  if (!config.serial_quant) return static_cast<Cycle>(config.slices);
  return dim(config) * (op.quant == isa::Quant::kQ31 ? kSerialQ31 : kSerialNone);
}

// The cycle in which the item where `reach` ends would have begun; without a fault, the one after
// the last item.
Cycle vector_end(const isa::Config& config, const isa::Vector& op, const VectorReach& reach,
                 Cycle start) {
  const Cycle step = step_time(config, op);
  const Cycle gap = op.channel && !config.serial_quant ? kParamGap : 0;
  const Cycle params = op.channel ? kParamWords : 0;
  const Cycle iteration = params + Cycle{op.n2} * op.n1 * op.n0 * step;
  Cycle at = start + 1 + reach.i3 * (iteration + gap);
  if (!reach.fault) return at - (reach.i3 > 0 ? gap : 0);
  if (!reach.in_params) return at + params + reach.position * step;
  // A bad first parameter word need not wait for those in use.
  return reach.position == 0 && reach.i3 > 0 ? at - gap : at + reach.position;
}

}  // namespace

Course matmul_course(const isa::Config& config, const isa::Matmul& op, const MatmulReach& reach,
                     Cycle start) {
  const Cycle rows = Cycle{op.n_oy} * op.n_ox;
  const Cycle first = first_row(config, start);
  if (reach.fault) {
    const Cycle done =
        first + reach.tiles * tile_time(config, op) + reach.rows + matmul_depth(config);
    return {done, done};
  }
  const Cycle last = first + (reach.tiles - 1) * tile_time(config, op) + rows - 1;
  return {last, last + matmul_depth(config)};
}

uint64_t matmul_steps(const isa::Config& config, const isa::Matmul& op, const MatmulReach& reach,
                      Cycle start, Cycle now) {
  const Cycle rows = Cycle{op.n_oy} * op.n_ox;
  const uint64_t all = reach.tiles * rows + reach.rows;
  const Cycle first = first_row(config, start) + 1;  // counted a cycle after the address
  if (now <= first) return 0;
  const Cycle tile = tile_time(config, op);
  const uint64_t tiles = (now - first) / tile;
  return std::min(all, tiles * rows + std::min(rows, (now - first) % tile));
}

Course vector_course(const isa::Config& config, const isa::Vector& op, const VectorReach& reach,
                     Cycle start) {
  // Of the last slice, or of the mark that stands for the fault.
  const Cycle last = vector_end(config, op, reach, start) - (reach.fault ? 0 : 1);
  if (config.serial_quant) return {last + 1, last + 1};
  return {last + kVectorRelease, last + kVectorDone};
}

Course vset_course(const isa::Config& config, Cycle start) {
  return {start, start + (config.serial_quant ? 1 : kVectorDone)};
}

}  // namespace millrace::cycle
