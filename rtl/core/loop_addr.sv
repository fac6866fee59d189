// SPDX-License-Identifier: Apache-2.0
// Address of the current iteration of N nested loops: base + sum of index * stride, modulo 2**AddrW.
// `advance_i` comes from loop_nest. The new address is there in the cycle after `load_i` or `step_i`. One
// adder in all: each loop keeps the address at which its current iteration starts, and the loop that
// advances gives it to the loops below. Steps are at least two cycles apart: the outer loops copy the
// address in the cycle after it has changed.
`default_nettype none
module loop_addr #(
    parameter int N = 2,
    parameter int AddrW = 16
) (
    input  wire logic               clk_i,
    input  wire logic               load_i,
    input  wire logic               step_i,
    input  wire logic [      N-1:0] advance_i,
    input  wire logic [  AddrW-1:0] base_i,
    input  wire logic [N*AddrW-1:0] strides_i,  // may differ from step to step
    output logic      [  AddrW-1:0] addr_o
);
  logic [AddrW-1:0] start_q [N];  // [0] is the address
  logic [AddrW-1:0] from, stride, next;

  always_comb begin
    {from, stride} = '0;
    for (int i = 0; i < N; i++) begin
      if (advance_i[i]) begin
        from   = from | start_q[i];
        stride = stride | strides_i[i*AddrW+:AddrW];
      end
    end
    next = load_i ? base_i : from + stride;
  end

  always_ff @(posedge clk_i) begin
    if (load_i || (step_i && advance_i != '0)) start_q[0] <= next;
  end
  for (genvar i = 1; i < N; i++) begin : g_outer
    logic copy_q;
    always_ff @(posedge clk_i) begin
      copy_q <= load_i || (step_i && |(advance_i >> i));  // this loop or one around it advances
      if (copy_q) start_q[i] <= start_q[0];
    end
  end
  assign addr_o = start_q[0];
endmodule
`default_nettype wire
