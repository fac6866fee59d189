// SPDX-License-Identifier: Apache-2.0
// Cells of an ECP5 for simulation, as far as they are used and Yosys has no models of them that do. Memory: both ports of one width and
// clock edge, no output registers. After Lattice TN1264 (memory) and TN1267 (sysDSP).
module DP16KD (
    input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0,
    input ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
    input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
    output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0,
    input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0,
    input ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
    input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
    output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0
);
  parameter DATA_WIDTH_A = 18;
  parameter DATA_WIDTH_B = 18;
  parameter REGMODE_A = "NOREG";
  parameter REGMODE_B = "NOREG";
  parameter RESETMODE = "SYNC";
  parameter ASYNC_RESET_RELEASE = "SYNC";
  parameter CSDECODE_A = "0b000";
  parameter CSDECODE_B = "0b000";
  parameter WRITEMODE_A = "NORMAL";
  parameter WRITEMODE_B = "NORMAL";
  parameter GSR = "ENABLED";
  parameter CLKAMUX = "CLKA";
  parameter CLKBMUX = "CLKB";
  parameter INIT_DATA = "STATIC";

  localparam Width = DATA_WIDTH_A;
  localparam Low = Width == 36 ? 5 : Width == 18 ? 4 : Width == 9 ? 3 : Width == 4 ? 2 : Width == 2 ? 1 : 0;
  localparam Bytes = Width >= 18 ? Width / 9 : 1;  // written by themselves; their enables are the low bits of the address
  localparam ByteW = Width >= 18 ? 9 : Width;
  generate
    if (DATA_WIDTH_A != DATA_WIDTH_B || REGMODE_A != "NOREG" || REGMODE_B != "NOREG" || CLKAMUX != "CLKA" || CLKBMUX != "CLKB")
      mode_without_a_model u_mode ();
  endgenerate

  wire [13:0] ada = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
  wire [13:0] adb = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
  wire [17:0] dia = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2,
                     DIA1, DIA0};
  wire [17:0] dib = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2,
                     DIB1, DIB0};
  // 36 bits are written by port A and read by port B, with the pins of both.
  wire [35:0] write_a = {dib, dia};
  wire [35:0] write_b = {18'd0, dib};
  wire [3:0] bytes_a = Width >= 18 ? ada[3:0] : 4'd1;
  wire [3:0] bytes_b = Width >= 18 ? adb[3:0] : 4'd1;
  wire selected_a = {CSA2, CSA1, CSA0} == 3'd0;
  wire selected_b = {CSB2, CSB1, CSB0} == 3'd0;

  reg [Width-1:0] mem [0:(1 << (14 - Low)) - 1];
  reg [Width-1:0] out_a, out_b;
  wire [13-Low:0] row_a = ada[13:Low];
  wire [13-Low:0] row_b = adb[13:Low];
  integer i, j;
  always @(posedge CLKA)
    if (CEA && selected_a) begin
      if (WEA) for (i = 0; i < Bytes; i = i + 1) if (bytes_a[i]) mem[row_a][i*ByteW+:ByteW] <= write_a[i*ByteW+:ByteW];
      if (RSTA) out_a <= 0;
      else if (!WEA || WRITEMODE_A == "READBEFOREWRITE") out_a <= mem[row_a];
      else if (WRITEMODE_A == "WRITETHROUGH") out_a <= write_a[Width-1:0];
    end
  always @(posedge CLKB)
    if (CEB && selected_b) begin
      if (WEB) for (j = 0; j < Bytes; j = j + 1) if (bytes_b[j]) mem[row_b][j*ByteW+:ByteW] <= write_b[j*ByteW+:ByteW];
      if (RSTB) out_b <= 0;
      else if (!WEB || WRITEMODE_B == "READBEFOREWRITE") out_b <= mem[row_b];
      else if (WRITEMODE_B == "WRITETHROUGH") out_b <= write_b[Width-1:0];
    end
  wire [35:0] full_a = out_a;
  wire [35:0] full_b = out_b;
  assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1,
          DOA0} = Width == 36 ? full_b[17:0] : full_a[17:0];
  assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1,
          DOB0} = Width == 36 ? full_b[35:18] : full_b[17:0];
endmodule

module MULT18X18D (
    input A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
    input B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
    input C17, C16, C15, C14, C13, C12, C11, C10, C9, C8, C7, C6, C5, C4, C3, C2, C1, C0,
    input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
    output P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16, P15, P14, P13,
           P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
);
  wire [17:0] a = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
  wire [17:0] b = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
  wire signed [35:0] a_wide = {{18{SIGNEDA && a[17]}}, a};
  wire signed [35:0] b_wide = {{18{SIGNEDB && b[17]}}, b};
  assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16, P15, P14, P13,
          P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0} = a_wide * b_wide;
endmodule

// A wire: simulations give the clock that the PLL makes.
module EHXPLLL (
    input CLKI, CLKFB, RST, STDBY, PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG, PLLWAKESYNC, ENCLKOP,
    output CLKOP, LOCK
);
  parameter CLKI_DIV = 1;
  parameter CLKFB_DIV = 1;
  parameter CLKOP_DIV = 1;
  parameter CLKOP_ENABLE = "ENABLED";
  parameter CLKOP_CPHASE = 0;
  parameter CLKOP_FPHASE = 0;
  parameter FEEDBK_PATH = "CLKOP";
  assign CLKOP = CLKI;
  assign LOCK = 1'b1;
endmodule

// Two bits a cycle on a pin: D0 while the clock is high, then D1 (Lattice TN1265).
module ODDRX1F (
    input SCLK, RST, D0, D1,
    output Q
);
  parameter GSR = "ENABLED";
  reg [1:0] d_q;
  always @(posedge SCLK) d_q <= RST ? 2'b00 : {D1, D0};
  assign Q = SCLK ? d_q[0] : d_q[1];
endmodule

// A pin that the device never drives, as those to the SDRAM while its memory is block RAM.
module TRELLIS_IO (
    input I, T,
    output O,
    inout B
);
  parameter DIR = "INPUT";
  assign O = B;
endmodule
