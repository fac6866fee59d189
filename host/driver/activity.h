// SPDX-License-Identifier: Apache-2.0
// When one instruction did what, for devices that know (the cycle model does).
#pragma once

#include <cstdint>

#include "millrace/isa.h"

namespace millrace {

struct Activity {
  isa::Instruction words{};
  uint32_t index = 0;                              // since reset
  uint32_t unit = 0;                               // whose queue it was in
  uint64_t dispatched = 0, started = 0, done = 0;  // cycles since power-on
};

}  // namespace millrace
