// SPDX-License-Identifier: Apache-2.0
// Synchronous RAM with one read and one write port. Read data one cycle after a read; it holds until the next read.
// Reading a row in the cycle it is written returns the old value in simulation and must not be relied on.
`default_nettype none
module ram_1r1w #(
    parameter int Width = 8,
    parameter int Depth = 256
) (
    input  wire logic                     clk_i,
    input  wire logic                     re_i, we_i,
    input  wire logic [$clog2(Depth)-1:0] raddr_i, waddr_i,
    input  wire logic [        Width-1:0] wdata_i,
    output logic      [        Width-1:0] rdata_o
);
  logic [Width-1:0] mem_q [Depth];
  always_ff @(posedge clk_i) begin
    if (re_i) rdata_o <= mem_q[raddr_i];
    if (we_i) mem_q[waddr_i] <= wdata_i;
  end
endmodule
`default_nettype wire
