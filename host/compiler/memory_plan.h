// SPDX-License-Identifier: Apache-2.0
// Places activations in memory. Internal to the compiler.
#pragma once

#include <cstdint>
#include <vector>

#include "host/driver/result.h"
#include "host/frontend/graph.h"
#include "host/kernels/program.h"
#include "millrace/isa.h"

namespace millrace {

// How a tensor's elements lie in memory: pixels of `inner` elements, `pitch` bytes apart. Reshapes
// keep the pixels of their input. An image that its only reader wants bordered has `left` pixels
// before and `right` pixels after each of its rows of `width` pixels.
struct Layout {
  int inner = 1;
  uint32_t pitch = 1;
  int64_t pixels = 1;
  int width = 0, left = 0, right = 0;
  int storage = -1;  // index into MemoryPlan::storages
  uint64_t bytes() const;
  uint32_t row_pitch() const { return static_cast<uint32_t>(width + left + right) * pitch; }
};

// A region of an arena with one or more tensors (by reshape) in it.
struct Storage {
  int tensor = -1;          // the first one
  int first = 0, last = 0;  // operators that write and last read it; -1 and number of ops: the host
  int arena = 0;
  uint64_t offset = 0, bytes = 0;
};

struct MemoryPlan {
  std::vector<Layout> layouts;  // by tensor; storage -1 for constants
  std::vector<Storage> storages;
  std::vector<uint64_t> arenas;  // bytes

  const Layout& layout(int tensor) const { return layouts[static_cast<size_t>(tensor)]; }
  const Storage& storage(int tensor) const {
    return storages[static_cast<size_t>(layout(tensor).storage)];
  }
  MemRef ref(int tensor) const;  // start of the region, borders included
};

// Bytes from pixel to pixel: dense where narrow, else (and where DMA wants it) whole words.
uint32_t pixel_pitch(const isa::Config& config, int channels);

// `input_layout` is the layout of the network's input.
Result<MemoryPlan> plan_memory(const Graph& graph, const isa::Config& config,
                               const Layout& input_layout);

}  // namespace millrace
