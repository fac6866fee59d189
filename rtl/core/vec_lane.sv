// SPDX-License-Identifier: Apache-2.0
// One lane of the pipelined vector unit up to the reduction: convert, binary operation, reduce. Latency 4:
// sources in cycle 0, `r_o` in cycle 4. Elements of `Slices` rows' slices may be interleaved; `slice_i` and
// `first_i` belong to the element in cycle 3, `out_slice_i` to the one in cycle 4. The other inputs do not
// change while an element is inside.
`default_nettype none
module vec_lane #(
    parameter int SliceW = 1
) (
    input  wire logic               clk_i,
    input  wire logic [31:0]        src1_i,
    input  wire logic [31:0]        src2_i,
    input  wire logic [15:0]        offset1_i,
    input  wire logic [15:0]        offset2_i,
    input  wire logic [ 4:0]        shift1_i,
    input  wire logic [ 4:0]        shift2_i,
    input  wire logic [ 2:0]        op_i,
    input  wire logic [ 1:0]        reduce_i,
    input  wire logic               first_i,
    input  wire logic [SliceW-1:0]  slice_i,
    input  wire logic [SliceW-1:0]  out_slice_i,
    output logic      [31:0]        r_o
);
  localparam int Slices = millrace_pkg::Slices;
  logic unused;
  assign unused = &{1'b0, slice_i, out_slice_i, src2_i, offset2_i, shift1_i, shift2_i, op_i, reduce_i, first_i};

  logic [31:0] x1_q, a_q, v;
  always_ff @(posedge clk_i) begin
    x1_q <= src1_i;
    a_q  <= (x1_q + {{16{offset1_i[15]}}, offset1_i}) << ((millrace_pkg::VecPreshift != 0) ? shift1_i : 5'd0);
  end

  if (millrace_pkg::VecBinary != 0) begin : g_binary
    logic [31:0] x2_q, b_q, alu_q;
    logic signed [31:0] product_q;
    wire signed [31:0] a16 = $signed({{16{a_q[15]}}, a_q[15:0]});
    wire signed [31:0] b16 = $signed({{16{b_q[15]}}, b_q[15:0]});
    wire less = $signed(a_q) < $signed(b_q);
    logic [31:0] alu;
    always_comb begin
      unique case (op_i)
        millrace_pkg::BinaryAdd: alu = a_q + b_q;
        millrace_pkg::BinarySub: alu = a_q - b_q;
        millrace_pkg::BinaryMax: alu = less ? b_q : a_q;
        millrace_pkg::BinaryMin: alu = less ? a_q : b_q;
        default: alu = a_q;
      endcase
    end
    always_ff @(posedge clk_i) begin
      x2_q      <= src2_i;
      b_q       <= (x2_q + {{16{offset2_i[15]}}, offset2_i}) << ((millrace_pkg::VecPreshift != 0) ? shift2_i : 5'd0);
      alu_q     <= alu;
      product_q <= a16 * b16;
    end
    assign v = (op_i == millrace_pkg::BinaryMul) ? product_q : alu_q;
  end else begin : g_unary
    logic [31:0] v_q;
    always_ff @(posedge clk_i) v_q <= a_q;
    assign v = v_q;
  end

  if (millrace_pkg::VecReduce != 0) begin : g_reduce
    logic [31:0] r_q [Slices];
    logic [31:0] r, reduced;
    assign r = r_q[slice_i];
    wire less = $signed(r) < $signed(v);
    always_comb begin
      unique case (reduce_i)
        millrace_pkg::ReduceSum: reduced = r + v;
        millrace_pkg::ReduceMax: reduced = less ? v : r;
        millrace_pkg::ReduceMin: reduced = less ? r : v;
        default: reduced = v;
      endcase
    end
    always_ff @(posedge clk_i) r_q[slice_i] <= first_i ? v : reduced;
    assign r_o = r_q[out_slice_i];
  end else begin : g_no_reduce
    logic [31:0] r_q;
    always_ff @(posedge clk_i) r_q <= v;
    assign r_o = r_q;
  end
endmodule
`default_nettype wire
