// SPDX-License-Identifier: Apache-2.0
// Compares the synthesised iCE40 netlist of mul_s8x2 (renamed mul_s8x2_netlist) with the generic module: in every cycle, for
// all pairs of corner values on each half and for seeded random operands. Finishes with "ok" or stops at the first mismatch.
`default_nettype none
module mul_s8x2_tb;
  localparam int Corners = 9;
  localparam int Randoms = 20000;
  logic clk = 1'b0;
  logic signed [7:0] a0, b0, a1, b1;
  logic hold;
  wire signed [15:0] want0, want1, got0, got1;
  integer seed = 32'h5eed;
  integer checked = 0;

  mul_s8x2 u_generic (
      .clk_i(clk), .hold_i(hold), .a0_i(a0), .b0_i(b0), .a1_i(a1), .b1_i(b1), .p0_o(want0), .p1_o(want1));
  mul_s8x2_netlist u_netlist (
      .clk_i(clk), .hold_i(hold), .a0_i(a0), .b0_i(b0), .a1_i(a1), .b1_i(b1), .p0_o(got0), .p1_o(got1));

  function [7:0] corner(input integer i);
    case (i)
      0: corner = -8'sd128;
      1: corner = -8'sd127;
      2: corner = -8'sd1;
      3: corner = 8'sd0;
      4: corner = 8'sd1;
      5: corner = 8'sd2;
      6: corner = 8'sd127;
      7: corner = 8'h55;
      default: corner = 8'haa;
    endcase
  endfunction

  // b is loaded first, then a comes with another b on the port. The operands change right after the edge, so that a product
  // that is not registered, or a b that is not held, shows.
  logic signed [7:0] x0, y0, x1, y1;
  task step(input [31:0] operands);
    begin
      {x0, y0, x1, y1} = operands;
      {a0, b0, a1, b1} = {~operands[31:24], operands[23:16], ~operands[15:8], operands[7:0]};
      hold = 1'b0;
      #1 clk = 1'b1;
      #1 {a0, b0, a1, b1} = {operands[31:24], ~operands[23:16], operands[15:8], ~operands[7:0]};
      hold = 1'b1;
      clk = 1'b0;
      #1 clk = 1'b1;
      #1 clk = 1'b0;
      #1 clk = 1'b1;
      #1 {a0, a1} = ~{a0, a1};
      #1;
      if (got0 !== want0 || got1 !== want1 || want0 !== x0 * y0 || want1 !== x1 * y1) begin
        $display("mul_s8x2: %0d * %0d: netlist %0d, generic %0d; %0d * %0d: netlist %0d, generic %0d",
                 x0, y0, got0, want0, x1, y1, got1, want1);
        $fatal(1);
      end
      checked = checked + 1;
      clk = 1'b0;
    end
  endtask

  initial begin
    for (integer i = 0; i < Corners; i = i + 1) begin
      for (integer j = 0; j < Corners; j = j + 1) begin
        step({corner(i), corner(j), corner(j), corner(i)});
        step({corner(i), corner(j), corner(Corners - 1 - i), corner(j)});
      end
    end
    for (integer i = 0; i < Randoms; i = i + 1) step($random(seed));
    $display("mul_s8x2: ok, %0d operand pairs", 2 * checked);
    $finish;
  end
endmodule
`default_nettype wire
