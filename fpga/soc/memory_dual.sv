// SPDX-License-Identifier: Apache-2.0
// Storage of a board's memory in block RAM with one read and one write port: beats are written as they arrive. The host reads in
// cycles without a read of the machine and writes in cycles without a beat. Read data one cycle later.
`default_nettype none
module memory_dual #(
    parameter int AddrBits = 17
) (
    input  wire logic                                     clk_i, rst_ni,
    input  wire logic                                     read_i,
    input  wire logic [ AddrBits-1:millrace_pkg::DimLog2] read_addr_i, write_addr_i,
    input  wire logic                                     beat_i,
    input  wire logic [        millrace_pkg::WordBits-1:0] wdata_i,
    input  wire logic [             millrace_pkg::Dim-1:0] wstrb_i,
    output logic      [        millrace_pkg::WordBits-1:0] rdata_o,
    input  wire logic                                     host_read_i, host_write_i,
    input  wire logic [ AddrBits-1:millrace_pkg::DimLog2] host_addr_i,
    input  wire logic [             millrace_pkg::Dim-1:0] host_strb_i,
    input  wire logic [                              31:0] host_wdata_i,
    output logic                                          host_done_o  // it is this cycle's
);
  localparam int Dim = millrace_pkg::Dim;
  wire host_read = host_read_i && !read_i;
  wire host_write = host_write_i && !beat_i;
  assign host_done_o = host_read || host_write;
  wire unused = &{1'b0, rst_ni};
  for (genvar b = 0; b < Dim; b++) begin : g_byte
    ram_1r1w #(.Width(8), .Depth(1 << (AddrBits - millrace_pkg::DimLog2))) u_ram (
        .clk_i,
        .re_i   (read_i || host_read),
        .raddr_i(read_i ? read_addr_i : host_addr_i),
        .rdata_o(rdata_o[8*b+:8]),
        .we_i   (beat_i ? wstrb_i[b] : host_write && host_strb_i[b]),
        .waddr_i(beat_i ? write_addr_i : host_addr_i),
        .wdata_i(beat_i ? wdata_i[8*b+:8] : host_wdata_i[8*(b%4)+:8])
    );
  end
endmodule
`default_nettype wire
