// SPDX-License-Identifier: Apache-2.0
// The DMA engine in configuration base: see dma_suite.h.
#include "Vdma_base_both.h"
#include "Vdma_base_load.h"
#include "Vdma_base_store.h"
#include "tests/rtl/dma/dma_suite.h"

namespace millrace::dma_test {

using Variants = testing::Types<Variant<Vdma_base_load, 2, true, false>,
                                Variant<Vdma_base_store, 2, false, true>,
                                Variant<Vdma_base_both, 2, true, true>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Base, Dma, Variants);

}  // namespace millrace::dma_test
