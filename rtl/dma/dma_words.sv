// SPDX-License-Identifier: Apache-2.0
// On-chip side of a DMA engine's addresses: the word of the current step and whether it lies in the declared banks.
// One step a word (a store also steps once for the beat after a row's last word; the address does not count then).
// The registers hold addresses relative to the instruction's base: they are zero when an instruction begins.
`default_nettype none
module dma_words (
    input  wire logic                                 clk_i, rst_ni,
    input  wire millrace_pkg::load_t                  op_i,
    input  wire logic [   millrace_pkg::MaxBanks-1:0] banks_i,   // that it declares
    input  wire logic                                 step_i,
    input  wire logic [                          2:0] ends_i,    // last of: [0] the row, [1] its plane, [2] the instruction
    input  wire logic                                 clear_i,   // the instruction ends here
    output logic      [ millrace_pkg::SpAddrBits-1:0] addr_o,
    output logic      [                          1:0] quarter_o, // of an accumulator row
    output logic                                      bad_o      // outside the declared banks
);
  localparam int AddrW = millrace_pkg::SpAddrBits;
  localparam int AccW = millrace_pkg::AccAddrBits;
  if (AccW > AddrW) $error("accumulator addresses may not be wider than scratchpad addresses");

  logic [AddrW-1:0] cur_q, row_q;
  logic [1:0] quarter_q;
  wire [AddrW-1:0] next_row;
  wire row_end = step_i && ends_i[0];
  wire restart = !rst_ni || clear_i || (row_end && ends_i[2]);
  wire unused = &{1'b0, op_i, ends_i};

  if (millrace_pkg::DmaPlanes != 0) begin : g_planes
    logic [AddrW-1:0] plane_q;
    assign next_row = ends_i[1] ? plane_q + op_i.chip_plane[AddrW-1:0] : row_q + op_i.chip_row[AddrW-1:0];
    always_ff @(posedge clk_i) begin
      if (restart) plane_q <= '0;
      else if (row_end && ends_i[1]) plane_q <= next_row;
    end
  end else begin : g_flat
    assign next_row = row_q + op_i.chip_row[AddrW-1:0];
  end

  always_ff @(posedge clk_i) begin
    if (restart) begin
      {cur_q, row_q, quarter_q} <= '0;
    end else if (step_i) begin
      cur_q     <= row_end ? next_row : cur_q + AddrW'(!op_i.space || quarter_q == 2'd3);
      quarter_q <= row_end ? 2'd0 : quarter_q + 2'd1;
      if (row_end) row_q <= next_row;
    end
  end

  wire [AddrW-1:0] addr = op_i.dst[AddrW-1:0] + cur_q;
  assign addr_o    = op_i.space ? AddrW'(addr[AccW-1:0]) : addr;
  assign quarter_o = quarter_q;
  assign bad_o     = !banks_i[millrace_pkg::bank_of(op_i.space, 16'(addr))];
endmodule
`default_nettype wire
