// SPDX-License-Identifier: Apache-2.0
// Block RAM and multiplier of a Gowin GW2A for simulation, in the modes that Yosys chooses for this design (its own models have
// none): no output registers, one clock edge. After Gowin UG285 (BSRAM) and UG287 (DSP).
module DPB (
    input CLKA, CEA, OCEA, RESETA, WREA, CLKB, CEB, OCEB, RESETB, WREB,
    input [13:0] ADA, ADB,
    input [2:0] BLKSELA, BLKSELB,
    input [15:0] DIA, DIB,
    output [15:0] DOA, DOB
);
  parameter BIT_WIDTH_0 = 16;
  parameter BIT_WIDTH_1 = 16;
  parameter READ_MODE0 = 1'b0;
  parameter READ_MODE1 = 1'b0;
  parameter WRITE_MODE0 = 2'b00;
  parameter WRITE_MODE1 = 2'b00;
  parameter BLK_SEL_0 = 3'b000;
  parameter BLK_SEL_1 = 3'b000;
  parameter RESET_MODE = "SYNC";
  generate
    if (BIT_WIDTH_0 != 1 || BIT_WIDTH_1 != 1 || READ_MODE0 != 1'b0 || READ_MODE1 != 1'b0 || WRITE_MODE0 != 2'b01
        || WRITE_MODE1 != 2'b01) mode_without_a_model u_mode ();
  endgenerate
  reg mem [0:16383];
  reg out_a, out_b;
  always @(posedge CLKA)
    if (RESETA) out_a <= 1'b0;
    else if (CEA && BLKSELA == BLK_SEL_0) begin  // write-through
      if (WREA) mem[ADA] <= DIA[0];
      out_a <= WREA ? DIA[0] : mem[ADA];
    end
  always @(posedge CLKB)
    if (RESETB) out_b <= 1'b0;
    else if (CEB && BLKSELB == BLK_SEL_1) begin
      if (WREB) mem[ADB] <= DIB[0];
      out_b <= WREB ? DIB[0] : mem[ADB];
    end
  assign DOA = {15'd0, out_a};
  assign DOB = {15'd0, out_b};
endmodule

// One port writes, the other reads; the enables of the four bytes are the low bits of the address.
module SDPX9B (
    input CLKA, CEA, RESETA, CLKB, CEB, OCE, RESETB,
    input [13:0] ADA, ADB,
    input [2:0] BLKSELA, BLKSELB,
    input [35:0] DI,
    output [35:0] DO
);
  parameter BIT_WIDTH_0 = 36;
  parameter BIT_WIDTH_1 = 36;
  parameter READ_MODE = 1'b0;
  parameter BLK_SEL_0 = 3'b000;
  parameter BLK_SEL_1 = 3'b000;
  parameter RESET_MODE = "SYNC";
  generate
    if (BIT_WIDTH_0 != 36 || BIT_WIDTH_1 != 36 || READ_MODE != 1'b0) mode_without_a_model u_mode ();
  endgenerate
  reg [35:0] mem [0:511];
  reg [35:0] out;
  integer i;
  always @(posedge CLKA)
    if (CEA && BLKSELA == BLK_SEL_0)
      for (i = 0; i < 4; i = i + 1) if (ADA[i]) mem[ADA[13:5]][i*9+:9] <= DI[i*9+:9];
  always @(posedge CLKB)
    if (RESETB) out <= 36'd0;
    else if (CEB && BLKSELB == BLK_SEL_1) out <= mem[ADB[13:5]];
  assign DO = out;
endmodule

module SPX9 (
    input CLK, CE, OCE, RESET, WRE,
    input [13:0] AD,
    input [2:0] BLKSEL,
    input [35:0] DI,
    output [35:0] DO
);
  parameter BIT_WIDTH = 36;
  parameter READ_MODE = 1'b0;
  parameter WRITE_MODE = 2'b00;
  parameter BLK_SEL = 3'b000;
  parameter RESET_MODE = "SYNC";
  generate
    if (BIT_WIDTH != 36 || READ_MODE != 1'b0 || WRITE_MODE != 2'b00) mode_without_a_model u_mode ();
  endgenerate
  reg [35:0] mem [0:511];
  reg [35:0] out;
  integer i;
  always @(posedge CLK)
    if (RESET) out <= 36'd0;
    else if (CE && BLKSEL == BLK_SEL) begin
      if (WRE) begin
        for (i = 0; i < 4; i = i + 1) if (AD[i]) mem[AD[13:5]][i*9+:9] <= DI[i*9+:9];
      end else out <= mem[AD[13:5]];
    end
  assign DO = out;
endmodule

// Without its registers; operands from the fabric.
module MULT9X9 (
    input [8:0] A, SIA, B, SIB,
    input ASIGN, BSIGN, ASEL, BSEL, CE, CLK, RESET,
    output [17:0] DOUT,
    output [8:0] SOA, SOB
);
  parameter AREG = 1'b0;
  parameter BREG = 1'b0;
  parameter OUT_REG = 1'b0;
  parameter PIPE_REG = 1'b0;
  parameter ASIGN_REG = 1'b0;
  parameter BSIGN_REG = 1'b0;
  parameter SOA_REG = 1'b0;
  parameter MULT_RESET_MODE = "SYNC";
  generate
    if (AREG || BREG || OUT_REG || PIPE_REG || ASIGN_REG || BSIGN_REG) mode_without_a_model u_mode ();
  endgenerate
  wire signed [9:0] a = {ASIGN && A[8], A};
  wire signed [9:0] b = {BSIGN && B[8], B};
  wire signed [19:0] product = a * b;
  assign DOUT = product[17:0];
  assign SOA = 9'd0;
  assign SOB = 9'd0;
endmodule
