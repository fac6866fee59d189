// SPDX-License-Identifier: Apache-2.0
// Whole files through the C library; see file.h for the contract.
#include "host/io/file.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace millrace {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

Error system_error(const char* what, const std::string& path, int code) {
  return input_error(std::string(what) + " '" + path + "': " + std::strerror(code));
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// Pipes and devices cannot be replaced by a rename; they are written in place.
bool in_place(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  return !error && std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
}

Status write_all(std::FILE* file, std::span<const uint8_t> data, const std::string& path) {
  if (data.empty() || std::fwrite(data.data(), 1, data.size(), file) == data.size()) return {};
  return system_error("cannot write", path, errno);
}

}  // namespace

Result<std::vector<uint8_t>> read_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return system_error("cannot read", path, EISDIR);
  const File file(std::fopen(path.c_str(), "rb"));
  if (!file) return system_error("cannot read", path, errno);
  std::vector<uint8_t> data;
  std::vector<uint8_t> block(size_t{1} << 16);
  size_t count = 0;
  while ((count = std::fread(block.data(), 1, block.size(), file.get())) > 0)
    data.insert(data.end(), block.begin(), block.begin() + static_cast<ptrdiff_t>(count));
  if (std::ferror(file.get()) != 0) return system_error("cannot read", path, errno);
  return data;
}

Status check_writable(const std::string& path) {
  std::error_code error;
  if (path.empty()) return input_error("an output file needs a name");
  if (std::filesystem::is_directory(path, error)) return system_error("cannot write", path, EISDIR);
  const std::string target = in_place(path) ? path : folder_of(path);
  if (access(target.c_str(), W_OK) != 0) return system_error("cannot write", path, errno);
  return {};
}

Status write_file(const std::string& path, std::span<const uint8_t> data) {
  if (const Status status = check_writable(path); !status) return status;
  const bool direct = in_place(path);
  const std::string name = direct ? path : path + ".tmp" + std::to_string(getpid());
  File file(std::fopen(name.c_str(), "wb"));
  if (!file) return system_error("cannot write", path, errno);
  Status status = write_all(file.get(), data, path);
  if (std::fclose(file.release()) != 0 && status)
    status = system_error("cannot write", path, errno);
  if (direct) return status;
  if (status && std::rename(name.c_str(), path.c_str()) != 0)
    status = system_error("cannot write", path, errno);
  if (!status) std::remove(name.c_str());
  return status;
}

Status write_file(const std::string& path, std::string_view text) {
  return write_file(path, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

std::string extension_of(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  if (!extension.empty()) extension.erase(0, 1);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

}  // namespace millrace
