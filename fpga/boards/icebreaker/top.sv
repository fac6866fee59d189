// SPDX-License-Identifier: Apache-2.0
// iCEBreaker: 12 MHz crystal, 24 MHz by PLL; UART of the USB bridge, red LED.
`default_nettype none
module top #(
    parameter int ClockKhz = 12000, Baud = 115200, BoardId = 0, MemLog2 = 13,
    parameter logic [31:0] BuildId = 32'd0
) (
    input  wire logic clk, rx,
    output logic      tx, led_n
);
  logic clk_core, good, lit;
  pll #(.Divf(63), .Divq(5), .Pad(1)) u_pll (
      .clk_i(clk),
      .clk_o(clk_core),
      .locked_o(good)
  );

  board #(
      .ClockKhz(ClockKhz), .Baud(Baud), .BoardId(BoardId), .BuildId(BuildId), .MemLog2(MemLog2), .Single(1'b1)
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
