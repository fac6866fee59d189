// SPDX-License-Identifier: Apache-2.0
// In-order dispatch into slots and per-unit queues, the wait matrix, and the fault record.
//
// Slot = instruction index modulo Slots, allocated in ring order, so age is a subtraction. Row i of the wait matrix names the
// older slots that overlap slot i's resources; it clears column by column as slots complete. A slot may start when its row is
// clear, which is a register beside it (free_q). On a fault nothing younger starts, everything older does; the record is the lowest index that faulted.
// An instruction is dispatched in the cycle it is valid if its slot is free and its queue has room; it may start in the next.
`default_nettype none
module dispatch #(
    parameter int Units = 4
) (
    input  wire logic                                    clk_i, rst_ni,
    input  wire logic                                    halt_i,       // soft reset pending: nothing starts
    // From decode.
    input  wire logic                                    valid_i,
    output logic                                         ready_o,
    input  wire logic [                           255:0] instr_i,
    input  wire logic [                             3:0] fault_i,
    input  wire logic [       millrace_pkg::SpBanks-1:0] sp_mask_i,
    input  wire logic [      millrace_pkg::AccBanks-1:0] acc_mask_i,
    input  wire logic [                            31:0] bus_addr_i,   // where the instruction was fetched
    // Segment of the instruction, if it has one, and those that share memory with it. They do not change while anything runs.
    output logic      [       millrace_pkg::SegBits-1:0] seg_id_o,
    output logic      [                            15:0] row_bytes_o,
    input  wire millrace_pkg::segment_t                  segment_i,
    input  wire logic [      millrace_pkg::Segments-1:0] alias_i,
    // To and from the units.
    output logic      [                       Units-1:0] op_valid_o,
    output logic      [                   Units*256-1:0] op_data_o,
    output logic      [Units*millrace_pkg::SlotBits-1:0] op_slot_o,
    output logic  [2*millrace_pkg::SegmentInfoBits-1:0]  op_segment_o,  // of the first two units
    input  wire logic [                       Units-1:0] op_ready_i, done_valid_i,
    input  wire logic [Units*millrace_pkg::SlotBits-1:0] done_slot_i,
    input  wire logic [                     Units*4-1:0] done_fault_i,
    input  wire logic [                    Units*32-1:0] done_addr_i,
    // State.
    output logic      [                            31:0] head_o,       // instructions dispatched
    output logic                                         busy_o,       // slots in use
    output logic      [                       Units-1:0] unit_busy_o,  // instructions begun and not complete, by unit
    output logic      [                 Units*Units-1:0] stall_o,      // else: bit u*Units+v, unit u stands still for v (u: empty)
    output logic                                         stop_o,       // a fault has been seen
    output logic                                         fault_o,      // ... and the record is final
    output logic      [                             3:0] fault_code_o, fault_unit_o,
    output logic      [                            31:0] fault_index_o, fault_addr_o
);
  localparam int Slots = millrace_pkg::Slots;
  localparam int SlotW = millrace_pkg::SlotBits;
  localparam int SegW = millrace_pkg::SegBits;
  localparam int IndexW = millrace_pkg::IndexBits;
  localparam int InfoW = millrace_pkg::SegmentInfoBits;

  logic [IndexW-1:0] head_q;
  logic [Slots-1:0] valid_q, running_q, reads_q, writes_q;
  logic [millrace_pkg::SpBanks-1:0] sp_q [Slots];
  logic [millrace_pkg::AccBanks-1:0] acc_q [Slots];
  logic [SegW-1:0] seg_q [Slots];
  logic [Units-1:0] unit_q [Slots];  // one-hot
  logic [Slots-1:0] wait_q [Slots], wait_d [Slots], free_q;

  // ---- The new instruction's resources and the older slots it must wait for.
  wire [7:0] opcode = 8'(instr_i[2:0]);  // the other bits of a good one are 0
  wire [SlotW-1:0] slot = head_q[SlotW-1:0];
  wire is_signal = opcode == millrace_pkg::OpSignal;
  wire reads = opcode == millrace_pkg::OpLoad;
  wire writes = opcode == millrace_pkg::OpStore || is_signal;
  // What overlaps is a register: decode has all that it depends on two cycles before valid_i, and the slots' part only changes
  // with a push, eight cycles apart.
  logic [Slots-1:0] overlap_q, clear;
  assign seg_id_o    = instr_i[12+:SegW];
  assign row_bytes_o = instr_i[31:16] | (16'(is_signal) << 2);  // a SIGNAL is a store of 4 bytes
  always_ff @(posedge clk_i) begin
    for (int i = 0; i < Slots; i++) begin
      overlap_q[i] <= is_signal || (sp_mask_i & sp_q[i]) != '0 || (acc_mask_i & acc_q[i]) != '0
          || (((reads && writes_q[i]) || (writes && reads_q[i])) && alias_i[seg_q[i]]);
    end
  end

  // ---- Queues.
  logic [Units-1:0] target, push_ready, start, head_valid;
  logic [Slots-1:0] may_start, started;
  always_comb begin
    target = '0;
    unique case (opcode)
      millrace_pkg::OpLoad: target[millrace_pkg::DmaShared != 0 ? 1 : 0] = 1'b1;
      millrace_pkg::OpStore, millrace_pkg::OpSignal: target[1] = 1'b1;
      millrace_pkg::OpMatmul: target[2] = 1'b1;
      default: target[3] = 1'b1;
    endcase
  end
  wire good = fault_i == millrace_pkg::FaultNone;
  wire free = !valid_q[slot] && (target & push_ready) != '0;
  wire push = valid_i && good && free && !stop_o && !halt_i;
  wire decode_fault = valid_i && !good && !stop_o;
  assign ready_o = push;

  for (genvar u = 0; u < Units; u++) begin : g_unit
    if (u == 0 && millrace_pkg::DmaShared != 0) begin : g_none
      assign {push_ready[u], start[u], head_valid[u], op_valid_o[u]} = '0;
      assign {op_data_o[u*256+:256], op_slot_o[u*SlotW+:SlotW], op_segment_o[u*InfoW+:InfoW]} = '0;
      wire unused_ready = op_ready_i[u];
    end else begin : g_queue
      localparam int Width = (u < 2) ? 256 + InfoW : 256;
      wire [Width-1:0] data;
      assign op_data_o[u*256+:256] = data[255:0];
      if (u < 2) begin : g_segment
        assign op_segment_o[u*InfoW+:InfoW] = data[256+:InfoW];
      end
      unit_queue #(.Width(Width)) u_queue (
          .clk_i, .rst_ni,
          .push_valid_i(push && target[u]), .push_ready_o(push_ready[u]), .push_data_i(Width'({segment_i, instr_i})), .push_slot_i(slot),
          .may_start_i(may_start), .start_o(start[u]), .head_valid_o(head_valid[u]),
          .op_valid_o(op_valid_o[u]), .op_ready_i(op_ready_i[u]),
          .op_data_o(data), .op_slot_o(op_slot_o[u*SlotW+:SlotW])
      );
    end
  end

  always_comb begin
    clear   = '0;
    started = '0;
    for (int u = 0; u < Units; u++) begin
      if (done_valid_i[u]) clear[done_slot_i[u*SlotW+:SlotW]] = 1'b1;
      if (start[u]) started[op_slot_o[u*SlotW+:SlotW]] = 1'b1;
    end
  end

  // ---- Age and the fault record. age(s) = head - 1 - index(s): 0 is the youngest slot.
  logic stop_q;
  logic [3:0] code_q, fault_unit_q;
  logic [31:0] addr_q;
  logic [SlotW:0] back_q;             // instructions from the recorded one to the head, which a fault stops
  logic [Slots-1:0] older_q;          // than the record; one of decode is younger than every slot
  always_comb begin
    for (int i = 0; i < Slots; i++) may_start[i] = free_q[i] && !halt_i && older_q[i];
  end

  // The oldest fault reported in this cycle, if it is older than the record.
  logic new_fault;
  logic [SlotW-1:0] new_age, age;
  logic [3:0] new_code, new_unit;
  logic [31:0] new_addr;
  always_comb begin
    {new_fault, new_age, new_code, new_unit, new_addr, age} = '0;
    for (int u = 0; u < Units; u++) begin
      age = SlotW'(head_q[SlotW-1:0] - done_slot_i[u*SlotW+:SlotW] - 1'b1);
      if (done_valid_i[u] && done_fault_i[u*4+:4] != millrace_pkg::FaultNone
          && older_q[done_slot_i[u*SlotW+:SlotW]] && (!new_fault || age > new_age)) begin
        new_fault = 1'b1;
        new_age   = age;
        new_code  = done_fault_i[u*4+:4];
        new_unit  = u == 1 && reads_q[done_slot_i[u*SlotW+:SlotW]] ? millrace_pkg::UnitLoad : 4'(u);
        new_addr  = done_addr_i[u*32+:32];
      end
    end
  end

  wire [IndexW-1:0] index = head_q - IndexW'(back_q);
  assign stop_o        = stop_q;
  assign fault_o       = stop_q && (valid_q & (running_q | older_q)) == '0;
  assign fault_code_o  = code_q;
  assign fault_unit_o  = fault_unit_q;
  assign fault_index_o = stop_q ? 32'(index) : 32'd0;
  assign fault_addr_o  = addr_q;
  assign busy_o        = valid_q != '0;
  for (genvar u = 0; u < Units; u++) begin : g_busy
    logic [SlotW:0] begun_q;  // as long as the unit has any
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begun_q <= '0;
      else begun_q <= begun_q + (SlotW + 1)'(start[u]) - (SlotW + 1)'(done_valid_i[u]);
    end
    assign unit_busy_o[u] = begun_q != '0 || start[u];
    // A unit without work is charged to itself, else to the unit of the oldest slot that its next instruction waits for.
    wire [SlotW-1:0] next = op_slot_o[u*SlotW+:SlotW];
    if (millrace_pkg::Counters != 0) begin : g_stall
      assign stall_o[u*Units+:Units] = unit_busy_o[u] ? '0 : head_valid[u] && !free_q[next] ? blame_q[next] : Units'(1) << u;
    end else begin : g_no_stall
      assign stall_o[u*Units+:Units] = '0;
      wire unused_stall = &{1'b0, head_valid[u], blame_q[next]};
    end
  end
  // Unit of the oldest slot that each waits for. Slot i's elders are, from the oldest on, i + 1, i + 2, ...
  logic [Units-1:0] blame_q [Slots], blame [Slots];
  logic [SlotW-1:0] elder;
  always_comb begin
    elder = '0;
    for (int i = 0; i < Slots; i++) begin
      blame[i] = '0;
      for (int k = Slots - 1; k > 0; k--) begin
        elder = SlotW'(i + k);
        if (wait_d[i][elder]) blame[i] = unit_q[elder];
      end
    end
  end
  always_ff @(posedge clk_i) for (int i = 0; i < Slots; i++) blame_q[i] <= blame[i];
  assign head_o        = 32'(head_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      {head_q, valid_q, running_q, stop_q, fault_unit_q, addr_q} <= '0;
      older_q <= '1;
      code_q  <= millrace_pkg::FaultNone;
    end else begin
      if (push) head_q <= head_q + 1'b1;
      valid_q   <= (valid_q & ~clear) | (Slots'(push) << slot);
      running_q <= (running_q | started) & ~clear;
      if (new_fault || decode_fault) stop_q <= 1'b1;
      if (new_fault) begin
        for (int i = 0; i < Slots; i++) begin
          older_q[i] <= SlotW'(head_q[SlotW-1:0] - SlotW'(i) - 1'b1) > new_age && !(push && slot == SlotW'(i));
        end
        code_q       <= new_code;
        fault_unit_q <= new_unit;
        addr_q       <= new_addr;
        back_q       <= (SlotW + 1)'(new_age) + (SlotW + 1)'(push) + 1'b1;
      end else if (decode_fault) begin
        code_q       <= fault_i;
        fault_unit_q <= millrace_pkg::UnitFetch;
        back_q       <= '0;
        addr_q       <= fault_i == millrace_pkg::FaultBus ? bus_addr_i : 32'd0;
      end
    end
    for (int i = 0; i < Slots; i++) begin
      wait_q[i] <= wait_d[i];
      free_q[i] <= wait_d[i] == '0;
      if (push && slot == SlotW'(i)) begin
        sp_q[i]     <= sp_mask_i;
        acc_q[i]    <= acc_mask_i;
        seg_q[i]    <= seg_id_o;
        unit_q[i]   <= target;
        reads_q[i]  <= reads;
        writes_q[i] <= writes;
      end
    end
  end
  always_comb begin
    for (int i = 0; i < Slots; i++) wait_d[i] = (slot == SlotW'(i) && !valid_q[i] ? overlap_q & valid_q : wait_q[i]) & ~clear;
  end

`ifdef FORMAL
  // Nothing waits for an empty slot or for itself, so the oldest slot is always free to start: no deadlock.
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      for (int i = 0; i < Slots; i++) begin
        if (valid_q[i]) assert ((wait_q[i] & ~valid_q) == '0 && !wait_q[i][i]);
        for (int u = 0; u < Units; u++) begin
          if (done_valid_i[u] && done_slot_i[u*SlotW+:SlotW] == SlotW'(i)) assume (running_q[i] || started[i]);
        end
      end
      cover (busy_o && wait_q[0] != '0);
    end
  end
`endif
endmodule
`default_nettype wire
