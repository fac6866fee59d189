// SPDX-License-Identifier: Apache-2.0
// Rotates a word by bytes. Combinational. Right: byte i of the result is byte (i + amount) mod Dim; left: (i - amount) mod Dim.
`default_nettype none
module dma_rotate #(
    parameter bit Left = 1'b0
) (
    input  wire logic [millrace_pkg::WordBits-1:0] data_i,
    input  wire logic [ millrace_pkg::DimLog2-1:0] amount_i,
    output logic      [millrace_pkg::WordBits-1:0] data_o
);
  localparam int W = millrace_pkg::WordBits;
  always_comb begin
    data_o = data_i;
    for (int l = 0; l < millrace_pkg::DimLog2; l++) begin
      if (amount_i[l]) data_o = W'({data_o, data_o} >> (Left ? W - (8 << l) : (8 << l)));
    end
  end
endmodule
`default_nettype wire
