// SPDX-License-Identifier: Apache-2.0
// PLL of an ECP5 with one output: clk_o = clk_i x Multiply; the oscillator, clk_o x Divide, between 400 and 800 MHz (ecppll
// finds the numbers).
`default_nettype none
module pll #(
    parameter int Multiply = 2, Divide = 12
) (
    input  wire logic clk_i,
    output logic      clk_o, locked_o
);
  /* verilator lint_off PINMISSING */  // outputs and dynamic phase shift that are not used
  EHXPLLL #(
      .CLKI_DIV(1), .CLKFB_DIV(Multiply), .CLKOP_DIV(Divide), .CLKOP_ENABLE("ENABLED"),
      .CLKOP_CPHASE(Divide / 2 - 1), .CLKOP_FPHASE(0), .FEEDBK_PATH("CLKOP")
  ) u_pll (
      .CLKI(clk_i), .CLKFB(clk_o), .CLKOP(clk_o), .LOCK(locked_o), .RST(1'b0), .STDBY(1'b0),
      .PHASESEL0(1'b0), .PHASESEL1(1'b0), .PHASEDIR(1'b1), .PHASESTEP(1'b1), .PHASELOADREG(1'b1),
      .PLLWAKESYNC(1'b0), .ENCLKOP(1'b0)
  );
  /* verilator lint_on PINMISSING */
endmodule
`default_nettype wire
