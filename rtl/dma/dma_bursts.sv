// SPDX-License-Identifier: Apache-2.0
// Address side of a DMA engine: walks the rows of an instruction in memory, checks each row against its segment and cuts it
// into bursts. A burst ends at a multiple of DmaBurst beats or with its row, so none crosses 4 KiB.
// One row a cycle into the burst register, one burst a cycle out of it; a row's first burst is offered one cycle after the
// row is taken. A row that fails its check is never offered: the walk stops there with fault_o until clear_i.
`default_nettype none
module dma_bursts #(
    parameter int Low = 0  // address bits below this one are always zero
) (
    input  wire logic                                   clk_i, rst_ni,
    // Instruction: stable while op_valid_i; the next one follows the cycle of last_o or clear_i.
    input  wire logic                                   op_valid_i,
    input  wire millrace_pkg::load_t                    op_i,
    input  wire logic                                   one_row_i, one_plane_i,  // `rows` and `planes` of it are 0
    input  wire logic [     millrace_pkg::SlotBits-1:0] slot_i,
    input  wire logic                                   seg_ok_i,     // the segment permits the access, a row fits into it
    input  wire logic [                           31:0] seg_base_i,
    input  wire logic [                           31:0] seg_limit_i,  // ... at this offset or below
    output logic                                        first_o,   // no row has been taken
    output logic                                        start_o,   // the first row is taken
    output logic                                        last_o,    // the last row is taken
    output logic                                        fault_o,   // stopped at the row at offset_o
    output logic      [                           31:0] offset_o,
    input  wire logic                                   clear_i,
    // Bursts.
    output logic                                        valid_o,
    input  wire logic                                   ready_i,
    output logic      [     millrace_pkg::SlotBits-1:0] slot_o,
    output logic [millrace_pkg::AddrBits-1:millrace_pkg::DimLog2] addr_o,
    output logic [$clog2(millrace_pkg::DmaBurst)-1:0]   len_o,     // beats less one
    output logic      [      millrace_pkg::DimLog2-1:0] low_o,     // place of the row's first byte in its beat
    output logic      [                            2:0] ends_o     // last of: [0] the row, [1] its plane, [2] the instruction
);
  localparam int OffW = millrace_pkg::OffsetBits;
  localparam int AddrW = millrace_pkg::AddrBits;
  localparam int CountW = millrace_pkg::CountBits;
  localparam int BeatW = millrace_pkg::DimLog2;                      // address bits within a beat
  localparam int BlockW = BeatW + $clog2(millrace_pkg::DmaBurst);    // within the block that a burst may not leave
  if (millrace_pkg::DmaBurst * millrace_pkg::Dim > 4096) $error("a burst may not cross 4 KiB");

  logic first_q, valid_q, fail_q, row_end_q;
  logic [OffW-1:Low] off_q;
  logic [CountW-1:0] row_q;                                          // of the plane; row_end_q: it is the last one
  logic [millrace_pkg::SlotBits-1:0] slot_q;
  logic [AddrW-1:BeatW] addr_q;
  logic [16-BlockW:0] blocks_q;                                      // bursts of the row that follow
  logic [BlockW-1:BeatW] end_q;                                      // the row's last beat in its block
  logic [1:0] ends_q;
  wire unused = &{1'b0, op_i, seg_base_i, seg_limit_i, one_plane_i};

  // ---- Rows.
  wire [OffW-1:Low] off = first_q ? op_i.offset[OffW-1:Low] : off_q;
  wire row_ok = seg_ok_i && off <= seg_limit_i[OffW-1:Low];
  wire [CountW-1:0] next_row = row_q + 1'b1;
  wire row_last = first_q ? one_row_i : row_end_q;
  wire plane_last;
  wire [OffW-1:Low] next_off;

  wire step = valid_q && ready_i;
  wire take = op_valid_i && !fail_q && (!valid_q || (step && ends_o[0]));
  wire launch = take && row_ok;
  assign first_o  = first_q;
  assign start_o  = take && first_q;
  assign last_o   = launch && row_last && plane_last;
  assign fault_o  = fail_q;
  assign offset_o = 32'(off_q) << Low;

  if (millrace_pkg::DmaPlanes != 0) begin : g_planes
    logic [CountW-1:0] plane_q;
    logic plane_end_q;
    wire [CountW-1:0] next_plane = plane_q + 1'b1;
    logic [OffW-1:Low] plane_off_q;                                  // first row of the plane
    wire [OffW-1:Low] plane_off = first_q ? op_i.offset[OffW-1:Low] : plane_off_q;
    assign plane_last = first_q ? one_plane_i : plane_end_q;
    assign next_off = row_last ? plane_off + op_i.mem_plane[OffW-1:Low] : off + op_i.mem_row[OffW-1:Low];
    always_ff @(posedge clk_i) begin
      if (take) plane_off_q <= row_last ? next_off : plane_off;
      if (take) plane_end_q <= row_last ? next_plane == op_i.planes[CountW-1:0] : plane_last;
      if (!rst_ni || clear_i || (take && row_last && plane_last)) plane_q <= '0;
      else if (take && row_last) plane_q <= next_plane;
    end
  end else begin : g_flat
    assign plane_last = 1'b1;
    assign next_off   = off + op_i.mem_row[OffW-1:Low];
  end

  always_ff @(posedge clk_i) begin
    if (take) off_q <= row_ok ? next_off : off;
    if (!rst_ni || clear_i || (take && row_last && plane_last)) first_q <= 1'b1;
    else if (take) first_q <= 1'b0;
    if (take) row_end_q <= row_last ? one_row_i : next_row == op_i.rows[CountW-1:0];
    if (!rst_ni || clear_i || (take && row_last)) row_q <= '0;
    else if (take) row_q <= next_row;
    fail_q <= rst_ni && !clear_i && (fail_q || (take && !row_ok));
  end

  // ---- Bursts. A row's span is the index of its last byte, counted from the start of the block of its first byte. The one is
  // subtracted from the short operand, so that there is one adder of full width.
  wire [AddrW-1:Low] addr = seg_base_i[AddrW-1:Low] + (AddrW - Low)'(off);
  wire [BlockW:Low] ahead = {1'b0, addr[BlockW-1:Low]} - 1'b1;
  wire [16:Low] span = {{16 - BlockW{ahead[BlockW]}}, ahead} + (17 - Low)'(op_i.row_bytes[15:Low]);
  wire unused_span = &{1'b0, span};

  always_ff @(posedge clk_i) begin
    if (take) begin
      slot_q   <= slot_i;
      addr_q   <= addr[AddrW-1:BeatW];
      blocks_q <= span[16:BlockW];
      end_q    <= span[BlockW-1:BeatW];
      ends_q   <= {row_last && plane_last, row_last};
    end else if (step) begin
      addr_q   <= {addr_q[AddrW-1:BlockW] + 1'b1, {BlockW - BeatW{1'b0}}};
      blocks_q <= blocks_q - 1'b1;
    end
    valid_q <= rst_ni && (launch || (valid_q && !(step && ends_o[0])));
  end
  if (Low == 0) begin : g_low
    logic [BeatW-1:0] low_q;
    always_ff @(posedge clk_i) if (launch) low_q <= addr[BeatW-1:0];
    assign low_o = low_q;
  end else begin : g_aligned
    assign low_o = '0;
  end

  assign valid_o = valid_q;
  assign slot_o  = slot_q;
  assign addr_o  = addr_q;
  assign len_o   = (ends_o[0] ? end_q : '1) - addr_q[BlockW-1:BeatW];
  assign ends_o  = {ends_q, blocks_q == '0};

`ifdef FORMAL
  // A row's bursts follow each other without a gap, from the beat of its first byte to the beat of its last.
  logic [AddrW-1:BeatW] f_next_q, f_last_q;
  logic f_past_q = 1'b0;
  wire [AddrW-1:Low] f_end = addr + (AddrW - Low)'(op_i.row_bytes[15:Low]) - 1'b1;
  wire [AddrW-1:BeatW] f_burst_end = addr_q + (AddrW - BeatW)'(len_o);
  always_ff @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    if (op_valid_i) assume (op_i.row_bytes[15:Low] != '0);
    if (launch) begin
      f_next_q <= addr[AddrW-1:BeatW];
      f_last_q <= f_end[AddrW-1:BeatW];
    end else if (step) begin
      f_next_q <= f_burst_end + 1'b1;
    end
    if (f_past_q && rst_ni && valid_q) begin
      assert (addr_q == f_next_q);
      assert (f_burst_end[AddrW-1:BlockW] == addr_q[AddrW-1:BlockW]);  // 4 KiB rule
      assert (ends_o[0] == (f_burst_end == f_last_q));
      assert (f_last_q == {addr_q[AddrW-1:BlockW] + (AddrW - BlockW)'(blocks_q), end_q});
    end
    if (f_past_q && rst_ni && $past(rst_ni && valid_q && !ready_i)) begin
      assert (valid_q && $stable(addr_o) && $stable(len_o) && $stable(low_o) && $stable(ends_o) && $stable(slot_o));
    end
    cover (rst_ni && step && !ends_o[0]);
    cover (rst_ni && fault_o);
  end
`endif
endmodule
`default_nettype wire
