// SPDX-License-Identifier: Apache-2.0
// Whole files. Errors name the file and the system's reason. A write either replaces the file
// completely or leaves nothing behind: it goes to a temporary file in the same folder, which is
// then renamed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/driver/result.h"

namespace millrace {

Result<std::vector<uint8_t>> read_file(const std::string& path);
Status write_file(const std::string& path, std::span<const uint8_t> data);
Status write_file(const std::string& path, std::string_view text);

// Whether write_file() could create or replace the file; writes nothing.
Status check_writable(const std::string& path);

// The part after the last dot of the file name, in lower case; empty if there is none.
std::string extension_of(const std::string& path);

}  // namespace millrace
