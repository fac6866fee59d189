// SPDX-License-Identifier: Apache-2.0
// Transactions that registers, memory and bus refuse: each by its response, with nothing moved, and
// everything works afterwards. Every row of the table in docs/guide/systemc.md.
#include <array>
#include <span>
#include <string>

#include "tests/systemc/rig.h"

namespace millrace::systemc {
namespace {

using ::tlm::tlm_command;
using ::tlm::tlm_generic_payload;
using ::tlm::tlm_response_status;

constexpr auto kRead = ::tlm::TLM_READ_COMMAND, kWrite = ::tlm::TLM_WRITE_COMMAND;
constexpr auto kIgnore = ::tlm::TLM_IGNORE_COMMAND;
constexpr auto kUnknown = static_cast<tlm_command>(3);
constexpr uint32_t kId = 0x4d494c4c;
constexpr uint8_t kUntouched = 0xa5;

struct Request {
  const char* what;
  tlm_command command;
  uint64_t address;
  unsigned length;
  tlm_response_status wanted;
  bool byte_enables = false;
  unsigned streaming = 0;  // 0: all bytes
};

// An initiator that sends anything, by b_transport or nb_transport.
class Probe : public sc_core::sc_module, public ::tlm::tlm_mm_interface {
 public:
  explicit Probe(sc_core::sc_module_name name) : sc_module(name) {
    socket.register_nb_transport_bw(this, &Probe::nb_transport_bw);
    payload_.set_mm(this);
  }
  tlm_utils::simple_initiator_socket<Probe> socket{"socket"};
  std::array<uint8_t, 64> data{};
  bool updates = false;  // ends a response by TLM_UPDATED

  tlm_generic_payload& fill(const Request& request) {
    data.fill(kUntouched);
    payload_.set_command(request.command);
    payload_.set_address(request.address);
    payload_.set_data_ptr(data.data());
    payload_.set_data_length(request.length);
    payload_.set_streaming_width(request.streaming != 0 ? request.streaming : request.length);
    payload_.set_byte_enable_ptr(request.byte_enables ? enables_.data() : nullptr);
    payload_.set_byte_enable_length(request.byte_enables ? 4 : 0);
    payload_.set_response_status(::tlm::TLM_INCOMPLETE_RESPONSE);
    return payload_;
  }
  tlm_response_status blocking(const Request& request) {
    tlm_generic_payload& payload = fill(request);
    sc_core::sc_time delay;
    socket->b_transport(payload, delay);
    EXPECT_EQ(payload.get_address(), request.address) << "the bus gives the address back";
    return payload.get_response_status();
  }
  tlm_response_status nonblocking(const Request& request) {
    tlm_generic_payload& payload = fill(request);
    payload.acquire();
    ::tlm::tlm_phase phase = ::tlm::BEGIN_REQ;
    sc_core::sc_time delay;
    waits_ = true;
    if (socket->nb_transport_fw(payload, phase, delay) != ::tlm::TLM_COMPLETED)
      while (waits_) wait(responded_);
    EXPECT_EQ(payload.get_address(), request.address);
    payload.release();
    return payload.get_response_status();
  }
  unsigned debug(const Request& request) { return socket->transport_dbg(fill(request)); }
  bool direct(const Request& request) {
    ::tlm::tlm_dmi dmi;
    return socket->get_direct_mem_ptr(fill(request), dmi);
  }

 private:
  void free(tlm_generic_payload* payload) override { payload->reset(); }
  ::tlm::tlm_sync_enum nb_transport_bw(tlm_generic_payload&, ::tlm::tlm_phase& phase,
                                       sc_core::sc_time&) {
    if (phase != ::tlm::BEGIN_RESP) return ::tlm::TLM_ACCEPTED;
    waits_ = false;
    responded_.notify(sc_core::SC_ZERO_TIME);
    phase = ::tlm::END_RESP;
    return updates ? ::tlm::TLM_UPDATED : ::tlm::TLM_COMPLETED;
  }
  tlm_generic_payload payload_;
  std::array<uint8_t, 4> enables_{};
  bool waits_ = false;
  sc_core::sc_event responded_;
};

bool untouched(const Probe& probe) {
  return std::all_of(probe.data.begin(), probe.data.end(),
                     [](uint8_t byte) { return byte == kUntouched; });
}

uint32_t word(const Probe& probe) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | probe.data[i];
  return value;
}

// The rig, with probes on its bus, each in a thread.
using Test = std::function<void(Rig&, Probe&)>;
void with_probes(Timing timing, const MemoryOptions& memory, const std::vector<Test>& tests) {
  in_own_kernel([&] {
    AcceleratorOptions options;
    options.timing = timing;
    options.memory = memory.spec;
    Rig rig("rig", *isa::find_config("nano"), memory, options);
    std::vector<std::unique_ptr<Probe>> probes;
    std::vector<std::unique_ptr<Thread>> threads;
    size_t ran = 0;
    for (const Test& test : tests) {
      const std::string number = std::to_string(probes.size());
      probes.push_back(std::make_unique<Probe>(("probe" + number).c_str()));
      Probe& probe = *probes.back();
      probe.socket.bind(rig.bus.in);
      threads.push_back(std::make_unique<Thread>(("thread" + number).c_str(), [&] {
        test(rig, probe);
        ++ran;
      }));
    }
    sc_core::sc_start();
    EXPECT_EQ(ran, tests.size());
  });
}

// Sends each by b_transport and by nb_transport, in both ways to end a response.
void expect_refused(Probe& probe, std::span<const Request> requests,
                    const std::function<void()>& unchanged) {
  for (const Request& request : requests)
    for (const char* how : {"b_transport", "nb_transport", "nb_transport, TLM_UPDATED"}) {
      SCOPED_TRACE(std::string(request.what) + ", " + how);
      probe.updates = std::string_view(how).ends_with("UPDATED");
      const bool blocking = how[0] == 'b';
      EXPECT_EQ(blocking ? probe.blocking(request) : probe.nonblocking(request), request.wanted);
      EXPECT_TRUE(untouched(probe));
      unchanged();
    }
}

class Refused : public testing::TestWithParam<Timing> {};

TEST_P(Refused, Registers) {
  constexpr uint64_t kBase = Rig::kRegisters, kEnable = kBase + reg::kIrqEnable;
  const Request requests[] = {
      {"unaligned", kRead, kBase + 2, 4, ::tlm::TLM_ADDRESS_ERROR_RESPONSE},
      {"too long", kRead, kBase, 8, ::tlm::TLM_BURST_ERROR_RESPONSE},
      {"too short", kWrite, kEnable, 2, ::tlm::TLM_BURST_ERROR_RESPONSE},
      {"of nothing", kRead, kBase, 0, ::tlm::TLM_BURST_ERROR_RESPONSE},
      {"streaming", kWrite, kEnable, 4, ::tlm::TLM_BURST_ERROR_RESPONSE, false, 2},
      {"byte enables", kWrite, kEnable, 4, ::tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE, true},
      {"IGNORE", kIgnore, kEnable, 4, ::tlm::TLM_COMMAND_ERROR_RESPONSE},
      {"unknown command", kUnknown, kEnable, 4, ::tlm::TLM_COMMAND_ERROR_RESPONSE},
      {"no such register", kRead, kBase + 0xffc, 4, ::tlm::TLM_GENERIC_ERROR_RESPONSE},
      {"write of a read-only one", kWrite, kBase, 4, ::tlm::TLM_GENERIC_ERROR_RESPONSE},
      {"beyond the registers", kRead, kBase + 0x1000, 4, ::tlm::TLM_ADDRESS_ERROR_RESPONSE},
      {"beyond them on the bus", kRead, kBase + 0x2000, 4, ::tlm::TLM_ADDRESS_ERROR_RESPONSE},
  };
  const Request id = {"identity", kRead, kBase, 4, ::tlm::TLM_OK_RESPONSE};
  const Request enable = {"interrupts", kRead, kEnable, 4, ::tlm::TLM_OK_RESPONSE};
  with_probes(GetParam(), {}, {[&](Rig&, Probe& probe) {
                expect_refused(probe, requests, [&] {
                  for (const bool blocking : {true, false}) {
                    EXPECT_EQ(blocking ? probe.blocking(id) : probe.nonblocking(id), id.wanted);
                    EXPECT_EQ(word(probe), kId);
                  }
                  EXPECT_EQ(probe.blocking(enable), enable.wanted);
                  EXPECT_EQ(word(probe), 0u);
                });
                EXPECT_EQ(probe.debug(id), 0u) << "registers have no debug transport";
                EXPECT_FALSE(probe.direct(id)) << "nor direct memory pointers";
              }});
}

// AXI's SLVERR for a register that is locked while the machine works.
TEST_P(Refused, LockedRegister) {
  const Request locked = {"locked", kWrite, Rig::kRegisters + reg::kRingLog2, 4,
                          ::tlm::TLM_GENERIC_ERROR_RESPONSE};
  with_probes(GetParam(), {.spec = spec("fixed:100000:16")}, {[&](Rig& rig, Probe& probe) {
                EXPECT_TRUE(rig.drivers[0]->write_reg(reg::kRingTail, 1));  // fetches for long
                sc_core::wait(1, sc_core::SC_US);
                expect_refused(probe, {&locked, 1}, [] {});
              }});
}

TEST_P(Refused, Memory) {
  constexpr uint64_t kBase = Rig::kMemory;
  const uint64_t size = uint64_t{1} << isa::find_config("nano")->mem_log2, end = kBase + size;
  const uint64_t beyond_bus = kBase + (uint64_t{1} << 32);
  const Request requests[] = {
      {"behind the end", kRead, end, 4, ::tlm::TLM_ADDRESS_ERROR_RESPONSE},
      {"across the end", kWrite, end - 4, 8, ::tlm::TLM_ADDRESS_ERROR_RESPONSE},
      {"longer than the memory", kRead, kBase, ~0u, ::tlm::TLM_ADDRESS_ERROR_RESPONSE},
      {"of nothing", kRead, kBase, 0, ::tlm::TLM_BURST_ERROR_RESPONSE},
      {"streaming", kWrite, kBase, 16, ::tlm::TLM_BURST_ERROR_RESPONSE, false, 8},
      {"byte enables", kWrite, kBase, 4, ::tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE, true},
      {"unknown command", kUnknown, kBase, 4, ::tlm::TLM_COMMAND_ERROR_RESPONSE},
      {"nowhere on the bus", kWrite, beyond_bus, 8, ::tlm::TLM_ADDRESS_ERROR_RESPONSE},
  };
  with_probes(GetParam(), {}, {[&](Rig& rig, Probe& probe) {
                const auto stored = [&](uint64_t offset) {
                  std::array<uint8_t, 4> bytes{};
                  EXPECT_TRUE(rig.drivers[0]->read_mem(offset, bytes));
                  return bytes;
                };
                expect_refused(probe, requests, [&] {
                  EXPECT_EQ(stored(0), (std::array<uint8_t, 4>{}));
                  EXPECT_EQ(stored(size - 4), (std::array<uint8_t, 4>{}));
                });
                const Request last = {"the last word", kWrite, end - 4, 4, ::tlm::TLM_OK_RESPONSE};
                for (const bool blocking : {true, false}) {
                  EXPECT_EQ(blocking ? probe.blocking(last) : probe.nonblocking(last), last.wanted);
                  EXPECT_EQ(stored(size - 4)[3], kUntouched);
                  EXPECT_TRUE(rig.drivers[0]->write_mem(size - 4, std::array<uint8_t, 4>{}));
                }
                EXPECT_EQ(probe.debug({"", kRead, end - 4, 8, {}}), 0u);
                EXPECT_EQ(probe.debug({"", kIgnore, kBase, 4, {}}), 0u);
                EXPECT_EQ(probe.debug({"", kRead, end - 4, 4, {}}), 4u);
                EXPECT_EQ(probe.debug({"", kRead, beyond_bus, 4, {}}), 0u);
                EXPECT_TRUE(probe.direct({"", kRead, kBase, 4, {}}));
                EXPECT_FALSE(probe.direct({"", kRead, end, 4, {}}));
                EXPECT_FALSE(probe.direct({"", kRead, beyond_bus, 4, {}}));
              }});
}

// AXI's SLVERR from memory, for a part of the bytes too: none is moved.
TEST_P(Refused, RangeOfMemory) {
  const Request requests[] = {
      {"inside", kRead, Rig::kMemory + 0x108, 4, ::tlm::TLM_GENERIC_ERROR_RESPONSE},
      {"across", kWrite, Rig::kMemory + 0xf0, 32, ::tlm::TLM_GENERIC_ERROR_RESPONSE},
      {"across, read", kRead, Rig::kMemory + 0xf0, 32, ::tlm::TLM_GENERIC_ERROR_RESPONSE},
  };
  with_probes(GetParam(), {.slverr = {0x100, 0x10}}, {[&](Rig& rig, Probe& probe) {
                expect_refused(probe, requests, [&] {
                  std::array<uint8_t, 64> bytes{};
                  EXPECT_TRUE(rig.drivers[0]->read_mem(0xe0, bytes));
                  EXPECT_EQ(bytes, (std::array<uint8_t, 64>{}));
                });
                EXPECT_FALSE(probe.direct({"", kRead, Rig::kMemory, 4, {}}));
              }});
}

// Who polls a register does not keep another from writing it.
TEST_P(Refused, NobodyForLong) {
  const Request poll = {"poll", kRead, Rig::kRegisters + reg::kIrqEnable, 4, {}};
  const Request write = {"write", kWrite, Rig::kRegisters + reg::kIrqEnable, 4, {}};
  unsigned polls = 0;
  bool waits = false;
  with_probes(GetParam(), {},
              {[&](Rig&, Probe& probe) {
                 // Without an end of its own: the other ends it. A loosely timed one is ahead at
                 // most by a quantum.
                 for (waits = true; probe.blocking(poll), word(probe) == 0; ++polls)
                   if (GetParam() == Timing::kLt) sc_core::wait(1, sc_core::SC_US);
                 EXPECT_LE(polls, 3u);
               },
               [&](Rig&, Probe& probe) {
                 while (!waits) sc_core::wait(sc_core::SC_ZERO_TIME);
                 EXPECT_EQ(probe.blocking(write), ::tlm::TLM_OK_RESPONSE);
               }});
}

INSTANTIATE_TEST_SUITE_P(Platform, Refused, testing::Values(Timing::kLt, Timing::kAt),
                         [](const auto& info) { return info.param == Timing::kLt ? "lt" : "at"; });

}  // namespace
}  // namespace millrace::systemc
