// SPDX-License-Identifier: Apache-2.0
// Tang Nano 20K: 27 MHz oscillator, no PLL; UART of the USB bridge, LED 0.
`default_nettype none
module top #(
    parameter int ClockKhz = 12000, Baud = 115200, BoardId = 0, MemLog2 = 13,
    parameter logic [31:0] BuildId = 32'd0
) (
    input  wire logic clk, rx,
    output logic      tx, led_n
);
  logic lit;

  board #(
      .ClockKhz(ClockKhz), .Baud(Baud), .BoardId(BoardId), .BuildId(BuildId), .MemLog2(MemLog2)
  ) u_board (
      .clk_i(clk),
      .good_i(1'b1),
      .rx_i(rx),
      .tx_o(tx),
      .led_o(lit),
      .sdram_o(),  // none
      .sdram_dq_i(16'd0)
  );
  assign led_n = ~lit;
endmodule
`default_nettype wire
