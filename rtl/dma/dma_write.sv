// SPDX-License-Identifier: Apache-2.0
// W side of a DMA engine: reads the words of rows on chip and makes W beats: flip, realign, strobes.
// A burst issues once its address has been offered. One slot a beat: it reads in cycle t and is the beat in cycle t + 2;
// while WREADY is low the pipeline and the read port stand still (rd_en_o). A beat carries the upper bytes of the last word
// and the lower bytes of its own, so a row may end with a slot that reads nothing. From the first word outside its banks on
// no byte of the instruction is written, but its beats still go out. The slot of that word waits until its instruction is the
// oldest, so that faults come in order.
`default_nettype none
module dma_write (
    input  wire logic                                clk_i, rst_ni,
    // Burst to issue and its instruction.
    input  wire logic                                valid_i,
    output logic                                     pop_o,
    input  wire logic [$clog2(millrace_pkg::DmaBurst)-1:0] len_i,  // beats less one
    input  wire logic [   millrace_pkg::DimLog2-1:0] low_i,        // place of the row's first byte in its beat
    input  wire logic [                         2:0] ends_i,
    input  wire millrace_pkg::load_t                 op_i,
    input  wire logic                                oldest_i,
    input  wire logic                                clear_i,      // the instruction ends without its last burst
    input  wire logic                                signal_i,     // a SIGNAL: nothing else is in the engine
    input  wire logic [                        31:0] value_i,
    // Word of the slot (dma_words).
    input  wire logic [                         1:0] quarter_i,
    input  wire logic                                bad_i,
    output logic                                     step_o,
    output logic      [                         2:0] ends_o,
    output logic                                     fault_o,      // the instruction's first bad word issues
    // Memory ports, latency 2.
    output logic                                     sp_rd_valid_o, acc_rd_valid_o, rd_en_o,
    input  wire logic [  millrace_pkg::WordBits-1:0] sp_rd_data_i,
    input  wire logic [4*millrace_pkg::WordBits-1:0] acc_rd_data_i,
    output logic                                     m_wvalid_o,
    input  wire logic                                m_wready_i,
    output logic      [  millrace_pkg::WordBits-1:0] m_wdata_o,
    output logic      [       millrace_pkg::Dim-1:0] m_wstrb_o,
    output logic                                     m_wlast_o
);
  localparam int Dim = millrace_pkg::Dim;
  localparam int BeatW = millrace_pkg::DimLog2;
  localparam int W = millrace_pkg::WordBits;
  localparam bit Unaligned = millrace_pkg::DmaUnaligned != 0;

  // What a slot needs when it is a beat.
  typedef struct packed {
    logic last;              // of its burst
    logic bad;               // its word is not written
    logic first;             // of its row
    logic row_end;
    logic [BeatW-1:0] low;
    logic [BeatW-1:0] tail;  // last byte of the row in its last beat
    logic [1:0] quarter;
    logic space;
    logic flip;
  } slot_t;
  slot_t slot, slot1_q, slot2_q;
  logic valid1_q, valid2_q, bad_q, first_q;
  logic [$clog2(millrace_pkg::DmaBurst)-1:0] count_q;
  wire unused = &{1'b0, op_i, slot2_q};

  // ---- Issue.
  wire en = !valid2_q || m_wready_i;
  wire [BeatW-1:0] tail = op_i.row_bytes[BeatW-1:0] - 1'b1;
  wire [BeatW:0] spill = {1'b0, low_i} + {1'b0, tail};
  wire last = count_q == len_i;
  wire row_end = last && ends_i[0];
  wire read = !(Unaligned && row_end && spill[BeatW]) && !signal_i;
  wire new_bad = read && bad_i && !bad_q;
  wire issue = valid_i && en && (!new_bad || oldest_i);
  wire op_end = clear_i || (issue && row_end && ends_i[2]);
  assign step_o         = issue;
  assign ends_o         = {ends_i[2:1], row_end};
  assign pop_o          = issue && last;
  assign fault_o        = issue && new_bad;
  assign sp_rd_valid_o  = issue && read && !bad_i && !op_i.space;
  assign acc_rd_valid_o = issue && read && !bad_i && op_i.space;
  assign rd_en_o        = en;

  assign slot = {last, bad_q || new_bad, first_q, row_end, low_i, spill[BeatW-1:0], quarter_i, op_i.space, op_i.flip};

  always_ff @(posedge clk_i) begin
    if (en) begin
      slot1_q <= slot;
      slot2_q <= slot1_q;
    end
    if (!rst_ni) begin
      {count_q, bad_q, valid1_q, valid2_q} <= '0;
    end else begin
      if (issue) count_q <= last ? '0 : count_q + 1'b1;
      bad_q <= !op_end && (bad_q || fault_o);
      if (en) begin
        valid1_q <= issue;
        valid2_q <= valid1_q;
      end
    end
  end

  // ---- Beat.
  wire [W-1:0] on_chip = slot2_q.space ? acc_rd_data_i[W*slot2_q.quarter+:W] : sp_rd_data_i;
  wire [W-1:0] word = signal_i ? W'(value_i) : on_chip ^ {Dim{slot2_q.flip, 7'd0}};
  assign m_wvalid_o = valid2_q;
  assign m_wlast_o  = slot2_q.last;

  if (Unaligned) begin : g_realign
    logic prev_bad_q;
    logic [W-1:0] prev_q;
    wire [W-1:0] rotated;
    dma_rotate #(.Left(1'b1)) u_rotate (.data_i(word), .amount_i(slot2_q.low), .data_o(rotated));
    always_ff @(posedge clk_i) begin
      first_q <= !rst_ni || op_end || (issue ? row_end : first_q);
      if (valid2_q && m_wready_i) begin
        prev_q     <= rotated;
        prev_bad_q <= slot2_q.bad;
      end
    end
    wire [Dim-1:0] own = {Dim{1'b1}} << slot2_q.low;  // bytes of the slot's own word
    wire [Dim-1:0] beyond = ({Dim{slot2_q.row_end}} << 1) << slot2_q.tail;
    for (genvar i = 0; i < Dim; i++) begin : g_byte
      assign m_wdata_o[8*i+:8] = own[i] ? rotated[8*i+:8] : prev_q[8*i+:8];
      assign m_wstrb_o[i] = (own[i] ? !slot2_q.bad : !slot2_q.first && !prev_bad_q) && !beyond[i];
    end
  end else begin : g_aligned
    assign first_q    = 1'b0;
    assign m_wdata_o  = word;
    assign m_wstrb_o  = {Dim{!slot2_q.bad}};
  end

`ifdef FORMAL
  logic f_past_q = 1'b0;
  always_ff @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    if (f_past_q && rst_ni && $past(rst_ni && m_wvalid_o && !m_wready_i)) begin
      assert (m_wvalid_o && $stable(slot2_q));
    end
    if (rst_ni) assert (!(sp_rd_valid_o && acc_rd_valid_o));
    if (rst_ni && bad_i) assert (!sp_rd_valid_o && !acc_rd_valid_o);
    cover (rst_ni && m_wvalid_o && m_wready_i && m_wlast_o);
  end
`endif
endmodule
`default_nettype wire
