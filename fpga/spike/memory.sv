// SPDX-License-Identifier: Apache-2.0
// One memory port for the fetch port, the data port and the bridge. One burst at a time, one beat a cycle, fixed priority:
// bridge, data write, data read, fetch. R and B are always accepted by the machine.
`default_nettype none
module memory (
    input  wire logic        clk_i,
    input  wire logic        rst_ni,
    input  wire logic        f_arvalid_i,
    output logic             f_arready_o,
    input  wire logic [16:0] f_araddr_i,
    output logic             f_rvalid_o,
    input  wire logic        m_arvalid_i,
    output logic             m_arready_o,
    input  wire logic [16:0] m_araddr_i,
    input  wire logic [ 2:0] m_arlen_i,
    output logic             m_rvalid_o,
    input  wire logic        m_awvalid_i,
    output logic             m_awready_o,
    input  wire logic [16:0] m_awaddr_i,
    input  wire logic        m_wvalid_i,
    output logic             m_wready_o,
    input  wire logic [31:0] m_wdata_i,
    input  wire logic [ 3:0] m_wstrb_i,
    input  wire logic        m_wlast_i,
    output logic             m_bvalid_o,
    output logic             rlast_o,
    output logic      [31:0] rdata_o,
    input  wire logic        h_valid_i,
    input  wire logic        h_write_i,
    input  wire logic [16:0] h_addr_i,
    input  wire logic [31:0] h_wdata_i,
    output logic             h_done_o
);
  logic read_q, write_q, fetch_q, host_q, beat_q, last_q, b_q;
  logic [14:0] addr_q;
  logic [2:0] left_q;
  wire idle = !read_q && !write_q && !host_q;
  wire host = idle && h_valid_i && !h_done_o;
  assign m_awready_o = idle && !host;
  assign m_arready_o = idle && !host && !m_awvalid_i;
  assign f_arready_o = idle && !host && !m_awvalid_i && !m_arvalid_i;
  wire fetch = f_arready_o && f_arvalid_i;
  wire read = m_arready_o && m_arvalid_i;
  wire write = m_awready_o && m_awvalid_i;
  wire wbeat = write_q && m_wvalid_i;

  spram u_spram (
      .clk_i,
      .we_i   (wbeat || (host && h_write_i)),
      .addr_i (host ? h_addr_i[16:2] : addr_q),
      .strb_i (m_wstrb_i | {4{host}}),
      .wdata_i(host ? h_wdata_i : m_wdata_i),
      .rdata_o(rdata_o)
  );

  always_ff @(posedge clk_i) begin
    if (write) addr_q <= m_awaddr_i[16:2];
    else if (read) addr_q <= m_araddr_i[16:2];
    else if (fetch) addr_q <= f_araddr_i[16:2];
    else if (read_q || wbeat) addr_q <= addr_q + 1'b1;
    if (idle) begin
      left_q  <= read ? m_arlen_i : 3'd7;
      fetch_q <= !read;
    end else left_q <= left_q - 1'b1;
    last_q <= left_q == '0;
    if (!rst_ni) begin
      read_q  <= 1'b0;
      write_q <= 1'b0;
      host_q  <= 1'b0;
      beat_q  <= 1'b0;
      b_q     <= 1'b0;
    end else begin
      read_q  <= read || fetch || (read_q && left_q != '0);
      write_q <= write || (write_q && !(wbeat && m_wlast_i));
      host_q  <= host;
      beat_q  <= read_q;
      b_q     <= wbeat && m_wlast_i;
    end
  end
  logic fetch_beat_q;
  always_ff @(posedge clk_i) fetch_beat_q <= fetch_q;
  assign rlast_o    = last_q;
  assign f_rvalid_o = beat_q && fetch_beat_q;
  assign m_rvalid_o = beat_q && !fetch_beat_q;
  assign m_wready_o = write_q;
  assign m_bvalid_o = b_q;
  assign h_done_o   = host_q;
endmodule
`default_nettype wire
