// SPDX-License-Identifier: Apache-2.0
// Synchronous FIFO of registers. Latency 1 cycle, throughput 1 a cycle (Depth 1: one every 2 cycles). Order kept.
// The head and its valid bit are registers, so nothing stands between the FIFO and what it feeds.
`default_nettype none
module fifo #(
    parameter int Width = 8,
    parameter int Depth = 2  // a power of two
) (
    input  wire logic             clk_i, rst_ni,
    input  wire logic             in_valid_i, out_ready_i,
    output logic                  in_ready_o, out_valid_o,
    input  wire logic [Width-1:0] in_data_i,
    output logic      [Width-1:0] out_data_o, next_data_o  // the head; the one that pop, or a push into the empty FIFO, makes it
);
  logic valid_q;
  logic [Width-1:0] head_q, second;
  logic several, full;  // a second entry follows the head
  wire push = in_valid_i && in_ready_o;

  assign in_ready_o  = !full;
  assign out_valid_o = valid_q;
  assign out_data_o  = head_q;
  assign next_data_o = several ? second : in_data_i;

  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni && (push || several || (valid_q && !out_ready_i));
    if (Depth == 1 ? push : !valid_q || out_ready_i) head_q <= next_data_o;
  end

  if (Depth == 1) begin : g_one
    assign {several, full, second} = {1'b0, valid_q, in_data_i};
  end else begin : g_many
    // Entries behind the head; with more than one the head's own place is among them.
    localparam int Entries = (Depth > 2) ? Depth : 1;
    localparam int PtrW = (Entries > 1) ? $clog2(Entries) : 1;
    localparam int CountW = $clog2(Depth) + 1;
    logic [Width-1:0] mem_q [Entries];
    logic [PtrW-1:0] second_q, wr_q;
    logic [CountW-1:0] count_q;
    wire pop = valid_q && out_ready_i;
    assign several = count_q[CountW-1:1] != '0;
    assign full    = count_q[CountW-1];
    assign second  = mem_q[second_q];

    always_ff @(posedge clk_i) begin
      if (push) mem_q[wr_q] <= in_data_i;
      if (!rst_ni) begin
        {wr_q, count_q} <= '0;
        second_q <= PtrW'(Entries > 1);
      end else begin
        if (push && Entries > 1) wr_q <= wr_q + 1'b1;
        if (pop && Entries > 1) second_q <= second_q + 1'b1;
        if (push != pop) count_q <= push ? count_q + 1'b1 : count_q - 1'b1;
      end
    end

`ifdef FORMAL
    always_ff @(posedge clk_i) begin
      if (rst_ni) assert (count_q <= CountW'(Depth));
      if (rst_ni) assert (valid_q == (count_q != '0));
      if (rst_ni && Entries > 1) assert (PtrW'(wr_q - second_q + 1'b1) == count_q[PtrW-1:0]);
    end
`endif
  end

`ifdef FORMAL
  always_ff @(posedge clk_i) cover (rst_ni && !in_ready_o);
`endif
endmodule
`default_nettype wire
