// SPDX-License-Identifier: Apache-2.0
// Memories that know nothing of this project behind the accelerator's socket: the standard
// protocols, error responses, and direct memory pointers that are taken back.
#include <deque>

#include "tests/systemc/rig.h"

namespace millrace::systemc {
namespace {

using sc_core::sc_time;
using ::tlm::tlm_generic_payload;

// How it answers. Everything takes kLatency.
enum class Protocol {
  kCompleted,   // at once, with the time annotated
  kWaits,       // b_transport waits
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
  bool grants = false;  // direct memory pointers, and says so
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
    payload.set_dmi_allowed(grants);
    if (protocol_ == Protocol::kWaits)
      wait(kLatency);
    else
      delay += kLatency;
  }
  ::tlm::tlm_sync_enum nb_transport_fw(tlm_generic_payload& payload, ::tlm::tlm_phase& phase,
                                       sc_time& delay) {
    if (phase == ::tlm::END_RESP) {
      ++finished;
      return ::tlm::TLM_COMPLETED;
    }
    EXPECT_EQ(phase, ::tlm::BEGIN_REQ);
    EXPECT_FALSE(requested_) << "one request at a time";
    ++transactions;
    if (protocol_ == Protocol::kFourPhases) {
      payload.acquire();
      waiting_.push_back(&payload);
      requested_ = true;
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
      while (waiting_.empty()) wait(begin_);
      tlm_generic_payload& payload = *waiting_.front();
      ::tlm::tlm_phase phase = ::tlm::END_REQ;
      sc_time delay;
      wait(kLatency / 2);
      requested_ = false;
      EXPECT_EQ(socket->nb_transport_bw(payload, phase, delay), ::tlm::TLM_ACCEPTED);
      wait(kLatency / 2);
      move(payload);
      waiting_.pop_front();
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
  std::deque<tlm_generic_payload*> waiting_;
  bool requested_ = false;  // and the request has not ended
  sc_core::sc_event begin_;
};

const isa::Config& config() { return *isa::find_config("small"); }

cosim::Outcome ideal(const cosim::Program& program) { return alone(config(), program, "ideal"); }

using ForeignRig = RigOn<Foreign>;

// `test` in a thread of the kernel, and in one more for each further machine.
void with_rig(Timing timing, Protocol protocol, size_t machines,
              const std::function<void(ForeignRig&, size_t)>& test) {
  in_own_kernel([&] {
    ForeignRig rig("rig", config(), {.timing = timing}, machines, [&] {
      return std::make_unique<Foreign>("foreign", protocol, machines << config().mem_log2);
    });
    size_t ran = 0;
    std::vector<std::unique_ptr<Thread>> threads;
    for (size_t i = 0; i < machines; ++i)
      threads.push_back(std::make_unique<Thread>(("thread" + std::to_string(i)).c_str(), [&, i] {
        test(rig, i);
        ++ran;
      }));
    sc_core::sc_start();
    EXPECT_EQ(ran, machines);
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
    with_rig(GetParam().timing, GetParam().protocol, 1, [&](ForeignRig& rig, size_t) {
      const cosim::Program p = plain_program(config(), seed);
      const Result<cosim::Outcome> got = cosim::run(*rig.drivers[0], p);
      ASSERT_TRUE(got) << got.error().message;
      const cosim::Outcome wanted = ideal(p);
      cosim::expect_same(wanted, *got);
      EXPECT_GT(got->cycles, wanted.cycles) << "such a memory is slower than an ideal one";
      EXPECT_GT(rig.memory->transactions, 100u);
      if (GetParam().timing == Timing::kAt) {
        EXPECT_EQ(rig.memory->finished, rig.memory->transactions);
      }
    });
}

// Every error response is a BUS fault with the address of the burst, and a reset ends it.
TEST_P(ForeignMemory, ErrorResponsesAreBusFaults) {
  for (const auto response :
       {::tlm::TLM_INCOMPLETE_RESPONSE, ::tlm::TLM_GENERIC_ERROR_RESPONSE,
        ::tlm::TLM_ADDRESS_ERROR_RESPONSE, ::tlm::TLM_COMMAND_ERROR_RESPONSE,
        ::tlm::TLM_BURST_ERROR_RESPONSE, ::tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE})
    with_rig(GetParam().timing, GetParam().protocol, 1, [&](ForeignRig& rig, size_t) {
      Driver& driver = *rig.drivers[0];
      const cosim::Program p = plain_program(config(), 1);
      rig.memory->response = response;
      rig.memory->bad = 0;
      ASSERT_TRUE(cosim::soft_reset(driver));
      ASSERT_TRUE(driver.write_reg(reg::kRingBase, p.ring_base));
      ASSERT_TRUE(driver.write_reg(reg::kRingTail, 1));
      ASSERT_TRUE(driver.advance(10'000));
      const uint32_t code =
          *driver.read_reg(reg::kFault) >> reg::kFaultCodeLow & ((1u << reg::kFaultCodeBits) - 1);
      EXPECT_EQ(static_cast<isa::Fault>(code), isa::Fault::kBus);
      EXPECT_EQ(*driver.read_reg(reg::kFaultAddr), p.ring_base);
      rig.memory->bad = UINT64_MAX;
      const Result<cosim::Outcome> got = cosim::run(driver, p);
      ASSERT_TRUE(got) << got.error().message;
      cosim::expect_same(ideal(p), *got);
    });
}

INSTANTIATE_TEST_SUITE_P(Platform, ForeignMemory,
                         testing::Values(Case{"blocking", Timing::kLt, Protocol::kCompleted},
                                         Case{"waiting", Timing::kLt, Protocol::kWaits},
                                         Case{"completed", Timing::kAt, Protocol::kCompleted},
                                         Case{"response", Timing::kAt, Protocol::kResponse},
                                         Case{"four_phases", Timing::kAt, Protocol::kFourPhases}),
                         [](const auto& info) { return info.param.name; });

// Two machines in one memory of that kind: one request at a time reaches it.
TEST(ForeignMemories, OneRequestAtATime) {
  for (const Protocol protocol : {Protocol::kResponse, Protocol::kFourPhases})
    with_rig(Timing::kAt, protocol, 2, [&](ForeignRig& rig, size_t machine) {
      const cosim::Program p = plain_program(config(), 1 + machine);
      const Result<cosim::Outcome> got = cosim::run(*rig.drivers[machine], p);
      ASSERT_TRUE(got) << got.error().message;
      cosim::expect_same(ideal(p), *got);
    });
}

// Pointers that are taken back are not used again until they are granted again.
TEST(DirectPointers, AreTakenBackAndGrantedAgain) {
  with_rig(Timing::kLt, Protocol::kCompleted, 1, [](ForeignRig& rig, size_t) {
    const cosim::Program p = plain_program(config(), 2);
    const cosim::Outcome wanted = ideal(p);
    Foreign& memory = *rig.memory;
    memory.grants = true;
    cosim::expect_same(wanted, *cosim::run(*rig.drivers[0], p));
    EXPECT_EQ(memory.transactions, 0u);
    memory.take_back();
    cosim::expect_same(wanted, *cosim::run(*rig.drivers[0], p));
    const unsigned without = memory.transactions;
    EXPECT_GT(without, 100u);
    memory.grants = true;
    cosim::expect_same(wanted, *cosim::run(*rig.drivers[0], p));
    EXPECT_EQ(memory.transactions, without + 1) << "the one that said so";
  });
}

// This project's memory behind an interconnect that takes 10 cycles there and 5 back.
class Far : public sc_core::sc_module {
 public:
  Far(sc_core::sc_module_name name, const MemoryOptions& options, bool waits)
      : sc_module(name), waits_(waits), memory_("memory", options) {
    socket.register_b_transport(this, &Far::b_transport);
    socket.register_nb_transport_fw(this, &Far::nb_transport_fw);
    socket.register_transport_dbg(this, &Far::transport_dbg);
    out_.bind(memory_.socket);
  }
  tlm_utils::simple_target_socket<Far> socket{"socket"};

 private:
  void pass(sc_time& delay, double cycles) {
    if (waits_)
      wait(cycles * default_period());
    else
      delay += cycles * default_period();
  }
  void b_transport(tlm_generic_payload& payload, sc_time& delay) {
    pass(delay, 10);
    out_->b_transport(payload, delay);
    pass(delay, 5);
  }
  ::tlm::tlm_sync_enum nb_transport_fw(tlm_generic_payload& payload, ::tlm::tlm_phase& phase,
                                       sc_time& delay) {
    delay += 10 * default_period();
    const auto sync = out_->nb_transport_fw(payload, phase, delay);
    delay += 5 * default_period();
    return sync;
  }
  unsigned transport_dbg(tlm_generic_payload& payload) { return out_->transport_dbg(payload); }

  bool waits_;
  Memory memory_;
  tlm_utils::simple_initiator_socket<Far> out_{"out"};
};

// Its time counts: a latency of 40 cycles becomes one of 55.
TEST(FarMemory, TakesItsTime) {
  struct Variant {
    Timing timing;
    bool waits;
  };
  for (const auto& [timing, waits] :
       {Variant{Timing::kLt, false}, Variant{Timing::kLt, true}, Variant{Timing::kAt, false}})
    in_own_kernel([timing = timing, waits = waits] {
      MemoryOptions options;
      options.bytes = uint64_t{1} << config().mem_log2;
      options.spec = spec("fixed:40:16");
      RigOn<Far> rig("rig", config(), {.timing = timing}, 1,
                     [&] { return std::make_unique<Far>("far", options, waits); });
      const cosim::Program p = plain_program(config(), 4);
      ASSERT_EQ(p.doorbells.size(), 1u) << "no cycles that depend on the host";
      bool ran = false;
      Thread thread("thread", [&] {
        const Result<cosim::Outcome> got = cosim::run(*rig.drivers[0], p);
        ASSERT_TRUE(got) << got.error().message;
        const cosim::Outcome wanted = alone(config(), p, "fixed:55:16");
        cosim::expect_same(wanted, *got);
        EXPECT_EQ(got->cycles, wanted.cycles) << (timing == Timing::kAt ? "at" : "lt") << waits;
        ran = true;
      });
      sc_core::sc_start();
      EXPECT_TRUE(ran);
    });
}

}  // namespace
}  // namespace millrace::systemc
