// SPDX-License-Identifier: Apache-2.0
// fpga/soc/spram for the iCE40 UP5K: two or four SPRAMs of 16 K x 16.
`default_nettype none
module spram #(
    parameter int AddrW = 15  // 14 or 15
) (
    input  wire logic             clk_i,
    input  wire logic             we_i,
    input  wire logic [AddrW-1:0] addr_i,
    input  wire logic [     31:0] wdata_i,
    output logic      [     31:0] rdata_o
);
  localparam int Banks = 1 << (AddrW - 14);
  if (AddrW < 14 || AddrW > 15) $error("spram: two or four SPRAMs");
  wire [31:0] rdata [Banks];

  for (genvar b = 0; b < Banks; b++) begin : g_bank
    for (genvar h = 0; h < 2; h++) begin : g_half
      SB_SPRAM256KA u_ram (
          .ADDRESS   (addr_i[13:0]),
          .DATAIN    (wdata_i[h*16+:16]),
          .MASKWREN  (4'hf),
          .WREN      (we_i),
          .CHIPSELECT(Banks == 1 || addr_i[AddrW-1] == 1'(b)),
          .CLOCK     (clk_i),
          .STANDBY   (1'b0),
          .SLEEP     (1'b0),
          .POWEROFF  (1'b1),
          .DATAOUT   (rdata[b][h*16+:16])
      );
    end
  end
  if (Banks == 1) begin : g_one
    assign rdata_o = rdata[0];
  end else begin : g_two
    logic upper_q;
    always_ff @(posedge clk_i) upper_q <= addr_i[AddrW-1];
    assign rdata_o = rdata[upper_q];
  end
endmodule
`default_nettype wire
