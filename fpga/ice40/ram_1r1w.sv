// SPDX-License-Identifier: Apache-2.0
// rtl/lib/ram_1r1w for iCE40: block RAMs of 256 x 16 or 512 x 8. Instantiated, because yosys otherwise builds a bypass of
// flip-flops and multiplexers (about 5 logic cells for every 2 bits) to give reads of the row being written the value that
// nobody may use.
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
  localparam int Mode = (Depth > 256) ? 1 : 0;
  localparam int Bits = 16 >> Mode;  // of a block RAM; bit b of 8 is on pin 2b
  localparam int Slices = (Width + Bits - 1) / Bits;
  if (Depth > 512) $error("one block RAM deep at most");
  wire [Bits*Slices-1:0] rdata;
  wire [Bits*Slices-1:0] wdata = (Bits * Slices)'(wdata_i);
  assign rdata_o = rdata[Width-1:0];

  for (genvar s = 0; s < Slices; s++) begin : g_slice
    wire [15:0] rpins;
    logic [15:0] wpins;
    for (genvar b = 0; b < Bits; b++) begin : g_bit
      assign rdata[Bits*s+b] = rpins[b<<Mode];
    end
    always_comb begin
      wpins = '0;
      for (int b = 0; b < Bits; b++) wpins[b<<Mode] = wdata[Bits*s+b];
    end
    SB_RAM40_4K #(
        .READ_MODE (Mode),
        .WRITE_MODE(Mode)
    ) u_ram (
        .RCLK (clk_i),
        .RCLKE(1'b1),
        .RE   (re_i),
        .RADDR(11'(raddr_i)),
        .RDATA(rpins),
        .WCLK (clk_i),
        .WCLKE(1'b1),
        .WE   (we_i),
        .WADDR(11'(waddr_i)),
        .WDATA(wpins),
        .MASK (16'd0)
    );
  end
endmodule
`default_nettype wire
