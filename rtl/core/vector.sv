// SPDX-License-Identifier: Apache-2.0
// Vector unit, control: VSET state, loops, addresses and bank checks. It hands items in program order to a
// datapath: a parameter word, a row (one step of the loops), or a mark that ends an instruction without a
// result (VSET, fault). The datapath is vec_datapath (pipelined, `Lanes` elements a cycle) or vec_serial
// (one bit-serial lane); its header has the latencies. An instruction seen at cycle c has its first item at
// c + 1 (VSET: its mark at c, popped at c). Every item is handed over in its first cycle; the next one
// follows in the cycle after `item_ready`. A faulting step or parameter word becomes a mark in the cycle
// where it would have started. VECTOR is popped when the datapath no longer needs its fields (`release`);
// the next instruction is seen a cycle later.
`default_nettype none
module vector (
    input  wire logic                                 clk_i, rst_ni,
    input  wire logic                                 op_valid_i,
    input  wire logic [                        255:0] op_data_i,
    input  wire logic [   millrace_pkg::SlotBits-1:0] op_slot_i,
    output logic                                      op_ready_o, done_valid_o,
    output logic      [   millrace_pkg::SlotBits-1:0] done_slot_o,
    output logic      [                          3:0] done_fault_o,
    output logic      [                         31:0] done_addr_o,
    // Scratchpad: source 1 and parameters; source 2; result.
    output logic                                      sp1_rd_valid_o, sp2_rd_valid_o, sp_wr_valid_o,
    output logic                                      sp1_rd_en_o, sp2_rd_en_o,
    output logic      [ millrace_pkg::SpAddrBits-1:0] sp1_rd_addr_o, sp2_rd_addr_o, sp_wr_addr_o,
    input  wire logic [   millrace_pkg::WordBits-1:0] sp1_rd_data_i, sp2_rd_data_i,
    output logic      [   millrace_pkg::WordBits-1:0] sp_wr_data_o,
    // Accumulators: source 1; source 2; result. The serial datapath reads only the quarter that it names.
    output logic                                      acc1_rd_valid_o, acc2_rd_valid_o, acc_wr_valid_o,
    output logic                                      acc1_rd_en_o, acc2_rd_en_o,
    output logic      [millrace_pkg::AccAddrBits-1:0] acc1_rd_addr_o, acc2_rd_addr_o, acc_wr_addr_o,
    output logic      [                          1:0] acc1_rd_quarter_o,
    input  wire logic [ 4*millrace_pkg::WordBits-1:0] acc1_rd_data_i, acc2_rd_data_i,
    output logic      [                          3:0] acc_wr_quarter_o,
    output logic      [ 4*millrace_pkg::WordBits-1:0] acc_wr_data_o
);
  localparam int SpW = millrace_pkg::SpAddrBits;
  localparam int AccW = millrace_pkg::AccAddrBits;
  localparam int AddrW = (SpW > AccW) ? SpW : AccW;
  localparam int CountW = millrace_pkg::CountBits;
  localparam int Loops = (millrace_pkg::VecReduce != 0) ? 4 : 2;
  localparam logic [3:0] ParamWords = 4'd9;

  localparam logic [1:0] Idle = 2'd0;
  localparam logic [1:0] Param = 2'd1;
  localparam logic [1:0] Run = 2'd2;
  localparam logic [1:0] Drain = 2'd3;

  millrace_pkg::vector_t op;
  millrace_pkg::vset_t vset, vset_q;
  always_comb begin
    op = op_data_i;
    if (millrace_pkg::VecAcc == 0) op.dst_kind = millrace_pkg::SpaceSp;
    vset = op_data_i;
    if (millrace_pkg::VecScalars == 0) {vset.scalar1, vset.scalar_mult, vset.scalar_shift} = '0;
  end
  wire is_vset = op.opcode[0] == millrace_pkg::OpVset[0];

  logic [1:0] state_q, state_d;
  wire param_state = state_q == Param;
  wire run_state = state_q == Run;
  logic item_param, item_row, item_mark, item_ready, released;
  wire load = state_q == Idle && op_valid_i && !is_vset;
  wire load_vset = state_q == Idle && op_valid_i && is_vset;
  wire step = item_row && item_ready;

  // Loops and addresses.
  logic [Loops*CountW-1:0] counts;
  logic [Loops*AddrW-1:0] strides1, strides2;
  logic [Loops-1:0] loop_end, advance;
  logic unused;
  assign unused = &{1'b0, op, vset_q, loop_end, src2, strides2, first};
  logic [AddrW-1:0] src1, src2, dst;
  logic [SpW-1:0] param_q;  // pipelined: next parameter word; serial: first one of the iteration of loop 3
  logic [3:0] param_idx_q;
  logic last, inner_last, first;

  loop_nest #(.N(Loops), .CountW(CountW)) u_nest (
      .clk_i, .load_i(load), .step_i(step), .counts_i(counts), .end_o(loop_end), .last_o(last), .advance_o(advance)
  );
  loop_addr #(.N(Loops), .AddrW(AddrW)) u_src1 (
      .clk_i, .load_i(load), .step_i(step), .advance_i(advance),
      .base_i(op.src1[AddrW-1:0]), .strides_i(strides1), .addr_o(src1)
  );
  loop_addr #(.N(2), .AddrW(AddrW)) u_dst (
      .clk_i, .load_i(load), .step_i(step), .advance_i(advance[Loops-1-:2]),
      .base_i(op.dst[AddrW-1:0]), .strides_i({op.d_3[AddrW-1:0], op.d_2[AddrW-1:0]}), .addr_o(dst)
  );
  assign counts[(Loops-2)*CountW+:2*CountW] = {op.n3[CountW-1:0], op.n2[CountW-1:0]};
  assign strides1[(Loops-2)*AddrW+:2*AddrW] = {op.s1_3[AddrW-1:0], op.s1_2[AddrW-1:0]};
  assign strides2[(Loops-2)*AddrW+:2*AddrW] = {vset_q.s2_3[AddrW-1:0], vset_q.s2_2[AddrW-1:0]};

  if (millrace_pkg::VecReduce != 0) begin : g_reduce
    logic first_q;  // first step of loops 0 and 1
    assign counts[2*CountW-1:0] = {CountW'(op.n1), CountW'(op.n0)};
    assign strides1[2*AddrW-1:0] = {op.s1_1[AddrW-1:0], op.s1_0[AddrW-1:0]};
    assign strides2[2*AddrW-1:0] = {vset_q.s2_1[AddrW-1:0], vset_q.s2_0[AddrW-1:0]};
    always_ff @(posedge clk_i) begin
      if (load) first_q <= 1'b1;
      else if (step) first_q <= inner_last;
    end
    assign first = first_q;
    assign inner_last = loop_end[0] && loop_end[1];
  end else begin : g_no_reduce
    assign first = 1'b1;
    assign inner_last = 1'b1;
  end

  // Bank checks. Decode has checked the bases.
  function [AddrW-1:0] in_memory(input acc, input [AddrW-1:0] addr);
    in_memory = acc ? AddrW'(addr[AccW-1:0]) : AddrW'(addr[SpW-1:0]);
  endfunction

  wire acc1 = op.src1_kind == millrace_pkg::SourceAcc;
  wire acc2 = op.src2_kind == millrace_pkg::SourceAcc;
  wire accd = op.dst_kind == millrace_pkg::SpaceAcc;
  logic [millrace_pkg::MaxBanks-1:0] banks1_q, banksd_q, banksp_q;  // from the cycle after an instruction is there
  always_ff @(posedge clk_i) begin
    banks1_q <= op.src1_kind == millrace_pkg::SourceScalar ? '1 : millrace_pkg::banks(acc1, op.src1, op.src1_hi);
    banksd_q <= millrace_pkg::banks(accd, op.dst, op.dst_hi);
    banksp_q <= millrace_pkg::banks(1'b0, op.param, op.param_hi);
  end
  wire ok1 = banks1_q[millrace_pkg::bank_of(acc1, 16'(src1))];
  wire okd = banksd_q[millrace_pkg::bank_of(accd, 16'(dst))] || !inner_last;
  logic [SpW-1:0] param;
  wire okp = banksp_q[millrace_pkg::bank_of(1'b0, 16'(param))];
  logic ok2;
  if (millrace_pkg::VecBinary != 0) begin : g_binary
    logic [millrace_pkg::MaxBanks-1:0] banks2_q;
    always_ff @(posedge clk_i) begin
      banks2_q <= op.src2_kind == millrace_pkg::SourceScalar ? '1 : millrace_pkg::banks(acc2, op.src2, op.src2_hi);
    end
    assign ok2 = banks2_q[millrace_pkg::bank_of(acc2, 16'(src2))];
    loop_addr #(.N(Loops), .AddrW(AddrW)) u_src2 (
        .clk_i, .load_i(load), .step_i(step), .advance_i(advance),
        .base_i(op.src2[AddrW-1:0]), .strides_i(strides2), .addr_o(src2)
    );
  end else begin : g_unary
    assign ok2  = 1'b1;
    assign src2 = '0;
    logic unused_2;
    assign unused_2 = &{1'b0, acc2};
  end

  // Items. A mark that ends a VECTOR carries the address of the fault.
  wire ok = ok1 && ok2 && okd;
  logic [AddrW-1:0] item_addr;
  assign item_param = param_state && okp;
  assign item_row   = run_state && ok;
  assign item_mark  = load_vset || (param_state && !okp) || (run_state && !ok);
  always_comb begin
    item_addr = in_memory(accd, dst);
    if (param_state) item_addr = AddrW'(param);
    else if (!ok1) item_addr = in_memory(acc1, src1);
    else if (!ok2) item_addr = in_memory(acc2, src2);
  end

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Idle: if (load) state_d = op.channel ? Param : Run;
      Param: begin
        if (item_mark) state_d = Drain;
        else if (item_ready && param_idx_q == ParamWords - 4'd1) state_d = Run;
      end
      Run: begin
        if (item_mark || (item_ready && last)) state_d = Drain;
        else if (item_ready && op.channel && advance[Loops-1]) state_d = Param;
      end
      default: if (released) state_d = Idle;
    endcase
  end
  assign op_ready_o = load_vset || (state_q == Drain && released);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Idle;
      vset_q  <= '0;
    end else begin
      state_q <= state_d;
      if (load_vset) vset_q <= vset;
    end
    if (!param_state) param_idx_q <= '0;
    else if (item_ready) param_idx_q <= param_idx_q + 1'b1;
  end

  if (millrace_pkg::SerialQuant != 0) begin : g_serial
    if (millrace_pkg::Dim != 4 || millrace_pkg::Lanes != 1 || millrace_pkg::VecBinary != 0
        || millrace_pkg::VecReduce != 0 || millrace_pkg::VecPreshift != 0 || millrace_pkg::VecFp32 != 0) begin : g_check
      $error("vec_serial: Dim must be 4, Lanes 1, and no vector option set");
    end
    logic [3:0] row_param;
    wire [3:0] param_idx = param_state ? param_idx_q : row_param;
    assign param = param_q + SpW'(param_idx);
    always_ff @(posedge clk_i) begin
      if (load) param_q <= op.param[SpW-1:0];
      else if (step && advance[Loops-1]) param_q <= param;  // row_param is 9 at a step
    end
    vec_serial u_datapath (
        .clk_i, .rst_ni,
        .op_i(op), .vset_i(vset_q), .slot_i(op_slot_i),
        .row_i(item_row), .mark_i(item_mark), .fault_i(!load_vset), .end_i(last),
        .src_i(src1), .param_i(param), .dst_i(dst), .fault_addr_i(item_addr), .param_idx_o(row_param),
        .ready_o(item_ready), .released_o(released), .done_valid_o, .done_slot_o, .done_fault_o, .done_addr_o,
        .sp_rd_valid_o(sp1_rd_valid_o), .sp_rd_addr_o(sp1_rd_addr_o), .sp_rd_data_i(sp1_rd_data_i),
        .sp_wr_valid_o, .sp_wr_addr_o, .sp_wr_data_o,
        .acc_rd_valid_o(acc1_rd_valid_o), .acc_rd_addr_o(acc1_rd_addr_o), .acc_rd_quarter_o(acc1_rd_quarter_o),
        .acc_rd_data_i(acc1_rd_data_i), .acc_wr_valid_o, .acc_wr_addr_o, .acc_wr_quarter_o, .acc_wr_data_o
    );
    assign {sp2_rd_valid_o, sp2_rd_addr_o, acc2_rd_valid_o, acc2_rd_addr_o} = '0;
    logic unused_ports;
    assign unused_ports = &{1'b0, item_param, sp2_rd_data_i, acc2_rd_data_i};
  end else begin : g_pipelined
    if (millrace_pkg::Slices != 2 && millrace_pkg::Slices != 4) begin : g_check
      $error("vec_datapath: Dim / Lanes must be 2 or 4");
    end
    assign param = param_q;
    always_ff @(posedge clk_i) begin
      if (load) param_q <= op.param[SpW-1:0];
      else if (param_state && item_ready) param_q <= param_q + 1'b1;
    end
    vec_datapath u_datapath (
        .clk_i, .rst_ni,
        .op_i(op), .vset_i(vset_q), .slot_i(op_slot_i),
        .param_i(item_param), .row_i(item_row), .mark_i(item_mark), .fault_i(!load_vset),
        .first_i(first), .result_i(inner_last), .end_i(last),
        .src1_i(src1), .src2_i(src2), .param_addr_i(param), .param_idx_i(param_idx_q), .addr_i(item_addr),
        .ready_o(item_ready), .released_o(released), .done_valid_o, .done_slot_o, .done_fault_o, .done_addr_o,
        .sp1_rd_valid_o, .sp1_rd_addr_o, .sp1_rd_data_i, .sp2_rd_valid_o, .sp2_rd_addr_o, .sp2_rd_data_i,
        .sp_wr_valid_o, .sp_wr_addr_o, .sp_wr_data_o,
        .acc1_rd_valid_o, .acc1_rd_addr_o, .acc1_rd_data_i, .acc2_rd_valid_o, .acc2_rd_addr_o, .acc2_rd_data_i,
        .acc_wr_valid_o, .acc_wr_addr_o, .acc_wr_quarter_o, .acc_wr_data_o
    );
    assign acc1_rd_quarter_o = '0;
  end
  assign {sp1_rd_en_o, sp2_rd_en_o, acc1_rd_en_o, acc2_rd_en_o} = '1;

`ifdef FORMAL
  always_comb begin
    assert (!(item_param && item_row) && !(item_param && item_mark) && !(item_row && item_mark));
    if (item_mark && !load_vset) assert (state_d == Drain);
  end
`endif
endmodule
`default_nettype wire
