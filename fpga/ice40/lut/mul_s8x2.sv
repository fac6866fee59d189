// SPDX-License-Identifier: Apache-2.0
// rtl/lib/mul_s8x2 for devices without multipliers, in about half the LUTs that Yosys makes of `*`. The held operand becomes
// digits of -1, 0, 1 or 2 times a power of 4 while it is loaded, so that every partial product bit is one LUT of two digit bits
// and two bits of a. A negative one is the complement and 1 more, which is the carry into the adder where its weight is.
`default_nettype none
module mul_s8x2 (
    input  wire logic               clk_i, hold_i,
    input  wire logic signed [ 7:0] a0_i, a1_i, b0_i, b1_i,
    output logic signed      [15:0] p0_o, p1_o
);
  for (genvar m = 0; m < 2; m++) begin : g_mul
    wire [7:0] b = m == 0 ? b0_i : b1_i;
    wire signed [7:0] a = m == 0 ? a0_i : a1_i;

    // ---- Digits: code 3 is -1; the last one, of 3 bits, is signed, -2 to 2.
    logic [8:0] code, code_q;
    logic carry;
    logic [2:0] value;
    always_comb begin
      carry = 1'b0;
      code  = '0;
      for (int k = 0; k < 3; k++) begin
        value        = {1'b0, b[2*k+:2]} + {2'd0, carry};
        code[2*k+:2] = value[1:0];
        carry        = value >= 3'd3;
      end
      code[8:6] = {b[7], b[7:6]} + {2'd0, carry};
    end
    always_ff @(posedge clk_i) if (!hold_i) code_q <= code;

    // ---- Partial products.
    logic [9:0] part [4];
    wire [9:0] once = {{2{a[7]}}, a};
    wire [9:0] twice = {a[7], a, 1'b0};
    always_comb begin
      for (int k = 0; k < 3; k++) begin
        unique case (code_q[2*k+:2])
          2'd0: part[k] = '0;
          2'd1: part[k] = once;
          2'd2: part[k] = twice;
          default: part[k] = ~once;
        endcase
      end
      unique case (code_q[8:6])
        3'd1: part[3] = once;
        3'd2: part[3] = twice;
        3'd6: part[3] = ~twice;
        3'd7: part[3] = ~once;
        default: part[3] = '0;
      endcase
    end
    wire negative0 = &code_q[1:0];
    wire negative1 = &code_q[3:2];
    wire negative2 = &code_q[5:4];
    wire negative3 = code_q[8];

    // ---- Sums; each adder has a bit below for its carry in. None overflows.
    wire [10:0] exact = {part[0], 1'b1} + {10'd0, negative0};
    wire [9:0] low = exact[10:1];
    wire [10:0] sum0 = {{2{low[9]}}, low[9:2], 1'b1} + {part[1], negative1};
    wire [10:0] sum1 = {{2{part[2][9]}}, part[2][9:2], 1'b1} + {part[3], negative3};
    wire [12:0] sum2 = {{4{sum0[10]}}, sum0[10:3], 1'b1} + {sum1[10:1], part[2][1:0], negative2};
    wire signed [15:0] product = {sum2[12:1], sum0[2:1], low[1:0]};
  end
  always_ff @(posedge clk_i) begin
    p0_o <= g_mul[0].product;
    p1_o <= g_mul[1].product;
  end
endmodule
`default_nettype wire
