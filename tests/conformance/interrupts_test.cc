// SPDX-License-Identifier: Apache-2.0
// Interrupts, as registers show them; the level of the output is not part of Device.
#include "tests/conformance/suite.h"

namespace millrace::conformance {
namespace {

constexpr uint32_t kSignal = 1u << reg::kIrqStatusSignalLow, kFault = 1u << reg::kIrqStatusFaultLow;

class Interrupts : public WorkingChapter {
 protected:
  void pending(uint32_t wanted, const std::string& why) {
    host.expect(reg::kIrqStatus, wanted, why);
  }
};

TEST_F(Interrupts, OnlySignalsThatAskForOne) {
  host.run({signal(1, 0, 5)});
  pending(0, "a SIGNAL without irq");
  host.run({signal(1, 0, 6, true)});
  pending(kSignal, "a SIGNAL with irq, although it is not enabled");
}

TEST_F(Interrupts, SignalsLeaveTheirValue) {
  for (const uint32_t value : {1u, 0xffffffffu, 0x80000000u, 0u}) {
    host.set_word(kData + 8, ~value);
    host.run({signal(1, 8, value, true)});
    EXPECT_EQ(host.word(kData + 8), value);
    host.expect(reg::kSignalValue, config().signal_register ? value : 0,
                "the last SIGNAL, with signal_register");
  }
}

TEST_F(Interrupts, EnableIsKeptAndHidesNothing) {
  for (const uint32_t value : {0u, 1u, 2u, 3u, ~0u}) {
    host.write(reg::kIrqEnable, value);
    host.expect(reg::kIrqEnable, value & 3, "it has two bits");
    host.run({signal(1, 0, value, true)});
    pending(kSignal, "IRQ_STATUS does not depend on IRQ_ENABLE");
    host.write(reg::kIrqStatus, kSignal);
  }
}

TEST_F(Interrupts, ClearedByWritingOne) {
  host.run({signal(1, 0, 1, true)});
  host.write(reg::kIrqStatus, 0);
  pending(kSignal, "writing 0 clears nothing");
  host.write(reg::kIrqStatus, ~kSignal);
  pending(kSignal, "writing 1 clears the bit of its own alone");
  host.write(reg::kIrqStatus, kSignal);
  pending(0, "writing 1 clears");
  host.run({signal(1, 0, 2, false)});
  pending(0, "it stays cleared");
  host.run({signal(1, 0, 2, true)});
  pending(kSignal, "the next SIGNAL sets it again");
}

TEST_F(Interrupts, Faults) {
  host.submit({signal(1, 0, 1, true), kIllegal});
  host.settle();
  pending(kSignal | kFault, "a SIGNAL with irq, and a fault");
  host.write(reg::kIrqStatus, kSignal);
  pending(kFault, "writing 1 clears the bit of its own alone");
  host.write(reg::kIrqStatus, kFault);
  pending(0, "writing 1 clears it, the machine still stopped");
  host.expect(reg::kStatus, kFaulted, "the fault is still there");
  ASSERT_TRUE(device().advance(1000));
  pending(0, "a fault interrupts once");
  host.submit({signal(1, 0, 2, true)});
  ASSERT_TRUE(device().advance(1000));
  pending(0, "a doorbell of a stopped machine does nothing");
}

TEST_F(Interrupts, AResetClearsThem) {
  host.write(reg::kIrqEnable, 3);
  host.submit({signal(1, 0, 1, true), kIllegal});
  host.settle();
  host.soft_reset();
  pending(0, "a reset clears it");
  host.expect(reg::kIrqEnable, 0, "a reset clears it");
  host.run({signal(1, 0, 1, true)});
  pending(kSignal, "the machine works again");
}

}  // namespace
}  // namespace millrace::conformance
