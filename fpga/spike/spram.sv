// SPDX-License-Identifier: Apache-2.0
// 32 K words of 32 bits in the four SPRAMs of an iCE40 UP5K. One read or byte-masked write a cycle; read data one cycle later.
`default_nettype none
module spram (
    input  wire logic        clk_i,
    input  wire logic        we_i,
    input  wire logic [14:0] addr_i,
    input  wire logic [ 3:0] strb_i,
    input  wire logic [31:0] wdata_i,
    output logic      [31:0] rdata_o
);
  logic upper_q;
  wire [31:0] rdata [2];
  always_ff @(posedge clk_i) upper_q <= addr_i[14];
  assign rdata_o = rdata[upper_q];

  for (genvar b = 0; b < 2; b++) begin : g_bank
    for (genvar h = 0; h < 2; h++) begin : g_half
      SB_SPRAM256KA u_ram (
          .ADDRESS   (addr_i[13:0]),
          .DATAIN    (wdata_i[h*16+:16]),
          .MASKWREN  ({{2{strb_i[2*h+1]}}, {2{strb_i[2*h]}}}),
          .WREN      (we_i),
          .CHIPSELECT(addr_i[14] == 1'(b)),
          .CLOCK     (clk_i),
          .STANDBY   (1'b0),
          .SLEEP     (1'b0),
          .POWEROFF  (1'b1),
          .DATAOUT   (rdata[b][h*16+:16])
      );
    end
  end
endmodule
`default_nettype wire
