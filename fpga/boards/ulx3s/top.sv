// SPDX-License-Identifier: Apache-2.0
// ULX3S: 25 MHz oscillator, 50 MHz by PLL; UART of the USB bridge, LED 0; memory in its SDRAM (MemLog2 = 25) or, smaller, in block
// RAM. The SDRAM's clock is the inverse of the core's (docs/developer/sdram.md).
`default_nettype none
module top #(
    parameter int ClockKhz = 12000, Baud = 115200, BoardId = 0, MemLog2 = 13,
    parameter logic [31:0] BuildId = 32'd0
) (
    input  wire logic clk, rx,
    output logic      tx, led, wifi_gpio0,
    output logic        sdram_clk, sdram_cke, sdram_csn, sdram_rasn, sdram_casn, sdram_wen,
    output logic [ 1:0] sdram_ba, sdram_dqm,
    output logic [12:0] sdram_a,
    inout  wire  [15:0] sdram_d
);
  localparam bit Sdram = MemLog2 == 25;
  logic clk_core, good;
  logic [36:0] pins;
  wire [15:0] from_chip;
  pll #(.Multiply(2), .Divide(12)) u_pll (
      .clk_i(clk),
      .clk_o(clk_core),
      .locked_o(good)
  );

  board #(
      .ClockKhz(ClockKhz), .Baud(Baud), .BoardId(BoardId), .BuildId(BuildId), .MemLog2(MemLog2), .Sdram(Sdram)
  ) u_board (
      .clk_i(clk_core),
      .good_i(good),
      .rx_i(rx),
      .tx_o(tx),
      .led_o(led),
      .sdram_o(pins),
      .sdram_dq_i(from_chip)
  );
  assign wifi_gpio0 = 1'b1;  // the ESP32 keeps its hands off

  ODDRX1F u_clk (.SCLK(clk_core), .RST(1'b0), .D0(1'b0), .D1(Sdram), .Q(sdram_clk));
  assign sdram_cke = 1'b1;
  assign sdram_csn = 1'b0;
  assign {sdram_rasn, sdram_casn, sdram_wen, sdram_ba, sdram_a, sdram_dqm} = pins[36:17];
  for (genvar i = 0; i < 16; i++) begin : g_d
    BB u_d (.I(pins[i]), .T(!pins[16]), .O(from_chip[i]), .B(sdram_d[i]));
  end
endmodule
`default_nettype wire
