// SPDX-License-Identifier: Apache-2.0
// Colorlight i5 on its extension board: 25 MHz oscillator, 50 MHz by PLL; UART of the USB bridge, LED D2.
`default_nettype none
module top #(
    parameter int ClockKhz = 12000, Baud = 115200, BoardId = 0, MemLog2 = 13,
    parameter logic [31:0] BuildId = 32'd0
) (
    input  wire logic clk, rx,
    output logic      tx, led_n
);
  logic clk_core, good, lit;
  pll #(.Multiply(2), .Divide(12)) u_pll (
      .clk_i(clk),
      .clk_o(clk_core),
      .locked_o(good)
  );

  board #(
      .ClockKhz(ClockKhz), .Baud(Baud), .BoardId(BoardId), .BuildId(BuildId), .MemLog2(MemLog2)
  ) u_board (
      .clk_i(clk_core),
      .good_i(good),
      .rx_i(rx),
      .tx_o(tx),
      .led_o(lit),
      .sdram_o(),  // none
      .sdram_dq_i(16'd0)
  );
  assign led_n = ~lit;
endmodule
`default_nettype wire
