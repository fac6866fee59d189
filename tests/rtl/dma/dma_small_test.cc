// SPDX-License-Identifier: Apache-2.0
// The DMA engine in configuration small: see dma_suite.h.
#include "Vdma_small_both.h"
#include "Vdma_small_load.h"
#include "Vdma_small_store.h"
#include "tests/rtl/dma/dma_suite.h"

namespace millrace::dma_test {

using Variants = testing::Types<Variant<Vdma_small_load, 1, true, false>,
                                Variant<Vdma_small_store, 1, false, true>,
                                Variant<Vdma_small_both, 1, true, true>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Small, Dma, Variants);

}  // namespace millrace::dma_test
