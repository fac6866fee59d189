// SPDX-License-Identifier: Apache-2.0
// See server.h.
#include "sim/server/server.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "host/link/address.h"

namespace millrace::sim {
namespace {

using link::Duration;
using std::chrono::milliseconds;

constexpr Duration kLook = milliseconds(50);  // between two looks at `stop` while nothing happens
constexpr Duration kPatience = std::chrono::seconds(5);  // with a client that takes no bytes
// A slice of the machine's work takes about so long: a host waits no longer for its answer.
constexpr Duration kShortSlice = milliseconds(1), kLongSlice = milliseconds(4);
constexpr uint64_t kMostCycles = 1 << 20;
constexpr int kPieces = 64;  // that a client that has gone may have left

bool bit(uint32_t word, int low) { return (word >> low & 1) != 0; }

}  // namespace

Result<std::unique_ptr<Server>> Server::create(Device& device, const std::string& listen) {
  std::unique_ptr<Server> server(new Server(device));
  if (listen == "pty") {
    Result<std::unique_ptr<link::ByteStream>> pty = link::open_pty();
    if (!pty) return pty.error();
    server->client_ = std::move(*pty);
    server->address_ = "serial://" + server->client_->name();
    return server;
  }
  const Result<link::HostAndPort> place = link::parse_host(listen);
  if (!place) return place.error();
  Result<std::unique_ptr<link::TcpListener>> listener =
      link::TcpListener::bind(place->host, place->port);
  if (!listener) return listener.error();
  server->listener_ = std::move(*listener);
  const bool colons = place->host.find(':') != std::string::npos;
  server->address_ = "tcp://" + (colons ? "[" + place->host + "]" : place->host) + ":" +
                     std::to_string(server->listener_->port());
  return server;
}

Status Server::run(const std::atomic<bool>& stop) {
  while (!stop) {
    if (Status status = admit(); !status) return status;
    const Result<size_t> taken = serve(working_ ? Duration::zero() : kLook);
    if (!taken) return taken.error();
    if (far_.take_touched()) working_ = true;
    if (working_)
      if (Status status = work(); !status) return status;
  }
  return {};
}

// The first client stays; others are told by closing at once.
Status Server::admit() {
  if (!listener_) return {};
  Result<std::unique_ptr<link::ByteStream>> next =
      listener_->accept(client_ || working_ ? Duration::zero() : kLook);
  if (!next) return next.error();
  if (!*next) return {};
  for (int pieces = kPieces; client_ && pieces > 0; --pieces) {  // it may have gone by now
    const Result<size_t> taken = serve(Duration::zero());
    if (!taken) return taken.error();
    if (*taken == 0) break;
  }
  if (client_) {
    std::fprintf(stderr, "millrace: %s sent away: %s is served, one host at a time\n",
                 (*next)->name().c_str(), client_->name().c_str());
    return {};
  }
  client_ = std::move(*next);
  far_.forget();
  return {};
}

// What the client says within `patience`; how many bytes.
Result<size_t> Server::serve(Duration patience) {
  if (!client_) return size_t{0};
  std::array<uint8_t, 4096> bytes;
  std::vector<uint8_t> answers;
  const Result<size_t> count = client_->read(bytes, patience);
  if (count) {
    far_.take(std::span(bytes).first(*count), answers);
    if (answers.empty() || client_->write(answers, kPatience)) return *count;
  }
  // The client is gone, or does not listen; the next one may come. Nobody can replace a
  // pseudo-terminal.
  if (!listener_) return count;
  client_.reset();
  return size_t{0};
}

Status Server::work() {
  const link::TimePoint before = std::chrono::steady_clock::now();
  if (Status status = device_.advance(slice_); !status) return status;
  const Duration taken = std::chrono::steady_clock::now() - before;
  const Result<uint32_t> status = device_.read_reg(reg::kStatus);
  if (!status) return status.error();
  working_ = bit(*status, reg::kStatusScanLow) || bit(*status, reg::kStatusResettingLow) ||
             (!bit(*status, reg::kStatusIdleLow) && !bit(*status, reg::kStatusFaultLow));
  if (!working_)
    slice_ = kFirstSlice;  // a short piece of work says nothing about long ones
  else if (taken < kShortSlice)
    slice_ = std::min(2 * slice_, kMostCycles);
  else if (taken > kLongSlice)
    slice_ = std::max<uint64_t>(slice_ / 2, 1);
  return {};
}

}  // namespace millrace::sim
