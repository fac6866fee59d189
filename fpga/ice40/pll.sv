// SPDX-License-Identifier: Apache-2.0
// PLL of an iCE40: clk_o = clk_i x (Divf + 1) / 2^Divq; the oscillator, before 2^Divq, between 533 and 1066 MHz (icepll finds
// the numbers). Pad: clk_i is the pin of the PLL itself; otherwise any other.
`default_nettype none
module pll #(
    parameter int Divf = 63, Divq = 5,
    parameter bit Pad = 1
) (
    input  wire logic clk_i,
    output logic      clk_o, locked_o
);
  /* verilator lint_off PINMISSING */  // outputs and dynamic delays that are not used
  if (Pad) begin : g_pad
    SB_PLL40_PAD #(
        .FEEDBACK_PATH("SIMPLE"), .DIVR(4'd0), .DIVF(7'(Divf)), .DIVQ(3'(Divq)), .FILTER_RANGE(3'd1)
    ) u_pll (
        .PACKAGEPIN(clk_i), .PLLOUTGLOBAL(clk_o), .LOCK(locked_o), .RESETB(1'b1), .BYPASS(1'b0)
    );
  end else begin : g_core
    SB_PLL40_CORE #(
        .FEEDBACK_PATH("SIMPLE"), .DIVR(4'd0), .DIVF(7'(Divf)), .DIVQ(3'(Divq)), .FILTER_RANGE(3'd1)
    ) u_pll (
        .REFERENCECLK(clk_i), .PLLOUTGLOBAL(clk_o), .LOCK(locked_o), .RESETB(1'b1), .BYPASS(1'b0)
    );
  end
  /* verilator lint_on PINMISSING */
endmodule
`default_nettype wire
