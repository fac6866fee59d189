// SPDX-License-Identifier: Apache-2.0
// Two products of signed bytes by operands b that are held: b0_i and b1_i are taken at the end of a cycle without hold_i.
// Latency 1 cycle from a (and from the held b), throughput 1 a cycle, no reset. FPGA flows put a module of this name and
// these ports, built from the family's multiplier and its registers, in its place (fpga/ice40/mul_s8x2.sv).
`default_nettype none
module mul_s8x2 (
    input  wire logic               clk_i, hold_i,
    input  wire logic signed [ 7:0] a0_i, a1_i, b0_i, b1_i,
    output logic signed      [15:0] p0_o, p1_o
);
  logic signed [7:0] b0_q, b1_q;
  always_ff @(posedge clk_i) begin
    if (!hold_i) b0_q <= b0_i;
    if (!hold_i) b1_q <= b1_i;
    p0_o <= 16'(a0_i) * 16'(b0_q);
    p1_o <= 16'(a1_i) * 16'(b1_q);
  end
endmodule
`default_nettype wire
