// SPDX-License-Identifier: Apache-2.0
// The memory of a board with a 16-bit SDR SDRAM of 32 MiB: the fetch port, the data port and the host in front of sdram_commands.
// Drop-in for onchip_memory, but the machine waits at READY, and cycles are those of the SDRAM.
// One burst moves data (cur), the next is accepted and its row opened meanwhile (next). Data moves in the order of acceptance, which
// is: host, fetch port, then reads and writes of the data port in turn. A beat takes four cycles, and so does a burst of one beat as
// long as rows are open. B comes when the last beat has been sent: whatever is accepted later finds it in the SDRAM.
// Latency from AR to the first beat in an idle memory: 9 cycles, 10 if the row's bank is closed, 12 if another row is open.
// Requests of the fetch port are seen a cycle late, and beats to write wait in a queue of two, so that the machine's ready signals
// come from registers.
// Relied on: R and B are always accepted; fetch bursts are 8 words on a multiple of 32 bytes, data bursts stay between multiples of
// DmaBurst beats; host signals are stable until done. After a reset the contents are undefined.
// Pins are registers of clk_i, except that dq is taken in at its falling edge; the SDRAM's clock is the inverse of clk_i, so that
// every transfer has half a cycle for the way and half a cycle of hold.
`default_nettype none
module sdram_memory #(
    parameter int ClockKhz = 50_000,
    parameter int AddrBits = 25
) (
    input  wire logic                              clk_i, rst_ni,
    // AXI4 slave, command ring.
    input  wire logic                              f_arvalid_i,
    output logic                                   f_arready_o,
    input  wire logic [                      31:0] f_araddr_i,
    output logic                                   f_rvalid_o, f_rlast_o,
    output logic      [                      31:0] f_rdata_o,
    // AXI4 slave, data.
    input  wire logic                              m_arvalid_i, m_awvalid_i, m_wvalid_i, m_wlast_i,
    output logic                                   m_arready_o, m_awready_o, m_wready_o,
    input  wire logic [                      31:0] m_araddr_i, m_awaddr_i,
    input  wire logic [                       7:0] m_arlen_i, m_awlen_i,
    input  wire logic [millrace_pkg::WordBits-1:0] m_wdata_i,
    input  wire logic [     millrace_pkg::Dim-1:0] m_wstrb_i,
    output logic                                   m_rvalid_o, m_rlast_o, m_bvalid_o,
    output logic      [millrace_pkg::WordBits-1:0] m_rdata_o,
    // Host: one word; valid until done, whose cycle has the word read.
    input  wire logic                              h_valid_i, h_write_i,
    input  wire logic [              AddrBits-1:2] h_addr_i,
    input  wire logic [                      31:0] h_wdata_i,
    output logic                                   h_done_o,
    output logic      [                      31:0] h_rdata_o,
    // SDRAM; its chip select is always low, its clock enable always high.
    output logic                                   ras_no, cas_no, we_no,
    output logic      [                       1:0] ba_o, dqm_o,
    output logic      [                      12:0] a_o,
    output logic                                   dq_oe_o,
    output logic      [                      15:0] dq_o,
    input  wire logic [                      15:0] dq_i
);
  if (millrace_pkg::Dim != 8) $error("sdram_memory: a beat must be one SDRAM burst, 64 bits");
  if (AddrBits != 25) $error("sdram_memory: the SDRAM has 2^25 bytes");
  localparam int LenW = $clog2(millrace_pkg::DmaBurst);

  // Address: row, bank, column, so that successive rows lie in successive banks.
  typedef struct packed {
    logic fetch, host, write;
    logic [12:0] row;
    logic [1:0] bank;
    logic [6:0] beat;        // of the row
    logic [LenW-1:0] left;   // beats less one
  } burst_t;
  burst_t take, next_q, cur_q;
  logic next_valid_q, cur_valid_q, next_open, go_ready;

  // ---- Acceptance.
  logic host_q;    // the host's word is accepted and not done
  logic writes_q;  // it is a write's turn of the data port, else a read's
  logic wait_q;   // f_arvalid_i of the last cycle, still waiting
  wire host = h_valid_i && !host_q;
  wire data_ready = !next_valid_q && !host && !wait_q;
  assign f_arready_o = !next_valid_q && !host && wait_q;
  assign m_arready_o = data_ready && !writes_q;
  assign m_awready_o = data_ready && writes_q;
  wire read = m_arvalid_i && m_arready_o;
  wire write = m_awvalid_i && m_awready_o;
  wire accept = !next_valid_q && (host || wait_q || (writes_q ? m_awvalid_i : m_arvalid_i));
  wire [24:3] address = host ? h_addr_i[24:3] : wait_q ? f_araddr_i[24:3] : writes_q ? m_awaddr_i[24:3] : m_araddr_i[24:3];
  always_comb begin
    take.host  = host;
    take.fetch = !host && wait_q;
    take.write = host ? h_write_i : !wait_q && writes_q;
    {take.row, take.bank, take.beat} = address;
    take.left  = host ? '0 : wait_q ? LenW'(3) : writes_q ? m_awlen_i[LenW-1:0] : m_arlen_i[LenW-1:0];
  end

  // ---- Beats to write: taken for accepted bursts only, of which there are two at most.
  logic beat_valid, beat_ready, beat_pop;
  logic [millrace_pkg::Dim+millrace_pkg::WordBits-1:0] beat;
  logic [LenW+1:0] owed_q;
  wire beat_taken = m_wvalid_i && m_wready_o;
  assign m_wready_o = beat_ready && owed_q != '0;
  wire [millrace_pkg::Dim + millrace_pkg::WordBits-1:0] unused_next;
  fifo #(.Width(millrace_pkg::Dim + millrace_pkg::WordBits), .Depth(2)) u_beats (
      .clk_i, .rst_ni,
      .in_valid_i(m_wvalid_i && owed_q != '0), .in_ready_o(beat_ready), .in_data_i({m_wstrb_i, m_wdata_i}),
      .out_valid_o(beat_valid), .out_ready_i(beat_pop), .out_data_o(beat), .next_data_o(unused_next)
  );

  // ---- Beats. `go`: this cycle decides a column command, which is on the pins in the next.
  wire go = cur_valid_q && go_ready && (!cur_q.write || cur_q.host || beat_valid);
  wire last = cur_q.left == '0;
  wire move = next_valid_q && next_open && (!cur_valid_q || (go && last));
  assign beat_pop = cur_valid_q && go_ready && cur_q.write && !cur_q.host;
  sdram_commands #(.ClockKhz(ClockKhz)) u_commands (
      .clk_i, .rst_ni,
      .next_valid_i(next_valid_q), .next_bank_i(next_q.bank), .next_row_i(next_q.row), .next_open_o(next_open),
      .cur_valid_i(cur_valid_q), .cur_write_i(cur_q.write), .cur_bank_i(cur_q.bank), .cur_row_i(cur_q.row),
      .cur_column_i({cur_q.beat, 2'd0}), .go_ready_o(go_ready), .go_i(go),
      .ras_no, .cas_no, .we_no, .ba_o, .a_o
  );
  always_ff @(posedge clk_i) begin
    if (accept) next_q <= take;
    if (move) begin
      cur_q <= next_q;
    end else if (go) begin
      cur_q.beat <= cur_q.beat + 1'b1;
      cur_q.left <= cur_q.left - 1'b1;
    end
    if (!rst_ni) begin
      {next_valid_q, cur_valid_q, host_q, writes_q, wait_q, owed_q} <= '0;
    end else begin
      wait_q <= f_arvalid_i && !f_arready_o;
      owed_q  <= owed_q + (write ? (LenW + 2)'(m_awlen_i) + 1'b1 : '0) - (LenW + 2)'(beat_taken);
      next_valid_q <= accept || (next_valid_q && !move);
      cur_valid_q  <= move || (cur_valid_q && !(go && last));
      host_q       <= (accept && host) || (host_q && !h_done_o);
      // In turns, but nobody waits for a port that asks for nothing; idle, it is a read's turn.
      writes_q <= read || write ? read : m_awvalid_i && (writes_q || !m_arvalid_i);
    end
  end

  // ---- Data to the SDRAM: four columns after each command. The masks of a read are for its data two cycles later.
  logic [63:0] out_q;
  logic [7:0] mask_q;
  logic [3:0] drive_q;
  wire [7:0] host_strb = h_addr_i[2] ? 8'hf0 : 8'h0f;
  assign {dq_o, dqm_o, dq_oe_o} = {out_q[15:0], mask_q[1:0], drive_q[0]};
  initial {mask_q, drive_q} = {8'hff, 4'd0};
  always_ff @(posedge clk_i) begin
    if (go) out_q <= cur_q.host ? {2{h_wdata_i}} : beat[63:0];
    else out_q <= {16'd0, out_q[63:16]};
    if (!rst_ni) begin
      mask_q  <= '1;
      drive_q <= '0;
    end else begin
      if (go) mask_q <= !cur_q.write ? '0 : ~(cur_q.host ? host_strb : beat[71:64]);
      else mask_q <= {2'b11, mask_q[7:2]};
      if (go && cur_q.write) drive_q <= '1;
      else drive_q <= {1'b0, drive_q[3:1]};
    end
  end

  // ---- Data from the SDRAM. The command is on the pins with bit 0, its first two columns are complete with bit 4, all with bit 6.
  localparam int Half = 4, All = 6;
  logic [15:0] in_q;
  logic [63:0] word_q;
  logic [All:0] fetch_q, data_q, look_q, last_q;
  always_ff @(negedge clk_i) in_q <= dq_i;
  always_ff @(posedge clk_i) begin
    word_q <= {in_q, word_q[63:16]};
    last_q <= {last_q[All-1:0], last};
    if (!rst_ni) begin
      {fetch_q, data_q, look_q} <= '0;
    end else begin
      fetch_q <= {fetch_q[All-1:0], go && cur_q.fetch};
      data_q  <= {data_q[All-1:0], go && !cur_q.fetch && !cur_q.host && !cur_q.write};
      look_q  <= h_done_o ? '0 : {look_q[All-1:0], go && cur_q.host && !cur_q.write};  // done once, at Half or at All
    end
  end
  assign m_rdata_o  = word_q;
  assign f_rdata_o  = word_q[63:32];
  assign h_rdata_o  = word_q[63:32];
  assign m_rvalid_o = data_q[All];
  assign m_rlast_o  = last_q[All];
  assign f_rvalid_o = fetch_q[Half] || fetch_q[All];
  assign f_rlast_o  = fetch_q[All] && last_q[All];

  // ---- The other responses.
  logic m_bvalid_q, stored_q;
  assign m_bvalid_o = m_bvalid_q;
  assign h_done_o   = stored_q || (h_addr_i[2] ? look_q[All] : look_q[Half]);
  always_ff @(posedge clk_i) begin
    m_bvalid_q <= rst_ni && go && cur_q.write && !cur_q.host && last;
    stored_q   <= rst_ni && go && cur_q.write && cur_q.host;
  end
  wire unused = &{1'b0, f_araddr_i, m_araddr_i, m_awaddr_i, m_arlen_i, m_awlen_i, m_wlast_i};

`ifdef FORMAL
  logic f_past_q = 1'b0;
  always_ff @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    if (f_past_q && rst_ni) begin
      assert (32'(f_arvalid_i && f_arready_o) + 32'(read) + 32'(write) <= 1);
      assert (32'(f_rvalid_o) + 32'(m_rvalid_o) <= 1);
      if (owed_q == '0) assert (!beat_taken);
      if (!(cur_valid_q && cur_q.write && !cur_q.host) && !(next_valid_q && next_q.write && !next_q.host)) begin
        assert (owed_q == '0 && !beat_valid);
      end
      if (go) assert (drive_q[3:1] == '0);  // the data of the command before is out
      if (h_done_o) assert (host_q);
    end
  end
`endif
endmodule
`default_nettype wire
