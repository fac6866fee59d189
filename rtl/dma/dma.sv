// SPDX-License-Identifier: Apache-2.0
// DMA engine: executes LOAD (CanLoad), STORE and SIGNAL (CanStore) in order (docs/reference/isa.md). With both it executes one
// instruction at a time. With one of them the address side runs ahead of the data side: the next instruction's bursts follow
// the last one's, up to DmaOutstanding bursts in flight and QueueDepth instructions whose data is not finished.
// Timing (tests/rtl/dma/dma_timeline.cc has it as recurrences). An idle engine that sees op_valid in cycle t offers the first
// address in t + 1; the next burst, also of the next row or instruction, one cycle after an address is taken, or one cycle
// after the last response of the burst that makes room. op_ready comes with the last row, one cycle before its first address.
// - LOAD: the cycle of a word is in dma_read; it is written then, with DmaUnaligned in the next; done one cycle after the last word.
// - STORE: the first beat 3 cycles after its address is taken, then one a cycle; done one cycle after the last response.
// - A failing segment check: done 2 cycles after the last word or response before it, or (first row) in t + 2.
// - SIGNAL, and every instruction of an engine for both: op_ready comes with done, so the next address 2 cycles after it.
// Fault record: a LOAD reports its first fault in element order, BUS before BANK for the same word. A STORE reports its first
// BANK fault, else its first BUS error, else its segment fault. The address of BUS is that of the refused burst.
`default_nettype none
module dma #(
    parameter bit CanLoad = 1'b1,
    parameter bit CanStore = 1'b1
) (
    input  wire logic                                 clk_i, rst_ni,
    // Instructions.
    input  wire logic                                 op_valid_i,
    input  wire logic [                        255:0] op_data_i,
    input  wire logic [   millrace_pkg::SlotBits-1:0] op_slot_i,
    output logic                                      op_ready_o,
    output logic                                      done_valid_o,
    output logic      [   millrace_pkg::SlotBits-1:0] done_slot_o,
    output logic      [                          3:0] done_fault_o,
    output logic      [                         31:0] done_addr_o,
    output logic                                      signal_valid_o,  // a SIGNAL completes without a fault
    output logic      [                         31:0] signal_value_o,
    output logic                                      signal_irq_o,
    // With op_data_i: the instruction's segment; its `rows` and `planes` are 0.
    input  wire millrace_pkg::segment_t               segment_i,
    input  wire logic                                 one_row_i, one_plane_i,
    // Soft reset: no new burst starts; responses are outstanding.
    input  wire logic                                 halt_i,
    output logic                                      read_wait_o, write_wait_o,
    // Memories. Both write ports carry the same word; a word of an accumulator row goes to the quarter that is set.
    output logic                                      sp_wr_valid_o, acc_wr_valid_o,
    output logic      [ millrace_pkg::SpAddrBits-1:0] sp_wr_addr_o, sp_rd_addr_o,
    output logic      [millrace_pkg::AccAddrBits-1:0] acc_wr_addr_o, acc_rd_addr_o,
    output logic      [                          3:0] acc_wr_quarter_o,
    output logic      [   millrace_pkg::WordBits-1:0] sp_wr_data_o, acc_wr_data_o,
    output logic                                      sp_rd_valid_o, acc_rd_valid_o,
    output logic                                      sp_rd_en_o, acc_rd_en_o,
    input  wire logic [   millrace_pkg::WordBits-1:0] sp_rd_data_i,
    input  wire logic [ 4*millrace_pkg::WordBits-1:0] acc_rd_data_i,
    // AXI4.
    output logic                                      m_arvalid_o, m_awvalid_o,
    input  wire logic                                 m_arready_i, m_awready_i,
    output logic      [                         31:0] m_araddr_o, m_awaddr_o,
    output logic      [                          7:0] m_arlen_o, m_awlen_o,
    input  wire logic                                 m_rvalid_i,
    output logic                                      m_rready_o,
    input  wire logic [   millrace_pkg::WordBits-1:0] m_rdata_i,
    input  wire logic [                          1:0] m_rresp_i,
    input  wire logic                                 m_rlast_i,
    output logic                                      m_wvalid_o,
    input  wire logic                                 m_wready_i,
    output logic      [   millrace_pkg::WordBits-1:0] m_wdata_o,
    output logic      [        millrace_pkg::Dim-1:0] m_wstrb_o,
    output logic                                      m_wlast_o,
    input  wire logic                                 m_bvalid_i,
    output logic                                      m_bready_o,
    input  wire logic [                          1:0] m_bresp_i
);
  localparam int BeatW = millrace_pkg::DimLog2;
  localparam int Low = (millrace_pkg::DmaUnaligned != 0) ? 0 : BeatW;
  localparam int LenW = $clog2(millrace_pkg::DmaBurst);
  localparam int AddrW = millrace_pkg::AddrBits;
  localparam int SlotW = millrace_pkg::SlotBits;
  localparam bit Serial = CanLoad && CanStore;

  // ---- Instruction. A STORE has the fields of a LOAD; a SIGNAL is a STORE of 4 bytes, its value in the place of `mem_row`
  // and its irq in the place of `space`. It starts when nothing else runs; op_ready waits until it is done.
  millrace_pkg::load_t raw, op, head;
  logic [SlotW-1:0] head_slot;
  wire is_signal = CanStore && raw.opcode[2:0] == millrace_pkg::OpSignal[2:0];
  wire signal = op_valid_i && is_signal;
  wire store = CanStore && (!CanLoad || raw.opcode[2:0] != millrace_pkg::OpLoad[2:0]);
  wire seg_ok = store ? segment_i.write : segment_i.read;
  assign raw = op_data_i;
  always_comb begin
    op = raw;
    op.row_bytes = raw.row_bytes | (16'(is_signal) << 2);
    if (millrace_pkg::DmaAcc == 0) op.space = 1'b0;
  end

  logic first, start, last, seg_fault, finish_fault, queue_ready, head_pop, taken_q, done_q;
  logic signal_q;  // early enough for its data
  wire hold = Serial || signal;
  wire rows_end = last || finish_fault;
  wire rows_valid = op_valid_i && !taken_q && (!first || queue_ready);
  assign op_ready_o = hold ? taken_q && done_q : rows_end;
  always_ff @(posedge clk_i) begin
    taken_q  <= rst_ni && !op_ready_o && (taken_q || (hold && rows_end));
    signal_q <= signal;
  end

  // Instruction of the data side, and the banks that it declares.
  wire [millrace_pkg::MaxBanks-1:0] op_banks = millrace_pkg::banks(op.space, op.dst, op.dst_hi);
  logic [millrace_pkg::MaxBanks-1:0] head_banks;
  logic head_begin;
  millrace_pkg::load_t next_head;
  if (Serial) begin : g_direct
    // No word moves in an instruction's first cycle.
    always_ff @(posedge clk_i) head_banks <= op_banks;
    assign head_begin  = start;
    assign queue_ready = 1'b1;
    assign head        = op;
    assign next_head   = op;
    assign head_slot   = op_slot_i;
  end else begin : g_queue
    localparam int OpBits = 256;
    wire [millrace_pkg::MaxBanks+SlotW+OpBits-1:0] data, next_data;
    wire valid;
    assign head_begin = !valid || head_pop;
    assign next_head  = next_data[OpBits-1:0];
    assign head       = data[OpBits-1:0];
    assign {head_banks, head_slot} = data[OpBits+:millrace_pkg::MaxBanks+SlotW];
    fifo #(.Width(millrace_pkg::MaxBanks + SlotW + OpBits), .Depth(millrace_pkg::QueueDepth)) u_queue (
        .clk_i, .rst_ni,
        .in_valid_i(start), .in_ready_o(queue_ready), .in_data_i({op_banks, op_slot_i, op}),
        .out_valid_o(valid), .out_ready_i(head_pop), .out_data_o(data), .next_data_o(next_data)
    );
    wire unused_next = &{1'b0, next_data};
  end

  // ---- Address side.
  typedef struct packed {
    logic [LenW-1:0] len;
    logic [BeatW-1:0] low;
    logic [2:0] ends;
  } beats_t;
  localparam int BeatsBits = LenW + BeatW + 3;
  typedef struct packed {
    logic [SlotW-1:0] slot;
    logic [AddrW-1:BeatW] addr;
    beats_t beats;
  } burst_t;
  localparam int BurstBits = SlotW + AddrW - BeatW + BeatsBits;
  burst_t burst, flight;
  beats_t owed;
  wire [BurstBits-1:0] flight_data;
  wire [BeatsBits-1:0] owed_data;
  logic burst_valid, burst_ready, offer, flight_valid, owed_valid, owed_pop;
  logic [31:0] fault_offset;

  dma_bursts #(.Low(Low)) u_bursts (
      .clk_i, .rst_ni,
      .op_valid_i(rows_valid), .op_i(op), .one_row_i, .one_plane_i, .slot_i(op_slot_i),
      .seg_ok_i(seg_ok && segment_i.fits), .seg_base_i(segment_i.base), .seg_limit_i(segment_i.limit),
      .first_o(first), .start_o(start), .last_o(last),
      .fault_o(seg_fault), .offset_o(fault_offset), .clear_i(finish_fault),
      .valid_o(burst_valid), .ready_i(burst_ready), .slot_o(burst.slot), .addr_o(burst.addr),
      .len_o(burst.beats.len), .low_o(burst.beats.low), .ends_o(burst.beats.ends)
  );

  dma_flight #(.Width(BurstBits), .OwedWidth(BeatsBits), .CanStore(CanStore)) u_flight (
      .clk_i, .rst_ni, .halt_i,
      .burst_valid_i(burst_valid), .burst_ready_o(burst_ready), .write_i(store), .burst_i(burst),
      .a_valid_o(offer), .a_ready_i(store ? m_awready_i : m_arready_i),
      .retire_i((CanLoad && m_rvalid_i && m_rlast_i) || (CanStore && m_bvalid_i)),
      .valid_o(flight_valid), .burst_o(flight_data),
      .owed_valid_o(owed_valid), .owed_pop_i(owed_pop), .owed_o(owed_data)
  );
  assign flight       = flight_data;
  assign owed         = owed_data;
  assign m_arvalid_o  = offer && !store;
  assign m_awvalid_o  = offer && store;
  assign m_araddr_o   = 32'(burst.addr) << BeatW;
  assign m_arlen_o    = 8'(burst.beats.len);
  assign {m_awaddr_o, m_awlen_o}   = {m_araddr_o, m_arlen_o};
  assign {m_rready_o, m_bready_o}  = '1;
  assign read_wait_o  = (flight_valid || offer) && !store;
  assign write_wait_o = (flight_valid || offer) && store;

  // ---- Data side.
  logic word_valid, word_error, word_busy, w_step, w_fault, bad;
  logic [AddrW-1:BeatW] word_error_addr;
  logic [2:0] word_ends, w_ends;
  logic [millrace_pkg::SpAddrBits-1:0] word_addr;
  logic [millrace_pkg::WordBits-1:0] word;
  logic [1:0] quarter;
  wire [2:0] ends = store ? w_ends : word_ends;
  wire step = word_valid || w_step;

  dma_words u_words (
      .clk_i,
      .begin_i(head_begin), .base_i(next_head.dst), .op_i(head), .banks_i(head_banks), .step_i(step), .ends_i(ends),
      .addr_o(word_addr), .quarter_o(quarter), .bad_o(bad)
  );

  if (CanLoad) begin : g_read
    dma_read u_read (
        .clk_i, .rst_ni,
        .r_valid_i(m_rvalid_i), .r_data_i(m_rdata_i), .r_error_i(m_rresp_i[1]), .r_last_i(m_rlast_i),
        .addr_i(flight.addr), .low_i(flight.beats.low), .ends_i(flight.beats.ends), .op_i(head),
        .valid_o(word_valid), .data_o(word), .error_o(word_error), .error_addr_o(word_error_addr),
        .ends_o(word_ends), .busy_o(word_busy)
    );
  end else begin : g_no_read
    assign {word_valid, word_error, word_busy, word_error_addr, word_ends, word} = '0;
  end

  if (CanStore) begin : g_write
    dma_write u_write (
        .clk_i, .rst_ni,
        .valid_i(owed_valid), .pop_o(owed_pop), .len_i(owed.len), .low_i(owed.low), .ends_i(owed.ends),
        .op_i(head), .oldest_i(Serial || !flight_valid || flight.slot == head_slot), .clear_i(finish_fault),
        .signal_i(signal_q), .value_i(op.mem_row),
        .quarter_i(quarter), .bad_i(bad), .step_o(w_step), .ends_o(w_ends), .fault_o(w_fault),
        .sp_rd_valid_o, .acc_rd_valid_o, .rd_en_o(sp_rd_en_o), .sp_rd_data_i, .acc_rd_data_i,
        .m_wvalid_o, .m_wready_i, .m_wdata_o, .m_wstrb_o, .m_wlast_o
    );
  end else begin : g_no_write
    assign {owed_pop, w_step, w_ends, w_fault, sp_rd_valid_o, acc_rd_valid_o, sp_rd_en_o} = '0;
    assign {m_wvalid_o, m_wdata_o, m_wstrb_o, m_wlast_o} = '0;
  end

  // ---- Completion and the fault record.
  logic [3:0] code_q, code_d;
  logic [31:0] addr_q, addr_d;
  logic [SlotW-1:0] done_slot_q;
  wire read_end = word_valid && word_ends[0] && word_ends[2];
  wire write_end = CanStore && m_bvalid_i && flight.beats.ends[0] && flight.beats.ends[2];
  wire clean = code_q == millrace_pkg::FaultNone || done_q;  // nothing is recorded for the oldest instruction
  wire write_error = CanStore && m_bvalid_i && m_bresp_i[1];
  wire [AddrW-1:BeatW] bus_addr = CanLoad && !store ? word_error_addr : flight.addr;
  assign finish_fault = seg_fault && !burst_valid && !flight_valid && !word_busy;
  assign head_pop     = (step && ends[0] && ends[2]) || finish_fault;

  wire [31:0] word_fault = head.space ? 32'(word_addr[millrace_pkg::AccAddrBits-1:0]) : 32'(word_addr);
  always_comb begin
    code_d = done_q ? millrace_pkg::FaultNone : code_q;
    addr_d = addr_q;
    if (w_fault) begin
      code_d = millrace_pkg::FaultBank;
      addr_d = word_fault;
    end else if (clean && ((word_valid && word_error) || write_error)) begin
      code_d = millrace_pkg::FaultBus;
      addr_d = 32'(bus_addr) << BeatW;
    end else if (clean && word_valid && bad) begin
      code_d = millrace_pkg::FaultBank;
      addr_d = word_fault;
    end else if (clean && finish_fault) begin
      code_d = seg_ok ? millrace_pkg::FaultSegment : millrace_pkg::FaultPermission;
      addr_d = fault_offset;
    end
  end
  always_ff @(posedge clk_i) begin
    done_q      <= rst_ni && (read_end || write_end || finish_fault);
    done_slot_q <= write_end ? flight.slot : head_slot;
    code_q      <= rst_ni ? code_d : millrace_pkg::FaultNone;
    addr_q      <= addr_d;
  end
  assign {done_valid_o, done_slot_o, done_fault_o, done_addr_o} = {done_q, done_slot_q, code_q, addr_q};
  assign signal_valid_o = signal && op_ready_o && code_q == millrace_pkg::FaultNone;
  assign signal_value_o = op.mem_row;
  assign signal_irq_o   = raw.space;

  wire word_ok = word_valid && clean && !word_error && !bad;
  if (millrace_pkg::DmaUnaligned != 0) begin : g_late  // the word is a cycle old, and done comes with its write at the earliest
    always_ff @(posedge clk_i) begin
      {sp_wr_valid_o, acc_wr_valid_o} <= {word_ok && !head.space, word_ok && head.space} & {2{rst_ni}};
      {acc_wr_quarter_o, sp_wr_addr_o, sp_wr_data_o} <= {4'd1 << quarter, word_addr, word};
    end
  end else begin : g_now
    assign {sp_wr_valid_o, acc_wr_valid_o} = {word_ok && !head.space, word_ok && head.space};
    assign {acc_wr_quarter_o, sp_wr_addr_o, sp_wr_data_o} = {4'd1 << quarter, word_addr, word};
  end
  assign acc_wr_addr_o = sp_wr_addr_o[millrace_pkg::AccAddrBits-1:0];
  assign acc_wr_data_o = sp_wr_data_o;
  assign acc_rd_en_o   = sp_rd_en_o;
  assign sp_rd_addr_o  = word_addr;
  assign acc_rd_addr_o = word_addr[millrace_pkg::AccAddrBits-1:0];
  wire unused = &{1'b0, op, head, next_head, start, head_pop, signal_q, owed_pop, flight, owed, owed_valid, quarter, segment_i, m_arready_i,
                  m_rvalid_i, m_rdata_i, m_rresp_i, m_rlast_i, m_awready_i, m_wready_i, m_bvalid_i, m_bresp_i, sp_rd_data_i,
                  acc_rd_data_i};

`ifdef FORMAL
  always_ff @(posedge clk_i) begin
    assert (!(sp_wr_valid_o && acc_wr_valid_o));
    if (bad) assert (!sp_wr_valid_o && !acc_wr_valid_o && !sp_rd_valid_o && !acc_rd_valid_o);
    assert (!(m_arvalid_o && m_awvalid_o));
  end
`endif
endmodule
`default_nettype wire
