// SPDX-License-Identifier: Apache-2.0
// Compares the synthesised iCE40 netlist of ram_1r1w (renamed ram_1r1w_netlist, 40 x Depth) with the generic module: writes
// every row, then seeded random reads and writes, never both of one row in one cycle. Output compared in every cycle.
`default_nettype none
module ram_1r1w_tb #(
    parameter int Depth = 256
);
  localparam int Width = 40;
  localparam int AddrW = $clog2(Depth);
  localparam int Cycles = 20000;
  logic clk = 1'b0;
  logic re = 1'b0;
  logic we = 1'b1;
  logic [AddrW-1:0] raddr = '0;
  logic [AddrW-1:0] waddr = '0;
  logic [Width-1:0] wdata;
  wire [Width-1:0] want, got;
  integer seed = 32'h5eed;
  integer reads = 0;

  ram_1r1w #(
      .Width(Width),
      .Depth(Depth)
  ) u_generic (
      .clk_i(clk), .re_i(re), .raddr_i(raddr), .rdata_o(want), .we_i(we), .waddr_i(waddr), .wdata_i(wdata));
  ram_1r1w_netlist u_netlist (
      .clk_i(clk), .re_i(re), .raddr_i(raddr), .rdata_o(got), .we_i(we), .waddr_i(waddr), .wdata_i(wdata));

  initial begin
    for (integer i = 0; i < Cycles; i = i + 1) begin
      wdata = {$random(seed), $random(seed)};
      if (i < Depth) {we, waddr} = {1'b1, i[AddrW-1:0]};
      else begin
        {re, we, raddr, waddr} = $random(seed);
        if (re && we && raddr == waddr) we = 1'b0;
      end
      if (re) reads = reads + 1;
      #1 clk = 1'b1;
      #1 {re, we, raddr, waddr} = {2'b00, ~raddr, ~waddr};
      if (reads > 0 && got !== want) begin
        $display("ram_1r1w: cycle %0d: netlist %h, generic %h", i, got, want);
        $fatal(1);
      end
      clk = 1'b0;
      #1;
    end
    $display("ram_1r1w: ok, %0d reads", reads);
    $finish;
  end
endmodule
`default_nettype wire
