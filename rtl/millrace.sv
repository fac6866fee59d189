// SPDX-License-Identifier: Apache-2.0
// Millrace tensor accelerator: wiring of registers, fetch, dispatch, units and memories (docs/developer/microarchitecture.md).
// AXI4-Lite slave `s_`, AXI4 read master `f_` for the command ring (32 bits), AXI4 master `m_` for data (Dim bytes wide).
`default_nettype none
module millrace #(
    parameter logic [31:0] BuildId = 32'd0
) (
    input  wire logic                              clk_i, rst_ni,
    output logic                                   irq_o,
    // AXI4-Lite.
    input  wire logic                              s_awvalid_i, s_wvalid_i, s_bready_i, s_arvalid_i, s_rready_i,
    output logic                                   s_awready_o, s_wready_o, s_bvalid_o, s_arready_o, s_rvalid_o,
    input  wire logic [                      11:0] s_awaddr_i, s_araddr_i,
    input  wire logic [                      31:0] s_wdata_i,
    output logic      [                      31:0] s_rdata_o,
    output logic      [                       1:0] s_bresp_o, s_rresp_o,
    // AXI4, command ring.
    output logic                                   f_arvalid_o, f_rready_o,
    input  wire logic                              f_arready_i, f_rvalid_i, f_rlast_i,
    output logic      [                      31:0] f_araddr_o,
    output logic      [                       7:0] f_arlen_o,
    input  wire logic [                      31:0] f_rdata_i,
    input  wire logic [                       1:0] f_rresp_i,
    // AXI4, data.
    output logic                                   m_arvalid_o, m_rready_o, m_awvalid_o, m_wvalid_o, m_wlast_o, m_bready_o,
    input  wire logic                              m_arready_i, m_rvalid_i, m_rlast_i, m_awready_i, m_wready_i, m_bvalid_i,
    output logic      [                      31:0] m_araddr_o, m_awaddr_o,
    output logic      [                       7:0] m_arlen_o, m_awlen_o,
    input  wire logic [millrace_pkg::WordBits-1:0] m_rdata_i,
    output logic      [millrace_pkg::WordBits-1:0] m_wdata_o,
    output logic      [     millrace_pkg::Dim-1:0] m_wstrb_o,
    input  wire logic [                       1:0] m_rresp_i, m_bresp_i
);
  localparam int Units = 4;  // load, store, matmul, vector
  localparam int Matmul = 2, Vector = 3;
  localparam int SlotW = millrace_pkg::SlotBits;
  localparam int SegW = millrace_pkg::SegBits;
  localparam int InfoW = millrace_pkg::SegmentInfoBits;
  localparam int SpW = millrace_pkg::SpAddrBits;
  localparam int AccW = millrace_pkg::AccAddrBits;
  localparam int WordW = millrace_pkg::WordBits;
  localparam int RowW = 4 * WordW;
  localparam bit Serial = millrace_pkg::SerialQuant != 0;

  logic core_rst_n, halt, stop, fault, scan;

  // ---- Registers and segments.
  logic [31:0] ring_base, tail, head, fault_index, fault_addr;
  logic [4:0] ring_log2;
  logic [3:0] fault_code, fault_unit;
  logic fetch_pending, fetch_wait, decode_empty, busy;
  logic seg_wr_valid, seg_wr_ring, refused;
  logic [31:0] rd_base, rd_size;
  logic [1:0] rd_perm;
  logic signal_valid, signal_irq, step;
  logic [31:0] signal_value;
  logic [1:0] read_wait, write_wait;
  logic [Units-1:0] unit_busy;
  logic [Units*Units-1:0] stall;
  wire [1:0] memory = {write_wait[1] && !(m_wvalid_o && m_wready_i), read_wait[0] && !m_rvalid_i};  // no beat
  logic [SegW-1:0] seg_id;
  logic [15:0] row_bytes;
  millrace_pkg::segment_t segment;
  logic [millrace_pkg::Segments-1:0] alias_set;

  csr #(.BuildId(BuildId)) u_csr (
      .clk_i, .rst_ni, .irq_o,
      .s_awvalid_i, .s_awready_o, .s_awaddr_i, .s_wvalid_i, .s_wready_o, .s_wdata_i, .s_bvalid_o, .s_bready_i, .s_bresp_o,
      .s_arvalid_i, .s_arready_o, .s_araddr_i, .s_rvalid_o, .s_rready_i, .s_rdata_o, .s_rresp_o,
      .ring_base_o(ring_base), .ring_log2_o(ring_log2), .tail_o(tail), .head_i(head),
      .seg_wr_valid_o(seg_wr_valid), .seg_wr_ring_o(seg_wr_ring), .scan_i(scan), .refused_i(refused),
      .seg_base_i(rd_base), .seg_size_i(rd_size), .seg_perm_i(rd_perm),
      .work_i(fetch_pending || !decode_empty || busy || stop),
      .wait_i({|write_wait, |read_wait, fetch_wait}),
      .fault_i(fault), .fault_code_i(fault_code), .fault_unit_i(fault_unit),
      .fault_index_i(fault_index), .fault_addr_i(fault_addr),
      .signal_valid_i(signal_valid), .signal_value_i(signal_value), .signal_irq_i(signal_irq),
      .events_i({stall, memory, step, unit_busy}),
      .halt_o(halt), .core_rst_no(core_rst_n)
  );

  segments u_segments (
      .clk_i, .rst_ni, .clear_i(!core_rst_n),
      .wr_valid_i(seg_wr_valid), .wr_index_i(s_awaddr_i[4+:SegW]), .wr_field_i(s_awaddr_i[3:2]), .wr_data_i(s_wdata_i),
      .wr_ring_i(seg_wr_ring), .ring_base_i(ring_base), .ring_log2_i(ring_log2), .scan_o(scan), .refused_o(refused),
      .rd_index_i(s_araddr_i[4+:SegW]), .rd_base_o(rd_base), .rd_size_o(rd_size), .rd_perm_o(rd_perm),
      .seg_id_i(seg_id), .row_bytes_i(row_bytes), .segment_o(segment), .alias_o(alias_set)
  );

  // ---- Fetch, decode, dispatch.
  logic word_valid, word_ready, word_error, instr_valid, instr_ready;
  logic [31:0] word_data, head_addr;
  logic [255:0] instr;
  logic [3:0] instr_fault;
  logic [millrace_pkg::SpBanks-1:0] sp_mask;
  logic [millrace_pkg::AccBanks-1:0] acc_mask;
  logic [Units-1:0] op_valid, op_ready, done_valid;
  logic [Units*256-1:0] op_data;
  logic [Units*SlotW-1:0] op_slot, done_slot;
  logic [2*InfoW-1:0] op_segment;
  logic [1:0] op_one_row, op_one_plane;
  logic [Units*4-1:0] done_fault;
  logic [Units*32-1:0] done_addr;

  fetch u_fetch (
      .clk_i, .rst_ni(core_rst_n),
      .run_i(!halt && !stop && !scan), .want_i(decode_empty),
      .ring_base_i(ring_base), .ring_log2_i(ring_log2), .tail_i(tail), .head_i(head),
      .pending_o(fetch_pending), .wait_o(fetch_wait), .head_addr_o(head_addr),
      .word_valid_o(word_valid), .word_ready_i(word_ready), .word_data_o(word_data), .word_error_o(word_error),
      .f_arvalid_o, .f_arready_i, .f_araddr_o, .f_arlen_o, .f_rvalid_i, .f_rready_o, .f_rdata_i, .f_rresp_i, .f_rlast_i
  );

  decode u_decode (
      .clk_i, .rst_ni(core_rst_n),
      .word_valid_i(word_valid), .word_ready_o(word_ready), .word_data_i(word_data), .word_error_i(word_error),
      .empty_o(decode_empty),
      .valid_o(instr_valid), .ready_i(instr_ready), .instr_o(instr), .fault_o(instr_fault),
      .sp_mask_o(sp_mask), .acc_mask_o(acc_mask)
  );

  dispatch #(.Units(Units)) u_dispatch (
      .clk_i, .rst_ni(core_rst_n), .halt_i(halt),
      .valid_i(instr_valid), .ready_o(instr_ready), .instr_i(instr), .fault_i(instr_fault),
      .sp_mask_i(sp_mask), .acc_mask_i(acc_mask), .bus_addr_i(head_addr),
      .seg_id_o(seg_id), .row_bytes_o(row_bytes), .segment_i(segment), .alias_i(alias_set),
      .op_valid_o(op_valid), .op_data_o(op_data), .op_slot_o(op_slot), .op_segment_o(op_segment),
      .op_one_row_o(op_one_row), .op_one_plane_o(op_one_plane), .op_ready_i(op_ready),
      .done_valid_i(done_valid), .done_slot_i(done_slot), .done_fault_i(done_fault), .done_addr_i(done_addr),
      .head_o(head), .busy_o(busy), .unit_busy_o(unit_busy), .stall_o(stall),
      .stop_o(stop), .fault_o(fault), .fault_code_o(fault_code), .fault_unit_o(fault_unit),
      .fault_index_o(fault_index), .fault_addr_o(fault_addr)
  );

  // ---- Memories. Scratchpad reads: store, A, B, vector 1, vector 2; writes: load, vector.
  // Accumulator reads: store, matmul, vector 1, vector 2; writes: load, matmul, vector.
  logic [4:0] sp_rd_valid, sp_rd_en;
  logic [5*SpW-1:0] sp_rd_addr;
  logic [5*WordW-1:0] sp_rd_data;
  logic [1:0] sp_wr_valid;
  logic [2*SpW-1:0] sp_wr_addr;
  logic [2*WordW-1:0] sp_wr_data;
  logic [3:0] acc_rd_valid, acc_rd_en;
  logic [4*AccW-1:0] acc_rd_addr;
  logic [7:0] acc_rd_quarter;
  logic [4*RowW-1:0] acc_rd_data;
  logic [2:0] acc_wr_valid;
  logic [3*AccW-1:0] acc_wr_addr;
  logic [11:0] acc_wr_quarter;
  logic [3*RowW-1:0] acc_wr_data;

  sp_banks #(.NumRd(5), .NumWr(2)) u_sp (
      .clk_i,
      .rd_valid_i(sp_rd_valid), .rd_en_i(sp_rd_en), .rd_addr_i(sp_rd_addr), .rd_data_o(sp_rd_data),
      .wr_valid_i(sp_wr_valid), .wr_addr_i(sp_wr_addr), .wr_data_i(sp_wr_data)
  );
  // Ports that give 0 or read a quarter: 1 is matmul's, 2 the serial vector unit's.
  acc_banks #(.NumRd(4), .NumWr(3), .Zero(Serial ? 6 : 2), .Narrow(Serial ? 4 : 0)) u_acc (
      .clk_i,
      .rd_valid_i(acc_rd_valid), .rd_en_i(acc_rd_en), .rd_addr_i(acc_rd_addr), .rd_quarter_i(acc_rd_quarter),
      .rd_data_o(acc_rd_data),
      .wr_valid_i(acc_wr_valid), .wr_addr_i(acc_wr_addr), .wr_quarter_i(acc_wr_quarter), .wr_data_i(acc_wr_data)
  );

  // ---- DMA. Engine 0 loads and engine 1 stores, or with DmaShared engine 1 does both. Of an engine's connections the half
  // that loads (read channels, writes on chip) is used in engine `Loader`, the half that stores in engine 1.
  localparam int Loader = (millrace_pkg::DmaShared != 0) ? 1 : 0;
  for (genvar e = Loader; e < 2; e++) begin : g_dma
    logic load_sp_valid, load_acc_valid, store_sp_valid, store_acc_valid, store_sp_en, store_acc_en;
    logic [SpW-1:0] load_sp_addr, store_sp_addr;
    logic [AccW-1:0] load_acc_addr, store_acc_addr;
    logic [WordW-1:0] load_sp_data, load_acc_data, wdata;
    logic [3:0] load_quarter;
    logic sig_valid, sig_irq, arvalid, awvalid, rready, wvalid, wlast, bready;
    logic [31:0] sig_value, araddr, awaddr;
    logic [7:0] arlen, awlen;
    logic [millrace_pkg::Dim-1:0] wstrb;
    dma #(.CanLoad(e == Loader), .CanStore(e == 1)) u_dma (
        .clk_i, .rst_ni(core_rst_n), .halt_i(halt), .read_wait_o(read_wait[e]), .write_wait_o(write_wait[e]),
        .op_valid_i(op_valid[e]), .op_data_i(op_data[e*256+:256]), .op_slot_i(op_slot[e*SlotW+:SlotW]),
        .op_ready_o(op_ready[e]),
        .done_valid_o(done_valid[e]), .done_slot_o(done_slot[e*SlotW+:SlotW]),
        .done_fault_o(done_fault[e*4+:4]), .done_addr_o(done_addr[e*32+:32]),
        .signal_valid_o(sig_valid), .signal_value_o(sig_value), .signal_irq_o(sig_irq),
        .segment_i(op_segment[e*InfoW+:InfoW]), .one_row_i(op_one_row[e]), .one_plane_i(op_one_plane[e]),
        .sp_wr_valid_o(load_sp_valid), .sp_wr_addr_o(load_sp_addr), .sp_wr_data_o(load_sp_data),
        .acc_wr_valid_o(load_acc_valid), .acc_wr_addr_o(load_acc_addr), .acc_wr_data_o(load_acc_data),
        .acc_wr_quarter_o(load_quarter),
        .sp_rd_valid_o(store_sp_valid), .sp_rd_en_o(store_sp_en), .sp_rd_addr_o(store_sp_addr),
        .sp_rd_data_i(sp_rd_data[0+:WordW]),
        .acc_rd_valid_o(store_acc_valid), .acc_rd_en_o(store_acc_en), .acc_rd_addr_o(store_acc_addr),
        .acc_rd_data_i(acc_rd_data[0+:RowW]),
        .m_arvalid_o(arvalid), .m_arready_i, .m_araddr_o(araddr), .m_arlen_o(arlen),
        .m_rvalid_i, .m_rready_o(rready), .m_rdata_i, .m_rresp_i, .m_rlast_i,
        .m_awvalid_o(awvalid), .m_awready_i, .m_awaddr_o(awaddr), .m_awlen_o(awlen),
        .m_wvalid_o(wvalid), .m_wready_i, .m_wdata_o(wdata), .m_wstrb_o(wstrb), .m_wlast_o(wlast),
        .m_bvalid_i, .m_bready_o(bready), .m_bresp_i
    );
    if (e == Loader) begin : g_load
      assign {m_arvalid_o, m_araddr_o, m_arlen_o, m_rready_o} = {arvalid, araddr, arlen, rready};
      assign {sp_wr_valid[0], sp_wr_addr[0+:SpW], sp_wr_data[0+:WordW]} = {load_sp_valid, load_sp_addr, load_sp_data};
      assign {acc_wr_valid[0], acc_wr_addr[0+:AccW], acc_wr_quarter[0+:4]} = {load_acc_valid, load_acc_addr, load_quarter};
      assign acc_wr_data[0+:RowW] = {4{load_acc_data}};
    end
    if (e == 1) begin : g_store
      assign {m_awvalid_o, m_awaddr_o, m_awlen_o, m_bready_o} = {awvalid, awaddr, awlen, bready};
      assign {m_wvalid_o, m_wdata_o, m_wstrb_o, m_wlast_o} = {wvalid, wdata, wstrb, wlast};
      assign {sp_rd_valid[0], sp_rd_en[0], sp_rd_addr[0+:SpW]} = {store_sp_valid, store_sp_en, store_sp_addr};
      assign {acc_rd_valid[0], acc_rd_en[0], acc_rd_addr[0+:AccW]} = {store_acc_valid, store_acc_en, store_acc_addr};
      assign {signal_valid, signal_value, signal_irq} = {sig_valid, sig_value, sig_irq};
    end
    wire unused_load = &{1'b0, load_sp_valid, load_sp_addr, load_sp_data, load_acc_valid, load_acc_addr, load_acc_data,
                         load_quarter, arvalid, araddr, arlen, rready};
    wire unused_store = &{1'b0, store_sp_valid, store_sp_en, store_sp_addr, store_acc_valid, store_acc_en, store_acc_addr,
                          sig_valid, sig_value, sig_irq, awvalid, awaddr, awlen, wvalid, wdata, wstrb, wlast, bready};
  end
  if (Loader == 1) begin : g_no_load
    assign {op_ready[0], done_valid[0], done_slot[0+:SlotW], done_fault[0+:4], done_addr[0+:32]} = '0;
    assign {read_wait[0], write_wait[0]} = '0;
    wire unused = &{1'b0, op_valid[0], op_data[0+:256], op_slot[0+:SlotW], op_segment[0+:InfoW],
                    op_one_row[0], op_one_plane[0]};
  end

  // ---- Matmul and vector unit.
  assign sp_rd_en[2:1] = '1;
  assign acc_rd_en[1] = 1'b1;
  assign {acc_rd_quarter[7:6], acc_rd_quarter[3:0]} = '0;
  assign acc_wr_quarter[4+:4] = '1;
  matmul u_matmul (
      .clk_i, .rst_ni(core_rst_n),
      .op_valid_i(op_valid[Matmul]), .op_data_i(op_data[Matmul*256+:256]), .op_slot_i(op_slot[Matmul*SlotW+:SlotW]),
      .op_ready_o(op_ready[Matmul]),
      .done_valid_o(done_valid[Matmul]), .done_slot_o(done_slot[Matmul*SlotW+:SlotW]),
      .done_fault_o(done_fault[Matmul*4+:4]), .done_addr_o(done_addr[Matmul*32+:32]),
      .step_o(step),
      .a_rd_valid_o(sp_rd_valid[1]), .a_rd_addr_o(sp_rd_addr[1*SpW+:SpW]), .a_rd_data_i(sp_rd_data[1*WordW+:WordW]),
      .b_rd_valid_o(sp_rd_valid[2]), .b_rd_addr_o(sp_rd_addr[2*SpW+:SpW]), .b_rd_data_i(sp_rd_data[2*WordW+:WordW]),
      .d_rd_valid_o(acc_rd_valid[1]), .d_rd_addr_o(acc_rd_addr[1*AccW+:AccW]), .d_rd_data_i(acc_rd_data[1*RowW+:RowW]),
      .d_wr_valid_o(acc_wr_valid[1]), .d_wr_addr_o(acc_wr_addr[1*AccW+:AccW]), .d_wr_data_o(acc_wr_data[1*RowW+:RowW])
  );

  vector u_vector (
      .clk_i, .rst_ni(core_rst_n),
      .op_valid_i(op_valid[Vector]), .op_data_i(op_data[Vector*256+:256]), .op_slot_i(op_slot[Vector*SlotW+:SlotW]),
      .op_ready_o(op_ready[Vector]),
      .done_valid_o(done_valid[Vector]), .done_slot_o(done_slot[Vector*SlotW+:SlotW]),
      .done_fault_o(done_fault[Vector*4+:4]), .done_addr_o(done_addr[Vector*32+:32]),
      .sp1_rd_valid_o(sp_rd_valid[3]), .sp1_rd_en_o(sp_rd_en[3]), .sp1_rd_addr_o(sp_rd_addr[3*SpW+:SpW]),
      .sp1_rd_data_i(sp_rd_data[3*WordW+:WordW]),
      .sp2_rd_valid_o(sp_rd_valid[4]), .sp2_rd_en_o(sp_rd_en[4]), .sp2_rd_addr_o(sp_rd_addr[4*SpW+:SpW]),
      .sp2_rd_data_i(sp_rd_data[4*WordW+:WordW]),
      .acc1_rd_valid_o(acc_rd_valid[2]), .acc1_rd_en_o(acc_rd_en[2]), .acc1_rd_addr_o(acc_rd_addr[2*AccW+:AccW]),
      .acc1_rd_quarter_o(acc_rd_quarter[5:4]), .acc1_rd_data_i(acc_rd_data[2*RowW+:RowW]),
      .acc2_rd_valid_o(acc_rd_valid[3]), .acc2_rd_en_o(acc_rd_en[3]), .acc2_rd_addr_o(acc_rd_addr[3*AccW+:AccW]),
      .acc2_rd_data_i(acc_rd_data[3*RowW+:RowW]),
      .sp_wr_valid_o(sp_wr_valid[1]), .sp_wr_addr_o(sp_wr_addr[1*SpW+:SpW]), .sp_wr_data_o(sp_wr_data[1*WordW+:WordW]),
      .acc_wr_valid_o(acc_wr_valid[2]), .acc_wr_addr_o(acc_wr_addr[2*AccW+:AccW]),
      .acc_wr_quarter_o(acc_wr_quarter[8+:4]), .acc_wr_data_o(acc_wr_data[2*RowW+:RowW])
  );
endmodule
`default_nettype wire
