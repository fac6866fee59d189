// SPDX-License-Identifier: Apache-2.0
// Vector datapath of the smallest machine (Dim = 4, one lane): one adder does convert, bias, multiplication and rounding.
// Per-channel parameters are not kept but read again for every element; the checks were made by the control (an item
// that is a parameter word takes one cycle and does nothing here).
// A row takes 4 elements of 50 cycles (quant = q31) or 6 cycles (none); ready in its last cycle, in which its last
// part is written. An instruction is released, and done, in the cycle after its last row or its mark.
//
// Q31: h = (x * mult + 2^30) >> 31 with x = t << left, LSB first: the left shift delays the bits of t. The bit of x of weight
// 2^31 subtracts mult in two steps, the second of which is left out when it would overflow (the one saturating case). Then up to
// 7 shifts by 4 and 3 by 1; the bits that fall out decide the rounding (to nearest, ties away from zero).
`default_nettype none
module vec_serial (
    input  wire logic                                clk_i,
    input  wire logic                                rst_ni,
    input  wire millrace_pkg::vector_t                op_i,
    input  wire millrace_pkg::vset_t                  vset_i,
    // Items; see vector.
    input  wire logic                                row_i,
    input  wire logic                                mark_i,
    input  wire logic                                fault_i,
    input  wire logic                                end_i,     // last row
    input  wire logic [   millrace_pkg::SlotBits-1:0] slot_i,
    input  wire logic [ millrace_pkg::SpAddrBits-1:0] src_i,
    input  wire logic [ millrace_pkg::SpAddrBits-1:0] param_i,   // the word after the row's parameters
    input  wire logic [ millrace_pkg::SpAddrBits-1:0] addr_i,    // destination, or address of the fault
    output logic                                     ready_o,
    output logic                                     released_o,
    output logic                                     done_valid_o,
    output logic      [   millrace_pkg::SlotBits-1:0] done_slot_o,
    output logic      [                         3:0] done_fault_o,
    output logic      [                        31:0] done_addr_o,
    // Memories.
    output logic                                     sp_rd_valid_o,
    output logic      [ millrace_pkg::SpAddrBits-1:0] sp_rd_addr_o,
    input  wire logic [                        31:0] sp_rd_data_i,
    output logic                                     sp_wr_valid_o,
    output logic      [ millrace_pkg::SpAddrBits-1:0] sp_wr_addr_o,
    output logic      [                        31:0] sp_wr_data_o,
    output logic                                     acc_rd_valid_o,
    output logic      [millrace_pkg::AccAddrBits-1:0] acc_rd_addr_o,
    input  wire logic [                       127:0] acc_rd_data_i,
    output logic                                     acc_wr_valid_o,
    output logic      [millrace_pkg::AccAddrBits-1:0] acc_wr_addr_o,
    output logic      [                         3:0] acc_wr_quarter_o,
    output logic      [                       127:0] acc_wr_data_o
);
  localparam int SpW = millrace_pkg::SpAddrBits;
  localparam int AccW = millrace_pkg::AccAddrBits;
  if (millrace_pkg::Dim != 4 || millrace_pkg::Lanes != 1 || millrace_pkg::VecBinary != 0 || millrace_pkg::VecReduce != 0
      || millrace_pkg::VecPreshift != 0 || millrace_pkg::VecFp32 != 0) begin : g_check
    $error("vec_serial: Dim must be 4, Lanes 1, and no vector option set");
  end

  logic unused;
  assign unused = &{1'b0, op_i, vset_i};

  // Schedule of an element.
  localparam logic [5:0] ReadSrc = 6'd0;
  localparam logic [5:0] AddOffset = 6'd1;  // reads the bias
  localparam logic [5:0] AddSrc = 6'd2;     // reads the shift
  localparam logic [5:0] AddBias = 6'd3;    // reads the multiplier, which then stays on the port
  localparam logic [5:0] Start = 6'd4;
  localparam logic [5:0] LastBit = 6'd35;   // of 31
  localparam logic [5:0] Sign = 6'd36;
  localparam logic [5:0] Negate = 6'd37;
  localparam logic [5:0] LastFour = 6'd44;
  localparam logic [5:0] LastOne = 6'd47;
  localparam logic [5:0] Round = 6'd48;
  localparam logic [5:0] Write = 6'd49;

  logic [5:0] cnt_q, cnt_d;
  logic [1:0] lane_q;
  wire quant = op_i.quant == millrace_pkg::QuantQ31;
  wire to_sp = op_i.dst_kind == millrace_pkg::SpaceSp;
  wire scalar = op_i.src1_kind == millrace_pkg::SourceScalar;
  wire from_sp = op_i.src1_kind == millrace_pkg::SourceSp;
  wire from_acc = op_i.src1_kind == millrace_pkg::SourceAcc;
  wire channel = op_i.channel;
  wire write = cnt_q == Write;
  wire bits = cnt_q > Start && cnt_q <= LastBit;
  wire fours = cnt_q > Negate && cnt_q <= LastFour;
  wire ones = cnt_q > LastFour && cnt_q <= LastOne;

  always_comb begin
    cnt_d = cnt_q + 6'd1;
    if (cnt_q == AddBias && !quant) cnt_d = Round;
    if (write || !row_i) cnt_d = ReadSrc;
  end
  assign ready_o = !row_i || (write && lane_q == 2'd3);

  // Scratchpad reads: source, bias, shift, multiplier.
  logic [4:0] back;  // from the word after the parameters
  always_comb begin
    unique case (cnt_q[1:0])
      2'd1: back = {3'b101, lane_q} + 5'd3;     // -9 + lane
      2'd2: back = 5'b11111;                    // -1
      default: back = {3'b110, lane_q} + 5'd3;  // -5 + lane
    endcase
  end
  wire param_read = channel && cnt_q < Start && cnt_q != ReadSrc;
  assign sp_rd_valid_o  = row_i && (cnt_q == ReadSrc ? from_sp : param_read);
  assign sp_rd_addr_o   = cnt_q == ReadSrc ? src_i : param_i + {{(SpW - 5) {back[4]}}, back};
  assign acc_rd_valid_o = row_i && from_acc && cnt_q == ReadSrc;
  assign acc_rd_addr_o  = src_i[AccW-1:0];

  // Shift: towards zero as it is used up.
  logic [7:0] sp_byte [4];
  logic [7:0] shift_q;
  wire [7:0] lane_byte = sp_byte[lane_q];
  wire left = !shift_q[7] && shift_q != 8'd0;
  wire right_one = ones && shift_q[7];
  wire right_four = fours && shift_q[7] && shift_q[6:2] != 5'h1f || fours && shift_q == 8'hfc;
  for (genvar i = 0; i < 4; i++) begin : g_byte
    assign sp_byte[i] = sp_rd_data_i[i*8+:8];
  end
  always_ff @(posedge clk_i) begin
    if (cnt_q == Start) shift_q <= channel ? lane_byte : vset_i.scalar_shift;
    else if (bits && left) shift_q <= shift_q - 8'd1;
    else if (right_four) shift_q <= shift_q + 8'd4;
    else if (right_one) shift_q <= shift_q + 8'd1;
  end

  // The adder: hi + (addend ^ invert) + carry, 33 bits.
  logic [31:0] hi_q, t_q, acc_word [4];
  logic sign_q, guard_q, sticky_q, negative_q;  // sign_q: bit 32 of hi_q
  logic [31:0] source, addend;
  logic carry;
  wire x_bit = t_q[0] && !(bits && left);
  for (genvar i = 0; i < 4; i++) begin : g_acc
    assign acc_word[i] = acc_rd_data_i[i*32+:32];
  end
  always_comb begin
    source = vset_i.scalar1;
    if (from_acc) source = acc_word[lane_q];
    if (from_sp) source = {{24{lane_byte[7]}}, lane_byte};
    addend = '0;
    carry  = 1'b0;
    if (cnt_q == AddOffset && !scalar) addend = {{16{vset_i.offset1[15]}}, vset_i.offset1};
    if (cnt_q == AddSrc) addend = source;
    if (cnt_q == AddBias && channel) addend = sp_rd_data_i;
    if ((bits || cnt_q == Sign) && x_bit) addend = channel ? sp_rd_data_i : vset_i.scalar_mult;
    if (cnt_q == Sign && x_bit) addend = ~addend;
    if (cnt_q == Negate) carry = negative_q;
    if (cnt_q == Round) begin
      carry = guard_q && (!hi_q[31] || sticky_q);
      if (to_sp) addend = {{24{vset_i.zero_point[7]}}, vset_i.zero_point};
    end
  end
  wire [32:0] sum = {hi_q[31], hi_q} + {addend[31], addend} + 33'(carry);

  always_ff @(posedge clk_i) begin
    sign_q <= sum[32];
    if (cnt_q == ReadSrc) hi_q <= '0;
    else if (cnt_q == Start) hi_q <= 32'h4000_0000;
    else if (right_four) hi_q <= {{4{hi_q[31]}}, hi_q[31:4]};
    else if (bits || right_one) hi_q <= sum[32:1];
    else if (!(cnt_q == Negate && sum[32] != sum[31]) && !write) hi_q <= sum[31:0];
    if (cnt_q == Start) t_q <= hi_q;
    else if (bits && !left) t_q <= {1'b0, t_q[31:1]};
    if (cnt_q == Sign) negative_q <= x_bit;
    if (cnt_q < Negate) begin
      guard_q  <= 1'b0;
      sticky_q <= 1'b0;
    end else if (right_four || right_one) begin
      guard_q  <= right_four ? hi_q[3] : hi_q[0];
      sticky_q <= sticky_q || guard_q || (right_four && hi_q[2:0] != 3'd0);
    end
  end

  // Result: saturate the 33 bits to 8, clamp, collect four.
  logic [7:0] narrow, raised, result;
  logic [23:0] pack_q;
  always_comb begin
    narrow = hi_q[7:0];
    if (!sign_q && hi_q[31:7] != '0) narrow = 8'h7f;
    if (sign_q && hi_q[31:7] != '1) narrow = 8'h80;
    raised = $signed(narrow) < $signed(vset_i.clamp_lo) ? vset_i.clamp_lo : narrow;
    result = $signed(raised) > $signed(vset_i.clamp_hi) ? vset_i.clamp_hi : raised;
  end
  assign sp_wr_valid_o    = write && to_sp && lane_q == 2'd3;
  assign sp_wr_addr_o     = addr_i;
  assign sp_wr_data_o     = {result, pack_q};
  assign acc_wr_valid_o   = write && !to_sp;
  assign acc_wr_addr_o    = addr_i[AccW-1:0];
  assign acc_wr_quarter_o = 4'b0001 << lane_q;
  assign acc_wr_data_o    = {4{hi_q}};

  assign released_o   = done_valid_o;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cnt_q        <= ReadSrc;
      lane_q       <= '0;
      done_valid_o <= 1'b0;
    end else begin
      cnt_q        <= cnt_d;
      done_valid_o <= mark_i || (row_i && ready_o && end_i);
      if (write) lane_q <= lane_q + 1'b1;
    end
    if (write) pack_q <= {result, pack_q[23:8]};
    done_slot_o  <= slot_i;
    done_fault_o <= (mark_i && fault_i) ? millrace_pkg::FaultBank : millrace_pkg::FaultNone;
    done_addr_o  <= 32'(addr_i);
  end
endmodule
`default_nettype wire
