// SPDX-License-Identifier: Apache-2.0
// Two machines that must end a program alike, for tests with GoogleTest.
#pragma once

#include <gtest/gtest.h>

#include "tests/cosim/host.h"

namespace millrace::cosim {

// Everything but cycles.
inline void expect_same(const Outcome& wanted, const Outcome& got) {
  EXPECT_EQ(got.status, wanted.status);
  EXPECT_EQ(got.fault, wanted.fault);
  EXPECT_EQ(got.fault_index, wanted.fault_index);
  EXPECT_EQ(got.fault_addr, wanted.fault_addr);
  EXPECT_EQ(got.signal_value, wanted.signal_value);
  EXPECT_EQ(got.head, wanted.head);
  EXPECT_EQ(got.irq, wanted.irq);
  EXPECT_TRUE(got.memory == wanted.memory) << "memory differs";
}

}  // namespace millrace::cosim
