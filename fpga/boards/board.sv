// SPDX-License-Identifier: Apache-2.0
// What all boards have behind their clock: the system, held in reset until the clock has been good for 15 cycles, and again
// when it is lost. Relies on flip-flops that start at 0, as those of every family here do.
`default_nettype none
module board #(
    parameter int ClockKhz = 12000, Baud = 115200, BoardId = 0, MemLog2 = 13,
    parameter logic [31:0] BuildId = 32'd0,
    parameter bit Single = 1'b0, Sdram = 1'b0
) (
    input  wire logic clk_i, good_i,
    input  wire logic rx_i,
    output logic tx_o, led_o,
    output logic [36:0] sdram_o,  // as of soc
    input  wire logic [15:0] sdram_dq_i
);
  logic [1:0] good_q = '0;
  logic [3:0] count_q = '0;
  wire rst_n = &count_q;
  always_ff @(posedge clk_i) begin
    good_q <= {good_q[0], good_i};
    if (!good_q[1]) count_q <= '0;
    else if (!rst_n) count_q <= count_q + 1'b1;
  end

  soc #(
      .ClockKhz(ClockKhz),
      .Baud(Baud),
      .BoardId(BoardId),
      .BuildId(BuildId),
      .MemLog2(MemLog2),
      .Single(Single),
      .Sdram(Sdram)
  ) u_soc (
      .clk_i,
      .rst_ni(rst_n),
      .rx_i,
      .tx_o,
      .led_o,
      .sdram_o,
      .sdram_dq_i
  );
endmodule
`default_nettype wire
