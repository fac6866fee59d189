// SPDX-License-Identifier: Apache-2.0
// The memory of a board: the fetch port, the data port and the host on one on-chip RAM. The machine sees `onchip` of docs/reference/memory.md
// to the cycle (memory_slots) and never waits to hand over an address or a beat; the host has what the machine leaves, so that it
// never moves the machine. Addresses wrap at the size of the memory; every answer is OKAY.
// Single: RAM with one port (memory_single), else with a read and a write port (memory_dual).
`default_nettype none
module onchip_memory #(
    parameter int AddrBits = 17,
    parameter bit Single = 1'b0
) (
    input  wire logic                              clk_i, rst_ni,
    // AXI4 slave, command ring; READY is always high.
    input  wire logic                              f_arvalid_i,
    input  wire logic [                      31:0] f_araddr_i,
    output logic                                   f_rvalid_o, f_rlast_o,
    output logic      [                      31:0] f_rdata_o,
    // AXI4 slave, data; READY is always high.
    input  wire logic                              m_arvalid_i, m_awvalid_i, m_wvalid_i, m_wlast_i,
    input  wire logic [                      31:0] m_araddr_i, m_awaddr_i,
    input  wire logic [                       7:0] m_arlen_i, m_awlen_i,
    input  wire logic [millrace_pkg::WordBits-1:0] m_wdata_i,
    input  wire logic [     millrace_pkg::Dim-1:0] m_wstrb_i,
    output logic                                   m_rvalid_o, m_rlast_o, m_bvalid_o,
    output logic      [millrace_pkg::WordBits-1:0] m_rdata_o,
    // Host: one word; valid until done, whose cycle has the word read.
    input  wire logic                              h_valid_i, h_write_i,
    input  wire logic [              AddrBits-1:2] h_addr_i,
    input  wire logic [                      31:0] h_wdata_i,
    output logic                                   h_done_o,
    output logic      [                      31:0] h_rdata_o
);
  localparam int BeatW = millrace_pkg::DimLog2;
  localparam int LenW = $clog2(millrace_pkg::DmaBurst);
  logic read, fetch, last, answer, taken;
  logic [AddrBits-1:2] addr;
  logic [AddrBits-1:BeatW] waddr;
  memory_slots #(.AddrBits(AddrBits)) u_slots (
      .clk_i, .rst_ni,
      .fetch_i(f_arvalid_i), .read_i(m_arvalid_i), .write_i(m_awvalid_i), .beat_i(m_wvalid_i), .last_beat_i(m_wlast_i),
      .fetch_addr_i(f_araddr_i[AddrBits-1:5]), .read_addr_i(m_araddr_i[AddrBits-1:BeatW]),
      .write_addr_i(m_awaddr_i[AddrBits-1:BeatW]), .read_len_i(m_arlen_i[LenW-1:0]), .write_len_i(m_awlen_i[LenW-1:0]),
      .read_o(read), .fetch_o(fetch), .last_o(last), .answer_o(answer), .read_addr_o(addr),
      .write_addr_o(waddr)
  );

  // ---- The host's word among those of a beat, and the fetch port's.
  logic [BeatW-1:0] lane_q;
  logic [millrace_pkg::Dim-1:0] host_strb;
  logic [31:0] word;
  wire host = h_valid_i && !h_done_o;
  if (BeatW > 2) begin : g_lane
    always_ff @(posedge clk_i) lane_q <= {read ? addr[BeatW-1:2] : h_addr_i[BeatW-1:2], 2'd0};
    assign host_strb = millrace_pkg::Dim'(4'hf) << {h_addr_i[BeatW-1:2], 2'd0};
    assign word      = m_rdata_o[8*lane_q+:32];
  end else begin : g_word
    assign lane_q    = '0;
    assign host_strb = '1;
    assign word      = m_rdata_o;
  end
  assign f_rdata_o = word;
  assign h_rdata_o = word;

  if (Single) begin : g_single
    memory_single #(.AddrBits(AddrBits)) u_storage (
        .clk_i, .rst_ni, .read_i(read), .read_addr_i(addr[AddrBits-1:BeatW]), .write_addr_i(waddr),
        .beat_i(m_wvalid_i), .wdata_i(m_wdata_i), .wstrb_i(m_wstrb_i), .rdata_o(m_rdata_o),
        .host_read_i(host && !h_write_i), .host_write_i(host && h_write_i), .host_addr_i(h_addr_i[AddrBits-1:BeatW]),
        .host_strb_i(host_strb), .host_wdata_i(h_wdata_i), .host_done_o(taken)
    );
  end else begin : g_dual
    memory_dual #(.AddrBits(AddrBits)) u_storage (
        .clk_i, .rst_ni, .read_i(read), .read_addr_i(addr[AddrBits-1:BeatW]), .write_addr_i(waddr),
        .beat_i(m_wvalid_i), .wdata_i(m_wdata_i), .wstrb_i(m_wstrb_i), .rdata_o(m_rdata_o),
        .host_read_i(host && !h_write_i), .host_write_i(host && h_write_i), .host_addr_i(h_addr_i[AddrBits-1:BeatW]),
        .host_strb_i(host_strb), .host_wdata_i(h_wdata_i), .host_done_o(taken)
    );
  end

  // ---- Responses, one cycle after the slot.
  logic f_rvalid_q, m_rvalid_q, last_q, m_bvalid_q, h_done_q;
  assign {f_rvalid_o, m_rvalid_o, m_bvalid_o, h_done_o} = {f_rvalid_q, m_rvalid_q, m_bvalid_q, h_done_q};
  assign {f_rlast_o, m_rlast_o} = {2{last_q}};
  always_ff @(posedge clk_i) begin
    last_q <= last;
    if (!rst_ni) {f_rvalid_q, m_rvalid_q, m_bvalid_q, h_done_q} <= '0;
    else {f_rvalid_q, m_rvalid_q, m_bvalid_q, h_done_q} <= {read && fetch, read && !fetch, answer, taken};
  end
  wire unused = &{1'b0, f_araddr_i, m_araddr_i, m_awaddr_i, m_arlen_i, m_awlen_i, lane_q, addr};

`ifdef FORMAL
  // What memory_slots relies on, for simulation and proofs: a beat only after its AW.
  localparam int CountW = 10;
  logic f_past_q = 1'b0;
  logic [CountW-1:0] f_open_q, f_answers_q;  // writes whose beats, whose response are to come
  always_ff @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    f_open_q    <= rst_ni ? f_open_q + CountW'(m_awvalid_i) - CountW'(m_wvalid_i && m_wlast_i) : '0;
    f_answers_q <= rst_ni ? f_answers_q + CountW'(m_wvalid_i && m_wlast_i) - CountW'(m_bvalid_o) : '0;
    if (f_past_q && rst_ni) begin
      assume (!(m_wvalid_i && f_open_q == '0));
      assume (f_answers_q < CountW'(2 * millrace_pkg::DmaOutstanding));
      assert (!(m_bvalid_o && f_answers_q == '0));
      assert (32'(f_rvalid_o) + 32'(m_rvalid_o) <= 1);
      assert (!(h_done_o && $past(read && !h_write_i)));  // the host reads only where nobody else does
    end
  end
`endif
endmodule
`default_nettype wire
