// SPDX-License-Identifier: Apache-2.0
// On-chip side of a DMA engine's addresses: the word of the current step and whether it lies in the declared banks.
// One step a word (a store also steps once for the beat after a row's last word; the address does not count then).
`default_nettype none
module dma_words (
    input  wire logic                                 clk_i,
    input  wire logic                                 begin_i,   // the next step is the first of the instruction with ...
    input  wire logic [                         15:0] base_i,    // ... this address
    input  wire millrace_pkg::load_t                  op_i,      // of the current step
    input  wire logic [   millrace_pkg::MaxBanks-1:0] banks_i,   // that it declares
    input  wire logic                                 step_i,
    input  wire logic [                          2:0] ends_i,    // last of: [0] the row, [1] its plane, [2] the instruction
    output logic      [ millrace_pkg::SpAddrBits-1:0] addr_o,    // of an accumulator row: its low bits
    output logic      [                          1:0] quarter_o, // of an accumulator row
    output logic                                      bad_o      // outside the declared banks
);
  localparam int AddrW = millrace_pkg::SpAddrBits;
  if (millrace_pkg::AccAddrBits > AddrW) $error("accumulator addresses may not be wider than scratchpad addresses");

  logic [AddrW-1:0] cur_q, row_q;
  logic [1:0] quarter_q;
  wire [AddrW-1:0] next_row;
  wire row_end = step_i && ends_i[0];
  wire [AddrW-1:0] base = base_i[AddrW-1:0];
  wire unused = &{1'b0, op_i, ends_i, base_i};

  if (millrace_pkg::DmaPlanes != 0) begin : g_planes
    logic [AddrW-1:0] plane_q;
    assign next_row = ends_i[1] ? plane_q + op_i.chip_plane[AddrW-1:0] : row_q + op_i.chip_row[AddrW-1:0];
    always_ff @(posedge clk_i) begin
      if (begin_i) plane_q <= base;
      else if (row_end && ends_i[1]) plane_q <= next_row;
    end
  end else begin : g_flat
    assign next_row = row_q + op_i.chip_row[AddrW-1:0];
  end

  always_ff @(posedge clk_i) begin
    if (begin_i) begin
      {cur_q, row_q} <= {2{base}};
      quarter_q      <= '0;
    end else if (step_i) begin
      cur_q     <= row_end ? next_row : cur_q + AddrW'(!op_i.space || quarter_q == 2'd3);
      quarter_q <= row_end ? 2'd0 : quarter_q + 2'd1;
      if (row_end) row_q <= next_row;
    end
  end

  assign addr_o    = cur_q;
  assign quarter_o = quarter_q;
  assign bad_o     = !banks_i[millrace_pkg::bank_of(op_i.space, 16'(cur_q))];
endmodule
`default_nettype wire
