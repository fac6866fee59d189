// SPDX-License-Identifier: Apache-2.0
// Reset after configuration: active until the clock has been good for 15 cycles, and again when it is lost. Relies on
// flip-flops that start at 0, as those of every family here do.
`default_nettype none
module power_on (
    input  wire logic clk_i, good_i,
    output logic      rst_no
);
  logic [1:0] good_q = '0;
  logic [3:0] count_q = '0;
  assign rst_no = &count_q;
  always_ff @(posedge clk_i) begin
    good_q <= {good_q[0], good_i};
    if (!good_q[1]) count_q <= '0;
    else if (!rst_no) count_q <= count_q + 1'b1;
  end
endmodule
`default_nettype wire
