// SPDX-License-Identifier: Apache-2.0
// Transactions that registers, memory and bus refuse: each by its response, with nothing moved, and
// everything works afterwards.
#include <array>
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
    return ::tlm::TLM_COMPLETED;
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

// The rig, with a probe on its bus.
void with_probe(Timing timing, const std::function<void(Rig&, Probe&)>& test) {
  in_own_kernel([&] {
    AcceleratorOptions options;
    options.timing = timing;
    Rig rig("rig", *isa::find_config("nano"), {}, options);
    Probe probe("probe");
    probe.socket.bind(rig.bus.in);
    bool ran = false;
    Thread thread("thread", [&] {
      test(rig, probe);
      ran = true;
    });
    sc_core::sc_start();
    EXPECT_TRUE(ran);
  });
}

class Refused : public testing::TestWithParam<Timing> {};

TEST_P(Refused, Registers) {
  constexpr uint64_t kBase = Rig::kRegisters;
  const Request requests[] = {
      {"unaligned", kRead, kBase + 2, 4, ::tlm::TLM_ADDRESS_ERROR_RESPONSE},
      {"too long", kRead, kBase, 8, ::tlm::TLM_BURST_ERROR_RESPONSE},
      {"too short", kWrite, kBase + reg::kIrqEnable, 2, ::tlm::TLM_BURST_ERROR_RESPONSE},
      {"of nothing", kRead, kBase, 0, ::tlm::TLM_BURST_ERROR_RESPONSE},
      {"streaming", kRead, kBase, 4, ::tlm::TLM_BURST_ERROR_RESPONSE, false, 2},
      {"byte enables", kWrite, kBase + reg::kIrqEnable, 4, ::tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE,
       true},
      {"IGNORE", kIgnore, kBase, 4, ::tlm::TLM_COMMAND_ERROR_RESPONSE},
      {"unknown command", kUnknown, kBase, 4, ::tlm::TLM_COMMAND_ERROR_RESPONSE},
      {"no such register", kRead, kBase + 0xffc, 4, ::tlm::TLM_GENERIC_ERROR_RESPONSE},
      {"write of a read-only one", kWrite, kBase, 4, ::tlm::TLM_GENERIC_ERROR_RESPONSE},
      {"beyond the registers", kRead, kBase + 0x1000, 4, ::tlm::TLM_ADDRESS_ERROR_RESPONSE},
  };
  const Request id = {"identity", kRead, kBase, 4, ::tlm::TLM_OK_RESPONSE};
  with_probe(GetParam(), [&](Rig&, Probe& probe) {
    for (const Request& request : requests)
      for (const bool blocking : {true, false}) {
        SCOPED_TRACE(std::string(request.what) + (blocking ? "" : ", nb_transport"));
        EXPECT_EQ(blocking ? probe.blocking(request) : probe.nonblocking(request), request.wanted);
        EXPECT_TRUE(untouched(probe));
        EXPECT_EQ(blocking ? probe.blocking(id) : probe.nonblocking(id), ::tlm::TLM_OK_RESPONSE);
        EXPECT_EQ(word(probe), kId);
      }
    EXPECT_EQ(probe.debug(id), 0u) << "registers have no debug transport";
    EXPECT_FALSE(probe.direct(id)) << "nor direct memory pointers";
  });
}

TEST_P(Refused, Memory) {
  const uint64_t end = uint64_t{1} << isa::find_config("nano")->mem_log2;
  const Request requests[] = {
      {"behind the end", kRead, end, 4, ::tlm::TLM_ADDRESS_ERROR_RESPONSE},
      {"across the end", kRead, end - 4, 8, ::tlm::TLM_ADDRESS_ERROR_RESPONSE},
      {"longer than the memory", kRead, 0, ~0u, ::tlm::TLM_ADDRESS_ERROR_RESPONSE},
      {"of nothing", kRead, 0, 0, ::tlm::TLM_BURST_ERROR_RESPONSE},
      {"streaming", kRead, 0, 16, ::tlm::TLM_BURST_ERROR_RESPONSE, false, 8},
      {"byte enables", kWrite, 0, 4, ::tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE, true},
      {"unknown command", kUnknown, 0, 4, ::tlm::TLM_COMMAND_ERROR_RESPONSE},
      {"nowhere on the bus", kRead, ~uint64_t{3}, 8, ::tlm::TLM_ADDRESS_ERROR_RESPONSE},
  };
  with_probe(GetParam(), [&](Rig& rig, Probe& probe) {
    for (const Request& request : requests)
      for (const bool blocking : {true, false}) {
        SCOPED_TRACE(std::string(request.what) + (blocking ? "" : ", nb_transport"));
        EXPECT_EQ(blocking ? probe.blocking(request) : probe.nonblocking(request), request.wanted);
        EXPECT_TRUE(untouched(probe));
      }
    const Request last = {"the last word", kWrite, end - 4, 4, ::tlm::TLM_OK_RESPONSE};
    for (const bool blocking : {true, false}) {
      EXPECT_EQ(blocking ? probe.blocking(last) : probe.nonblocking(last), last.wanted);
      std::array<uint8_t, 4> stored{};
      EXPECT_TRUE(rig.drivers[0]->read_mem(end - 4, stored));
      EXPECT_EQ(stored[3], kUntouched);
      EXPECT_TRUE(rig.drivers[0]->write_mem(end - 4, std::array<uint8_t, 4>{}));
    }
    EXPECT_EQ(probe.debug({"", kRead, end - 4, 8, {}}), 0u);
    EXPECT_EQ(probe.debug({"", kIgnore, 0, 4, {}}), 0u);
    EXPECT_EQ(probe.debug({"", kRead, end - 4, 4, {}}), 4u);
    EXPECT_EQ(probe.debug({"", kRead, ~uint64_t{3}, 4, {}}), 0u);
    EXPECT_TRUE(probe.direct({"", kRead, 0, 4, {}}));
    EXPECT_FALSE(probe.direct({"", kRead, ~uint64_t{3}, 4, {}}));
  });
}

INSTANTIATE_TEST_SUITE_P(Platform, Refused, testing::Values(Timing::kLt, Timing::kAt),
                         [](const auto& info) { return info.param == Timing::kLt ? "lt" : "at"; });

}  // namespace
}  // namespace millrace::systemc
