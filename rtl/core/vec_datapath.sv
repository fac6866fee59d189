// SPDX-License-Identifier: Apache-2.0
// Vector datapath, pipelined: a row takes Slices = Dim / Lanes cycles (beats), a parameter word and a mark
// one. Pipeline, by the cycles since the beat's own cycle:
//   1 read request, 3 data and source, 4 convert, 5 operation, 6 reduce, 7 bias, 8-18 quant_lane,
//   19 zero point (accumulators are written), 20 clamp, 21 scratchpad write of the whole word with its last
//   slice; done.
// Released 11 cycles after the last beat or mark: from there on nothing depends on the instruction's
// fields. A parameter word waits until the last beat is ParamGap cycles old, so that the parameters in use
// are not overwritten.
`default_nettype none
module vec_datapath (
    input  wire logic                                 clk_i, rst_ni,
    input  wire millrace_pkg::vector_t                op_i,
    input  wire millrace_pkg::vset_t                  vset_i,
    // Items; see vector.
    input  wire logic                                 param_i, row_i, mark_i, fault_i,
    input  wire logic                                 first_i, result_i,  // the reduction begins; it ends
    input  wire logic                                 end_i,              // last row
    input  wire logic [   millrace_pkg::SlotBits-1:0] slot_i,
    input  wire logic [ millrace_pkg::SpAddrBits-1:0] src1_i, src2_i, param_addr_i,
    input  wire logic [ millrace_pkg::SpAddrBits-1:0] addr_i,             // destination, or address of the fault
    input  wire logic [                          3:0] param_idx_i,
    output logic                                      ready_o, released_o, done_valid_o,
    output logic      [   millrace_pkg::SlotBits-1:0] done_slot_o,
    output logic      [                          3:0] done_fault_o,
    output logic      [                         31:0] done_addr_o,
    // Memories.
    output logic                                      sp1_rd_valid_o, sp2_rd_valid_o, sp_wr_valid_o,
    output logic      [ millrace_pkg::SpAddrBits-1:0] sp1_rd_addr_o, sp2_rd_addr_o, sp_wr_addr_o,
    input  wire logic [   millrace_pkg::WordBits-1:0] sp1_rd_data_i, sp2_rd_data_i,
    output logic      [   millrace_pkg::WordBits-1:0] sp_wr_data_o,
    output logic                                      acc1_rd_valid_o, acc2_rd_valid_o, acc_wr_valid_o,
    output logic      [millrace_pkg::AccAddrBits-1:0] acc1_rd_addr_o, acc2_rd_addr_o, acc_wr_addr_o,
    input  wire logic [ 4*millrace_pkg::WordBits-1:0] acc1_rd_data_i, acc2_rd_data_i,
    output logic      [                          3:0] acc_wr_quarter_o,
    output logic      [ 4*millrace_pkg::WordBits-1:0] acc_wr_data_o
);
  localparam int Dim = millrace_pkg::Dim;
  localparam int Lanes = millrace_pkg::Lanes;
  localparam int Slices = millrace_pkg::Slices;
  localparam int SliceW = (Slices > 1) ? $clog2(Slices) : 1;
  localparam int SpW = millrace_pkg::SpAddrBits;
  localparam int AccW = millrace_pkg::AccAddrBits;
  localparam int Quarters = 4 / Slices;  // of an accumulator row in one beat
  localparam int Data = 3;
  localparam int Reduce = 6;
  localparam int Bias = 7;
  localparam int Quant = 8;
  localparam int Release = 11;
  localparam int Zero = 19;
  localparam int Final = 21;
  localparam int ParamGap = 4;
  localparam logic [SliceW-1:0] LastSlice = SliceW'(Slices - 1);
  logic unused;
  assign unused = &{1'b0, op_i, vset_i, slice_q[0]};

  // ---- Beats: flags and addresses on their way down. [k] belongs to the beat that is k cycles old.
  logic [Final:1] beat_q, result_q, end_q, fault_q;
  logic [Reduce:1] first_q;
  logic [Release:1] release_q;
  logic [SliceW-1:0] slice_q [Final+1];  // [0]: of the beat at the start
  logic [SpW-1:0] addr_q [Final+1];
  logic [millrace_pkg::SlotBits-1:0] slot_q [Final+1];
  wire last_slice = slice_q[0] == LastSlice;
  wire row_end = row_i && last_slice && end_i;
  wire param_go = param_i && beat_q[ParamGap-1:1] == '0;

  assign ready_o    = row_i ? last_slice : (param_go || !param_i);
  assign released_o = release_q[Release];

  always_ff @(posedge clk_i) begin
    addr_q[1] <= addr_i;
    slot_q[1] <= slot_i;
    for (int k = 2; k <= Final; k++) begin
      addr_q[k] <= addr_q[k-1];
      slot_q[k] <= slot_q[k-1];
    end
    for (int k = 1; k <= Final; k++) slice_q[k] <= slice_q[k-1];
    first_q <= {first_q[Reduce-1:1], first_i};
    fault_q <= {fault_q[Final-1:1], mark_i && fault_i};
    if (!rst_ni) begin
      slice_q[0] <= '0;
      {beat_q, result_q, end_q, release_q} <= '0;
    end else begin
      if (row_i) slice_q[0] <= last_slice ? '0 : slice_q[0] + 1'b1;
      beat_q    <= {beat_q[Final-1:1], row_i};
      result_q  <= {result_q[Final-1:1], row_i && result_i};
      end_q     <= {end_q[Final-1:1], mark_i || row_end};
      release_q <= {release_q[Release-1:1], (mark_i && fault_i) || row_end};
    end
  end

  // ---- Read requests.
  wire row_start = row_i && slice_q[0] == '0;
  wire binary = millrace_pkg::VecBinary != 0;
  always_ff @(posedge clk_i) begin
    sp1_rd_valid_o  <= rst_ni && (param_go || (row_start && op_i.src1_kind == millrace_pkg::SourceSp));
    sp1_rd_addr_o   <= param_i ? param_addr_i : src1_i;
    acc1_rd_valid_o <= rst_ni && row_start && op_i.src1_kind == millrace_pkg::SourceAcc;
    acc1_rd_addr_o  <= src1_i[AccW-1:0];
    sp2_rd_valid_o  <= rst_ni && binary && row_start && op_i.src2_kind == millrace_pkg::SourceSp;
    sp2_rd_addr_o   <= src2_i;
    acc2_rd_valid_o <= rst_ni && binary && row_start && op_i.src2_kind == millrace_pkg::SourceAcc;
    acc2_rd_addr_o  <= src2_i[AccW-1:0];
  end

  // ---- Parameters of the running iteration of loop 3: words 0-3 bias, 4-7 multiplier, 8 shift.
  logic [31:0] bias_q [Dim], mult_q [Dim];
  logic [7:0] shift_q [Dim];
  logic [Data:1] param_q;
  logic [3:0] idx_q [Data+1];
  always_ff @(posedge clk_i) begin
    param_q  <= {param_q[Data-1:1], param_go && rst_ni};
    idx_q[1] <= param_idx_i;
    for (int k = 2; k <= Data; k++) idx_q[k] <= idx_q[k-1];
    for (int i = 0; i < Dim; i++) begin
      if (param_q[Data] && idx_q[Data] == 4'(4 * i / Dim)) bias_q[i] <= sp1_rd_data_i[(i%(Dim/4))*32+:32];
      if (param_q[Data] && idx_q[Data] == 4'(4 + 4 * i / Dim)) mult_q[i] <= sp1_rd_data_i[(i%(Dim/4))*32+:32];
      if (param_q[Data] && idx_q[Data] == 4'd8) shift_q[i] <= sp1_rd_data_i[i*8+:8];
    end
  end

  // ---- What the second half needs of the instruction, taken when a beat passes the release point.
  logic fp32_q, to_acc_q;
  logic [7:0] zero_q, lo_q, hi_q;
  always_ff @(posedge clk_i) begin
    if (beat_q[Release]) begin
      fp32_q   <= op_i.quant == millrace_pkg::QuantFp32;
      to_acc_q <= op_i.dst_kind == millrace_pkg::SpaceAcc;
      zero_q   <= vset_i.zero_point;
      lo_q     <= vset_i.clamp_lo;
      hi_q     <= vset_i.clamp_hi;
    end
  end

  // ---- Lanes.
  wire scalar1 = op_i.src1_kind == millrace_pkg::SourceScalar;
  wire scalar2 = op_i.src2_kind == millrace_pkg::SourceScalar;
  wire from_acc1 = op_i.src1_kind == millrace_pkg::SourceAcc;
  wire from_acc2 = op_i.src2_kind == millrace_pkg::SourceAcc;
  logic [31:0] q [Lanes];
  for (genvar l = 0; l < Lanes; l++) begin : g_lane
    logic [7:0] byte1 [Slices], byte2 [Slices], shift [Slices];
    logic [31:0] word1 [Slices], word2 [Slices], bias [Slices], mult [Slices];
    for (genvar s = 0; s < Slices; s++) begin : g_slice
      localparam int I = s * Lanes + l;
      assign byte1[s] = sp1_rd_data_i[I*8+:8];
      assign byte2[s] = sp2_rd_data_i[I*8+:8];
      assign word1[s] = acc1_rd_data_i[I*32+:32];
      assign word2[s] = acc2_rd_data_i[I*32+:32];
      assign bias[s]  = bias_q[I];
      assign mult[s]  = mult_q[I];
      assign shift[s] = shift_q[I];
    end

    logic [31:0] src1, src2, r, t_q;
    always_comb begin
      src1 = {{24{byte1[slice_q[Data]][7]}}, byte1[slice_q[Data]]};
      src2 = {{24{byte2[slice_q[Data]][7]}}, byte2[slice_q[Data]]};
      if (from_acc1) src1 = word1[slice_q[Data]];
      if (from_acc2) src2 = word2[slice_q[Data]];
      if (scalar1) src1 = vset_i.scalar1;
      if (scalar2) src2 = vset_i.scalar2;
    end
    vec_lane #(.SliceW(SliceW)) u_lane (
        .clk_i,
        .src1_i(src1), .offset1_i(scalar1 ? '0 : vset_i.offset1), .shift1_i(scalar1 ? '0 : vset_i.preshift1),
        .src2_i(src2), .offset2_i(scalar2 ? '0 : vset_i.offset2), .shift2_i(scalar2 ? '0 : vset_i.preshift2),
        .op_i(op_i.op), .reduce_i(op_i.reduce), .first_i(first_q[Reduce]),
        .slice_i(slice_q[Reduce]), .out_slice_i(slice_q[Bias]), .r_o(r)
    );
    always_ff @(posedge clk_i) t_q <= r + (op_i.channel ? bias[slice_q[Bias]] : '0);

    quant_lane u_quant (
        .clk_i, .t_i(t_q), .mode_i(op_i.quant), .fp32_late_i(fp32_q), .q_o(q[l]),
        .left_i(op_i.channel ? shift[slice_q[Quant+1]] : vset_i.scalar_shift),
        .right_i(op_i.channel ? shift[slice_q[Quant+3]] : vset_i.scalar_shift),
        .mult_i(op_i.channel ? mult[slice_q[Quant+3]] : vset_i.scalar_mult)
    );
  end

  // ---- Zero point, clamp, write. The sum of a value saturated to 9 bits and the zero point clamps like
  // the full sum.
  logic [9:0] sum_q [Lanes];
  logic [7:0] pack_q [Dim];
  logic [7:0] clamped [Lanes];
  for (genvar l = 0; l < Lanes; l++) begin : g_narrow
    logic [8:0] narrow;
    logic signed [9:0] low, high, raised;
    always_comb begin
      narrow = q[l][8:0];
      if (q[l][31:8] != {24{q[l][31]}}) narrow = {q[l][31], {8{~q[l][31]}}};
      low        = {{2{lo_q[7]}}, lo_q};
      high       = {{2{hi_q[7]}}, hi_q};
      raised     = ($signed(sum_q[l]) < low) ? low : sum_q[l];
      clamped[l] = (raised > high) ? hi_q : raised[7:0];
    end
    always_ff @(posedge clk_i) sum_q[l] <= {narrow[8], narrow} + {{2{zero_q[7]}}, zero_q};
    for (genvar s = 0; s < Slices; s++) begin : g_slice
      always_ff @(posedge clk_i) if (slice_q[Zero+1] == SliceW'(s)) pack_q[s*Lanes+l] <= clamped[l];
      assign acc_wr_data_o[(s*Lanes+l)*32+:32] = q[l];
    end
  end
  for (genvar i = 0; i < Dim; i++) begin : g_word
    assign sp_wr_data_o[i*8+:8] = pack_q[i];
  end
  for (genvar i = 0; i < 4; i++) begin : g_quarter
    assign acc_wr_quarter_o[i] = slice_q[Zero] == SliceW'(i / Quarters);
  end
  assign acc_wr_valid_o = result_q[Zero] && to_acc_q;
  assign acc_wr_addr_o  = addr_q[Zero][AccW-1:0];
  assign sp_wr_valid_o  = result_q[Final] && slice_q[Final] == LastSlice && !to_acc_q;
  assign sp_wr_addr_o   = addr_q[Final];

  assign done_valid_o = end_q[Final];
  assign done_slot_o  = slot_q[Final];
  assign done_fault_o = fault_q[Final] ? millrace_pkg::FaultBank : millrace_pkg::FaultNone;
  assign done_addr_o  = 32'(addr_q[Final]);
endmodule
`default_nettype wire
