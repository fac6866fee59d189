// SPDX-License-Identifier: Apache-2.0
// Bursts in flight: offers the current burst on the address channel while fewer than DmaOutstanding are in flight, and keeps
// each until its last response. A second, later head (`owed`) walks the same bursts for the write data: the oldest burst
// whose beats have not all been issued, from the cycle after its address was first offered (W never waits for AWREADY).
`default_nettype none
module dma_flight #(
    parameter int Width = 8,       // of a burst
    parameter int OwedWidth = 4,   // of its low bits, for the write data
    parameter bit CanStore = 1'b1
) (
    input  wire logic                 clk_i, rst_ni,
    input  wire logic                 halt_i,         // start no burst; one that is offered stays
    input  wire logic                 burst_valid_i,
    output logic                      burst_ready_o,
    input  wire logic                 write_i,        // the burst is a write
    input  wire logic [    Width-1:0] burst_i,
    output logic                      a_valid_o,      // address channel
    input  wire logic                 a_ready_i,
    input  wire logic                 retire_i,       // last response of the oldest burst
    output logic                      valid_o,
    output logic      [    Width-1:0] burst_o,        // the oldest burst
    output logic                      owed_valid_o,
    input  wire logic                 owed_pop_i,
    output logic      [OwedWidth-1:0] owed_o
);
  logic ready, waiting_q;
  wire issue = a_valid_o && a_ready_i;
  assign a_valid_o = burst_valid_i && ready && (!halt_i || waiting_q);
  always_ff @(posedge clk_i) waiting_q <= rst_ni && a_valid_o && !a_ready_i;

  if (millrace_pkg::DmaOutstanding == 1) begin : g_one
    // The producer holds the burst until its response.
    logic issued_q, sent_q;
    assign burst_ready_o = retire_i;
    assign burst_o       = burst_i;
    assign valid_o       = issued_q;
    assign ready         = !issued_q;
    assign owed_o        = burst_i[OwedWidth-1:0];
    assign owed_valid_o  = write_i && (issued_q || waiting_q) && !sent_q;
    always_ff @(posedge clk_i) begin
      issued_q <= rst_ni && (issue || (issued_q && !retire_i));
      sent_q   <= rst_ni && (owed_pop_i || (sent_q && !retire_i));
    end
  end else begin : g_many
    assign burst_ready_o = issue;
    wire [Width-1:0] unused_next;
    fifo #(.Width(Width), .Depth(millrace_pkg::DmaOutstanding)) u_flight (
        .clk_i, .rst_ni,
        .in_valid_i(issue), .in_ready_o(ready), .in_data_i(burst_i),
        .out_valid_o(valid_o), .out_ready_i(retire_i), .out_data_o(burst_o), .next_data_o(unused_next)
    );
    if (CanStore) begin : g_owed
      wire room;  // always: it holds no more than the bursts in flight and the one offered
      wire unused = &{1'b0, room};
      wire [OwedWidth-1:0] unused_next_owed;
      fifo #(.Width(OwedWidth), .Depth(millrace_pkg::DmaOutstanding)) u_owed (
          .clk_i, .rst_ni,
          .in_valid_i(a_valid_o && !waiting_q && write_i), .in_ready_o(room), .in_data_i(burst_i[OwedWidth-1:0]),
          .out_valid_o(owed_valid_o), .out_ready_i(owed_pop_i), .out_data_o(owed_o), .next_data_o(unused_next_owed)
      );
    end else begin : g_none
      wire unused = &{1'b0, owed_pop_i, write_i};
      assign owed_valid_o = 1'b0;
      assign owed_o       = '0;
    end
  end

`ifdef FORMAL
  localparam int CountW = $clog2(millrace_pkg::DmaOutstanding) + 1;
  logic f_past_q = 1'b0;
  logic [CountW-1:0] f_count_q;
  always_ff @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    f_count_q <= rst_ni ? f_count_q + CountW'(issue) - CountW'(retire_i) : '0;
    if (f_past_q && rst_ni) begin
      assume (!(retire_i && f_count_q == '0));
      assert (valid_o == (f_count_q != '0));
      assert (f_count_q <= CountW'(millrace_pkg::DmaOutstanding));
      assert (!(halt_i && a_valid_o && !waiting_q));
    end
    if (f_past_q && rst_ni && $past(rst_ni && burst_valid_i && !burst_ready_o)) begin
      assume (burst_valid_i && $stable(burst_i));
      if ($past(a_valid_o && !a_ready_i)) assert (a_valid_o);
    end
    cover (rst_ni && burst_valid_i && !ready);
  end
`endif
endmodule
`default_nettype wire
