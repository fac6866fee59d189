// SPDX-License-Identifier: Apache-2.0
// When the memory of a board answers: `onchip` of docs/reference/memory.md, to the cycle. Bursts are accepted in the order of cycles and,
// within a cycle, fetch, data read, data write; a write with its last beat. From the cycle after its acceptance on, a burst takes
// one slot a beat as soon as those before it have had theirs. In a slot of a read the RAM is read, and the beat is presented in the
// cycle after. In the first slot of a write answer_o asks for its response, also presented in the cycle after; its beats are written
// when the storage likes, at the latest in its slots (written_o says when, write_addr_o where).
// Relied on: at most DmaOutstanding bursts of a direction and FetchWords / 8 fetches (1, if 0) are in flight; with DmaOutstanding = 1
// a burst of either direction waits for the last response of the one before; no W beat comes before the cycle after its AW; fetch
// bursts are 8 words on a multiple of 32 bytes, data bursts stay between multiples of DmaBurst beats; all responses are taken.
`default_nettype none
module memory_slots #(
    parameter int AddrBits = 17  // of the memory, in bytes
) (
    input  wire logic                                      clk_i, rst_ni,
    // Handshakes.
    input  wire logic                                      fetch_i, read_i, write_i, beat_i, last_beat_i,
    input  wire logic [                      AddrBits-1:5] fetch_addr_i,
    input  wire logic [  AddrBits-1:millrace_pkg::DimLog2] read_addr_i, write_addr_i,
    input  wire logic [$clog2(millrace_pkg::DmaBurst)-1:0] read_len_i, write_len_i,  // beats less one
    // This cycle's slot.
    output logic                                           read_o, fetch_o, last_o,  // a read; of the fetch port; its last
    output logic                                           answer_o,
    output logic      [                      AddrBits-1:2] read_addr_o,
    output logic      [  AddrBits-1:millrace_pkg::DimLog2] write_addr_o  // of the beat that comes
);
  localparam int BeatW = millrace_pkg::DimLog2;
  localparam int LenW = $clog2(millrace_pkg::DmaBurst);
  localparam int BlockW = BeatW + LenW;  // a data burst's addresses differ in the bits below
  logic fetch_slot, read_slot, write_slot;
  logic [LenW-1:0] write_left, hold_q;  // slots that remain to an answered write
  wire free = hold_q == '0;
  logic [AddrBits-1:BeatW] read_addr;
  logic [AddrBits-1:2] fetch_addr;
  assign read_o      = fetch_slot || read_slot;
  assign fetch_o     = fetch_slot;
  assign answer_o    = write_slot;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) hold_q <= '0;
    else if (write_slot) hold_q <= write_left;
    else if (!free) hold_q <= hold_q - 1'b1;
  end
  assign read_addr_o = fetch_slot ? fetch_addr : (AddrBits-2)'(read_addr) << (BeatW - 2);

  if (millrace_pkg::DmaOutstanding == 1 && millrace_pkg::FetchWords == 0) begin : g_one
    // One burst of each port. An address counts up in place.
    logic fetch_q, data_q, data_first_q, write_q;
    logic [AddrBits-1:5] fetch_addr_q;
    logic [2:0] fetch_beat_q;
    logic [AddrBits-1:BlockW] block_q;
    logic [LenW-1:0] low_q, left_q;
    assign fetch_slot = free && fetch_q && !(data_q && data_first_q);
    wire data_slot = free && data_q && !(fetch_q && !data_first_q);
    assign read_slot    = data_slot && !write_q;
    assign write_slot   = data_slot && write_q;
    assign write_left   = left_q;
    assign fetch_addr   = {fetch_addr_q, fetch_beat_q};
    assign read_addr    = {block_q, low_q};
    assign write_addr_o = {block_q, low_q};
    assign last_o       = fetch_slot ? fetch_beat_q == '1 : left_q == '0;
    wire address = read_i || write_i;
    wire accept = read_i || (beat_i && last_beat_i);
    always_ff @(posedge clk_i) begin
      if (fetch_i) fetch_addr_q <= fetch_addr_i;
      if (address) write_q <= write_i;
      if (address) block_q <= write_i ? write_addr_i[AddrBits-1:BlockW] : read_addr_i[AddrBits-1:BlockW];
      if (address) low_q <= write_i ? write_addr_i[BlockW-1:BeatW] : read_addr_i[BlockW-1:BeatW];
      else if (beat_i || read_slot) low_q <= low_q + 1'b1;
      if (address) left_q <= write_i ? write_len_i : read_len_i;
      else if (read_slot) left_q <= left_q - 1'b1;
      if (accept) data_first_q <= !(fetch_i || fetch_q);
      else if (fetch_i) data_first_q <= 1'b1;
      if (!rst_ni) begin
        {fetch_q, data_q, fetch_beat_q} <= '0;
      end else begin
        fetch_q <= fetch_i || (fetch_q && !(fetch_slot && fetch_beat_q == '1));
        data_q  <= accept || (data_q && !(write_slot || (read_slot && left_q == '0)));
        if (fetch_slot) fetch_beat_q <= fetch_beat_q + 1'b1;
      end
    end
  end else begin : g_many
    // A queue of bursts for each port, and one of cycles: which ports had a burst accepted, served from bit 0.
    localparam int Fetches = (millrace_pkg::FetchWords == 0) ? 1 : millrace_pkg::FetchWords / 8;
    localparam int Depth = 1 << $clog2(Fetches + 2 * millrace_pkg::DmaOutstanding);
    localparam int CountW = (LenW > 3) ? LenW : 3;
    logic [2:0] order, pending, pop, served_q;
    logic order_valid, order_pop;
    logic [CountW-1:0] beat_q, len;
    logic [AddrBits-1:5] fetch_head;
    logic [AddrBits-1:BeatW] read_head, write_head;
    logic [LenW-1:0] read_len, write_len, wbeat_q, unused_len;
    logic [4:0] unused_ready;
    logic [3:0] unused_valid;
    wire [2:0] accept = {beat_i && last_beat_i, read_i, fetch_i};
    wire [3-1:0] unused_next;
    fifo #(.Width(3), .Depth(Depth)) u_order (
        .clk_i, .rst_ni, .in_valid_i(accept != '0), .in_ready_o(unused_ready[0]), .in_data_i(accept),
        .out_valid_o(order_valid), .out_ready_i(order_pop), .out_data_o(order), .next_data_o(unused_next)
    );
    wire [AddrBits - 5-1:0] unused_next1;
    fifo #(.Width(AddrBits - 5), .Depth(Fetches)) u_fetch (
        .clk_i, .rst_ni, .in_valid_i(fetch_i), .in_ready_o(unused_ready[1]), .in_data_i(fetch_addr_i),
        .out_valid_o(unused_valid[0]), .out_ready_i(pop[0]), .out_data_o(fetch_head), .next_data_o(unused_next1)
    );
    wire [AddrBits - BeatW + LenW-1:0] unused_next2;
    fifo #(.Width(AddrBits - BeatW + LenW), .Depth(millrace_pkg::DmaOutstanding)) u_read (
        .clk_i, .rst_ni, .in_valid_i(read_i), .in_ready_o(unused_ready[2]), .in_data_i({read_addr_i, read_len_i}),
        .out_valid_o(unused_valid[1]), .out_ready_i(pop[1]), .out_data_o({read_head, read_len}), .next_data_o(unused_next2)
    );
    // Of writes: the address until the last beat, the number of beats from then on.
    wire [AddrBits - BeatW-1:0] unused_next3;
    fifo #(.Width(AddrBits - BeatW), .Depth(millrace_pkg::DmaOutstanding)) u_write (
        .clk_i, .rst_ni, .in_valid_i(write_i), .in_ready_o(unused_ready[3]), .in_data_i(write_addr_i),
        .out_valid_o(unused_valid[2]), .out_ready_i(accept[2]), .out_data_o(write_head), .next_data_o(unused_next3)
    );
    wire [LenW-1:0] unused_next4;
    fifo #(.Width(LenW), .Depth(millrace_pkg::DmaOutstanding)) u_answer (
        .clk_i, .rst_ni, .in_valid_i(accept[2]), .in_ready_o(unused_ready[4]), .in_data_i(wbeat_q),
        .out_valid_o(unused_valid[3]), .out_ready_i(pop[2]), .out_data_o(write_len), .next_data_o(unused_next4)
    );
    assign unused_len = write_len_i;  // the beats are counted
    wire unused = &{1'b0, unused_len, unused_ready, unused_valid};

    assign pending    = order_valid && free ? order & ~served_q : '0;
    assign fetch_slot = pending[0];
    assign read_slot  = pending[1:0] == 2'b10;
    assign write_slot = pending == 3'b100;
    assign write_left = write_len;
    assign len        = fetch_slot ? CountW'(7) : CountW'(read_len);
    assign last_o     = write_slot || beat_q == len;
    assign fetch_addr = {fetch_head, beat_q[2:0]};
    assign read_addr  = {read_head[AddrBits-1:BlockW], LenW'(read_head[BlockW-1:BeatW] + LenW'(beat_q))};
    assign write_addr_o = {write_head[AddrBits-1:BlockW], LenW'(write_head[BlockW-1:BeatW] + wbeat_q)};
    assign pop        = last_o ? pending & (~pending + 1'b1) : '0;  // the lowest
    assign order_pop  = pop != '0 && pop == pending;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        {served_q, beat_q, wbeat_q} <= '0;
      end else begin
        served_q <= order_pop ? '0 : served_q | pop;
        if (pending != '0) beat_q <= last_o ? '0 : beat_q + 1'b1;
        if (beat_i) wbeat_q <= last_beat_i ? '0 : wbeat_q + 1'b1;
      end
    end
  end
endmodule
`default_nettype wire
