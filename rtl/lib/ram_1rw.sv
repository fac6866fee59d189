// SPDX-License-Identifier: Apache-2.0
// Single-ported synchronous RAM. Read data one cycle after a read; it holds until the next read.
`default_nettype none
module ram_1rw #(
    parameter int Width = 8,
    parameter int Depth = 256
) (
    input  wire logic                     clk_i,
    input  wire logic                     en_i, we_i,
    input  wire logic [$clog2(Depth)-1:0] addr_i,
    input  wire logic [        Width-1:0] wdata_i,
    output logic      [        Width-1:0] rdata_o
);
  logic [Width-1:0] mem_q [Depth];
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      if (we_i) mem_q[addr_i] <= wdata_i;
      else rdata_o <= mem_q[addr_i];
    end
  end
endmodule
`default_nettype wire
