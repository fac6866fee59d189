// SPDX-License-Identifier: Apache-2.0
// Unsigned 32 x 32 bit multiplier out of four 16 x 16 products, for any multiplier hardware. Latency 3, one
// product a cycle.
`default_nettype none
module mul_u32 (
    input  wire logic        clk_i,
    input  wire logic [31:0] a_i, b_i,
    output logic      [63:0] p_o
);
  logic [31:0] ll_q, lh_q, hl_q, hh_q;
  logic [63:0] outer_q;
  logic [32:0] inner_q;
  always_ff @(posedge clk_i) begin
    ll_q    <= {16'd0, a_i[15:0]} * {16'd0, b_i[15:0]};
    lh_q    <= {16'd0, a_i[15:0]} * {16'd0, b_i[31:16]};
    hl_q    <= {16'd0, a_i[31:16]} * {16'd0, b_i[15:0]};
    hh_q    <= {16'd0, a_i[31:16]} * {16'd0, b_i[31:16]};
    inner_q <= {1'b0, lh_q} + {1'b0, hl_q};
    outer_q <= {hh_q, ll_q};
    p_o     <= outer_q + {15'd0, inner_q, 16'd0};
  end
endmodule
`default_nettype wire
