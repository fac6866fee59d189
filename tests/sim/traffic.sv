// SPDX-License-Identifier: Apache-2.0
// Traffic generator with the ports of the machine, to test the bench around it without the machine.
// Registers: 0x024 STATUS; 0x038 go: bit 0 read, 1 write, 2 fetch, 3 let ARVALID fall, 4 never finish, 5 fault at the end;
// 0x100 read address, 0x104 read beats, 0x108 write address, 0x10c write beats, 0x110 fetch address;
// 0x140 sum of the words read, 0x144 cycles from AR to the last beat, 0x148 OR of all responses, 0x14c sum of the words
// fetched, 0x150 cycles from the last W beat to B, 0x154 a register without reset. Others answer SLVERR.
// Byte lane k of beat i written is i + k. BuildId reads at 0x008.
`default_nettype none
module traffic #(
    parameter logic [31:0] BuildId = 32'd0
) (
    input  wire logic                              clk_i,
    input  wire logic                              rst_ni,
    output logic                                   irq_o,
    input  wire logic                              s_awvalid_i,
    output logic                                   s_awready_o,
    input  wire logic [11:0]                       s_awaddr_i,
    input  wire logic                              s_wvalid_i,
    output logic                                   s_wready_o,
    input  wire logic [31:0]                       s_wdata_i,
    output logic                                   s_bvalid_o,
    input  wire logic                              s_bready_i,
    output logic [1:0]                             s_bresp_o,
    input  wire logic                              s_arvalid_i,
    output logic                                   s_arready_o,
    input  wire logic [11:0]                       s_araddr_i,
    output logic                                   s_rvalid_o,
    input  wire logic                              s_rready_i,
    output logic [31:0]                            s_rdata_o,
    output logic [1:0]                             s_rresp_o,
    output logic                                   f_arvalid_o,
    input  wire logic                              f_arready_i,
    output logic [31:0]                            f_araddr_o,
    output logic [7:0]                             f_arlen_o,
    input  wire logic                              f_rvalid_i,
    output logic                                   f_rready_o,
    input  wire logic [31:0]                       f_rdata_i,
    input  wire logic [1:0]                        f_rresp_i,
    input  wire logic                              f_rlast_i,
    output logic                                   m_arvalid_o,
    input  wire logic                              m_arready_i,
    output logic [31:0]                            m_araddr_o,
    output logic [7:0]                             m_arlen_o,
    input  wire logic                              m_rvalid_i,
    output logic                                   m_rready_o,
    input  wire logic [millrace_pkg::WordBits-1:0] m_rdata_i,
    input  wire logic [1:0]                        m_rresp_i,
    input  wire logic                              m_rlast_i,
    output logic                                   m_awvalid_o,
    input  wire logic                              m_awready_i,
    output logic [31:0]                            m_awaddr_o,
    output logic [7:0]                             m_awlen_o,
    output logic                                   m_wvalid_o,
    input  wire logic                              m_wready_i,
    output logic [millrace_pkg::WordBits-1:0]      m_wdata_o,
    output logic [millrace_pkg::Dim-1:0]           m_wstrb_o,
    output logic                                   m_wlast_o,
    input  wire logic                              m_bvalid_i,
    output logic                                   m_bready_o,
    input  wire logic [1:0]                        m_bresp_i
);
  logic [31:0] raddr_q, waddr_q, faddr_q, rsum_q, fsum_q, rtime_q, wtime_q, free_q;
  logic [8:0] rbeats_q, wbeats_q, wnext_q;
  logic [1:0] resp_q;
  logic [5:3] go_q;
  logic reading_q, writing_q, fetching_q, sent_q, fault_q;
  wire idle = !reading_q && !writing_q && !fetching_q && !go_q[4];

  // Register port: AW and W together; one access at a time.
  logic known, writable;
  assign s_awready_o = s_awvalid_i && s_wvalid_i && !s_bvalid_o;
  assign s_wready_o  = s_awready_o;
  assign s_arready_o = !s_rvalid_o;
  assign writable = s_awaddr_i inside {12'h038, 12'h100, 12'h104, 12'h108, 12'h10c, 12'h110};
  assign irq_o = fault_q;

  logic [31:0] value;
  always_comb begin
    known = 1'b1;
    unique case (s_araddr_i)
      12'h008: value = BuildId;
      12'h024: value = {30'd0, fault_q, idle};
      12'h140: value = rsum_q;
      12'h144: value = rtime_q;
      12'h148: value = {30'd0, resp_q};
      12'h14c: value = fsum_q;
      12'h150: value = wtime_q;
      12'h154: value = free_q;
      default: begin
        value = '0;
        known = 1'b0;
      end
    endcase
  end

  // Data and fetch ports.
  assign m_arlen_o  = 8'(rbeats_q - 9'd1);
  assign m_araddr_o = raddr_q;
  assign m_awaddr_o = waddr_q;
  assign m_awlen_o  = 8'(wbeats_q - 9'd1);
  assign f_araddr_o = faddr_q;
  assign f_arlen_o  = 8'd7;
  assign {m_rready_o, m_bready_o, f_rready_o} = '1;
  assign m_wstrb_o  = '1;
  assign m_wlast_o  = wnext_q == wbeats_q - 9'd1;
  always_comb begin
    for (int i = 0; i < millrace_pkg::Dim; i++) m_wdata_o[i*8+:8] = 8'(wnext_q) + 8'(i);
  end
  logic [31:0] rsum;
  always_comb begin
    rsum = rsum_q;
    for (int i = 0; i < millrace_pkg::WordBits; i += 32) rsum = rsum + m_rdata_i[i+:32];
  end

  always_ff @(posedge clk_i) begin
    if (s_awready_o) begin
      s_bvalid_o <= 1'b1;
      s_bresp_o  <= writable ? 2'd0 : 2'd2;
      unique case (s_awaddr_i)
        12'h100: raddr_q <= s_wdata_i;
        12'h104: rbeats_q <= s_wdata_i[8:0];
        12'h108: waddr_q <= s_wdata_i;
        12'h10c: wbeats_q <= s_wdata_i[8:0];
        12'h110: faddr_q <= s_wdata_i;
        12'h038: begin
          go_q <= s_wdata_i[5:3];
          {fetching_q, writing_q, reading_q} <= s_wdata_i[2:0];
          {f_arvalid_o, m_awvalid_o, m_arvalid_o} <= s_wdata_i[2:0];
          m_wvalid_o <= s_wdata_i[1];
          {rsum_q, fsum_q, rtime_q, wtime_q, resp_q, wnext_q, sent_q} <= '0;
        end
        default: ;
      endcase
    end else if (s_bready_i) s_bvalid_o <= 1'b0;
    if (s_arvalid_i && s_arready_o) begin
      s_rvalid_o <= 1'b1;
      s_rdata_o  <= value;
      s_rresp_o  <= known ? 2'd0 : 2'd2;
    end else if (s_rready_i) s_rvalid_o <= 1'b0;

    if (m_arvalid_o && (m_arready_i || go_q[3])) m_arvalid_o <= 1'b0;
    if (reading_q && !m_arvalid_o) rtime_q <= rtime_q + 32'd1;
    if (m_rvalid_i) begin
      rsum_q <= rsum;
      resp_q <= resp_q | m_rresp_i;
      if (m_rlast_i) reading_q <= 1'b0;
    end

    if (m_awvalid_o && m_awready_i) m_awvalid_o <= 1'b0;
    if (m_wvalid_o && m_wready_i) begin
      wnext_q <= wnext_q + 9'd1;
      if (m_wlast_o) {m_wvalid_o, sent_q} <= 2'b01;
    end
    if (writing_q && sent_q) wtime_q <= wtime_q + 32'd1;
    if (m_bvalid_i) begin
      resp_q <= resp_q | m_bresp_i;
      writing_q <= 1'b0;
    end

    if (f_arvalid_o && f_arready_i) f_arvalid_o <= 1'b0;
    if (f_rvalid_i) begin
      fsum_q <= fsum_q + f_rdata_i;
      resp_q <= resp_q | f_rresp_i;
      if (f_rlast_i) fetching_q <= 1'b0;
    end
    if (go_q[5] && idle) fault_q <= 1'b1;

    if (!rst_ni) begin
      {s_bvalid_o, s_rvalid_o, f_arvalid_o, m_arvalid_o, m_awvalid_o, m_wvalid_o} <= '0;
      {reading_q, writing_q, fetching_q, fault_q, go_q} <= '0;
      free_q <= free_q;
    end
  end
endmodule
`default_nettype wire
