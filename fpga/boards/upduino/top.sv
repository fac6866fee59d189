// SPDX-License-Identifier: Apache-2.0
// UPduino 3: 12 MHz oscillator (jumper OSC), 24 MHz by PLL; UART of the USB bridge, which shares its pins with the flash.
`default_nettype none
module top #(
    parameter int ClockKhz = 12000, Baud = 115200, BoardId = 0, MemLog2 = 13,
    parameter logic [31:0] BuildId = 32'd0
) (
    input  wire logic clk, rx,
    output logic      tx, led_n, flash_cs_n
);
  logic clk_core, good, lit;
  pll #(.Divf(63), .Divq(5), .Pad(0)) u_pll (
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
  assign flash_cs_n = 1'b1;  // the flash must not listen to the UART
endmodule
`default_nettype wire
