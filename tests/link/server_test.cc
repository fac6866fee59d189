// SPDX-License-Identifier: Apache-2.0
// The server with hosts at its door, over TCP and pseudo-terminals.
#include "sim/server/server.h"

#include <gtest/gtest.h>

#include <thread>

#include "host/kernels/gemm.h"
#include "host/link/address.h"
#include "host/runtime/runtime.h"
#include "sim/cycle/cycle_device.h"
#include "tests/cosim/prng.h"
#include "tests/link/noted_device.h"

namespace millrace::sim {
namespace {

using link::LinkDevice;
using std::chrono::milliseconds;
using std::chrono::seconds;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A server that runs beside the test.
class Served {
 public:
  explicit Served(Device& device, const std::string& listen = "127.0.0.1:0") {
    auto server = Server::create(device, listen);
    EXPECT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    thread_ = std::thread([this] {
      status_ = server_->run(stop_);
      ended_ = true;
    });
  }
  ~Served() { stop(); }
  const std::string& address() const { return server_->address(); }
  Status end() {
    stop();
    return status_;
  }
  // It should stop by itself, because of an Error.
  Status wait() {
    for (int i = 0; i < 500 && !ended_; ++i) std::this_thread::sleep_for(milliseconds(10));
    return end();
  }
  // Stops and closes every connection.
  void vanish() {
    stop();
    server_.reset();
  }

 private:
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }

  std::unique_ptr<Server> server_;
  std::atomic<bool> stop_ = false, ended_ = false;
  Status status_;
  std::thread thread_;
};

std::unique_ptr<LinkDevice> open(const std::string& address) {
  auto device = link::open_link(address);
  EXPECT_TRUE(device) << device.error().message;
  return device ? std::move(*device) : nullptr;
}

struct Product {
  std::vector<uint8_t> c;
  uint64_t cycles = 0;
};

// The same matrix product on any device.
void multiply(Device& device, int ring_log2, Product& out) {
  auto runtime = Runtime::create(device, {.ring_log2 = ring_log2});
  ASSERT_TRUE(runtime) << runtime.error().message;
  const GemmShape shape{21, 19, 37};
  Epilogue epilogue;
  epilogue.kind = Epilogue::Kind::kScalar;
  epilogue.mult = 1 << 30;
  epilogue.shift = -5;
  const GemmLayout layout = gemm_layout(device.config(), shape, epilogue.kind);
  const auto program = gemm(device.config(), shape, epilogue, {1, 0}, {2, 0}, {3, 0});
  ASSERT_TRUE(program);
  cosim::Prng prng(3);
  std::vector<uint8_t> a(layout.a_bytes), b(layout.b_bytes);
  for (uint8_t& byte : a) byte = static_cast<uint8_t>(prng.bits());
  for (uint8_t& byte : b) byte = static_cast<uint8_t>(prng.bits());
  const auto params = gemm_params(device.config(), shape, epilogue);
  std::copy(params.begin(), params.end(), b.begin() + static_cast<ptrdiff_t>(layout.params));
  out.c.assign(layout.c_bytes, 0);
  const std::vector<uint8_t> zero = out.c;
  const std::pair<const std::vector<uint8_t>*, Perms> operands[] = {
      {&a, Perms::kRead}, {&b, Perms::kRead}, {&zero, Perms::kWrite}};
  Buffer buffer;
  for (int i = 0; i < 3; ++i) {
    buffer = *(*runtime)->allocate(operands[i].first->size());
    ASSERT_TRUE((*runtime)->write(buffer, 0, *operands[i].first));
    ASSERT_TRUE((*runtime)->bind(i + 1, buffer, operands[i].second));
  }
  const auto execution = (*runtime)->execute(program->code);
  ASSERT_TRUE(execution) << execution.error().message;
  ASSERT_TRUE((*runtime)->read(buffer, 0, out.c));
  out.cycles = execution->counters.cycles;
}

TEST(Server, ProductsHaveTheSameBytesAndCyclesAsInThisProcess) {
  for (const char* config : {"nano", "base"}) {
    const isa::Config& found = *isa::find_config(config);
    const CycleOptions options{
        std::get<memory::MemorySpec>(memory::parse_memory_spec("onchip")), {}, {}};
    CycleDevice here(found, options);
    Product wanted;
    multiply(here, 8, wanted);
    ASSERT_GT(wanted.cycles, 100u);
    for (const char* listen : {"127.0.0.1:0", "pty"}) {
      CycleDevice there(found, options);
      Served served(there, listen);
      const auto device = open(served.address());
      ASSERT_TRUE(device);
      EXPECT_EQ(device->config().name, config);
      for (int i = 0; i < 2; ++i) {
        Product product;
        multiply(*device, 8, product);
        EXPECT_EQ(product.c, wanted.c) << listen;
        EXPECT_EQ(product.cycles, wanted.cycles) << listen;
      }
    }
  }
}

TEST(Server, ASecondHostIsSentAwayAndTheFirstStays) {
  link::testing::NotedDevice machine(*isa::find_config("nano"));
  Served served(machine);
  auto first = open(served.address());
  ASSERT_TRUE(first);
  ::testing::internal::CaptureStderr();
  const auto before = std::chrono::steady_clock::now();
  const auto second = link::open_link(served.address());
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(1));
  ASSERT_FALSE(second);
  EXPECT_TRUE(contains(second.error().message, "closed by the other side"))
      << second.error().message;
  EXPECT_EQ(*first->read_reg(reg::kId), machine.id);
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(contains(said, "sent away")) << said;
  EXPECT_TRUE(contains(said, "one host at a time\n")) << said;
  first.reset();
  EXPECT_TRUE(open(served.address()));
  EXPECT_TRUE(served.end());
}

TEST(Server, GarbageOverTcpDoesNoHarm) {
  link::testing::NotedDevice machine(*isa::find_config("nano"));
  Served served(machine);
  cosim::Prng prng(9);
  for (int round = 0; round < 20; ++round) {
    const auto stream = link::open_stream(served.address());
    ASSERT_TRUE(stream) << stream.error().message;
    std::vector<uint8_t> bytes(prng.below(20000));
    for (uint8_t& byte : bytes)
      byte = static_cast<uint8_t>(prng.one_in(4) ? 0xa0 + prng.below(16) : prng.bits());
    if (round % 3 == 0)  // a request that asks for much, and nobody who takes it
      for (int i = 0; i < 30; ++i) {
        const auto request = link::encode({.memory = true, .words = link::kMaxWords});
        bytes.insert(bytes.end(), request.begin(), request.end());
      }
    ASSERT_TRUE((*stream)->write(bytes, seconds(5)));
  }
  const auto device = link::open_link(served.address());
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(*(*device)->read_reg(reg::kId), machine.id);
  EXPECT_TRUE(served.end());
}

TEST(Server, APortWithAHalfSentRequestIsFoundAgain) {
  link::testing::NotedDevice machine(*isa::find_config("nano"));
  Served served(machine, "pty");
  {
    const auto stream = link::open_stream(served.address());
    ASSERT_TRUE(stream);
    auto half = link::encode({.write = true, .memory = true, .words = link::kMaxWords},
                             std::vector<uint8_t>(link::kMaxWords * 4, 0x55));
    half.resize(5000);
    ASSERT_TRUE((*stream)->write(half, seconds(5)));
    std::array<uint8_t, 1> nothing;
    EXPECT_EQ(*(*stream)->read(nothing, milliseconds(20)), 0u);
  }
  const auto device =
      link::open_link(served.address() + "?baud=3000000", {.answer = milliseconds(200)});
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(*(*device)->read_reg(reg::kId), machine.id);
}

TEST(Server, HostsNoticeThatItIsGone) {
  for (const char* listen : {"127.0.0.1:0", "pty"}) {
    link::testing::NotedDevice machine(*isa::find_config("nano"));
    Served served(machine, listen);
    const auto device = open(served.address());
    ASSERT_TRUE(device);
    served.vanish();
    const auto before = std::chrono::steady_clock::now();
    const Result<uint32_t> id = device->read_reg(reg::kId);
    EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(1));
    ASSERT_FALSE(id);
    EXPECT_TRUE(contains(id.error().message, "closed by the other side, or unplugged"))
        << id.error().message;
  }
}

// Has work for some looks, and may break at the end of it.
class Worker : public link::testing::NotedDevice {
 public:
  using NotedDevice::NotedDevice;
  Result<uint32_t> read_reg(uint32_t offset) override {
    if (offset == reg::kStatus) return left > 0 ? 0u : 1u;
    return NotedDevice::read_reg(offset);
  }
  Status write_reg(uint32_t offset, uint32_t value) override {
    if (offset == reg::kRingTail) left = 20;
    return NotedDevice::write_reg(offset, value);
  }
  Status advance(uint64_t) override {
    if (left == 0) return {};
    if (--left == 0 && breaks) return failure("the machine broke");
    return {};
  }
  std::atomic<int> left = 0;
  bool breaks = false;
};

TEST(Server, TheMachineWorksOnWithoutAHost) {
  Worker machine(*isa::find_config("nano"));
  Served served(machine);
  auto device = open(served.address());
  ASSERT_TRUE(device && device->write_reg(reg::kRingTail, 0));
  device.reset();
  for (int i = 0; i < 100 && machine.left > 0; ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(machine.left, 0);
  EXPECT_EQ(machine.writes.size(), 1u);
}

TEST(Server, EndsWhenTheMachineBreaks) {
  Worker machine(*isa::find_config("nano"));
  machine.breaks = true;
  Served served(machine);
  const auto device = open(served.address());
  ASSERT_TRUE(device && device->write_reg(reg::kRingTail, 0));
  const Status status = served.wait();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "the machine broke");
}

TEST(Server, RefusesBadPlaces) {
  link::testing::NotedDevice machine(*isa::find_config("nano"));
  EXPECT_TRUE(contains(Server::create(machine, "7000").error().message, "is not HOST:PORT"));
  EXPECT_TRUE(contains(Server::create(machine, "203.0.113.1:7000").error().message,
                       "cannot listen on 203.0.113.1:7000"));
}

}  // namespace
}  // namespace millrace::sim
