// SPDX-License-Identifier: Apache-2.0
// The DMA engine in configuration nano: see dma_suite.h.
#include "Vdma_nano_both.h"
#include "Vdma_nano_load.h"
#include "Vdma_nano_store.h"
#include "tests/rtl/dma/dma_suite.h"

namespace millrace::dma_test {

using Variants = testing::Types<Variant<Vdma_nano_load, 0, true, false>,
                                Variant<Vdma_nano_store, 0, false, true>,
                                Variant<Vdma_nano_both, 0, true, true>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Nano, Dma, Variants);

}  // namespace millrace::dma_test
