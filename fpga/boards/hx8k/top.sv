// SPDX-License-Identifier: Apache-2.0
// iCE40-HX8K breakout board: 12 MHz oscillator, no PLL; UART of the USB bridge, LED D9.
`default_nettype none
module top #(
    parameter int ClockKhz = 12000, Baud = 115200, BoardId = 0, MemLog2 = 13,
    parameter logic [31:0] BuildId = 32'd0
) (
    input  wire logic clk, rx,
    output logic      tx, led
);
  board #(
      .ClockKhz(ClockKhz), .Baud(Baud), .BoardId(BoardId), .BuildId(BuildId), .MemLog2(MemLog2)
  ) u_board (
      .clk_i(clk),
      .good_i(1'b1),
      .rx_i(rx),
      .tx_o(tx),
      .led_o(led),
      .sdram_o(),  // none
      .sdram_dq_i(16'd0)
  );
endmodule
`default_nettype wire
