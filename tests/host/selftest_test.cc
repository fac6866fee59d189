// SPDX-License-Identifier: Apache-2.0
// The self-test finds what a board may have wrong, in the step that it belongs to, and names it.
#include "host/selftest/selftest.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>

#include "host/selftest/frame.h"
#include "tests/host/faulty_device.h"

namespace millrace::selftest {
namespace {

constexpr uint64_t kMemory = 128 << 10;

using isa::Opcode;
using testing::FaultyDevice;

const Options kQuick{1, true, 0.02, "", {}};

Opcode opcode_of(const isa::Instruction& words) { return static_cast<Opcode>(words[0] & 0xff); }

class Selftest : public ::testing::TestWithParam<const char*> {
 protected:
  const isa::Config& config() const { return *isa::find_config(GetParam()); }

  // The step that fails, with its message; all before it pass, and those after it run or say why
  // not.
  void finds(FaultyDevice& device, const std::string& step,
             std::initializer_list<const char*> parts) {
    RefDevice reference(config(), kMemory);
    report_ = run(device, reference, kQuick, [](const Step&) {});
    EXPECT_FALSE(report_.passed());
    for (const Step& s : report_.steps) {
      if (s.name != step) {
        EXPECT_TRUE(s.passed()) << s.name << " instead of " << step << ": " << s.failure;
        continue;
      }
      EXPECT_FALSE(s.failure.empty()) << step << " passed";
      for (const char* part : parts)
        EXPECT_NE(s.failure.find(part), std::string::npos)
            << "no '" << part << "' in " << s.failure;
      return;
    }
    ADD_FAILURE() << "step " << step << " did not run";
  }
  const Step& step(const std::string& name) const {
    for (const Step& s : report_.steps)
      if (s.name == name) return s;
    static const Step kNone;
    return kNone;
  }

  Report report_;
};
INSTANTIATE_TEST_SUITE_P(Configurations, Selftest, ::testing::Values("nano", "small"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(Selftest, PassesAGoodMachine) {
  FaultyDevice device(config(), kMemory);
  RefDevice reference(config(), kMemory);
  std::vector<std::string> told;
  report_ = run(device, reference, kQuick, [&](const Step& s) { told.push_back(s.name); });
  EXPECT_TRUE(report_.passed());
  EXPECT_EQ(told, (std::vector<std::string>{"link", "memory", "instructions", "faults", "soak"}));
  for (const Step& s : report_.steps) EXPECT_TRUE(s.passed()) << s.name << ": " << s.failure;
  for (const auto& sum : report_.checksums) EXPECT_TRUE(sum);
}

// ---- Link.

TEST_P(Selftest, FindsAnotherMachine) {
  FaultyDevice device(config(), kMemory);
  device.value = [](uint32_t offset, uint32_t v) { return offset == reg::kId ? 0u : v; };
  finds(device, "link", {"register ID reads 0x00000000, expected 0x4d494c4c"});
}

TEST_P(Selftest, FindsAnotherConfiguration) {
  FaultyDevice device(config(), kMemory);
  device.value = [](uint32_t offset, uint32_t v) {
    return offset == reg::kIsaHash ? isa::find_config("base")->isa_hash : v;
  };
  finds(device, "link", {"ISA_HASH", "the machine is base: use --config base"});
}

TEST_P(Selftest, FindsAWrongCapability) {
  FaultyDevice device(config(), kMemory);
  device.value = [](uint32_t offset, uint32_t v) { return offset == reg::kCaps2 ? v ^ 0x100 : v; };
  finds(device, "link", {"register CAPS2", "bits 0x00000100 differ"});
}

TEST_P(Selftest, FindsARegisterBit) {
  FaultyDevice device(config(), kMemory);
  device.value = [](uint32_t offset, uint32_t v) {
    return offset == reg::kSegBase + 2 * reg::kSegStride ? v & ~0x800u : v;
  };
  finds(device, "link", {"register SEG_BASE[2]", "bits 0x00000800 differ"});
}

TEST_P(Selftest, FindsWritesThatShouldBeRefused) {
  FaultyDevice device(config(), kMemory);
  device.takes_any_write = true;
  finds(device, "link", {"read-only register ID was not refused"});
}

TEST_P(Selftest, FindsAReadThatFailsRarely) {
  FaultyDevice device(config(), kMemory);
  device.value = [n = 0](uint32_t offset, uint32_t v) mutable {
    return offset == reg::kCaps3 && ++n == 60 ? v ^ 4 : v;
  };
  finds(device, "link", {"register CAPS3", "the link is not reliable"});
}

// ---- Memory.

TEST_P(Selftest, FindsAStuckBit) {
  FaultyDevice device(config(), kMemory);
  device.byte = [](uint64_t a, uint8_t b) { return a == 0x235 ? uint8_t(b | 0x20) : b; };
  finds(device, "memory", {"memory at 0x00000234", "expected", "bits 0x00002000 stuck at 1"});
  EXPECT_TRUE(step("faults").skipped);
  EXPECT_TRUE(step("soak").skipped);
}

TEST_P(Selftest, FindsADataLine) {
  FaultyDevice device(config(), kMemory);
  device.byte = [](uint64_t a, uint8_t b) { return a % 4 == 3 ? uint8_t(b & 0x7f) : b; };
  finds(device, "memory", {"walking ones", "bits 0x80000000 stuck at 0"});
}

TEST_P(Selftest, FindsAnAddressLine) {
  for (const uint64_t line : {uint64_t{4}, uint64_t{0x2000}, kMemory / 2}) {
    FaultyDevice device(config(), kMemory);
    device.address = [&](uint64_t a) { return a & ~line; };
    const std::string text = "address line " + std::to_string(std::countr_zero(line)) + " ";
    finds(device, "memory", {"is the same word", text.c_str()});
  }
}

// ---- Instructions.

TEST_P(Selftest, FindsAWrongProduct) {
  FaultyDevice device(config(), kMemory);
  device.change = [](isa::Instruction& words) {
    if (opcode_of(words) != Opcode::kMatmul) return;
    isa::Matmul f = isa::Matmul::unpack(words);
    f.accumulate = 0;
    words = f.pack();
  };
  finds(device, "instructions",
        {"matmul accumulate=1", "look at unit matmul", "checksum", "expected", "accumulator row",
         "--only 'matmul accumulate=1"});
  EXPECT_FALSE(report_.checksums[2]);
  EXPECT_TRUE(report_.checksums[0] && report_.checksums[3]);
}

TEST_P(Selftest, FindsEveryWrongField) {
  // An instruction, and the bits of one of its words that the machine ignores.
  struct Defect {
    Opcode opcode;
    size_t word;
    uint32_t bits;
    const char* name;
  };
  const Defect defects[] = {{Opcode::kLoad, 0, 1u << 9, "load flip=1"},
                            {Opcode::kStore, 0, 1u << 9, "store flip=1"},
                            {Opcode::kLoad, 1, 0xf00000, "load"},
                            {Opcode::kVector, 0, 1u << 26, "vector channel=1"},
                            {Opcode::kVector, 0, 3u << 24, "vector quant=q31"},
                            {Opcode::kVset, 0, 0xff00, "vector"},
                            {Opcode::kSignal, 0, 1u << 8, "signal irq=1"},
                            {Opcode::kSignal, 3, 0x40, "signal"}};
  for (const Defect& d : defects) {
    SCOPED_TRACE(d.name);
    FaultyDevice device(config(), kMemory);
    // Not of the driver's own SIGNALs and of the first load, which sets up the case.
    device.change = [&](isa::Instruction& words) {
      const bool driver =
          opcode_of(words) == Opcode::kSignal && isa::Signal::unpack(words).seg == 0;
      if (opcode_of(words) == d.opcode && !driver) words[d.word] &= ~d.bits;
    };
    RefDevice reference(config(), kMemory);
    report_ = run(device, reference, kQuick, [](const Step&) {});
    const std::string failure = step("instructions").failure;
    EXPECT_TRUE(failure.starts_with(d.name)) << failure;
  }
}

TEST_P(Selftest, FindsAHang) {
  FaultyDevice device(config(), kMemory);
  device.hangs_on = [](const isa::Instruction& w) {
    return opcode_of(w) == Opcode::kMatmul && isa::Matmul::unpack(w).n_ct == 5;
  };
  finds(device, "instructions", {"matmul n_ct=5", "made no progress", "look at unit matmul"});
  EXPECT_TRUE(step("faults").passed()) << step("faults").failure;
}

TEST_P(Selftest, FindsAHangThatStays) {
  FaultyDevice device(config(), kMemory);
  device.hangs_on = [](const isa::Instruction& w) { return opcode_of(w) == Opcode::kVset; };
  device.reset_fails = true;
  finds(device, "instructions", {"made no progress"});
  EXPECT_TRUE(step("faults").skipped);
  EXPECT_TRUE(step("soak").skipped);
}

// Any bit of any field that the machine ignores is found by the cases of that very instruction.
TEST(SelftestBits, FindsEveryIgnoredBit) {
  const isa::Config& nano = *isa::find_config("nano");
  size_t tried = 0;
  for (const isa::InstructionInfo& info : isa::kInstructions) {
    for (const isa::Field& f : info.fields) {
      for (int bit = 0; bit < f.width; ++bit) {
        const uint32_t mask = 1u << (f.low + bit);
        if (!(info.legal[size_t(nano.index)][size_t(f.word)] & mask)) continue;
        // Banks that are not there; places beyond input and output.
        if (f.name.ends_with("_hi") && info.opcode != Opcode::kVset &&
            bit >= (f.name == "d_hi" ? 0 : 2))
          continue;
        const uint64_t bytes = uint64_t{info.opcode == Opcode::kSignal ? 4u : 1u} << bit;
        if ((f.name == "offset" || f.name == "row_bytes") && bytes >= input_bytes(nano)) continue;
        FaultyDevice device(nano, kMemory);
        RefDevice reference(nano, kMemory);
        device.change = [&](isa::Instruction& words) {
          const bool driver =
              opcode_of(words) == Opcode::kSignal && isa::Signal::unpack(words).seg == 0;
          if (opcode_of(words) == info.opcode && !driver) words[size_t(f.word)] &= ~mask;
        };
        Options options = kQuick;
        options.only = std::string(info.name);
        const Report report = run(device, reference, options, [](const Step&) {});
        EXPECT_FALSE(report.passed())
            << info.name << " " << f.name << ": nothing is lost with bit " << bit;
        ++tried;
      }
    }
  }
  EXPECT_GT(tried, 200u);
}

// ---- Faults.

TEST_P(Selftest, FindsAWrongRecord) {
  const std::map<uint32_t, const char*> registers = {{reg::kFaultAddr, "at address 0x"},
                                                     {reg::kFaultIndex, "instruction 3"}};
  for (const auto& [wrong, part] : registers) {
    FaultyDevice device(config(), kMemory);
    device.value = [&](uint32_t offset, uint32_t v) { return offset == wrong ? v + 1 : v; };
    finds(device, "faults", {part, "expected a fault", "look at the fault record"});
  }
}

TEST_P(Selftest, FindsACheckThatIsMissing) {
  FaultyDevice device(config(), kMemory);
  // The machine lets everything read what it may only write.
  device.change = [](isa::Instruction& words) {
    if (opcode_of(words) != Opcode::kLoad || isa::Load::unpack(words).seg != 0) return;
    isa::Load f = isa::Load::unpack(words);
    f.seg = kInput;
    words = f.pack();
  };
  finds(device, "faults",
        {"load from a segment that is not readable", "no fault was found",
         "expected a fault permission in unit load"});
}

// ---- Soak.

TEST_P(Selftest, FindsAProductThatIsWrongRarely) {
  FaultyDevice device(config(), kMemory);
  // The largest product is done often; what a case does is not.
  device.change = [n = 0](isa::Instruction& words) mutable {
    if (opcode_of(words) != Opcode::kMatmul) return;
    isa::Matmul f = isa::Matmul::unpack(words);
    if (f.n_ct * f.n_ox * f.n_oy < 64 || f.n_ct < 4 || ++n < 200) return;
    f.a_ox = 0;
    words = f.pack();
  };
  RefDevice reference(config(), kMemory);
  Options options = kQuick;
  options.soak_seconds = 2;
  report_ = run(device, reference, options, [](const Step&) {});
  EXPECT_TRUE(step("instructions").passed()) << step("instructions").failure;
  EXPECT_NE(step("soak").failure.find("not reliable under load"), std::string::npos)
      << step("soak").failure << step("soak").detail;
}

}  // namespace
}  // namespace millrace::selftest
