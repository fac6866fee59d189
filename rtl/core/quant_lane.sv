// SPDX-License-Identifier: Apache-2.0
// Pipelined requantiser of one lane: none, Q31 with double rounding, fp32 scale. All three are one path on
// sign and magnitude: shift left, round, multiply, round, shift right, round.
//   none  |t| * 2^31                 >> 31                       >> 0
//   q31   |t << left| * |mult|       >> 31, ties up              >> right, ties away from zero
//   fp32  t to 24 bits, ties to even; * 24-bit significand to 24 bits, ties to even; >> to the unit, ties to even
// Latency 11: `t_i` in cycle 0 gives `q_o` in cycle 11. `mode_i` and `shift_i` are taken in cycles 0 to 3,
// `mult_i` in cycle 3; `fp32_late_i` says in cycles 4 to 10 that the element in that stage is fp32. shift_i
// beyond [-31, 31] acts as -31 and 31.
`default_nettype none
module quant_lane (
    input  wire logic        clk_i,
    input  wire logic [31:0] t_i,
    input  wire logic [ 1:0] mode_i,
    input  wire logic [ 7:0] left_i, right_i,  // shift, in cycles 1 and 3
    input  wire logic [31:0] mult_i,           // cycle 3
    input  wire logic        fp32_late_i,
    output logic      [31:0] q_o
);
  wire q31 = mode_i == millrace_pkg::QuantQ31;
  wire fp32 = millrace_pkg::VecFp32 != 0 && mode_i == millrace_pkg::QuantFp32;
  wire late = millrace_pkg::VecFp32 != 0 && fp32_late_i;

  // Cycle 0: magnitude for the leading-zero count.
  logic [31:0] t1_q;
  logic neg1_q;
  always_ff @(posedge clk_i) begin
    t1_q   <= (fp32 && t_i[31]) ? -t_i : t_i;
    neg1_q <= t_i[31];
  end

  // Cycle 1: how far to the left.
  logic [31:0] t2_q;
  logic [4:0] left_q, zeros;
  logic neg2_q;
  always_comb begin
    zeros = 5'd31;
    for (int i = 1; i < 32; i++) if (t1_q[i]) zeros = 5'd31 - 5'(i);
  end
  always_ff @(posedge clk_i) begin
    t2_q   <= t1_q;
    neg2_q <= neg1_q;
    left_q <= fp32 ? zeros : '0;
    if (q31 && !left_i[7]) left_q <= (left_i[6:5] != 2'd0) ? 5'd31 : left_i[4:0];
  end

  // Cycle 2: shift left.
  logic [31:0] t3_q;
  logic [4:0] zeros3_q;
  logic neg3_q;
  always_ff @(posedge clk_i) begin
    t3_q     <= t2_q << left_q;
    zeros3_q <= left_q;
    neg3_q   <= neg2_q;
  end

  // Cycle 3: operands of the multiplier; fp32 rounds t to 24 bits (2^24 included). How far to the right:
  // fp32 counts from a product of 24 bits times 2^7, and fewer than 0 places mean that the result is too
  // large.
  logic [31:0] a_q, b_q, half_a;
  logic signed [9:0] right4_q;
  logic neg4_q, up_a;
  always_comb begin
    half_a = t3_q ^ {32{t3_q[31]}};
    up_a   = t3_q[31];
    if (fp32) begin
      half_a = {8'd0, t3_q[31:8]};
      up_a   = t3_q[7] && (t3_q[8] || t3_q[6:0] != '0);
    end
  end
  always_ff @(posedge clk_i) begin
    a_q      <= half_a + 32'(up_a);
    b_q      <= 32'h8000_0000;
    right4_q <= '0;
    neg4_q   <= t3_q[31];
    if (q31) begin
      b_q    <= mult_i[31] ? -mult_i : mult_i;
      neg4_q <= t3_q[31] ^ mult_i[31];
      if (right_i[7]) right4_q <= (right_i <= 8'he1) ? 10'sd31 : {5'd0, 5'd0 - right_i[4:0]};
    end
    if (fp32) begin
      b_q      <= {9'd1, mult_i[22:0]};  // exponent 0: the result is 0 in any case
      neg4_q   <= neg3_q ^ mult_i[31];
      right4_q <= 10'sd126 - $signed({2'd0, mult_i[30:23]}) + $signed({5'd0, zeros3_q});
    end
  end

  // Cycles 4 to 6: multiply.
  logic [63:0] product;
  logic unused;
  assign unused = product[63];
  logic signed [9:0] right5_q, right6_q, right7_q;
  logic [5:0] neg_q;  // [k]: in cycle 5 + k
  mul_u32 u_mul (.clk_i, .a_i(a_q), .b_i(b_q), .p_o(product));
  always_ff @(posedge clk_i) begin
    right5_q <= right4_q;
    right6_q <= right5_q;
    right7_q <= right6_q;
    neg_q    <= {neg_q[4:0], neg4_q};
  end

  // Cycle 7: the part that stays and its rounding.
  logic [31:0] part8_q;
  logic up8_q;
  logic signed [9:0] right8_q;
  logic huge8_q;
  always_ff @(posedge clk_i) begin
    part8_q  <= product[62:31];
    up8_q    <= product[30] && (!neg_q[2] || product[29:0] != '0);
    right8_q <= right7_q;
    huge8_q  <= 1'b0;
    if (late) begin
      part8_q <= {8'd0, product[47] ? product[47:24] : product[46:23]};
      if (product[47]) up8_q <= product[23] && (product[24] || product[22:0] != '0);
      else up8_q <= product[22] && (product[23] || product[21:0] != '0);
      right8_q <= right7_q - $signed({9'd0, product[47]});
      huge8_q  <= product[47:46] != 2'd0 && right7_q < $signed({9'd0, product[47]});
    end
  end

  // Cycle 8: round.
  logic [31:0] mag9_q;
  wire [31:0] rounded = part8_q + 32'(up8_q);
  logic [4:0] right9_q;
  logic huge9_q, tiny9_q;
  always_ff @(posedge clk_i) begin
    mag9_q   <= late ? rounded << 7 : rounded;
    right9_q <= right8_q[4:0];
    huge9_q  <= huge8_q;
    tiny9_q  <= right8_q > 10'sd31;
  end

  // Cycle 9: shift right.
  logic [31:0] mag10_q;
  logic up10_q, huge10_q;
  wire [32:0] wide = {mag9_q, 1'b0} >> right9_q;  // with the first bit that falls out
  wire rest = (mag9_q & ~(32'hffff_ffff << right9_q) & ~((32'd1 << right9_q) >> 1)) != '0;
  always_ff @(posedge clk_i) begin
    mag10_q  <= wide[32:1];
    up10_q   <= wide[0] && (!late || wide[1] || rest);
    huge10_q <= huge9_q;
    if (tiny9_q) {mag10_q, up10_q} <= '0;
  end

  // Cycle 10: round, sign, saturate.
  wire neg = neg_q[5];
  always_ff @(posedge clk_i) begin
    q_o <= (mag10_q ^ {32{neg}}) + {31'd0, up10_q ^ neg};
    if (huge10_q || mag10_q[31]) q_o <= {neg, {31{~neg}}};
  end
endmodule
`default_nettype wire
