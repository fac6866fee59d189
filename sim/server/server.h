// SPDX-License-Identifier: Apache-2.0
// Serves a simulated machine to one host at a time, over TCP or a pseudo-terminal
// (docs/reference/link.md). The machine runs while it has work, as a board does, whatever the host
// does meanwhile.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "host/link/transports.h"
#include "sim/server/far_end.h"

namespace millrace::sim {

class Server {
 public:
  // `listen` is HOST:PORT, with port 0 for one that the system chooses, or "pty". The device must
  // outlive it.
  static Result<std::unique_ptr<Server>> create(Device& device, const std::string& listen);

  // For --device.
  const std::string& address() const { return address_; }
  // Until `stop`. An Error if the machine misbehaved, or nobody can connect any more.
  Status run(const std::atomic<bool>& stop);

 private:
  explicit Server(Device& device) : device_(device), far_(device) {}
  static constexpr uint64_t kFirstSlice = 1024;

  Status admit();
  Result<size_t> serve(link::Duration patience);
  Status work();

  Device& device_;
  FarEnd far_;
  std::string address_;
  std::unique_ptr<link::TcpListener> listener_;  // null with a pseudo-terminal
  std::unique_ptr<link::ByteStream> client_;
  bool working_ = false;          // the machine may have work
  uint64_t slice_ = kFirstSlice;  // cycles between two looks at the client
};

}  // namespace millrace::sim
