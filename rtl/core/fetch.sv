// SPDX-License-Identifier: Apache-2.0
// Instruction fetch: reads the command ring through its own 32-bit AXI read port, one burst of 8 beats an instruction, and
// hands the words to decode in order, one a cycle.
// With FetchWords > 0 bursts run ahead as far as the prefetch buffer has room for their words, so R is always accepted.
// With FetchWords = 0 one instruction is requested at a time, when decode is empty (`want_i`), and words pass straight through.
`default_nettype none
module fetch (
    input  wire logic        clk_i, rst_ni,
    input  wire logic        run_i,           // new bursts may start
    input  wire logic        want_i,          // decode holds no word of an instruction
    input  wire logic [31:0] ring_base_i,
    input  wire logic [ 4:0] ring_log2_i,
    input  wire logic [31:0] tail_i, head_i,  // instructions the host has put into the ring; dispatched
    output logic             pending_o,       // instructions remain to be fetched or responses to come
    output logic             wait_o,          // responses outstanding
    output logic      [31:0] head_addr_o,     // bus address of instruction `head_i`

    output logic             word_valid_o,
    input  wire logic        word_ready_i,
    output logic      [31:0] word_data_o,
    output logic             word_error_o,    // the bus answered this beat with an error

    output logic             f_arvalid_o, f_rready_o,
    input  wire logic        f_arready_i, f_rvalid_i, f_rlast_i,
    output logic      [31:0] f_araddr_o,
    output logic      [ 7:0] f_arlen_o,
    input  wire logic [31:0] f_rdata_i,
    input  wire logic [ 1:0] f_rresp_i
);
  localparam int AddrW = millrace_pkg::AddrBits;
  localparam int IndexW = millrace_pkg::IndexBits;
  localparam int CountW = 5;  // instructions requested and not yet complete

  logic [IndexW-1:0] next_q;  // index of the next instruction to request
  logic [CountW-1:0] bursts_q;
  logic room, offered_q;
  logic [15:0] ring_mask;
  wire ar = f_arvalid_o && f_arready_i;
  wire r_end = f_rvalid_i && f_rready_o && f_rlast_i;

  assign ring_mask = 16'((17'd1 << ring_log2_i) - 17'd1);
  assign f_araddr_o = 32'(AddrW'(ring_base_i[AddrW-1:0] + AddrW'({next_q[15:0] & ring_mask, 5'd0})));
  assign head_addr_o = 32'(AddrW'(ring_base_i[AddrW-1:0] + AddrW'({head_i[15:0] & ring_mask, 5'd0})));
  assign f_arlen_o = 8'd7;
  assign wait_o = bursts_q != '0 || offered_q;
  assign pending_o = next_q != tail_i[IndexW-1:0] || wait_o;

  // A burst once offered stays offered until it is accepted.
  assign f_arvalid_o = offered_q || (run_i && next_q != tail_i[IndexW-1:0] && room);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      {next_q, bursts_q, offered_q} <= '0;
    end else begin
      offered_q <= f_arvalid_o && !f_arready_i;
      if (ar) next_q <= next_q + 1'b1;
      if (ar != r_end) bursts_q <= ar ? bursts_q + 1'b1 : bursts_q - 1'b1;
    end
  end

  if (millrace_pkg::FetchWords == 0) begin : g_direct
    assign room         = want_i && bursts_q == '0;
    assign word_valid_o = f_rvalid_i;
    assign word_data_o  = f_rdata_i;
    assign word_error_o = f_rresp_i != 2'b00;
    assign f_rready_o   = 1'b1;
    wire unused_ready = word_ready_i;  // decode is empty when the burst is requested
  end else begin : g_buffer
    localparam int FreeW = $clog2(millrace_pkg::FetchWords) + 1;
    logic [FreeW-1:0] free_q;  // words of the buffer that no requested burst will fill
    wire pop = word_valid_o && word_ready_i;
    assign room = free_q >= FreeW'(8);
    always_ff @(posedge clk_i) begin
      if (!rst_ni) free_q <= FreeW'(millrace_pkg::FetchWords);
      else free_q <= free_q - (ar ? FreeW'(8) : '0) + FreeW'(pop);
    end
    wire [33-1:0] unused_next;
    fifo #(.Width(33), .Depth(millrace_pkg::FetchWords)) u_buffer (
        .clk_i, .rst_ni,
        .in_valid_i(f_rvalid_i), .in_ready_o(f_rready_o), .in_data_i({f_rresp_i != 2'b00, f_rdata_i}),
        .out_valid_o(word_valid_o), .out_ready_i(word_ready_i), .out_data_o({word_error_o, word_data_o}), .next_data_o(unused_next)
    );
    wire unused_want = want_i;
  end

  wire unused_bits = &{1'b0, ring_base_i, head_i[31:16], tail_i};

`ifdef FORMAL
  logic past_q = 1'b0;
  always_ff @(posedge clk_i) begin
    past_q <= rst_ni;
    if (rst_ni && past_q && $past(f_arvalid_o && !f_arready_i)) assert (f_arvalid_o);
    if (rst_ni) assert (!f_rvalid_i || f_rready_o || !wait_o);
    cover (rst_ni && ar && past_q && $past(ar));
  end
`endif
endmodule
`default_nettype wire
