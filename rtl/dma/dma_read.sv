// SPDX-License-Identifier: Apache-2.0
// R side of a DMA engine: turns the beats of rows into words: realign, flip, pad. R data is always accepted.
// Aligned configuration: a beat is a word in the cycle it arrives. Otherwise each beat makes at most one word: it waits in a
// register and makes its word in the next cycle or, if the word ends in the row's next beat, when that beat arrives. So a
// row's last word leaves one cycle after its last beat, in the same cycle if that beat only completes the word.
`default_nettype none
module dma_read (
    input  wire logic                              clk_i, rst_ni,
    // Beats, with the facts of their burst.
    input  wire logic                              r_valid_i,
    input  wire logic [millrace_pkg::WordBits-1:0] r_data_i,
    input  wire logic                              r_error_i,
    input  wire logic                              r_last_i,
    input  wire logic [millrace_pkg::AddrBits-1:millrace_pkg::DimLog2] addr_i,
    input  wire logic [ millrace_pkg::DimLog2-1:0] low_i,        // place of the row's first byte in its beat
    input  wire logic [                       2:0] ends_i,
    // Instruction whose words leave.
    input  wire millrace_pkg::load_t               op_i,
    // Words.
    output logic                                   valid_o,
    output logic      [millrace_pkg::WordBits-1:0] data_o,
    output logic                                   error_o,      // made from a beat that the bus refused
    output logic [millrace_pkg::AddrBits-1:millrace_pkg::DimLog2] error_addr_o,  // of its burst
    output logic      [                       2:0] ends_o,
    output logic                                   busy_o        // a beat waits
);
  localparam int Dim = millrace_pkg::Dim;
  localparam int BeatW = millrace_pkg::DimLog2;
  wire beat_end = r_last_i && ends_i[0];
  wire [millrace_pkg::WordBits-1:0] word, keep;
  assign data_o = (word ^ {Dim{op_i.flip, 7'd0}}) & keep;
  wire unused = &{1'b0, clk_i, rst_ni, op_i, low_i};

  if (millrace_pkg::DmaUnaligned != 0) begin : g_realign
    logic valid_q, error_q;
    logic [2:0] ends_q;
    logic [BeatW-1:0] low_q;
    logic [millrace_pkg::AddrBits-1:BeatW] addr_q;
    logic [millrace_pkg::WordBits-1:0] data_q;
    wire [millrace_pkg::WordBits-1:0] rotated;
    dma_rotate u_rotate (.data_i(r_data_i), .amount_i(low_i), .data_o(rotated));

    // The row's last word ends in a beat of its own if its bytes overflow the beat it begins in.
    wire [BeatW-1:0] tail = op_i.row_bytes[BeatW-1:0] - 1'b1;  // last byte of that word
    wire [BeatW:0] spill = {1'b0, low_q} + {1'b0, tail};
    wire wait_next = !ends_q[0] && low_q != '0;
    wire swallow = valid_q && wait_next && beat_end && spill[BeatW];  // the beat makes no word of its own
    assign valid_o      = valid_q && (!wait_next || r_valid_i);
    assign ends_o       = {ends_q[2:1], ends_q[0] || swallow};
    assign error_o      = error_q || (wait_next && r_error_i);
    assign error_addr_o = error_q ? addr_q : addr_i;
    assign busy_o       = valid_q;
    wire [Dim-1:0] here = {Dim{1'b1}} >> low_q;                          // bytes of the waiting beat
    wire [Dim-1:0] pad = ({Dim{ends_o[0]}} << 1) << tail;
    for (genvar i = 0; i < Dim; i++) begin : g_byte
      assign word[8*i+:8] = here[i] ? data_q[8*i+:8] : rotated[8*i+:8];
      assign keep[8*i+:8] = {8{!pad[i]}};
    end

    always_ff @(posedge clk_i) begin
      if (r_valid_i) begin
        data_q  <= rotated;
        low_q   <= low_i;
        error_q <= r_error_i;
        addr_q  <= addr_i;
        ends_q  <= {ends_i[2:1], beat_end};
      end
      valid_q <= rst_ni && (r_valid_i ? !swallow : valid_q && wait_next);
    end
`ifdef FORMAL
    always_ff @(posedge clk_i) begin
      if (rst_ni && r_valid_i && valid_q) assert (valid_o);  // the register is free for the beat
      if (rst_ni && valid_q && ends_q[0]) assert (valid_o);  // a row's last word does not wait
    end
`endif
  end else begin : g_aligned
    assign word         = r_data_i;
    assign keep         = '1;
    assign valid_o      = r_valid_i;
    assign ends_o       = {ends_i[2:1], beat_end};
    assign error_o      = r_error_i;
    assign error_addr_o = addr_i;
    assign busy_o       = 1'b0;
  end
endmodule
`default_nettype wire
