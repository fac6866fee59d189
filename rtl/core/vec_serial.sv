// SPDX-License-Identifier: Apache-2.0
// Vector datapath of the smallest machine (Dim = 4, one lane): one adder does convert, bias, multiplication
// and rounding. Per-channel parameters are not kept but read again for every element; the checks were made
// by the control (an item that is a parameter word takes one cycle and does nothing here). A row takes 4
// elements of 53 cycles (quant = q31) or 7 cycles (none); ready in its last cycle, in which its last part
// is written. An instruction is released, and done, in the cycle after its last row or its mark.
//
// Q31: h = (x * mult + 2^30) >> 31 with x = t << left, LSB first: the left shift delays the bits of t. The
// bit of x of weight 2^31 subtracts mult in two steps, ~mult and 1; if that overflows (the one saturating
// case), 1 is subtracted again. Then up to 7 shifts by 4 and 3 by 1; the bits that fall out decide the
// rounding (to nearest, ties away from zero).
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
    input  wire logic [ millrace_pkg::SpAddrBits-1:0] param_i,   // parameter word named by param_idx_o
    input  wire logic [ millrace_pkg::SpAddrBits-1:0] dst_i,
    input  wire logic [ millrace_pkg::SpAddrBits-1:0] fault_addr_i,
    output logic      [                         3:0] param_idx_o,  // 9 when the row is ready
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
    output logic      [                         1:0] acc_rd_quarter_o,
    input  wire logic [                       127:0] acc_rd_data_i,  // the quarter, in all places; 0 if not read
    output logic                                     acc_wr_valid_o,
    output logic      [millrace_pkg::AccAddrBits-1:0] acc_wr_addr_o,
    output logic      [                         3:0] acc_wr_quarter_o,
    output logic      [                       127:0] acc_wr_data_o
);
  localparam int AccW = millrace_pkg::AccAddrBits;

  logic unused;
  assign unused = &{1'b0, op_i, vset_i, acc_rd_data_i};

  // Schedule of an element; the codes make it count up, with one jump (none: two) and few decoding gates.
  localparam logic [5:0] ReadSrc = 6'd27;
  localparam logic [5:0] AddOffset = 6'd28;  // reads the bias
  localparam logic [5:0] AddSrc = 6'd29;     // reads the shift
  // 30: add bias; reads the multiplier, which then stays on the port
  // 31: start; then 32 bits of t are taken, each used a cycle later
  localparam logic [5:0] LastBit = 6'd63;    // takes bit 31, uses bit 30; then back to 0
  localparam logic [5:0] Sign = 6'd0;        // uses bit 31
  localparam logic [5:0] Negate = 6'd1;
  localparam logic [5:0] Saturate = 6'd2;    // then 7 shifts by 4, 3 by 1
  localparam logic [5:0] LastFour = 6'd9;
  localparam logic [5:0] LastOne = 6'd12;
  localparam logic [5:0] Round = 6'd13;
  localparam logic [5:0] Clamp = 6'd14;
  // 15: write

  logic [5:0] cnt_q, cnt_d;
  logic [1:0] lane_q;
  wire quant = op_i.quant == millrace_pkg::QuantQ31;
  wire to_sp = op_i.dst_kind == millrace_pkg::SpaceSp;
  wire scalar = op_i.src1_kind == millrace_pkg::SourceScalar;
  wire from_sp = op_i.src1_kind == millrace_pkg::SourceSp;
  wire from_acc = op_i.src1_kind == millrace_pkg::SourceAcc;
  wire channel = op_i.channel;
  wire multiply = cnt_q[5];
  wire fours = cnt_q[5:4] == 2'd0 && cnt_q[3:0] > Saturate[3:0] && cnt_q[3:0] <= LastFour[3:0];
  wire ones = cnt_q[5:4] == 2'd0 && cnt_q[3:0] > LastFour[3:0] && cnt_q[3:0] <= LastOne[3:0];
  logic add_offset_q, add_src_q, add_bias_q, start_q, write_q;  // in these cycles

  always_comb begin
    cnt_d = cnt_q + 6'd1;
    if (add_bias_q && !quant) cnt_d = Round;
    if (write_q || !row_i) cnt_d = ReadSrc;
  end
  assign ready_o = !row_i || (write_q && lane_q == 2'd3);

  // Scratchpad reads: source, bias, shift, multiplier.
  always_comb begin
    unique case (cnt_q[1:0])
      AddOffset[1:0]: param_idx_o = {2'd0, lane_q};
      AddSrc[1:0]: param_idx_o = 4'd8;
      default: param_idx_o = write_q ? 4'd9 : {2'd1, lane_q};
    endcase
  end
  wire param_read = channel && (add_offset_q || add_src_q || add_bias_q);
  wire read_src = cnt_q == ReadSrc;
  wire src_read = row_i && read_src;
  assign sp_rd_valid_o  = (src_read && from_sp) || param_read;
  assign sp_rd_addr_o   = cnt_q[2] ? param_i : src_i;
  assign acc_rd_valid_o = src_read && from_acc;
  assign acc_rd_addr_o  = src_i[AccW-1:0];
  assign acc_rd_quarter_o = lane_q;

  // Shift: towards zero as it is used up.
  logic [7:0] sp_byte [4];
  logic [7:0] shift_q;
  wire [7:0] lane_byte = sp_byte[lane_q];
  wire left = !shift_q[7] && shift_q != 8'd0;
  wire right_one = ones && shift_q[7];
  wire right_four = fours && shift_q[7] && (shift_q[6:2] != 5'h1f || shift_q[1:0] == 2'd0);
  for (genvar i = 0; i < 4; i++) begin : g_byte
    assign sp_byte[i] = sp_rd_data_i[i*8+:8];
  end
  always_ff @(posedge clk_i) begin
    if (start_q) shift_q <= channel ? lane_byte : vset_i.scalar_shift;
    else if ((multiply && left) || right_four || right_one)  // -1, +4 or +1
      shift_q <= shift_q + {{5{multiply}}, multiply || right_four, multiply, !right_four};
  end

  // The adder: hi (or hi / 2) + addend + carry, 33 bits. The addend is an AND-OR of what the cycle adds,
  // inverted to subtract. `keep` holds the terms at what fits a 4-input table; left alone, technology
  // mapping spends two tables a bit more.
  logic [31:0] hi_q, t_q;
  logic sign_q, guard_q, sticky_q;  // sign_q: bit 32 of hi_q
  logic use_bit_q, x_q, negative_q;  // a bit of x is in use; its value; its last value
  wire subtract = (cnt_q == Sign && x_q) || (cnt_q == Saturate && sign_q != hi_q[31]);
  wire use_offset = add_offset_q && !scalar;
  wire use_scalar = add_src_q && scalar;
  wire use_byte = add_src_q && from_sp;
  wire use_port = channel && (x_q || add_bias_q);
  wire use_mult = !channel && x_q;
  wire use_zero = cnt_q == Round && to_sp;
  wire extend = (use_byte && lane_byte[7]) || (use_zero && vset_i.zero_point[7]);
  wire [7:0] low = ({8{use_byte}} & lane_byte) | ({8{use_zero}} & vset_i.zero_point);
  wire [31:0] narrow_term = {{24{extend}}, low}
                          | ({32{use_offset}} & {{16{vset_i.offset1[15]}}, vset_i.offset1});
  (* keep *) wire [31:0] port_term = ({32{use_port}} & sp_rd_data_i) | ({32{use_mult}} & vset_i.scalar_mult);
  (* keep *) wire [31:0] wide_term = acc_rd_data_i[31:0] | ({32{use_scalar}} & vset_i.scalar1);
  wire [31:0] addend = (port_term | wide_term | narrow_term) ^ {32{subtract}};
  wire carry = cnt_q == LastBit || (cnt_q == Negate && negative_q)
            || (cnt_q == Round && guard_q && (!hi_q[31] || sticky_q));
  wire [32:0] augend = (use_bit_q || right_one) ? {{2{sign_q}}, hi_q[31:1]} : {hi_q[31], hi_q};
  wire [32:0] sum = augend + {addend[31], addend} + 33'(carry);

  always_ff @(posedge clk_i) begin
    sign_q <= sum[32];
    if (read_src || start_q) hi_q <= '0;
    else if (right_four) hi_q <= {{4{hi_q[31]}}, hi_q[31:4]};
    else hi_q <= sum[31:0];
    if (start_q) t_q <= hi_q;
    else if (multiply && !left) t_q <= {1'b0, t_q[31:1]};
    x_q        <= multiply && t_q[0] && (!left || cnt_q == LastBit);
    use_bit_q  <= multiply;
    negative_q <= x_q;
    if (cnt_q[5:4] != 2'd0) begin
      {guard_q, sticky_q} <= '0;
    end else if (right_four || right_one) begin
      guard_q  <= right_four ? hi_q[3] : hi_q[0];
      sticky_q <= sticky_q || guard_q || (right_four && hi_q[2:0] != 3'd0);
    end
  end

  // Result: saturate the 33 bits to 8, clamp, collect four.
  function less(input [7:0] a, input [7:0] b);  // signed; gates rather than a carry chain
    less = 1'b0;
    for (int i = 0; i < 7; i++) less = (a[i] == b[i]) ? less : b[i];
    less = (a[7] == b[7]) ? less : a[7];
  endfunction
  logic [7:0] narrow, raised_q, result;
  logic [23:0] pack_q;
  wire outside = (hi_q[31:7] ^ {25{sign_q}}) != '0;
  always_comb begin
    narrow = outside ? {sign_q, {7{!sign_q}}} : hi_q[7:0];
    result = less(vset_i.clamp_hi, raised_q) ? vset_i.clamp_hi : raised_q;
  end
  always_ff @(posedge clk_i) raised_q <= less(narrow, vset_i.clamp_lo) ? vset_i.clamp_lo : narrow;
  assign sp_wr_valid_o    = write_q && to_sp && lane_q == 2'd3;
  assign sp_wr_addr_o     = dst_i;
  assign sp_wr_data_o     = {result, pack_q};
  assign acc_wr_valid_o   = write_q && !to_sp;
  assign acc_wr_addr_o    = dst_i[AccW-1:0];
  assign acc_wr_quarter_o = 4'b0001 << lane_q;
  assign acc_wr_data_o    = {4{hi_q}};

  assign released_o   = done_valid_o;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cnt_q <= ReadSrc;
      {lane_q, add_offset_q, add_src_q, add_bias_q, start_q, write_q, done_valid_o} <= '0;
    end else begin
      cnt_q        <= cnt_d;
      add_offset_q <= src_read;
      add_src_q    <= add_offset_q;
      add_bias_q   <= add_src_q;
      start_q      <= add_bias_q && quant;
      write_q      <= cnt_q == Clamp;
      done_valid_o <= mark_i || (row_i && ready_o && end_i);
      if (write_q) lane_q <= lane_q + 1'b1;
    end
    if (write_q) pack_q <= {result, pack_q[23:8]};
    done_slot_o  <= slot_i;
    done_fault_o <= (mark_i && fault_i) ? millrace_pkg::FaultBank : millrace_pkg::FaultNone;
    done_addr_o  <= 32'(fault_addr_i);
  end
endmodule
`default_nettype wire
