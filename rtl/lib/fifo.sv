// SPDX-License-Identifier: Apache-2.0
// Synchronous FIFO of registers. Latency 1 cycle, throughput 1 a cycle (Depth 1: one every 2 cycles). Order kept.
`default_nettype none
module fifo #(
    parameter int Width = 8,
    parameter int Depth = 2  // a power of two
) (
    input  wire logic             clk_i, rst_ni,
    input  wire logic             in_valid_i, out_ready_i,
    output logic                  in_ready_o, out_valid_o,
    input  wire logic [Width-1:0] in_data_i,
    output logic      [Width-1:0] out_data_o
);
  localparam int PtrW = (Depth > 1) ? $clog2(Depth) : 1;
  logic [Width-1:0] mem_q [Depth];
  logic [PtrW-1:0] rd_q, wr_q;
  logic [PtrW:0] count_q;
  wire push = in_valid_i && in_ready_o;
  wire pop = out_valid_o && out_ready_i;

  assign in_ready_o  = count_q != (PtrW + 1)'(Depth);
  assign out_valid_o = count_q != '0;
  assign out_data_o  = mem_q[rd_q];

  always_ff @(posedge clk_i) begin
    if (push) mem_q[wr_q] <= in_data_i;
    if (!rst_ni) begin
      {rd_q, wr_q, count_q} <= '0;
    end else begin
      if (push && Depth > 1) wr_q <= wr_q + 1'b1;
      if (pop && Depth > 1) rd_q <= rd_q + 1'b1;
      if (push != pop) count_q <= push ? count_q + 1'b1 : count_q - 1'b1;
    end
  end

`ifdef FORMAL
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (count_q <= (PtrW + 1)'(Depth));
    if (rst_ni && Depth > 1) assert (PtrW'(wr_q - rd_q) == count_q[PtrW-1:0]);
    cover (rst_ni && !in_ready_o);
  end
`endif
endmodule
`default_nettype wire
