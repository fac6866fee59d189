// SPDX-License-Identifier: Apache-2.0
// The fourth step: programs that do what they may not. The record must name the fault, what is
// older must be complete, and the machine must run again after a reset.
#include <algorithm>
#include <bit>

#include "host/asm/text.h"
#include "host/kernels/math.h"
#include "host/selftest/cases.h"
#include "host/selftest/machine.h"
#include "host/selftest/selftest.h"

namespace millrace::selftest {
namespace {

using isa::Opcode;

constexpr uint32_t kCopyAt = 256;  // in the output; what a faulting STORE still writes is before it

struct FaultCase {
  std::string name;
  isa::Fault code;
  isa::Instruction words;
};

isa::Load row(const isa::Config& c) {
  isa::Load f;
  f.seg = kInput;
  f.row_bytes = u32(c.dim);
  return f;
}
isa::Store store_row(const isa::Config& c) {
  isa::Store f;
  f.seg = kOutput;
  f.row_bytes = u32(c.dim);
  return f;
}

// Bits that no instruction may have, values that no enumeration has, rows of no bytes.
void add_illegal(const isa::Config& c, std::vector<FaultCase>& list) {
  list.push_back({"unknown opcode", isa::Fault::kIllegal, {0xee}});
  for (const isa::InstructionInfo& info : isa::kInstructions) {
    const isa::Instruction words = plain(c, info.opcode);
    const std::string name = std::string(info.name) + " with ";
    const auto& legal = info.legal[static_cast<size_t>(c.index)];
    for (size_t w = legal.size(); w-- > 0;) {
      if (legal[w] == ~0u) continue;
      isa::Instruction reserved = words;
      reserved[w] |= ~legal[w] & (0 - ~legal[w]);  // the lowest such bit
      list.push_back({name + "a reserved bit", isa::Fault::kIllegal, reserved});
      break;
    }
    for (const isa::Field& f : info.fields) {
      isa::Instruction wrong = words;
      const uint32_t bits = legal_bits(c, info, f);
      if (f.name == "row_bytes") {
        set_field(info, wrong, f.name, 0);
        list.push_back({name + "row_bytes=0", isa::Fault::kIllegal, wrong});
      } else if (!f.names.empty() && bits >= f.names.size()) {
        set_field(info, wrong, f.name, bits);
        list.push_back(
            {name + std::string(f.name) + "=" + std::to_string(bits), isa::Fault::kIllegal, wrong});
      }
    }
  }
}

void add_operand(const isa::Config& c, std::vector<FaultCase>& list) {
  isa::Load load = row(c);
  load.dst = u32(c.sp_rows);
  list.push_back({"load with an empty bank range", isa::Fault::kOperand, load.pack()});
  isa::Matmul matmul;
  list.push_back({"matmul with A and B in one bank", isa::Fault::kOperand, matmul.pack()});
  isa::Vector vector;
  vector.src1_kind = isa::Source::kSp;
  list.push_back(
      {"vector with source and result in one bank", isa::Fault::kOperand, vector.pack()});
  if (c.acc_banks >= 16) return;
  matmul.b = u32(c.sp_rows);
  matmul.b_hi = 1;
  matmul.d_hi = 15;
  list.push_back({"matmul with a bank that is not there", isa::Fault::kOperand, matmul.pack()});
}

// The second element leaves the declared banks.
void add_bank(const isa::Config& c, std::vector<FaultCase>& list) {
  const uint32_t rows = u32(c.sp_rows);
  isa::Load load = row(c);
  load.rows = 2;
  load.dst = 3;
  load.chip_row = rows;
  list.push_back({"load beyond its banks", isa::Fault::kBank, load.pack()});
  isa::Store store = store_row(c);
  store.rows = 2;
  store.src = 4;
  store.chip_row = rows;
  list.push_back({"store beyond its banks", isa::Fault::kBank, store.pack()});
  isa::Matmul matmul;
  matmul.b = rows;
  matmul.b_hi = 1;
  matmul.b_col = 1;
  matmul.n_ox = 2;
  matmul.a = 5;
  matmul.a_ox = 2 * rows;
  list.push_back({"matmul beyond the banks of A", isa::Fault::kBank, matmul.pack()});
  isa::Vector vector;
  vector.src1_kind = isa::Source::kSp;
  vector.dst = rows;
  vector.dst_hi = 1;
  vector.n2 = 2;
  vector.d_2 = rows;
  list.push_back({"vector beyond the banks of its result", isa::Fault::kBank, vector.pack()});
}

void add_memory(const isa::Config& c, std::vector<FaultCase>& list) {
  const uint32_t unit = 1u << c.segment_log2;
  const uint32_t in = (input_bytes(c) + unit - 1) / unit * unit;
  isa::Load load = row(c);
  load.offset = in;
  list.push_back({"load behind its segment", isa::Fault::kSegment, load.pack()});
  load.offset = 0;
  load.seg = Runtime::kDriverSegment;
  list.push_back(
      {"load from a segment that is not readable", isa::Fault::kPermission, load.pack()});
  isa::Store store = store_row(c);
  store.offset = output_bytes(c);
  list.push_back({"store behind its segment", isa::Fault::kSegment, store.pack()});
  store.offset = 0;
  store.seg = kInput;
  list.push_back(
      {"store to a segment that is not writable", isa::Fault::kPermission, store.pack()});
  isa::Signal signal;
  signal.seg = kOutput;
  signal.offset = output_bytes(c) / 4;
  list.push_back({"signal behind its segment", isa::Fault::kSegment, signal.pack()});
  signal.offset = 0;
  signal.seg = kInput;
  list.push_back(
      {"signal to a segment that is not writable", isa::Fault::kPermission, signal.pack()});
}

class FaultCheck {
 public:
  FaultCheck(Session& session, TestMachine& device, TestMachine& golden,
             const std::vector<uint8_t>& input)
      : session_(session),
        device_(device),
        golden_(golden),
        config_(device.runtime().config()),
        input_(input) {}

  Step run() {
    step_.name = "faults";
    std::vector<FaultCase> list;
    add_illegal(config_, list);
    add_operand(config_, list);
    add_bank(config_, list);
    add_memory(config_, list);
    std::vector<std::string> codes;
    for (const FaultCase& f : list) {
      session_.progress("faults: " + f.name);
      if (!fails_as_it_should(f) || !recovers(f)) return step_;
      const std::string code(isa::kFaultNames[static_cast<size_t>(f.code)]);
      if (std::ranges::find(codes, code) == codes.end()) codes.push_back(code);
    }
    step_.detail = std::to_string(list.size()) + " programs:";
    for (const std::string& code : codes) step_.detail += " " + code;
    step_.detail += "; the machine recovers from each";
    step_.figures.emplace_back("programs", static_cast<double>(list.size()));
    return step_;
  }

 private:
  bool fail(const FaultCase& f, const std::string& what) {
    step_.failure = f.name + ": " + what + "; instruction: " + disassemble(f.words, &config_);
    return false;
  }
  // Copies a row of the input to the output.
  std::vector<isa::Instruction> copy(uint32_t which) const {
    isa::Load load = row(config_);
    load.offset = which * u32(config_.dim);
    isa::Store store = store_row(config_);
    store.offset = kCopyAt;
    return {load.pack(), store.pack()};
  }
  bool copied(const FaultCase& f, uint32_t which, const char* when) {
    const uint32_t dim = u32(config_.dim);
    const Result<std::vector<uint8_t>> found = device_.read_output(kCopyAt, kCopyAt + dim);
    if (!found) return fail(f, "reading memory: " + found.error().message);
    if (std::equal(found->begin(), found->end(), input_.begin() + which * dim)) return true;
    return fail(
        f, std::string("a store ") + when + " did not reach memory; look at dispatch and reset");
  }

  static Result<FaultRecord> record_of(TestMachine& machine,
                                       std::span<const isa::Instruction> code) {
    Runtime& runtime = machine.runtime();
    if (const Status status = runtime.reset(kCaseTimeout); !status) return status.error();
    const Result<uint32_t> sequence = runtime.submit(code);
    if (!sequence) return sequence.error();
    const Status waited = runtime.wait(*sequence, kCaseTimeout);
    const Result<std::optional<FaultRecord>> fault = runtime.fault();
    if (!fault) return fault.error();
    if (*fault) return **fault;
    return failure(waited ? "no fault was found" : waited.error().message);
  }

  bool fails_as_it_should(const FaultCase& f) {
    std::vector<isa::Instruction> code = copy(turn_++ % 16);
    code.push_back(f.words);
    const Result<FaultRecord> wanted = record_of(golden_, code);
    if (!wanted || wanted->code != f.code)
      return fail(f, "the golden model disagrees: " +
                         (wanted ? wanted->to_string() : wanted.error().message));
    const Result<FaultRecord> found = record_of(device_, code);
    if (!found) return fail(f, found.error().message + ", expected a " + wanted->to_string());
    if (found->code != wanted->code || found->unit != wanted->unit ||
        found->index != wanted->index || found->address != wanted->address)
      return fail(f, "recorded as a " + found->to_string() + ", expected a " + wanted->to_string() +
                         "; look at the fault record, and at the check in that unit");
    return copied(f, (turn_ - 1) % 16, "older than the fault");
  }

  bool recovers(const FaultCase& f) {
    if (const Status status = golden_.runtime().reset(); !status)
      return fail(f, status.error().message);
    if (const Status status = device_.runtime().reset(kCaseTimeout); !status)
      return fail(f, "the reset failed: " + status.error().message);
    if (const Status status = device_.execute(copy(turn_ % 16)); !status)
      return fail(f, "after the reset: " + status.error().message);
    return copied(f, turn_ % 16, "after the reset");
  }

  Session& session_;
  TestMachine& device_;
  TestMachine& golden_;
  const isa::Config& config_;
  const std::vector<uint8_t>& input_;
  uint32_t turn_ = 0;
  Step step_;
};

}  // namespace

Step check_faults(Session& session, Runtime& device, Runtime& reference) {
  const std::vector<uint8_t> input = case_input(device.config(), session.options.seed);
  Result<TestMachine> machine = TestMachine::create(device, input);
  Result<TestMachine> golden = TestMachine::create(reference, input);
  if (!machine || !golden) {
    Step step;
    step.name = "faults";
    step.failure = (!machine ? machine : golden).error().message;
    return step;
  }
  return FaultCheck(session, *machine, *golden, input).run();
}

}  // namespace millrace::selftest
