// SPDX-License-Identifier: Apache-2.0
// Scratchpad: SpBanks single-ported banks behind NumRd read and NumWr write ports, without arbitration: dispatch gives a
// bank to one instruction at a time, so requests are merged by AND-OR.
// Read latency 2 cycles while rd_en; writes take effect at the end of the cycle.
`default_nettype none
module sp_banks #(
    parameter int NumRd = 5, NumWr = 2
) (
    input  wire logic                                      clk_i,
    input  wire logic [                         NumRd-1:0] rd_valid_i, rd_en_i,
    input  wire logic [NumRd*millrace_pkg::SpAddrBits-1:0] rd_addr_i,
    output logic      [  NumRd*millrace_pkg::WordBits-1:0] rd_data_o,
    input  wire logic [                         NumWr-1:0] wr_valid_i,
    input  wire logic [NumWr*millrace_pkg::SpAddrBits-1:0] wr_addr_i,
    input  wire logic [  NumWr*millrace_pkg::WordBits-1:0] wr_data_i
);
  localparam int AddrW = millrace_pkg::SpAddrBits;
  localparam int RowW = millrace_pkg::SpRowBits;
  localparam int BankW = AddrW - RowW;
  localparam int WordW = millrace_pkg::WordBits;
  localparam int Banks = millrace_pkg::SpBanks;

  logic [WordW-1:0] bank_rdata [Banks];

  for (genvar b = 0; b < Banks; b++) begin : g_bank
    logic en, we;
    logic [RowW-1:0] row;
    logic [WordW-1:0] wdata;
    always_comb begin
      {en, we, row, wdata} = '0;
      for (int p = 0; p < NumRd; p++) begin
        if (rd_valid_i[p] && rd_en_i[p] && rd_addr_i[p*AddrW+RowW+:BankW] == BankW'(b)) begin
          en  = 1'b1;
          row = row | rd_addr_i[p*AddrW+:RowW];
        end
      end
      for (int p = 0; p < NumWr; p++) begin
        if (wr_valid_i[p] && wr_addr_i[p*AddrW+RowW+:BankW] == BankW'(b)) begin
          en    = 1'b1;
          we    = 1'b1;
          row   = row | wr_addr_i[p*AddrW+:RowW];
          wdata = wdata | wr_data_i[p*WordW+:WordW];
        end
      end
    end
    ram_1rw #(.Width(WordW), .Depth(millrace_pkg::SpRows)) u_ram (
        .clk_i, .en_i(en), .we_i(we), .addr_i(row), .wdata_i(wdata), .rdata_o(bank_rdata[b])
    );
  end

  for (genvar p = 0; p < NumRd; p++) begin : g_rd
    logic [BankW-1:0] bank_q;
    logic [WordW-1:0] data_q;
    always_ff @(posedge clk_i) begin
      if (rd_en_i[p]) begin
        data_q <= bank_rdata[bank_q];
        if (rd_valid_i[p]) bank_q <= rd_addr_i[p*AddrW+RowW+:BankW];
      end
    end
    assign rd_data_o[p*WordW+:WordW] = data_q;
  end
endmodule
`default_nettype wire
