// SPDX-License-Identifier: Apache-2.0
// Memories that know nothing of this project behind the accelerator's socket: the standard
// protocols, error responses, and direct memory pointers that are taken back.
#include "sim/cycle/cycle_device.h"
#include "tests/cosim/check.h"
#include "tests/cosim/same.h"
#include "tests/systemc/rig.h"

namespace millrace::systemc {
namespace {

using sc_core::sc_time;
using ::tlm::tlm_generic_payload;

// How it answers nb_transport_fw; b_transport takes kLatency.
enum class Protocol {
  kCompleted,   // at once
  kResponse,    // BEGIN_RESP at once, waits for END_RESP
  kFourPhases,  // END_REQ and BEGIN_RESP later, backwards
};
const sc_time kLatency(50, sc_core::SC_NS);

class Foreign : public sc_core::sc_module {
 public:
  Foreign(sc_core::sc_module_name name, Protocol protocol, size_t bytes)
      : sc_module(name), bytes_(bytes), protocol_(protocol) {
    socket.register_b_transport(this, &Foreign::b_transport);
    socket.register_nb_transport_fw(this, &Foreign::nb_transport_fw);
    socket.register_transport_dbg(this, &Foreign::transport_dbg);
    socket.register_get_direct_mem_ptr(this, &Foreign::get_direct_mem_ptr);
    SC_HAS_PROCESS(Foreign);
    SC_THREAD(respond);
  }
  tlm_utils::simple_target_socket<Foreign> socket{"socket"};

  // What transactions that touch bytes from `bad` on get.
  uint64_t bad = UINT64_MAX;
  ::tlm::tlm_response_status response = ::tlm::TLM_GENERIC_ERROR_RESPONSE;
  unsigned transactions = 0, finished = 0;
  bool grants = false;  // direct memory pointers
  void take_back() {
    grants = false;
    socket->invalidate_direct_mem_ptr(0, bytes_.size() - 1);
  }

 private:
  void move(tlm_generic_payload& payload) {
    const uint64_t from = payload.get_address();
    const unsigned length = payload.get_data_length();
    if (from + length > std::min<uint64_t>(bytes_.size(), bad)) {
      payload.set_response_status(response);
      return;
    }
    if (payload.is_read()) std::memcpy(payload.get_data_ptr(), &bytes_[from], length);
    if (payload.is_write()) std::memcpy(&bytes_[from], payload.get_data_ptr(), length);
    payload.set_response_status(::tlm::TLM_OK_RESPONSE);
  }
  void b_transport(tlm_generic_payload& payload, sc_time& delay) {
    ++transactions;
    move(payload);
    delay += kLatency;
  }
  ::tlm::tlm_sync_enum nb_transport_fw(tlm_generic_payload& payload, ::tlm::tlm_phase& phase,
                                       sc_time& delay) {
    if (phase == ::tlm::END_RESP) {
      ++finished;
      return ::tlm::TLM_COMPLETED;
    }
    EXPECT_EQ(phase, ::tlm::BEGIN_REQ);
    EXPECT_EQ(waiting_, nullptr) << "one transaction at a time";
    ++transactions;
    if (protocol_ == Protocol::kFourPhases) {
      payload.acquire();
      waiting_ = &payload;
      begin_.notify(delay);
      return ::tlm::TLM_ACCEPTED;
    }
    move(payload);
    delay += kLatency;
    if (protocol_ == Protocol::kCompleted) {
      ++finished;
      return ::tlm::TLM_COMPLETED;
    }
    phase = ::tlm::BEGIN_RESP;
    return ::tlm::TLM_UPDATED;
  }
  void respond() {
    while (true) {
      wait(begin_);
      tlm_generic_payload& payload = *waiting_;
      ::tlm::tlm_phase phase = ::tlm::END_REQ;
      sc_time delay;
      wait(kLatency / 2);
      EXPECT_EQ(socket->nb_transport_bw(payload, phase, delay), ::tlm::TLM_ACCEPTED);
      wait(kLatency / 2);
      move(payload);
      waiting_ = nullptr;
      phase = ::tlm::BEGIN_RESP;
      if (socket->nb_transport_bw(payload, phase, delay) == ::tlm::TLM_COMPLETED) ++finished;
      payload.release();
    }
  }
  unsigned transport_dbg(tlm_generic_payload& payload) {
    move(payload);
    return payload.is_response_ok() ? payload.get_data_length() : 0;
  }
  bool get_direct_mem_ptr(tlm_generic_payload&, ::tlm::tlm_dmi& dmi) {
    dmi.set_start_address(0);
    dmi.set_end_address(bytes_.size() - 1);
    dmi.set_dmi_ptr(bytes_.data());
    dmi.allow_read_write();
    return grants;
  }

  std::vector<uint8_t> bytes_;
  Protocol protocol_;
  tlm_generic_payload* waiting_ = nullptr;
  sc_core::sc_event begin_;
};

constexpr uint64_t kMemory = uint64_t{1} << 33;  // where it is on the bus

const isa::Config& config() { return *isa::find_config("small"); }

// An accelerator and its driver on such a memory.
class Platform : public sc_core::sc_module {
 public:
  Platform(sc_core::sc_module_name name, Timing timing, Protocol protocol)
      : sc_module(name),
        bus("bus", {{"memory", kMemory, Rig::kRegisters}, {"registers", Rig::kRegisters, 0x1000}}),
        memory("foreign", protocol, size_t{1} << config().mem_log2),
        accelerator("accelerator", config(), {.timing = timing, .memory_base = kMemory}),
        driver("driver", config(), {Rig::kRegisters, kMemory, uint64_t{1} << config().mem_log2}) {
    ::tlm::tlm_global_quantum::instance().set(timing == Timing::kAt ? sc_core::SC_ZERO_TIME
                                                                    : sc_time(1, sc_core::SC_US));
    bus.out(0).bind(memory.socket);
    bus.out(1).bind(accelerator.registers);
    accelerator.memory.bind(bus.in);
    accelerator.irq(irq);
    driver.socket.bind(bus.in);
  }
  Bus bus;
  Foreign memory;
  Accelerator accelerator;
  sc_core::sc_signal<bool> irq{"irq"};
  Driver driver;
};

cosim::Program program(uint64_t seed) {
  cosim::ProgramOptions options;
  options.seed = seed;
  return cosim::random_program(config(), options);
}

cosim::Outcome alone(const cosim::Program& p) {
  sim::CycleDevice device(config(), {spec("ideal"), {}, {}});
  return *cosim::run(device, p);
}

void with_platform(Timing timing, Protocol protocol, const std::function<void(Platform&)>& test) {
  in_own_kernel([&] {
    Platform platform("platform", timing, protocol);
    bool ran = false;
    Thread thread("thread", [&] {
      test(platform);
      ran = true;
    });
    sc_core::sc_start();
    EXPECT_TRUE(ran);
  });
}

struct Case {
  const char* name;
  Timing timing;
  Protocol protocol;
};

class ForeignMemory : public testing::TestWithParam<Case> {};

TEST_P(ForeignMemory, SameValues) {
  for (uint64_t seed = 1; seed <= 5; ++seed)
    with_platform(GetParam().timing, GetParam().protocol, [&](Platform& platform) {
      const cosim::Program p = program(seed);
      const Result<cosim::Outcome> got = cosim::run(platform.driver, p);
      ASSERT_TRUE(got) << got.error().message;
      const cosim::Outcome wanted = alone(p);
      cosim::expect_same(wanted, *got);
      EXPECT_GT(got->cycles, wanted.cycles) << "such a memory is slower than an ideal one";
      EXPECT_GT(platform.memory.transactions, 100u);
      if (GetParam().timing == Timing::kAt) {
        EXPECT_EQ(platform.memory.finished, platform.memory.transactions);
      }
    });
}

// Every error response is a BUS fault with the address of the burst, and a reset ends it.
TEST_P(ForeignMemory, ErrorResponsesAreBusFaults) {
  for (const auto response :
       {::tlm::TLM_INCOMPLETE_RESPONSE, ::tlm::TLM_GENERIC_ERROR_RESPONSE,
        ::tlm::TLM_ADDRESS_ERROR_RESPONSE, ::tlm::TLM_COMMAND_ERROR_RESPONSE,
        ::tlm::TLM_BURST_ERROR_RESPONSE, ::tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE})
    with_platform(GetParam().timing, GetParam().protocol, [&](Platform& platform) {
      const cosim::Program p = program(1);
      platform.memory.response = response;
      platform.memory.bad = 0;
      ASSERT_TRUE(cosim::soft_reset(platform.driver));
      ASSERT_TRUE(platform.driver.write_reg(reg::kRingBase, p.ring_base));
      ASSERT_TRUE(platform.driver.write_reg(reg::kRingTail, 1));
      ASSERT_TRUE(platform.driver.advance(10'000));
      const uint32_t code = *platform.driver.read_reg(reg::kFault) >> reg::kFaultCodeLow &
                            ((1u << reg::kFaultCodeBits) - 1);
      EXPECT_EQ(static_cast<isa::Fault>(code), isa::Fault::kBus);
      EXPECT_EQ(*platform.driver.read_reg(reg::kFaultAddr), p.ring_base);
      platform.memory.bad = UINT64_MAX;
      const Result<cosim::Outcome> got = cosim::run(platform.driver, p);
      ASSERT_TRUE(got) << got.error().message;
      cosim::expect_same(alone(p), *got);
    });
}

INSTANTIATE_TEST_SUITE_P(Platform, ForeignMemory,
                         testing::Values(Case{"blocking", Timing::kLt, Protocol::kCompleted},
                                         Case{"completed", Timing::kAt, Protocol::kCompleted},
                                         Case{"response", Timing::kAt, Protocol::kResponse},
                                         Case{"four_phases", Timing::kAt, Protocol::kFourPhases}),
                         [](const auto& info) { return info.param.name; });

// Pointers that are taken back are not used again; transactions take their place.
TEST(DirectPointers, AreTakenBack) {
  with_platform(Timing::kLt, Protocol::kCompleted, [](Platform& platform) {
    const cosim::Program p = program(2);
    const cosim::Outcome wanted = alone(p);
    platform.memory.grants = true;
    cosim::expect_same(wanted, *cosim::run(platform.driver, p));
    EXPECT_EQ(platform.memory.transactions, 0u);
    platform.memory.take_back();
    cosim::expect_same(wanted, *cosim::run(platform.driver, p));
    EXPECT_GT(platform.memory.transactions, 100u);
  });
}

}  // namespace
}  // namespace millrace::systemc
