// SPDX-License-Identifier: Apache-2.0
// Counters of N nested loops, loop 0 innermost. `counts_i` (iterations - 1) must be stable from `load_i` to
// the last step. `advance_o` names, one-hot, the loop that the next step advances (all below it start
// again); none in the last iteration. One step a cycle; the counters run down to 0, and that they are there is a register.
// See loop_addr for the addresses.
`default_nettype none
module loop_nest #(
    parameter int N = 2,
    parameter int CountW = 8
) (
    input  wire logic                clk_i,
    input  wire logic                load_i,    // before the first iteration
    input  wire logic                step_i,
    input  wire logic [N*CountW-1:0] counts_i,
    output logic      [       N-1:0] end_o,     // loop i is in its last iteration
    output logic                     last_o,    // all are
    output logic      [       N-1:0] advance_o
);
  logic [CountW-1:0] left_q [N];

  logic [N-1:0] restart, end_q;
  logic below_end;  // all loops below i are in their last iteration

  always_comb begin
    below_end = 1'b1;
    for (int i = 0; i < N; i++) begin
      advance_o[i] = below_end && !end_q[i];
      restart[i]   = below_end && end_q[i];
      below_end    = restart[i];
    end
    last_o = below_end;
  end
  assign end_o = end_q;

  for (genvar i = 0; i < N; i++) begin : g_loop
    wire [CountW-1:0] count = counts_i[i*CountW+:CountW];
    always_ff @(posedge clk_i) begin
      if (load_i || (step_i && restart[i])) begin
        left_q[i] <= count;
        end_q[i]  <= count == '0;
      end else if (step_i && advance_o[i]) begin
        left_q[i] <= left_q[i] - 1'b1;
        end_q[i]  <= left_q[i] == CountW'(1);
      end
    end
  end

`ifdef FORMAL
  always_comb begin
    for (int i = 0; i < N; i++) if (step_i) assert (end_q[i] == (left_q[i] == '0));
    assert ((advance_o & (advance_o - 1'b1)) == '0);
    assert (last_o == (advance_o == '0));
  end
`endif
endmodule
`default_nettype wire
