// SPDX-License-Identifier: Apache-2.0
// A board's whole system: the machine, its memory, on chip or in an SDRAM, and the bridge to the host, behind a clock, a reset, a
// serial line and the pins of the SDRAM.
// Wiring only; every configuration fits in. led_o is the machine's interrupt.
`default_nettype none
module soc #(
    parameter int          ClockKhz = 12_000,
    parameter int          Baud     = 115_200,  // at most a quarter of the clock
    parameter int          BoardId  = 0,        // `board` of docs/reference/link.md
    parameter logic [31:0] BuildId  = 32'd0,
    parameter int          MemLog2  = 17,       // log2 of the bytes of memory
    parameter bit          Single   = 1'b0,     // memory of single-ported RAM (spram)
    parameter bit          Sdram    = 1'b0      // memory of SDRAM (sdram_memory): MemLog2 = 25, clock of 100 MHz at most
) (
    input  wire logic clk_i, rst_ni,
    input  wire logic rx_i,
    output logic      tx_o,
    output logic      led_o,
    // {ras_n, cas_n, we_n, ba[1:0], a[12:0], dqm[1:0], drive dq, dq[15:0]}, constant without Sdram; the SDRAM's clock is that of
    // clk_i inverted.
    output logic      [36:0] sdram_o,
    input  wire logic [15:0] sdram_dq_i
);
  localparam int Divider = (ClockKhz * 1000 + Baud / 2) / Baud;
  // Error of the baud rate in tenths of a percent.
  localparam int Off = (ClockKhz * 1000 - Divider * Baud) / (Divider * Baud / 1000);
  if (Off > 20 || Off < -20) $error("soc: the clock is no multiple of the baud rate, within 2 %%");
  localparam int AddrBits = (MemLog2 > 13) ? MemLog2 : 13;  // registers and INFO have 13
  localparam logic [31:0] Info = {7'(BoardId), 5'(MemLog2), 4'd1, 16'(ClockKhz / 10)};

  logic h_valid, h_write, h_done;
  logic [AddrBits-1:2] addr;
  logic [31:0] wdata, h_rdata;
  logic s_awvalid, s_awready, s_wvalid, s_wready, s_bvalid, s_arvalid, s_arready, s_rvalid;
  logic [1:0] s_bresp, s_rresp;
  logic [31:0] s_rdata;
  logic f_arready, m_arready, m_awready, m_wready;
  logic f_arvalid, f_rready, f_rvalid, f_rlast, m_arvalid, m_rready, m_rvalid, m_rlast;
  logic m_awvalid, m_wvalid, m_wlast, m_bvalid, m_bready;
  logic [31:0] f_araddr, f_rdata, m_araddr, m_awaddr;
  logic [7:0] f_arlen, m_arlen, m_awlen;
  logic [millrace_pkg::WordBits-1:0] m_rdata, m_wdata;
  logic [millrace_pkg::Dim-1:0] m_wstrb;
  // The bridge waits for responses only; bursts of the fetch port all have 8 beats; the machine takes every response.
  wire unused = &{1'b0, s_awready, s_wready, s_arready, f_arlen, f_rready, m_rready, m_bready, addr, sdram_dq_i};

  bridge #(.Divider(Divider), .AddrBits(AddrBits), .Info(Info)) u_bridge (
      .clk_i, .rst_ni, .rx_i, .tx_o,
      .h_valid_o(h_valid), .h_write_o(h_write), .addr_o(addr), .wdata_o(wdata), .h_done_i(h_done), .h_rdata_i(h_rdata),
      .s_awvalid_o(s_awvalid), .s_wvalid_o(s_wvalid), .s_arvalid_o(s_arvalid),
      .s_bvalid_i(s_bvalid), .s_rvalid_i(s_rvalid), .s_bresp_i(s_bresp), .s_rresp_i(s_rresp), .s_rdata_i(s_rdata)
  );

  if (Sdram) begin : g_sdram
    sdram_memory #(.ClockKhz(ClockKhz), .AddrBits(MemLog2)) u_memory (
        .clk_i, .rst_ni,
        .f_arvalid_i(f_arvalid), .f_arready_o(f_arready), .f_araddr_i(f_araddr),
        .f_rvalid_o(f_rvalid), .f_rlast_o(f_rlast), .f_rdata_o(f_rdata),
        .m_arvalid_i(m_arvalid), .m_arready_o(m_arready), .m_araddr_i(m_araddr), .m_arlen_i(m_arlen),
        .m_rvalid_o(m_rvalid), .m_rlast_o(m_rlast), .m_rdata_o(m_rdata),
        .m_awvalid_i(m_awvalid), .m_awready_o(m_awready), .m_awaddr_i(m_awaddr), .m_awlen_i(m_awlen),
        .m_wvalid_i(m_wvalid), .m_wready_o(m_wready), .m_wlast_i(m_wlast), .m_wdata_i(m_wdata),
        .m_wstrb_i(m_wstrb), .m_bvalid_o(m_bvalid),
        .h_valid_i(h_valid), .h_write_i(h_write), .h_addr_i(addr[MemLog2-1:2]), .h_wdata_i(wdata),
        .h_done_o(h_done), .h_rdata_o(h_rdata),
        .ras_no(sdram_o[36]), .cas_no(sdram_o[35]), .we_no(sdram_o[34]), .ba_o(sdram_o[33:32]), .a_o(sdram_o[31:19]),
        .dqm_o(sdram_o[18:17]), .dq_oe_o(sdram_o[16]), .dq_o(sdram_o[15:0]), .dq_i(sdram_dq_i)
    );
  end else begin : g_onchip
    onchip_memory #(.AddrBits(MemLog2), .Single(Single)) u_memory (
        .clk_i, .rst_ni,
        .f_arvalid_i(f_arvalid), .f_araddr_i(f_araddr), .f_rvalid_o(f_rvalid), .f_rlast_o(f_rlast), .f_rdata_o(f_rdata),
        .m_arvalid_i(m_arvalid), .m_araddr_i(m_araddr), .m_arlen_i(m_arlen),
        .m_rvalid_o(m_rvalid), .m_rlast_o(m_rlast), .m_rdata_o(m_rdata),
        .m_awvalid_i(m_awvalid), .m_awaddr_i(m_awaddr), .m_awlen_i(m_awlen),
        .m_wvalid_i(m_wvalid), .m_wlast_i(m_wlast), .m_wdata_i(m_wdata), .m_wstrb_i(m_wstrb), .m_bvalid_o(m_bvalid),
        .h_valid_i(h_valid), .h_write_i(h_write), .h_addr_i(addr[MemLog2-1:2]), .h_wdata_i(wdata),
        .h_done_o(h_done), .h_rdata_o(h_rdata)
    );
    assign {f_arready, m_arready, m_awready, m_wready} = '1;
    assign sdram_o = {3'b111, 34'd0};
  end

  millrace #(.BuildId(BuildId)) u_core (
      .clk_i, .rst_ni, .irq_o(led_o),
      .s_awvalid_i(s_awvalid), .s_awready_o(s_awready), .s_awaddr_i({addr[11:2], 2'd0}),
      .s_wvalid_i(s_wvalid), .s_wready_o(s_wready), .s_wdata_i(wdata),
      .s_bvalid_o(s_bvalid), .s_bready_i(1'b1), .s_bresp_o(s_bresp),
      .s_arvalid_i(s_arvalid), .s_arready_o(s_arready), .s_araddr_i({addr[11:2], 2'd0}),
      .s_rvalid_o(s_rvalid), .s_rready_i(1'b1), .s_rdata_o(s_rdata), .s_rresp_o(s_rresp),
      .f_arvalid_o(f_arvalid), .f_arready_i(f_arready), .f_araddr_o(f_araddr), .f_arlen_o(f_arlen),
      .f_rvalid_i(f_rvalid), .f_rready_o(f_rready), .f_rdata_i(f_rdata), .f_rresp_i(2'b00), .f_rlast_i(f_rlast),
      .m_arvalid_o(m_arvalid), .m_arready_i(m_arready), .m_araddr_o(m_araddr), .m_arlen_o(m_arlen),
      .m_rvalid_i(m_rvalid), .m_rready_o(m_rready), .m_rdata_i(m_rdata), .m_rresp_i(2'b00), .m_rlast_i(m_rlast),
      .m_awvalid_o(m_awvalid), .m_awready_i(m_awready), .m_awaddr_o(m_awaddr), .m_awlen_o(m_awlen),
      .m_wvalid_o(m_wvalid), .m_wready_i(m_wready), .m_wdata_o(m_wdata), .m_wstrb_o(m_wstrb), .m_wlast_o(m_wlast),
      .m_bvalid_i(m_bvalid), .m_bready_o(m_bready), .m_bresp_i(2'b00)
  );
endmodule
`default_nettype wire
