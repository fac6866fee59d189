// SPDX-License-Identifier: Apache-2.0
// Storage of a board's memory in single-ported RAM, for configurations with 32-bit beats and one data burst in flight. Reads have
// their slots. A beat goes straight into the RAM if no read takes the port, else into a buffer of block RAM, which is emptied in
// cycles without a read or a beat. The host has the cycles nobody else needs. Read data one cycle later.
// The data port finds everything in the RAM that it has written, although a beat leaves the buffer two cycles after it came at
// the earliest: before a fetch there is time enough, and two beats or more have as many slots. If only the last beat had to wait,
// for a fetch, then that fetch ends with it and no other can begin so soon. A beat that comes when just one waits overtakes it;
// that one then has the first slot of the later write, or is dropped if it is for the same word.
// Relied on: the fetch port does not read what the data port has just written, that is, no program writes the command ring.
// Strobes are all or none, and none after the first none of a burst: such beats are dropped.
`default_nettype none
module memory_single #(
    parameter int AddrBits = 17
) (
    input  wire logic                  clk_i, rst_ni,
    input  wire logic                  read_i,
    input  wire logic [AddrBits-1:2]   read_addr_i, write_addr_i,
    input  wire logic                  beat_i,
    input  wire logic [         31:0]  wdata_i,
    input  wire logic [          3:0]  wstrb_i,
    output logic      [         31:0]  rdata_o,
    input  wire logic                  host_read_i, host_write_i,
    input  wire logic [AddrBits-1:2]   host_addr_i,
    input  wire logic [          3:0]  host_strb_i,
    input  wire logic [         31:0]  host_wdata_i,
    output logic                       host_done_o  // it is this cycle's
);
  if (millrace_pkg::WordBits != 32 || millrace_pkg::DmaOutstanding != 1 || millrace_pkg::FetchWords != 0
      || millrace_pkg::DmaUnaligned != 0 || millrace_pkg::DmaBurst > 8) $error("memory_single: needs memory_dual");
  localparam int PtrW = 4;  // a burst and one bit, to tell full from empty

  // ---- Buffer of beats with their addresses: rows from rd_q to wr_q wait, the one before rd_q is in the output register if out_q.
  localparam int AddrW = AddrBits - 2;
  logic [PtrW-1:0] wr_q, rd_q;
  logic out_q;
  logic [31:0] out;
  logic [AddrW-1:0] out_addr;
  wire more = rd_q != wr_q;
  wire beat = beat_i && wstrb_i[0];
  wire direct = beat && !read_i && !more;
  wire push = beat && !direct;
  wire drain = out_q && !read_i && !direct;
  wire next = more && (!out_q || drain);
  ram_1r1w #(.Width(32 + AddrW), .Depth(1 << PtrW)) u_buffer (
      .clk_i, .re_i(next), .raddr_i(rd_q), .rdata_o({out_addr, out}),
      .we_i(push), .waddr_i(wr_q), .wdata_i({write_addr_i, wdata_i})
  );
  always_ff @(posedge clk_i) begin
    if (!rst_ni) {wr_q, rd_q, out_q} <= '0;
    else begin
      if (push) wr_q <= wr_q + 1'b1;
      if (next) rd_q <= rd_q + 1'b1;
      out_q <= next || (out_q && !drain && !(direct && out_addr == write_addr_i));
    end
  end

  // ---- RAM.
  wire host = (host_read_i || host_write_i) && !(read_i || beat || out_q);
  assign host_done_o = host;
  spram #(.AddrW(AddrW)) u_ram (
      .clk_i,
      .we_i   (drain || direct || (host && host_write_i)),
      .addr_i (read_i ? read_addr_i : direct ? write_addr_i : out_q ? out_addr : host_addr_i),
      .wdata_i(direct ? wdata_i : out_q ? out : host_wdata_i),
      .rdata_o
  );
  wire unused = &{1'b0, wstrb_i, host_strb_i};
endmodule
`default_nettype wire
