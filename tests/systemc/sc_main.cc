// SPDX-License-Identifier: Apache-2.0
// SystemC's library wants one; GoogleTest has the program's main().
extern "C" int sc_main(int, char**) { return 0; }
