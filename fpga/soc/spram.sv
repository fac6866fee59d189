// SPDX-License-Identifier: Apache-2.0
// Single-ported RAM of 32-bit words for simulation; fpga/ice40 has the one of SPRAMs. Reads or writes in every cycle; read data one
// cycle later, undefined after a write.
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
  ram_1rw #(.Width(32), .Depth(1 << AddrW)) u_ram (.clk_i, .en_i(1'b1), .we_i, .addr_i, .wdata_i, .rdata_o);
endmodule
`default_nettype wire
