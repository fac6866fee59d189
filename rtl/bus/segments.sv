// SPDX-License-Identifier: Apache-2.0
// Segment table: base, size and permissions of `Segments` windows of memory, and which of them share memory.
// Written only while the machine is idle. With AliasCheck a write starts a scan that compares the written entry with every
// other one and with the command ring, one a cycle (Segments + 1 cycles): overlaps set the alias matrix; a writable segment
// that overlaps the ring loses its permissions and sets `refused_o`. A write of the ring (index Segments) scans likewise.
// The look-up is combinational, but for `alias_o`, a cycle after `seg_id_i`.
`default_nettype none
module segments (
    input  wire logic                                   clk_i,
    input  wire logic                                   rst_ni,      // power-on reset: segments survive a soft reset
    input  wire logic                                   clear_i,     // soft reset: clears refused_o
    input  wire logic                                   wr_valid_i,
    input  wire logic [      millrace_pkg::SegBits-1:0] wr_index_i,
    input  wire logic [                            1:0] wr_field_i,  // 0 base, 1 size, 2 permissions
    input  wire logic [                           31:0] wr_data_i,
    input  wire logic                                   wr_ring_i,   // the ring's base or size has been written
    input  wire logic [                           31:0] ring_base_i,
    input  wire logic [                            4:0] ring_log2_i,
    output logic                                        scan_o, refused_o,
    // Registers of one segment, for the host.
    input  wire logic [      millrace_pkg::SegBits-1:0] rd_index_i,
    output logic      [                           31:0] rd_base_o, rd_size_o,
    output logic      [                            1:0] rd_perm_o,
    // Look-up for an instruction with rows of row_bytes_i; segments that share memory with that one.
    input  wire logic [      millrace_pkg::SegBits-1:0] seg_id_i,
    input  wire logic [                           15:0] row_bytes_i,
    output millrace_pkg::segment_t                      segment_o,
    output logic      [     millrace_pkg::Segments-1:0] alias_o
);
  localparam int Segments = millrace_pkg::Segments;
  localparam int SegW = millrace_pkg::SegBits;
  localparam int BaseW = millrace_pkg::AddrBits;
  localparam int SizeW = (millrace_pkg::OffsetBits < 32) ? millrace_pkg::OffsetBits + 1 : 32;
  localparam int Low = millrace_pkg::SegmentLog2;  // bits below are 0
  if (millrace_pkg::DmaUnaligned == 0 && Low < millrace_pkg::DimLog2) $error("segments must begin with a beat");

  logic [BaseW-1:0] base_q [Segments];
  logic [SizeW-1:0] size_q [Segments];
  logic [1:0] perm_q [Segments];

  assign rd_base_o = 32'(base_q[rd_index_i]);
  assign rd_size_o = 32'(size_q[rd_index_i]);
  assign rd_perm_o = perm_q[rd_index_i];
  wire [SizeW:0] limit = {1'b0, size_q[seg_id_i]} - (SizeW + 1)'(row_bytes_i);
  assign segment_o = {perm_q[seg_id_i], !limit[SizeW], 32'(limit[SizeW-1:0]), 32'(base_q[seg_id_i])};

  wire [BaseW-1:0] new_base = (wr_data_i[BaseW-1:0] >> Low) << Low;
  wire [SizeW-1:0] new_size = (wr_data_i[SizeW-1:0] >> Low) << Low;
  wire unused_data = &{1'b0, wr_data_i};
  logic revoke;
  logic [SegW-1:0] revoke_index;

  always_ff @(posedge clk_i) begin
    for (int i = 0; i < Segments; i++) begin
      if (!rst_ni) begin  // all: an entry never written takes part in comparisons
        base_q[i] <= '0;
        size_q[i] <= '0;
        perm_q[i] <= '0;
      end else if (wr_valid_i && wr_index_i == SegW'(i)) begin
        if (wr_field_i == 2'd0) base_q[i] <= new_base;
        if (wr_field_i == 2'd1) size_q[i] <= new_size;
        if (wr_field_i == 2'd2) perm_q[i] <= wr_data_i[1:0];
      end else if (revoke && revoke_index == SegW'(i)) begin
        perm_q[i] <= '0;
      end
    end
  end

  if (millrace_pkg::AliasCheck != 0) begin : g_scan
    // Entry `Segments` is the ring.
    logic [Segments-1:0] alias_q [Segments];
    logic [SegW:0] target_q, other_q, ahead_q;
    logic busy_q, refused_q;
    wire [SegW-1:0] ti = target_q[SegW-1:0];
    wire [SegW-1:0] oi = other_q[SegW-1:0];
    wire t_ring = target_q[SegW];
    wire o_ring = other_q[SegW];
    wire start = wr_valid_i || wr_ring_i;

    // Ranges are read the cycle before they are compared: the target with its write, the others by `ahead_q`. So entry 0 is
    // read before it is written, which does not matter: it is compared with itself then.
    wire [32:0] ring_size = 33'd32 << ring_log2_i;
    wire [SegW-1:0] ai = ahead_q[SegW-1:0];
    wire a_ring = ahead_q[SegW];
    wire [31:0] t_base = wr_ring_i ? ring_base_i : wr_field_i == 2'd0 ? 32'(new_base) : 32'(base_q[wr_index_i]);
    wire [32:0] t_size = wr_ring_i ? ring_size : wr_field_i == 2'd1 ? 33'(new_size) : 33'(size_q[wr_index_i]);
    wire [31:0] o_base = a_ring ? ring_base_i : 32'(base_q[ai]);
    wire [32:0] o_size = a_ring ? ring_size : 33'(size_q[ai]);
    logic [31:0] t_base_q, o_base_q;
    logic [32:0] t_end_q, o_end_q;
    always_ff @(posedge clk_i) begin
      if (!busy_q) begin
        t_base_q <= t_base;
        t_end_q  <= 33'(t_base) + t_size;
      end
      o_base_q <= o_base;
      o_end_q  <= 33'(o_base) + o_size;
    end

    // A range that wraps around the address space is taken to overlap everything; an empty one overlaps nothing.
    wire wraps = t_end_q > 33'h1_0000_0000 || o_end_q > 33'h1_0000_0000;
    wire some = 33'(t_base_q) != t_end_q && 33'(o_base_q) != o_end_q;
    wire overlap = some && ((33'(t_base_q) < o_end_q && 33'(o_base_q) < t_end_q) || wraps);
    wire is_ring = t_ring != o_ring;

    assign revoke_index = t_ring ? oi : ti;
    assign revoke       = busy_q && is_ring && overlap && perm_q[revoke_index][1];
    assign scan_o       = busy_q;
    assign refused_o    = refused_q;
    always_ff @(posedge clk_i) begin
      alias_o <= alias_q[seg_id_i];
      alias_o[seg_id_i] <= 1'b1;
      if (busy_q && !t_ring && !o_ring) begin
        for (int i = 0; i < Segments; i++) begin
          if (ti == SegW'(i)) alias_q[i][oi] <= overlap;
          else if (oi == SegW'(i)) alias_q[i][ti] <= overlap;
        end
      end
      if (!rst_ni) begin
        for (int i = 0; i < Segments; i++) alias_q[i] <= '0;
        {busy_q, refused_q, ahead_q} <= '0;
      end else begin
        busy_q  <= start || (busy_q && !o_ring);
        other_q <= ahead_q;
        ahead_q <= start || (busy_q && !o_ring) ? ahead_q + 1'b1 : '0;
        if (start) target_q <= wr_ring_i ? (SegW + 1)'(Segments) : {1'b0, wr_index_i};
        refused_q <= (refused_q && !clear_i) || revoke;
      end
    end
  end else begin : g_no_scan
    assign alias_o = '1;
    assign {scan_o, refused_o, revoke, revoke_index} = '0;
    wire unused_scan = &{1'b0, wr_ring_i, ring_base_i, ring_log2_i, clear_i};
  end
endmodule
`default_nettype wire
