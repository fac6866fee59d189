`default_nettype none
module mul_s8x2 (input wire logic clk_i, input wire logic signed [7:0] a0_i, b0_i, a1_i, b1_i, output logic signed [15:0] p0_o, p1_o);
  always_ff @(posedge clk_i) begin p0_o <= a0_i*b0_i; p1_o <= a1_i*b1_i; end
endmodule
`default_nettype wire
