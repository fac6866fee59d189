// SPDX-License-Identifier: Apache-2.0
// Registers that say what a machine is (docs/reference/registers.md): identity, hash and
// capabilities.
#pragma once

#include <cstdint>
#include <optional>

#include "millrace/isa.h"

namespace millrace::ref {

// The register at `offset`; nothing if it is another one.
std::optional<uint32_t> read_capability(const isa::Config& config, uint32_t offset);

}  // namespace millrace::ref
