// SPDX-License-Identifier: Apache-2.0
// rtl/lib/ram_1r1w for iCE40: block RAMs of 256 x 16. Instantiated, because yosys otherwise builds a bypass of flip-flops and
// multiplexers (about 5 logic cells for every 2 bits) to give reads of the row being written the value that nobody may use.
`default_nettype none
module ram_1r1w #(
    parameter int Width = 8,
    parameter int Depth = 256
) (
    input  wire logic                     clk_i,
    input  wire logic                     re_i,
    input  wire logic [$clog2(Depth)-1:0] raddr_i,
    output logic      [        Width-1:0] rdata_o,
    input  wire logic                     we_i,
    input  wire logic [$clog2(Depth)-1:0] waddr_i,
    input  wire logic [        Width-1:0] wdata_i
);
  localparam int Slices = (Width + 15) / 16;
  if (Depth > 256) $error("one block RAM deep at most");
  wire [16*Slices-1:0] rdata;
  wire [16*Slices-1:0] wdata = (16 * Slices)'(wdata_i);
  assign rdata_o = rdata[Width-1:0];

  for (genvar s = 0; s < Slices; s++) begin : g_slice
    SB_RAM40_4K #(
        .READ_MODE (0),
        .WRITE_MODE(0)
    ) u_ram (
        .RCLK (clk_i),
        .RCLKE(1'b1),
        .RE   (re_i),
        .RADDR(11'(raddr_i)),
        .RDATA(rdata[16*s+:16]),
        .WCLK (clk_i),
        .WCLKE(1'b1),
        .WE   (we_i),
        .WADDR(11'(waddr_i)),
        .WDATA(wdata[16*s+:16]),
        .MASK (16'd0)
    );
  end
endmodule
`default_nettype wire
