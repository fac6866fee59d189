// SPDX-License-Identifier: Apache-2.0
// Registers on AXI4-Lite (docs/reference/registers.md), the soft reset sequence, interrupts and counters.
// One transaction of each direction at a time: a write is taken when address and data are both there and answered in the next
// cycle, a read is answered in the next cycle. Writes wait while the segments are being compared.
`default_nettype none
module csr #(
    parameter logic [31:0] BuildId = 32'd0
) (
    input  wire logic        clk_i, rst_ni,
    // AXI4-Lite.
    input  wire logic        s_awvalid_i, s_wvalid_i, s_bready_i, s_arvalid_i, s_rready_i,
    output logic             s_awready_o, s_wready_o, s_bvalid_o, s_arready_o, s_rvalid_o,
    input  wire logic [11:0] s_awaddr_i, s_araddr_i,
    input  wire logic [31:0] s_wdata_i,
    output logic      [31:0] s_rdata_o,
    output logic      [ 1:0] s_bresp_o, s_rresp_o,
    output logic             irq_o,
    // Command ring.
    output logic      [31:0] ring_base_o, tail_o,
    output logic      [ 4:0] ring_log2_o,
    input  wire logic [31:0] head_i,
    // Segments.
    output logic             seg_wr_valid_o, seg_wr_ring_o,
    input  wire logic        scan_i, refused_i,
    input  wire logic [31:0] seg_base_i, seg_size_i,  // of segment s_araddr_i[7:4]
    input  wire logic [ 1:0] seg_perm_i,
    // State of the core.
    input  wire logic        work_i,                  // instructions are waiting, fetched or running
    input  wire logic [ 2:0] wait_i,                  // responses outstanding: write, read, fetch
    input  wire logic        fault_i,
    input  wire logic [ 3:0] fault_code_i, fault_unit_i,
    input  wire logic [31:0] fault_index_i, fault_addr_i,
    input  wire logic        signal_valid_i, signal_irq_i,
    input  wire logic [31:0] signal_value_i,
    input  wire logic [22:0] events_i,                // counted from BUSY_LOAD on
    // Soft reset: halt_o stops new work; when nothing is outstanding the core is reset for one cycle.
    output logic             halt_o, core_rst_no
);
  localparam int IndexW = millrace_pkg::IndexBits;
  logic [31:0] ring_base_q, signal_q;
  logic [IndexW-1:0] tail_q;
  logic [4:0] ring_log2_q;
  logic [1:0] irq_q, irq_enable_q;
  logic halt_q, clear_q, fault_seen_q;
  wire idle = !work_i && !scan_i && !halt_q;

  function is_segment(input [11:0] addr);
    is_segment = addr[11:8] == 4'h1 && addr[3:2] != 2'd3 && addr[1:0] == 2'd0 && 32'(addr[7:4]) < millrace_pkg::Segments;
  endfunction

  // ---- Writes.
  wire write = s_awvalid_i && s_wvalid_i && !s_bvalid_o && !scan_i;
  wire [11:0] waddr = s_awaddr_i;
  wire is_seg = is_segment(waddr);
  wire is_ring = waddr == millrace_pkg::RegRingBase || waddr == millrace_pkg::RegRingLog2;
  wire is_free = waddr == millrace_pkg::RegCtrl || waddr == millrace_pkg::RegIrqStatus
      || waddr == millrace_pkg::RegIrqEnable || waddr == millrace_pkg::RegRingTail;
  wire accept = ((is_seg || is_ring) && idle) || (is_free && (!halt_q || waddr == millrace_pkg::RegCtrl));
  wire set = write && accept;
  logic bvalid_q, berror_q;
  logic ring_written_q;  // one cycle after the write, when the scan sees the new value
  assign {s_awready_o, s_wready_o} = {2{write}};
  assign s_bvalid_o     = bvalid_q;
  assign s_bresp_o      = {berror_q, 1'b0};
  assign seg_wr_valid_o = set && is_seg;
  assign seg_wr_ring_o  = ring_written_q;

  // ---- Reset sequence: halt, wait for the memory, clear.
  wire quiet = wait_i == 3'd0;
  assign halt_o      = halt_q;
  assign core_rst_no = rst_ni && !clear_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      {bvalid_q, ring_base_q, ring_log2_q, ring_written_q, halt_q, clear_q} <= '0;
    end else begin
      bvalid_q       <= write || (bvalid_q && !s_bready_i);
      ring_written_q <= set && is_ring;
      if (set && waddr == millrace_pkg::RegRingBase) ring_base_q <= 32'(s_wdata_i[millrace_pkg::AddrBits-1:5]) << 5;
      if (set && waddr == millrace_pkg::RegRingLog2) ring_log2_q <= s_wdata_i[4:0] > 5'd16 ? 5'd16 : s_wdata_i[4:0];
      halt_q  <= (set && waddr == millrace_pkg::RegCtrl && s_wdata_i[0]) || (halt_q && !clear_q);
      clear_q <= halt_q && quiet && !clear_q;
    end
    if (write) berror_q <= !accept;
    if (!core_rst_no) begin
      {tail_q, irq_q, irq_enable_q, signal_q, fault_seen_q} <= '0;
    end else begin
      if (set && waddr == millrace_pkg::RegRingTail) tail_q <= s_wdata_i[IndexW-1:0];
      if (set && waddr == millrace_pkg::RegIrqEnable) irq_enable_q <= s_wdata_i[1:0];
      irq_q <= (irq_q & ~(set && waddr == millrace_pkg::RegIrqStatus ? s_wdata_i[1:0] : 2'd0))
             | {fault_i && !fault_seen_q, signal_valid_i && signal_irq_i};
      fault_seen_q <= fault_i;
      if (signal_valid_i && millrace_pkg::SignalRegister != 0) signal_q <= signal_value_i;
    end
  end
  wire unused_data = &{1'b0, s_wdata_i, signal_value_i};
  assign ring_base_o = ring_base_q;
  assign ring_log2_o = ring_log2_q;
  assign tail_o      = 32'(tail_q);
  assign irq_o       = (irq_q & irq_enable_q) != 2'd0;

  // ---- Counters. They take an event a cycle late; a read adds the one on its way.
  logic [millrace_pkg::CycleBits-1:0] cycles_q;
  localparam int Counts = 23;
  localparam int Always = 7;  // the others, of units without work, count with CYCLES
  logic [31:0] count_q [Counts];
  logic [Counts-1:0] event_q;
  wire count = !idle && !fault_i;
  if (millrace_pkg::Counters != 0) begin : g_counters
    always_ff @(posedge clk_i) begin
      for (int i = 0; i < Counts; i++) begin
        event_q[i] <= core_rst_no && events_i[i] && (i < Always || count);
        count_q[i] <= core_rst_no ? count_q[i] + 32'(event_q[i]) : '0;
      end
    end
  end else begin : g_no_counters
    for (genvar i = 0; i < Counts; i++) begin : g_zero
      assign count_q[i] = '0;
    end
    assign event_q = '0;
    wire unused_counts = &{1'b0, events_i};
  end
  always_ff @(posedge clk_i) begin
    if (!core_rst_no) cycles_q <= '0;
    else if (count) cycles_q <= cycles_q + 1'b1;
  end

  // ---- Reads.
  wire read = s_arvalid_i && !s_rvalid_o;
  wire [4:0] counter = s_araddr_i[6:2] - millrace_pkg::RegBusyLoad[6:2];
  logic [31:0] rdata;
  logic known, pending, pending_q;
  logic rvalid_q, rerror_q;
  logic [31:0] rdata_q;
  assign s_arready_o = read;
  assign s_rvalid_o  = rvalid_q;
  assign s_rdata_o   = rdata_q + 32'(pending_q);
  assign s_rresp_o   = {rerror_q, 1'b0};
  wire [30:0] caps2 = {
      millrace_pkg::VecFp32 != 0, millrace_pkg::VecPreshift != 0, millrace_pkg::VecReduce != 0,
      millrace_pkg::VecBinary != 0, millrace_pkg::TransposeB != 0, millrace_pkg::TileLoop != 0,
      millrace_pkg::ConvLoops != 0, millrace_pkg::DmaUnaligned != 0, millrace_pkg::DmaPlanes != 0,
      6'(millrace_pkg::OffsetBits), 8'(millrace_pkg::Slots), 8'(millrace_pkg::Segments)};

  wire [31:0] caps3 = {
      8'(millrace_pkg::CycleBits), 8'(millrace_pkg::IndexBits), 8'(millrace_pkg::SegmentLog2), 3'd0,
      millrace_pkg::SignalRegister != 0, millrace_pkg::Counters != 0, millrace_pkg::VecScalars != 0,
      millrace_pkg::VecAcc != 0, millrace_pkg::DmaAcc != 0};

  always_comb begin
    known   = 1'b1;
    rdata   = '0;
    pending = 1'b0;
    unique case (s_araddr_i)
      millrace_pkg::RegId: rdata = 32'h4d494c4c;
      millrace_pkg::RegIsaHash: rdata = millrace_pkg::IsaHash;
      millrace_pkg::RegBuildId: rdata = BuildId;
      millrace_pkg::RegCaps0:
      rdata = {8'(millrace_pkg::AccBanks), 8'(millrace_pkg::SpBanks), 8'(millrace_pkg::Lanes), 8'(millrace_pkg::Dim)};
      millrace_pkg::RegCaps1: rdata = {16'(millrace_pkg::AccRows), 16'(millrace_pkg::SpRows)};
      millrace_pkg::RegCaps2: rdata = 32'(caps2);
      millrace_pkg::RegCaps3: rdata = caps3;
      millrace_pkg::RegCtrl: rdata = '0;
      millrace_pkg::RegStatus: rdata = 32'({refused_i, scan_i, wait_i, 1'b0, halt_q, fault_i, idle});
      millrace_pkg::RegIrqStatus: rdata = 32'(irq_q);
      millrace_pkg::RegIrqEnable: rdata = 32'(irq_enable_q);
      millrace_pkg::RegRingBase: rdata = ring_base_q;
      millrace_pkg::RegRingLog2: rdata = 32'(ring_log2_q);
      millrace_pkg::RegRingTail: rdata = tail_o;
      millrace_pkg::RegRingHead: rdata = head_i;
      millrace_pkg::RegSignalValue: rdata = signal_q;
      millrace_pkg::RegFault: rdata = 32'({fault_unit_i, fault_code_i});
      millrace_pkg::RegFaultIndex: rdata = fault_index_i;
      millrace_pkg::RegFaultAddr: rdata = fault_addr_i;
      millrace_pkg::RegCycles: rdata = cycles_q[31:0];
      millrace_pkg::RegCyclesHi: rdata = 32'(64'(cycles_q) >> 32);
      default: begin
        known = s_araddr_i >= millrace_pkg::RegBusyLoad && s_araddr_i <= millrace_pkg::RegEmptyVector && s_araddr_i[1:0] == 2'd0;
        if (known) begin
          rdata   = count_q[counter];
          pending = event_q[counter];
        end else begin
          known = is_segment(s_araddr_i);
          unique case (s_araddr_i[3:2])
            2'd0: rdata = seg_base_i;
            2'd1: rdata = seg_size_i;
            default: rdata = 32'(seg_perm_i);
          endcase
        end
      end
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) rvalid_q <= 1'b0;
    else rvalid_q <= read || (rvalid_q && !s_rready_i);
    if (read) begin
      rdata_q   <= rdata;
      pending_q <= pending;
      rerror_q  <= !known;
    end
  end

`ifdef FORMAL
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!(seg_wr_valid_o && !idle));
    cover (rst_ni && clear_q);
  end
`endif
endmodule
`default_nettype wire
