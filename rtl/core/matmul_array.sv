// SPDX-License-Identifier: Apache-2.0
// Dot-product array: Dim columns, each Dim multipliers and a registered adder tree, and one accumulating adder a column.
// B is double-buffered: words go one at a time into the shadow registers (a column of B, or with transpose a row), `swap_i`
// moves them into the multipliers, active from the next cycle on. Latency: products are registered at the end of A's cycle,
// sums log2(Dim) cycles later, d_data_o one more; d_data_i, 0 to overwrite, belongs to the sum.
`default_nettype none
module matmul_array (
    input  wire logic                                clk_i,
    input  wire logic                                b_valid_i, b_transpose_i,
    input  wire logic [   millrace_pkg::DimLog2-1:0] b_index_i,
    input  wire logic [  millrace_pkg::WordBits-1:0] a_data_i, b_data_i,
    input  wire logic                                swap_i,
    input  wire logic [4*millrace_pkg::WordBits-1:0] d_data_i,
    output logic      [4*millrace_pkg::WordBits-1:0] d_data_o
);
  localparam int Dim = millrace_pkg::Dim;
  localparam int Levels = millrace_pkg::DimLog2;
  localparam int SumW = 16 + Levels;

  for (genvar n = 0; n < Dim; n++) begin : g_col
    logic [7:0] shadow_q [Dim];
    logic signed [SumW-1:0] leaf [Dim];
    logic signed [SumW-1:0] node_q [Levels][Dim/2];  // node_q[l][i]: sum of leaves [i, i+1) * 2^(l+1)
    logic [31:0] d_q;

    always_ff @(posedge clk_i) begin
      if (b_valid_i) begin
        if (millrace_pkg::TransposeB != 0 && b_transpose_i) shadow_q[b_index_i] <= b_data_i[n*8+:8];
        else if (b_index_i == Levels'(n)) for (int k = 0; k < Dim; k++) shadow_q[k] <= b_data_i[k*8+:8];
      end
    end

    for (genvar k = 0; k < Dim; k += 2) begin : g_mul
      logic signed [15:0] p0, p1;
      mul_s8x2 u_mul (
          .clk_i, .hold_i(!swap_i),
          .a0_i(a_data_i[k*8+:8]), .b0_i(shadow_q[k]), .p0_o(p0),
          .a1_i(a_data_i[k*8+8+:8]), .b1_i(shadow_q[k+1]), .p1_o(p1)
      );
      assign leaf[k]   = SumW'(p0);
      assign leaf[k+1] = SumW'(p1);
    end

    always_ff @(posedge clk_i) begin
      for (int i = 0; i < Dim / 2; i++) node_q[0][i] <= leaf[2*i] + leaf[2*i+1];
      for (int l = 1; l < Levels; l++) begin
        for (int i = 0; i < (Dim >> (l + 1)); i++) node_q[l][i] <= node_q[l-1][2*i] + node_q[l-1][2*i+1];
      end
      d_q <= 32'(node_q[Levels-1][0]) + d_data_i[n*32+:32];
    end
    assign d_data_o[n*32+:32] = d_q;
  end

  wire unused_transpose = b_transpose_i;
endmodule
`default_nettype wire
