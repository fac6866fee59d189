// SPDX-License-Identifier: Apache-2.0
// Millrace `nano` on an iCE40 UP5K with few pins: UART, clock, interrupt LED; SPRAM as memory. Top of the fit measurement.
`default_nettype none
module shell (
    input  wire logic clk_i,
    input  wire logic rx_i,
    output logic      tx_o,
    output logic      led_o
);
  logic [3:0] reset_q = '0;
  wire rst_n = reset_q[3];
  always_ff @(posedge clk_i) if (!rst_n) reset_q <= reset_q + 1'b1;

  logic h_valid, h_write, h_memory, mem_done;
  logic [16:0] h_addr;
  logic [31:0] h_wdata, rdata, s_rdata;
  logic s_awready, s_wready, s_bvalid, s_arready, s_rvalid, addr_q;
  logic [1:0] s_bresp, s_rresp;
  logic f_arvalid, f_arready, f_rvalid, m_arvalid, m_arready, m_rvalid, m_awvalid, m_awready;
  logic m_wvalid, m_wready, m_wlast, m_bvalid, rlast;
  logic [31:0] f_araddr, m_araddr, m_awaddr, m_wdata;
  logic [7:0] m_arlen, m_awlen, f_arlen;
  logic [3:0] m_wstrb;
  logic f_rready, m_rready, m_bready;
  wire h_reg = h_valid && !h_memory;
  wire reg_done = s_bvalid || s_rvalid;
  always_ff @(posedge clk_i) addr_q <= rst_n && h_reg && !reg_done;  // the address has been taken
  wire unused = &{1'b0, s_awready, s_wready, s_arready, m_awlen, f_arlen, f_rready, m_rready, m_bready,
                  f_araddr, m_araddr, m_awaddr, m_arlen};

  bridge u_bridge (
      .clk_i,
      .rst_ni  (rst_n),
      .rx_i,
      .tx_o,
      .valid_o (h_valid),
      .write_o (h_write),
      .memory_o(h_memory),
      .addr_o  (h_addr),
      .wdata_o (h_wdata),
      .done_i  (mem_done || reg_done),
      .error_i (h_write ? s_bresp[1] && s_bvalid : s_rresp[1] && s_rvalid),
      .rdata_i (h_memory ? rdata : s_rdata)
  );

  memory u_memory (
      .clk_i,
      .rst_ni     (rst_n),
      .f_arvalid_i(f_arvalid),
      .f_arready_o(f_arready),
      .f_araddr_i (f_araddr[16:0]),
      .f_rvalid_o (f_rvalid),
      .m_arvalid_i(m_arvalid),
      .m_arready_o(m_arready),
      .m_araddr_i (m_araddr[16:0]),
      .m_arlen_i  (m_arlen[2:0]),
      .m_rvalid_o (m_rvalid),
      .m_awvalid_i(m_awvalid),
      .m_awready_o(m_awready),
      .m_awaddr_i (m_awaddr[16:0]),
      .m_wvalid_i (m_wvalid),
      .m_wready_o (m_wready),
      .m_wdata_i  (m_wdata),
      .m_wstrb_i  (m_wstrb),
      .m_wlast_i  (m_wlast),
      .m_bvalid_o (m_bvalid),
      .rlast_o    (rlast),
      .rdata_o    (rdata),
      .h_valid_i  (h_valid && h_memory),
      .h_write_i  (h_write),
      .h_addr_i   (h_addr),
      .h_wdata_i  (h_wdata),
      .h_done_o   (mem_done)
  );

  millrace u_core (
      .clk_i,
      .rst_ni     (rst_n),
      .irq_o      (led_o),
      .s_awvalid_i(h_reg && h_write && !addr_q),
      .s_awready_o(s_awready),
      .s_awaddr_i (h_addr[11:0]),
      .s_wvalid_i (h_reg && h_write && !addr_q),
      .s_wready_o (s_wready),
      .s_wdata_i  (h_wdata),
      .s_bvalid_o (s_bvalid),
      .s_bready_i (1'b1),
      .s_bresp_o  (s_bresp),
      .s_arvalid_i(h_reg && !h_write && !addr_q),
      .s_arready_o(s_arready),
      .s_araddr_i (h_addr[11:0]),
      .s_rvalid_o (s_rvalid),
      .s_rready_i (1'b1),
      .s_rdata_o  (s_rdata),
      .s_rresp_o  (s_rresp),
      .f_arvalid_o(f_arvalid),
      .f_arready_i(f_arready),
      .f_araddr_o (f_araddr),
      .f_arlen_o  (f_arlen),
      .f_rvalid_i (f_rvalid),
      .f_rready_o (f_rready),
      .f_rdata_i  (rdata),
      .f_rresp_i  (2'b00),
      .f_rlast_i  (rlast),
      .m_arvalid_o(m_arvalid),
      .m_arready_i(m_arready),
      .m_araddr_o (m_araddr),
      .m_arlen_o  (m_arlen),
      .m_rvalid_i (m_rvalid),
      .m_rready_o (m_rready),
      .m_rdata_i  (rdata),
      .m_rresp_i  (2'b00),
      .m_rlast_i  (rlast),
      .m_awvalid_o(m_awvalid),
      .m_awready_i(m_awready),
      .m_awaddr_o (m_awaddr),
      .m_awlen_o  (m_awlen),
      .m_wvalid_o (m_wvalid),
      .m_wready_i (m_wready),
      .m_wdata_o  (m_wdata),
      .m_wstrb_o  (m_wstrb),
      .m_wlast_o  (m_wlast),
      .m_bvalid_i (m_bvalid),
      .m_bready_o (m_bready),
      .m_bresp_i  (2'b00)
  );
endmodule
`default_nettype wire
