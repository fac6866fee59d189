// SPDX-License-Identifier: Apache-2.0
// Accumulators: AccBanks banks with one read and one write port each behind NumRd read and NumWr write ports, without
// arbitration (see sp_banks). A row is Dim x 32 bits; a write enables it by quarters.
// Read latency 2 cycles while rd_en; writes take effect at the end of the cycle. Ports of the mask `Zero` give 0 where no read
// was asked for; ports of the mask `Narrow` read only the quarter they name, and have it in all four places.
`default_nettype none
module acc_banks #(
    parameter int NumRd = 4, NumWr = 3,
    parameter int Zero = 0, Narrow = 0
) (
    input  wire logic                                       clk_i,
    input  wire logic [                          NumRd-1:0] rd_valid_i, rd_en_i,
    input  wire logic [NumRd*millrace_pkg::AccAddrBits-1:0] rd_addr_i,
    input  wire logic [                        NumRd*2-1:0] rd_quarter_i,
    output logic      [ NumRd*4*millrace_pkg::WordBits-1:0] rd_data_o,
    input  wire logic [                          NumWr-1:0] wr_valid_i,
    input  wire logic [NumWr*millrace_pkg::AccAddrBits-1:0] wr_addr_i,
    input  wire logic [                        NumWr*4-1:0] wr_quarter_i,
    input  wire logic [ NumWr*4*millrace_pkg::WordBits-1:0] wr_data_i
);
  localparam int AddrW = millrace_pkg::AccAddrBits;
  localparam int RowW = millrace_pkg::AccRowBits;
  localparam int BankW = (AddrW > RowW) ? AddrW - RowW : 1;
  localparam int WordW = millrace_pkg::WordBits;
  localparam int Banks = millrace_pkg::AccBanks;

  logic [4*WordW-1:0] bank_rdata [Banks];

  // A bank that nobody asks has the address and the data of port 1: matmul's wide ports need no gates.
  for (genvar b = 0; b < Banks; b++) begin : g_bank
    logic re;
    logic [3:0] we;
    logic [RowW-1:0] raddr, waddr;
    logic [4*WordW-1:0] wdata;
    always_comb begin
      re    = 1'b0;
      raddr = rd_addr_i[1*AddrW+:RowW];
      for (int p = 0; p < NumRd; p++) begin
        if (rd_valid_i[p] && rd_en_i[p] && BankW'(rd_addr_i[p*AddrW+:AddrW] >> RowW) == BankW'(b)) begin
          re    = 1'b1;
          raddr = rd_addr_i[p*AddrW+:RowW];
        end
      end
    end
    always_comb begin
      we    = '0;
      waddr = wr_addr_i[1*AddrW+:RowW];
      wdata = wr_data_i[1*4*WordW+:4*WordW];
      for (int p = 0; p < NumWr; p++) begin
        if (wr_valid_i[p] && BankW'(wr_addr_i[p*AddrW+:AddrW] >> RowW) == BankW'(b)) begin
          we    = wr_quarter_i[p*4+:4];
          waddr = wr_addr_i[p*AddrW+:RowW];
          wdata = wr_data_i[p*4*WordW+:4*WordW];
        end
      end
    end
    for (genvar q = 0; q < 4; q++) begin : g_quarter
      ram_1r1w #(
          .Width(WordW),
          .Depth(millrace_pkg::AccRows)
      ) u_ram (
          .clk_i  (clk_i),
          .re_i   (re),
          .raddr_i(raddr),
          .rdata_o(bank_rdata[b][q*WordW+:WordW]),
          .we_i   (we[q]),
          .waddr_i(waddr),
          .wdata_i(wdata[q*WordW+:WordW])
      );
    end
  end

  for (genvar p = 0; p < NumRd; p++) begin : g_rd
    localparam int PartW = ((Narrow >> p) & 1) != 0 ? WordW : 4 * WordW;
    logic asked_q;
    logic [BankW-1:0] bank_q;
    logic [1:0] quarter_q;
    logic [PartW-1:0] data_q;
    always_ff @(posedge clk_i) begin
      if (rd_en_i[p]) begin
        asked_q <= rd_valid_i[p];
        data_q  <= PartW'(bank_rdata[bank_q] >> ((PartW == WordW) ? quarter_q * WordW : 0));
        if (((Zero >> p) & 1) != 0 && !asked_q) data_q <= '0;
        if (rd_valid_i[p]) bank_q <= BankW'(rd_addr_i[p*AddrW+:AddrW] >> RowW);
        if (rd_valid_i[p]) quarter_q <= rd_quarter_i[p*2+:2];
      end
    end
    assign rd_data_o[p*4*WordW+:4*WordW] = {4 * WordW / PartW{data_q}};
  end
endmodule
`default_nettype wire
