// SPDX-License-Identifier: Apache-2.0
// Arty A7-100T: 100 MHz oscillator, divided by two; UART of the USB bridge, LED LD4.
`default_nettype none
module top #(
    parameter int ClockKhz = 12000, Baud = 115200, BoardId = 0, MemLog2 = 13,
    parameter logic [31:0] BuildId = 32'd0
) (
    input  wire logic clk, rx,
    output logic      tx, led
);
  logic clk_core, half_q = 1'b0;
  always_ff @(posedge clk) half_q <= ~half_q;
  BUFG u_buffer (
      .I(half_q),
      .O(clk_core)
  );

  board #(
      .ClockKhz(ClockKhz), .Baud(Baud), .BoardId(BoardId), .BuildId(BuildId), .MemLog2(MemLog2)
  ) u_board (
      .clk_i(clk_core),
      .good_i(1'b1),
      .rx_i(rx),
      .tx_o(tx),
      .led_o(led),
      .sdram_o(),  // none
      .sdram_dq_i(16'd0)
  );
endmodule
`default_nettype wire
