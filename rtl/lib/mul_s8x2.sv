// SPDX-License-Identifier: Apache-2.0
// Two products of signed bytes. Latency 1 cycle, throughput 1 a cycle, no reset. FPGA flows put a module of this name and
// these ports, built from the family's multiplier, in its place (fpga/ice40/mul_s8x2.sv).
`default_nettype none
module mul_s8x2 (
    input  wire logic               clk_i,
    input  wire logic signed [ 7:0] a0_i,
    input  wire logic signed [ 7:0] b0_i,
    input  wire logic signed [ 7:0] a1_i,
    input  wire logic signed [ 7:0] b1_i,
    output logic signed      [15:0] p0_o,
    output logic signed      [15:0] p1_o
);
  always_ff @(posedge clk_i) begin
    p0_o <= 16'(a0_i) * 16'(b0_i);
    p1_o <= 16'(a1_i) * 16'(b1_i);
  end
endmodule
`default_nettype wire
