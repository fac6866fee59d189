// SPDX-License-Identifier: Apache-2.0
// A machine at the other end of a byte stream (docs/reference/link.md) as a Device: a board, or one
// that `millrace serve` simulates. Memory is reached in whole words: a write that begins or ends
// inside one reads that word first.
#pragma once

#include <memory>
#include <string>

#include "host/driver/device.h"
#include "host/link/requester.h"

namespace millrace::link {

class LinkDevice : public Device {
 public:
  // Finds the far end and its configuration. An Error if nothing answers, if what answers is no
  // Millrace machine, speaks another version, or has a configuration this build does not know.
  static Result<std::unique_ptr<LinkDevice>> open(std::unique_ptr<ByteStream> stream,
                                                  const Options& options = {});

  std::string_view kind() const override { return "link"; }
  const isa::Config& config() const override { return *config_; }
  uint64_t mem_bytes() const override { return uint64_t{1} << info_.mem_log2; }
  uint64_t clock_hz() const override { return uint64_t{info_.clock_10khz} * 10'000; }
  Result<uint32_t> read_reg(uint32_t offset) override;
  Status write_reg(uint32_t offset, uint32_t value) override;
  Status read_mem(uint64_t addr, std::span<uint8_t> out) override;
  Status write_mem(uint64_t addr, std::span<const uint8_t> data) override;
  // Time passes by itself; this only watches it. Returns early on a machine without time that has
  // done something. An Error if the machine works and neither CYCLES nor RING_HEAD moves for
  // Options::stall.
  Status advance(uint64_t cycles) override;

  const Info& info() const { return info_; }
  const std::string& name() { return requester_.stream().name(); }
  uint64_t repetitions() const { return requester_.repetitions(); }

 private:
  LinkDevice(std::unique_ptr<ByteStream> stream, const Options& options)
      : requester_(std::move(stream), options) {}
  Status identify();
  Status check_range(uint64_t addr, uint64_t bytes);
  Status settle(const Result<bool>& accepted, const std::string& what);
  Status read_words(uint64_t addr, std::span<uint8_t> out);
  Status write_words(uint64_t addr, std::span<const uint8_t> data);

  Requester requester_;
  Info info_;
  const isa::Config* config_ = nullptr;
};

}  // namespace millrace::link
