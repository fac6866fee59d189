// SPDX-License-Identifier: Apache-2.0
// Matmul unit: loops, address generation, operand range checks and the accumulator update around the dot-product array.
//
// Time, with L = log2(Dim) and `s` the cycle in which a tile is let go:
//   s + 1 + r  address of row r (r < rows; a tile shorter than Dim rows idles up to Dim cycles)
//   s + 2 + r  A read;  s + 4 + r  A data, product;  s + 5 + L + r  sum, accumulator data;  s + 6 + L + r  accumulator write.
// The next tile is let go at s + max(rows, Dim) and its B columns are read meanwhile, so a row is written at least 4 cycles
// before the next tile's write of it and before its read. An instruction accepted at cycle c lets its first tile go at
// c + Dim + 1; it is popped with the last row's address and completes (done) with the last row's write.
`default_nettype none
module matmul (
    input  wire logic                                 clk_i, rst_ni,
    input  wire logic                                 op_valid_i,
    input  wire logic [                        255:0] op_data_i,
    input  wire logic [   millrace_pkg::SlotBits-1:0] op_slot_i,
    output logic                                      op_ready_o, done_valid_o,
    output logic      [   millrace_pkg::SlotBits-1:0] done_slot_o,
    output logic      [                          3:0] done_fault_o,
    output logic      [                         31:0] done_addr_o,
    output logic                                      step_o,  // a K-vector of A is multiplied
    // Scratchpad: A and B.
    output logic                                      a_rd_valid_o, b_rd_valid_o,
    output logic      [ millrace_pkg::SpAddrBits-1:0] a_rd_addr_o, b_rd_addr_o,
    input  wire logic [   millrace_pkg::WordBits-1:0] a_rd_data_i, b_rd_data_i,
    // Accumulators. Data of a row that is not read must be 0.
    output logic                                      d_rd_valid_o, d_wr_valid_o,
    output logic      [millrace_pkg::AccAddrBits-1:0] d_rd_addr_o, d_wr_addr_o,
    input  wire logic [ 4*millrace_pkg::WordBits-1:0] d_rd_data_i,
    output logic      [ 4*millrace_pkg::WordBits-1:0] d_wr_data_o
);
  localparam int Dim = millrace_pkg::Dim;
  localparam int DimL2 = millrace_pkg::DimLog2;
  localparam int SpW = millrace_pkg::SpAddrBits;
  localparam int AccW = millrace_pkg::AccAddrBits;
  localparam int CntW = millrace_pkg::CountBits;
  localparam bit Conv = millrace_pkg::ConvLoops != 0;
  localparam bit Tiles = millrace_pkg::TileLoop != 0;
  localparam int Depth = 5 + DimL2;  // stages from a row's address to its accumulator write

  /* verilator lint_off UNUSEDSIGNAL */  // reserved bits, and fields wider than this configuration uses
  millrace_pkg::matmul_t op;
  /* verilator lint_on UNUSEDSIGNAL */
  assign op = op_data_i;

  logic run_q;   // an instruction is in its loops
  logic kill_q;  // it has faulted: wait for the rows before the fault to retire
  logic go;      // the loaded tile enters the row loop
  wire accept = op_valid_i && !run_q;

  // ---- Tile loops: position of the tile whose B columns are being read.
  logic [DimL2-1:0] col_q;
  logic more_q, full_q;  // a tile remains to be read; a tile is read and waits for `go`
  logic [7:0] nt_q;
  logic [3:0] ky_q, kx_q;
  logic [CntW-1:0] ct_q;
  // Registers: the position is used with the tile's last column, Dim - 1 cycles after it has changed.
  logic ct_end_q, kx_end_q, ky_end_q, k_begin_q, k_end_q, nt_end_q;
  always_ff @(posedge clk_i) begin
    ct_end_q  <= ct_q == op.n_ct[CntW-1:0];
    kx_end_q  <= !Conv || kx_q == op.n_kx;
    ky_end_q  <= !Conv || ky_q == op.n_ky;
    k_begin_q <= ct_q == '0 && (!Conv || (kx_q == '0 && ky_q == '0));
    k_end_q   <= ct_end_q && kx_end_q && ky_end_q;
    nt_end_q  <= !Tiles || nt_q == op.n_nt;
  end
  wire read_col = run_q && !kill_q && more_q && (!full_q || go);
  wire col_end = col_q == DimL2'(Dim - 1);
  wire read_end = read_col && col_end;

  // ---- Declared banks of the operands, from the cycle after an instruction is there.
  logic [millrace_pkg::MaxBanks-1:0] a_banks_q, b_banks_q, d_banks_q;
  always_ff @(posedge clk_i) begin
    a_banks_q <= millrace_pkg::banks(1'b0, op.a, op.a_hi);
    b_banks_q <= millrace_pkg::banks(1'b0, op.b, op.b_hi);
    d_banks_q <= millrace_pkg::banks(1'b1, op.d, op.d_hi);
  end

  // ---- B addresses.
  logic [SpW-1:0] b_col_q, b_k_q, b_tile_q, b_from, b_next;
  logic b_bad_q, b_rd_q;
  logic [SpW-1:0] b_bad_addr_q, b_rd_addr_q;
  wire b_outside = !b_banks_q[millrace_pkg::bank_of(1'b0, 16'(b_col_q))];
  wire b_was_bad = b_bad_q && col_q != '0;
  wire b_is_bad = b_was_bad || b_outside;
  assign b_from = col_end ? (k_end_q ? b_tile_q : b_k_q) : b_col_q;
  assign b_next = b_from + (!col_end ? op.b_col[SpW-1:0] : !k_end_q ? op.b_k[SpW-1:0]
                                      : Tiles ? op.b_tile[SpW-1:0] : '0);

  // ---- A base of the tile: one adder serves the loop that advances.
  logic [SpW-1:0] a_ct_q, a_kx_q, a_ky_q, a_step, a_next;
  always_comb begin
    a_step = a_ct_q + op.a_ct[SpW-1:0];
    if (Conv && ct_end_q) a_step = kx_end_q ? a_ky_q + op.a_ky[SpW-1:0] : a_kx_q + op.a_kx[SpW-1:0];
    a_next = k_end_q ? op.a[SpW-1:0] : a_step;
  end

  // ---- The tile that waits for `go`.
  logic wait_first_q, wait_new_q, wait_last_q, wait_bad_q;
  logic [SpW-1:0] wait_a_q, wait_bad_addr_q;

  always_ff @(posedge clk_i) begin
    if (accept) begin
      {nt_q, ky_q, kx_q, ct_q} <= '0;
      {b_col_q, b_k_q, b_tile_q} <= {3{op.b[SpW-1:0]}};
      {a_ct_q, a_kx_q, a_ky_q} <= {3{op.a[SpW-1:0]}};
    end else if (read_col) begin
      b_col_q      <= b_next;
      b_bad_q      <= b_is_bad;
      if (!b_was_bad) b_bad_addr_q <= b_col_q;
      if (read_end) begin
        ct_q   <= ct_end_q ? '0 : ct_q + 1'b1;
        a_ct_q <= a_next;
        if (ct_end_q) begin
          kx_q   <= kx_end_q ? '0 : kx_q + 1'b1;
          a_kx_q <= a_next;
        end
        if (ct_end_q && kx_end_q) begin
          ky_q   <= ky_end_q ? '0 : ky_q + 1'b1;
          a_ky_q <= a_next;
        end
        b_k_q <= b_next;
        if (k_end_q) begin
          nt_q     <= nt_q + 1'b1;
          b_tile_q <= b_next;
        end
        wait_a_q        <= a_ct_q;
        wait_new_q      <= k_begin_q;
        wait_first_q    <= k_begin_q && !op.accumulate;
        wait_last_q     <= k_end_q && nt_end_q;
        wait_bad_q      <= b_is_bad;
        wait_bad_addr_q <= b_was_bad ? b_bad_addr_q : b_col_q;
      end
    end
    b_rd_addr_q <= b_col_q;
    if (!rst_ni) begin
      {b_rd_q, more_q, full_q, col_q} <= '0;
    end else begin
      b_rd_q <= read_col && !b_outside;
      if (accept) begin
        more_q <= 1'b1;
        {full_q, col_q} <= '0;
      end else begin
        if (read_col) col_q <= col_q + 1'b1;
        if (read_end) more_q <= !(k_end_q && nt_end_q);
        if (go || read_end) full_q <= read_end;
      end
    end
  end
  assign b_rd_valid_o = b_rd_q;
  assign b_rd_addr_o  = b_rd_addr_q;

  // ---- Row loops: the address stage.
  logic [Depth:1] valid_p, last_p, fault_p;  // the stages behind it
  logic [2+DimL2:1] first_p;
  logic row_q, tail_q;              // a row's address; the tile idles up to Dim cycles
  logic [DimL2-1:0] cycle_q;        // cycles of the tile so far, at most Dim - 1
  logic [CntW-1:0] ox_q, oy_q;
  logic ox_end_q, oy_end_q;
  logic [SpW-1:0] a_q, a_oy_q, a_row;
  logic [AccW-1:0] d_q, d_tile_q;
  logic first_q, last_q, bad_b_q;
  logic [SpW-1:0] bad_addr_q;
  wire row_end = ox_end_q && oy_end_q;
  wire [CntW-1:0] ox_next = ox_q + 1'b1;
  wire [CntW-1:0] oy_next = oy_q + 1'b1;
  wire one_ox = op.n_ox[CntW-1:0] == '0;
  wire long_enough = cycle_q == DimL2'(Dim - 1);
  wire a_outside = !a_banks_q[millrace_pkg::bank_of(1'b0, 16'(a_q))];
  wire d_outside = !d_banks_q[millrace_pkg::bank_of(1'b1, 16'(d_q))];
  wire bad = row_q && (bad_b_q || a_outside || d_outside);
  wire finish = row_q && row_end && last_q && !bad;
  wire free = row_q ? row_end && !last_q && long_enough : !tail_q || long_enough;  // for the next tile
  assign go = run_q && full_q && !kill_q && free;  // also with a last row that is bad: then the tile gets no row
  assign a_row = (ox_end_q ? a_oy_q : a_q) + (ox_end_q ? op.a_oy[SpW-1:0] : op.a_ox[SpW-1:0]);
  wire killed = kill_q && done_valid_o && fault_p[Depth];
  assign op_ready_o = finish || killed;

  always_ff @(posedge clk_i) begin
    if (go) begin
      {a_q, a_oy_q} <= {2{wait_a_q}};
      {ox_q, oy_q} <= '0;
      {ox_end_q, oy_end_q} <= {one_ox, op.n_oy[CntW-1:0] == '0};
      d_q <= wait_new_q ? d_q + 1'b1 : d_tile_q;
      if (wait_new_q) d_tile_q <= d_q + 1'b1;
      first_q    <= wait_first_q;
      last_q     <= wait_last_q;
      bad_b_q    <= wait_bad_q;
      bad_addr_q <= wait_bad_addr_q;
    end else if (row_q && !row_end) begin
      a_q    <= a_row;
      d_q    <= d_q + 1'b1;
      ox_q   <= ox_end_q ? '0 : ox_next;
      ox_end_q <= ox_end_q ? one_ox : ox_next == op.n_ox[CntW-1:0];
      if (ox_end_q) begin
        a_oy_q <= a_row;
        oy_q   <= oy_next;
        oy_end_q <= oy_next == op.n_oy[CntW-1:0];
      end
    end else if (accept) begin
      d_q <= op.d[AccW-1:0] - 1'b1;  // the first output tile begins one row on
    end
    if (go) cycle_q <= '0;
    else if (!long_enough) cycle_q <= cycle_q + 1'b1;
    if (!rst_ni) begin
      {run_q, kill_q, row_q, tail_q} <= '0;
    end else begin
      run_q  <= accept || (run_q && !op_ready_o);
      kill_q <= bad || (kill_q && !killed);
      row_q  <= !bad && (go || (row_q && !row_end));
      tail_q <= !go && !bad && !finish && ((row_q && row_end) || tail_q) && !long_enough;
    end
  end

  // ---- From the address to the accumulators.
  logic [AccW-1:0] d_p [1:Depth];
  logic [millrace_pkg::SlotBits-1:0] slot_p [1:Depth];
  logic [31:0] fault_addr_q;
  logic [SpW-1:0] a_rd_addr_q;
  always_ff @(posedge clk_i) begin
    valid_p   <= rst_ni ? {valid_p[Depth-1:1], row_q && !bad} : '0;
    last_p    <= rst_ni ? {last_p[Depth-1:1], bad || finish} : '0;
    fault_p   <= {fault_p[Depth-1:1], bad};
    first_p   <= {first_p[1+DimL2:1], first_q};
    d_p[1]    <= d_q;
    slot_p[1] <= op_slot_i;
    for (int i = 2; i <= Depth; i++) begin
      d_p[i]    <= d_p[i-1];
      slot_p[i] <= slot_p[i-1];
    end
    a_rd_addr_q <= a_q;
    if (bad) fault_addr_q <= bad_b_q ? 32'(bad_addr_q) : a_outside ? 32'(a_q) : 32'(d_q);
  end

  assign a_rd_valid_o = valid_p[1];
  assign a_rd_addr_o  = a_rd_addr_q;
  assign step_o       = valid_p[1];
  assign d_rd_valid_o = valid_p[2+DimL2] && !first_p[2+DimL2];
  assign d_rd_addr_o  = d_p[2+DimL2];
  assign d_wr_valid_o = valid_p[Depth];
  assign d_wr_addr_o  = d_p[Depth];
  assign done_valid_o = last_p[Depth];
  assign done_slot_o  = slot_p[Depth];
  assign done_fault_o = fault_p[Depth] ? millrace_pkg::FaultBank : millrace_pkg::FaultNone;
  assign done_addr_o  = fault_addr_q;

  // ---- B columns arrive two cycles after their read; the array takes them over two cycles after a tile's first address.
  logic [2:0] go_p, load_p, transpose_p;
  logic [DimL2-1:0] col_p [3];
  always_ff @(posedge clk_i) begin
    go_p     <= {go_p[1:0], go};
    load_p   <= {load_p[1:0], read_col};
    transpose_p <= {transpose_p[1:0], op.transpose};
    col_p[0] <= col_q;
    for (int i = 1; i < 3; i++) col_p[i] <= col_p[i-1];
  end

  matmul_array u_array (
      .clk_i,
      .b_valid_i(load_p[2]), .b_index_i(col_p[2]), .b_transpose_i(transpose_p[2]), .b_data_i(b_rd_data_i),
      .swap_i(go_p[2]), .a_data_i(a_rd_data_i), .d_data_i(d_rd_data_i), .d_data_o(d_wr_data_o)
  );

`ifdef FORMAL
  always_ff @(posedge clk_i) begin
    if (rst_ni && go) assert (full_q && run_q);
    if (rst_ni && row_q) assert ({ox_end_q, oy_end_q} == {ox_q == op.n_ox[CntW-1:0], oy_q == op.n_oy[CntW-1:0]});
    if (rst_ni && done_valid_o) assert (!d_wr_valid_o || !fault_p[Depth]);
    cover (rst_ni && go && row_q);  // two tiles back to back
  end
`endif
endmodule
`default_nettype wire
