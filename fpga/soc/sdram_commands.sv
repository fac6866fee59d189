// SPDX-License-Identifier: Apache-2.0
// Commands for an SDR SDRAM of 4 banks x 8192 rows x 512 columns x 16 bits, bursts of 4, CAS latency 2. Initialises it, keeps it
// refreshed, opens rows for two bursts and sends the column commands of the first (cur). Rows stay open until another row of the bank
// is needed or for refresh, which goes before everything else, also between two beats of a burst; it takes 9 cycles at 50 MHz.
// Column commands: reads follow each other and writes each other every 4 cycles, a read a write too; a write follows a read after 7,
// which leaves the data bus alone for a cycle.
// Times are the longest in the data sheets of AS4C16M16SA-7 (Alliance, rev. 3.0, table 16) and W9825G6JH-75 (Winbond, rev. A04, 9.5;
// W9825G6KH is its successor). A chip with twice the columns, AS4C32M16SB, works too; half of it is used.
`default_nettype none
module sdram_commands #(
    parameter int ClockKhz = 50_000
) (
    input  wire logic        clk_i, rst_ni,
    // The next burst: next_open_o says that its row is open.
    input  wire logic        next_valid_i,
    input  wire logic [ 1:0] next_bank_i,
    input  wire logic [12:0] next_row_i,
    output logic             next_open_o,
    // The current burst: its row was open when it became that, and is opened again after a refresh.
    input  wire logic        cur_valid_i, cur_write_i,
    input  wire logic [ 1:0] cur_bank_i,
    input  wire logic [12:0] cur_row_i,
    input  wire logic [ 8:0] cur_column_i,
    output logic             go_ready_o,   // its column command could be sent
    input  wire logic        go_i,         // it is
    output logic             ras_no, cas_no, we_no,
    output logic      [ 1:0] ba_o,
    output logic      [12:0] a_o
);
  if (ClockKhz > 100_000) $error("sdram_commands: with CAS latency 2 the clock is at most 100 MHz");
  // Nanoseconds in whole cycles.
  localparam int Rcd = (21 * ClockKhz + 999_999) / 1_000_000;  // activate to column command
  localparam int Rp = (21 * ClockKhz + 999_999) / 1_000_000;   // precharge to activate
  localparam int Ras = (45 * ClockKhz + 999_999) / 1_000_000;  // activate to precharge; with Rp it covers tRC, 66 ns
  localparam int Rfc = (66 * ClockKhz + 999_999) / 1_000_000;  // refresh to anything
  localparam int Mrd = 2;                                      // mode register to anything
  localparam int ReadPre = 4, WritePre = 3 + 2;                // column command to precharge; tWR is 2 from the last data on
  localparam int Interval = ClockKhz * 78 / 10_000;            // 7.8 us between refreshes: 8192 in 64 ms
  // After power-up 200 us without a command, then eight refreshes, which here come at their usual distance.
  localparam int Quiet = 26, Boot = Quiet + 8;
  localparam logic [12:0] ModeBits = 13'h022;                  // CAS latency 2, bursts of 4

  // ---- What to do besides bursts.
  typedef enum logic [1:0] {Run, Close, Refresh, Mode} state_t;
  state_t state_q;
  logic up_q;
  logic [3:0] open_q, busy, keep;  // of banks: a row is open, no column command or activate yet, no precharge yet
  logic [3:0] wait_q;  // cycles until the next command
  logic [5:0] boot_q;  // intervals since the reset
  logic [$clog2(Interval)-1:0] interval_q;
  wire free = wait_q == '0;
  wire tick = interval_q == '0;
  wire run = state_q == Run && up_q && free;
  wire close = state_q == Close && free && keep == '0;
  wire refresh = state_q == Refresh && free;
  wire mode = state_q == Mode && free;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q    <= Run;
      up_q       <= 1'b0;
      wait_q     <= '0;
      boot_q     <= '0;
      interval_q <= ($clog2(Interval))'(Interval - 1);
    end else begin
      interval_q <= tick ? ($clog2(Interval))'(Interval - 1) : interval_q - 1'b1;
      if (tick && !up_q) boot_q <= boot_q + 1'b1;
      unique case (state_q)
        Run:     if (tick && boot_q >= 6'(Quiet)) state_q <= Close;
        Close:   if (close) state_q <= Refresh;
        Refresh: if (refresh) state_q <= !up_q && boot_q == 6'(Boot) ? Mode : Run;
        default: if (mode) state_q <= Run;
      endcase
      if (mode) up_q <= 1'b1;
      wait_q <= close ? 4'(Rp - 1) : refresh ? 4'(Rfc - 1) : mode ? 4'(Mrd - 1) : free ? '0 : wait_q - 1'b1;
    end
  end

  // ---- Row to prepare: that of the current burst if a refresh has closed it, else that of the next one.
  logic [12:0] row_q [4];
  logic activated_q;
  wire again = cur_valid_i && !open_q[cur_bank_i];
  wire wanted = again || next_valid_i;
  wire [1:0] bank = again ? cur_bank_i : next_bank_i;
  wire [12:0] row = again ? cur_row_i : next_row_i;
  wire same = row_q[next_bank_i] == next_row_i;  // of the next burst; if the row is for the current one, its bank is closed
  wire activate = run && !go_i && wanted && !open_q[bank] && !busy[bank] && !activated_q;
  wire precharge = run && !go_i && wanted && open_q[bank] && !same && !keep[bank] && !(cur_valid_i && cur_bank_i == bank);
  assign next_open_o = !again && next_valid_i && open_q[bank] && same;

  // ---- Column commands.
  logic [2:0] gap_q;  // cycles until a write, 3 less until a read after a read
  logic wrote_q;
  wire bus_free = gap_q == '0 || (gap_q <= 3'd3 && !wrote_q && !cur_write_i);
  assign go_ready_o = run && open_q[cur_bank_i] && !busy[cur_bank_i] && bus_free;
  always_ff @(posedge clk_i) begin
    activated_q <= activate;
    if (activate) row_q[bank] <= row;
    if (go_i) wrote_q <= cur_write_i;
    if (!rst_ni) gap_q <= '0;
    else if (go_i) gap_q <= cur_write_i ? 3'd3 : 3'd6;
    else if (gap_q != '0) gap_q <= gap_q - 1'b1;
  end

  // ---- Banks. busy_q: cycles until a column command, or until an activate; keep_q: until a precharge. A column command comes late
  // enough after an activate that what it asks for covers the rest of Ras.
  for (genvar b = 0; b < 4; b++) begin : g_bank
    logic [2:0] busy_q, keep_q;
    wire mine = bank == 2'(b);
    wire column = go_i && cur_bank_i == 2'(b);
    assign busy[b] = busy_q != '0;
    assign keep[b] = keep_q != '0;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        {open_q[b], busy_q, keep_q} <= '0;
      end else begin
        open_q[b] <= (activate && mine) || (open_q[b] && !(precharge && mine) && !close);
        if (activate && mine) busy_q <= 3'(Rcd - 1);
        else if (precharge && mine) busy_q <= 3'(Rp - 1);
        else if (busy[b]) busy_q <= busy_q - 1'b1;
        if (activate && mine) keep_q <= 3'(Ras - 1);
        else if (column) keep_q <= cur_write_i ? 3'(WritePre - 1) : 3'(ReadPre - 1);
        else if (keep[b]) keep_q <= keep_q - 1'b1;
      end
    end
  end

  // ---- Pins. No command from configuration on.
  initial {ras_no, cas_no, we_no} = '1;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) {ras_no, cas_no, we_no} <= '1;
    else begin
      ras_no <= !(activate || precharge || close || refresh || mode);
      cas_no <= !(go_i || refresh || mode);
      we_no  <= !((go_i && cur_write_i) || precharge || close || mode);
    end
    ba_o <= go_i ? cur_bank_i : mode ? '0 : bank;
    // Bit 10 of a precharge: all banks.
    a_o  <= go_i ? {4'd0, cur_column_i} : mode ? ModeBits : activate ? row : {2'd0, close, 10'd0};
  end

`ifdef FORMAL
  logic f_past_q = 1'b0;
  always_ff @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    if (f_past_q && rst_ni) begin
      assert (32'(go_i) + 32'(activate) + 32'(precharge) + 32'(close) + 32'(refresh) + 32'(mode) <= 1);
      assert (!(tick && state_q != Run));  // a refresh is over before the next is due
      if (go_i) assert (go_ready_o && row_q[cur_bank_i] == cur_row_i);
    end
  end
`endif
endmodule
`default_nettype wire
