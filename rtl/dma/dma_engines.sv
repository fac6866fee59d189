// SPDX-License-Identifier: Apache-2.0
// The load engine (unit 0) and the store engine (unit 1), or with DmaShared one engine that does both as unit 1, on one AXI4
// port: the load engine has the read channels, the store engine the write channels. See dma.
`default_nettype none
module dma_engines (
    input  wire logic                                   clk_i,
    input  wire logic                                   rst_ni,
    input  wire logic [                            1:0] op_valid_i,
    input  wire logic [                        2*256-1:0] op_data_i,
    input  wire logic [ 2*millrace_pkg::SlotBits-1:0] op_slot_i,
    output logic      [                            1:0] op_ready_o,
    output logic      [                            1:0] done_valid_o,
    output logic      [ 2*millrace_pkg::SlotBits-1:0] done_slot_o,
    output logic      [                            7:0] done_fault_o,
    output logic      [                           63:0] done_addr_o,
    output logic                                        signal_valid_o,
    output logic      [                           31:0] signal_value_o,
    output logic                                        signal_irq_o,
    output logic      [  2*millrace_pkg::SegBits-1:0] seg_id_o,
    input  wire logic [                           63:0] seg_base_i,
    input  wire logic [                           63:0] seg_size_i,
    input  wire logic [                            1:0] seg_read_i,
    input  wire logic [                            1:0] seg_write_i,
    input  wire logic                                   halt_i,
    output logic      [                            1:0] read_wait_o,
    output logic      [                            1:0] write_wait_o,
    output logic                                        sp_wr_valid_o,
    output logic      [ millrace_pkg::SpAddrBits-1:0] sp_wr_addr_o,
    output logic      [   millrace_pkg::WordBits-1:0] sp_wr_data_o,
    output logic                                        acc_wr_valid_o,
    output logic      [millrace_pkg::AccAddrBits-1:0] acc_wr_addr_o,
    output logic      [                            3:0] acc_wr_quarter_o,
    output logic      [   millrace_pkg::WordBits-1:0] acc_wr_data_o,
    output logic                                        sp_rd_valid_o,
    output logic                                        sp_rd_en_o,
    output logic      [ millrace_pkg::SpAddrBits-1:0] sp_rd_addr_o,
    input  wire logic [   millrace_pkg::WordBits-1:0] sp_rd_data_i,
    output logic                                        acc_rd_valid_o,
    output logic                                        acc_rd_en_o,
    output logic      [millrace_pkg::AccAddrBits-1:0] acc_rd_addr_o,
    input  wire logic [ 4*millrace_pkg::WordBits-1:0] acc_rd_data_i,
    output logic                                        m_arvalid_o,
    input  wire logic                                   m_arready_i,
    output logic      [                           31:0] m_araddr_o,
    output logic      [                            7:0] m_arlen_o,
    input  wire logic                                   m_rvalid_i,
    output logic                                        m_rready_o,
    input  wire logic [   millrace_pkg::WordBits-1:0] m_rdata_i,
    input  wire logic [                            1:0] m_rresp_i,
    input  wire logic                                   m_rlast_i,
    output logic                                        m_awvalid_o,
    input  wire logic                                   m_awready_i,
    output logic      [                           31:0] m_awaddr_o,
    output logic      [                            7:0] m_awlen_o,
    output logic                                        m_wvalid_o,
    input  wire logic                                   m_wready_i,
    output logic      [   millrace_pkg::WordBits-1:0] m_wdata_o,
    output logic      [        millrace_pkg::Dim-1:0] m_wstrb_o,
    output logic                                        m_wlast_o,
    input  wire logic                                   m_bvalid_i,
    output logic                                        m_bready_o,
    input  wire logic [                            1:0] m_bresp_i
);
  localparam int SlotW = millrace_pkg::SlotBits;
  localparam int SegW = millrace_pkg::SegBits;
  localparam bit Shared = millrace_pkg::DmaShared != 0;

  // The load directions of the engine that stores, used with DmaShared.
  logic ar_valid, r_ready, sp_valid, acc_valid;
  logic [31:0] ar_addr;
  logic [7:0] ar_len;
  logic [millrace_pkg::WordBits-1:0] sp_word, acc_word;
  logic [millrace_pkg::SpAddrBits-1:0] sp_addr;
  logic [millrace_pkg::AccAddrBits-1:0] acc_addr;
  logic [3:0] acc_quarter;

  dma #(
      .CanLoad (Shared),
      .CanStore(1'b1)
  ) u_store (
      .clk_i, .rst_ni,
      .op_valid_i(op_valid_i[1]), .op_data_i(op_data_i[256+:256]), .op_slot_i(op_slot_i[SlotW+:SlotW]),
      .op_ready_o(op_ready_o[1]),
      .done_valid_o(done_valid_o[1]), .done_slot_o(done_slot_o[SlotW+:SlotW]),
      .done_fault_o(done_fault_o[4+:4]), .done_addr_o(done_addr_o[32+:32]),
      .signal_valid_o, .signal_value_o, .signal_irq_o,
      .seg_id_o(seg_id_o[SegW+:SegW]), .seg_base_i(seg_base_i[32+:32]), .seg_size_i(seg_size_i[32+:32]),
      .seg_read_i(seg_read_i[1]), .seg_write_i(seg_write_i[1]),
      .halt_i, .read_wait_o(read_wait_o[1]), .write_wait_o(write_wait_o[1]),
      .sp_wr_valid_o(sp_valid), .sp_wr_addr_o(sp_addr), .sp_wr_data_o(sp_word),
      .acc_wr_valid_o(acc_valid), .acc_wr_addr_o(acc_addr), .acc_wr_quarter_o(acc_quarter), .acc_wr_data_o(acc_word),
      .m_arvalid_o(ar_valid), .m_arready_i, .m_araddr_o(ar_addr), .m_arlen_o(ar_len),
      .m_rvalid_i(m_rvalid_i && Shared), .m_rready_o(r_ready), .m_rdata_i, .m_rresp_i, .m_rlast_i,
      .sp_rd_valid_o, .sp_rd_en_o, .sp_rd_addr_o, .sp_rd_data_i,
      .acc_rd_valid_o, .acc_rd_en_o, .acc_rd_addr_o, .acc_rd_data_i,
      .m_awvalid_o, .m_awready_i, .m_awaddr_o, .m_awlen_o, .m_wvalid_o, .m_wready_i, .m_wdata_o, .m_wstrb_o, .m_wlast_o,
      .m_bvalid_i, .m_bready_o, .m_bresp_i
  );

  if (Shared) begin : g_shared
    assign op_ready_o[0]   = 1'b0;
    assign done_valid_o[0] = 1'b0;
    assign done_slot_o[0+:SlotW] = '0;
    assign done_fault_o[0+:4]  = '0;
    assign done_addr_o[0+:32]  = '0;
    assign seg_id_o[0+:SegW]   = '0;
    assign read_wait_o[0]   = 1'b0;
    assign write_wait_o[0]  = 1'b0;
    assign sp_wr_valid_o    = sp_valid;
    assign sp_wr_addr_o     = sp_addr;
    assign sp_wr_data_o     = sp_word;
    assign acc_wr_valid_o   = acc_valid;
    assign acc_wr_addr_o    = acc_addr;
    assign acc_wr_quarter_o = acc_quarter;
    assign acc_wr_data_o    = acc_word;
    assign m_arvalid_o      = ar_valid;
    assign m_araddr_o       = ar_addr;
    assign m_arlen_o        = ar_len;
    assign m_rready_o       = r_ready;
    wire unused_op = &{1'b0, op_valid_i[0], op_data_i[0+:256], op_slot_i[0+:SlotW], seg_base_i[0+:32], seg_size_i[0+:32],
                       seg_read_i[0], seg_write_i[0]};
  end else begin : g_load
    wire unused_store = &{1'b0, ar_valid, ar_addr, ar_len, r_ready, sp_valid, sp_addr, sp_word, acc_valid, acc_addr,
                          acc_quarter, acc_word};
    /* verilator lint_off PINCONNECTEMPTY */  // the store directions
    dma #(
        .CanLoad (1'b1),
        .CanStore(1'b0)
    ) u_load (
        .clk_i, .rst_ni,
        .op_valid_i(op_valid_i[0]), .op_data_i(op_data_i[0+:256]), .op_slot_i(op_slot_i[0+:SlotW]),
        .op_ready_o(op_ready_o[0]),
        .done_valid_o(done_valid_o[0]), .done_slot_o(done_slot_o[0+:SlotW]),
        .done_fault_o(done_fault_o[0+:4]), .done_addr_o(done_addr_o[0+:32]),
        .signal_valid_o(), .signal_value_o(), .signal_irq_o(),
        .seg_id_o(seg_id_o[0+:SegW]), .seg_base_i(seg_base_i[0+:32]), .seg_size_i(seg_size_i[0+:32]),
        .seg_read_i(seg_read_i[0]), .seg_write_i(seg_write_i[0]),
        .halt_i, .read_wait_o(read_wait_o[0]), .write_wait_o(write_wait_o[0]),
        .sp_wr_valid_o, .sp_wr_addr_o, .sp_wr_data_o, .acc_wr_valid_o, .acc_wr_addr_o, .acc_wr_quarter_o, .acc_wr_data_o,
        .sp_rd_valid_o(), .sp_rd_en_o(), .sp_rd_addr_o(), .sp_rd_data_i,
        .acc_rd_valid_o(), .acc_rd_en_o(), .acc_rd_addr_o(), .acc_rd_data_i,
        .m_arvalid_o, .m_arready_i, .m_araddr_o, .m_arlen_o, .m_rvalid_i, .m_rready_o, .m_rdata_i, .m_rresp_i, .m_rlast_i,
        .m_awvalid_o(), .m_awready_i, .m_awaddr_o(), .m_awlen_o(), .m_wvalid_o(), .m_wready_i, .m_wdata_o(), .m_wstrb_o(),
        .m_wlast_o(), .m_bvalid_i(1'b0), .m_bready_o(), .m_bresp_i
    );
    /* verilator lint_on PINCONNECTEMPTY */
  end
endmodule
`default_nettype wire
