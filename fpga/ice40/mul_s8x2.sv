// SPDX-License-Identifier: Apache-2.0
// rtl/lib/mul_s8x2 for iCE40 UP: two products of signed bytes in one SB_MAC16. Latency 1 cycle: the product registers of the
// DSP (TOP_ and BOT_8x8_MULT_REG). b is held in the DSP's operand register; its adders are not used.
`default_nettype none
module mul_s8x2 (
    input  wire logic               clk_i,
    input  wire logic               hold_i,
    input  wire logic signed [ 7:0] a0_i,
    input  wire logic signed [ 7:0] b0_i,
    input  wire logic signed [ 7:0] a1_i,
    input  wire logic signed [ 7:0] b1_i,
    output logic signed      [15:0] p0_o,
    output logic signed      [15:0] p1_o
);
  localparam logic [1:0] OutputProduct = 2'd2;  // the 8x8 product, without the adder

  /* verilator lint_off PINCONNECTEMPTY */  // carry and cascade outputs
  SB_MAC16 #(
      .MODE_8x8        (1'b1),
      .B_REG           (1'b1),
      .A_SIGNED        (1'b1),
      .B_SIGNED        (1'b1),
      .TOP_8x8_MULT_REG(1'b1),
      .BOT_8x8_MULT_REG(1'b1),
      .TOPOUTPUT_SELECT(OutputProduct),
      .BOTOUTPUT_SELECT(OutputProduct)
  ) u_mac (
      .CLK       (clk_i),
      .CE        (1'b1),
      .A         ({a1_i, a0_i}),
      .B         ({b1_i, b0_i}),
      .C         (16'd0),
      .D         (16'd0),
      .AHOLD     (1'b0),
      .BHOLD     (hold_i),
      .CHOLD     (1'b0),
      .DHOLD     (1'b0),
      .IRSTTOP   (1'b0),
      .IRSTBOT   (1'b0),
      .ORSTTOP   (1'b0),
      .ORSTBOT   (1'b0),
      .OLOADTOP  (1'b0),
      .OLOADBOT  (1'b0),
      .ADDSUBTOP (1'b0),
      .ADDSUBBOT (1'b0),
      .OHOLDTOP  (1'b0),
      .OHOLDBOT  (1'b0),
      .CI        (1'b0),
      .ACCUMCI   (1'b0),
      .SIGNEXTIN (1'b0),
      .O         ({p1_o, p0_o}),
      .CO        (),
      .ACCUMCO   (),
      .SIGNEXTOUT()
  );
  /* verilator lint_on PINCONNECTEMPTY */
endmodule
`default_nettype wire
