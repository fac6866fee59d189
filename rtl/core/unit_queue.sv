// SPDX-License-Identifier: Apache-2.0
// Queue of one execution unit: instructions in program order with their slots. The head is offered to the unit once its slot
// may start, and then stays offered until the unit pops it, whatever happens to the gate (a unit never loses an instruction
// that it has begun).
`default_nettype none
module unit_queue #(
    parameter int Width = 256  // of an instruction and what goes with it
) (
    input  wire logic                              clk_i, rst_ni,
    input  wire logic                              push_valid_i,
    output logic                                   push_ready_o,
    input  wire logic [                 Width-1:0] push_data_i,
    input  wire logic [millrace_pkg::SlotBits-1:0] push_slot_i,
    input  wire logic [   millrace_pkg::Slots-1:0] may_start_i,
    output logic                                   start_o,       // the unit begins `op_slot_o` in this cycle
    output logic                                   head_valid_o,  // there is an instruction
    output logic                                   op_valid_o,
    output logic      [                 Width-1:0] op_data_o,
    output logic      [millrace_pkg::SlotBits-1:0] op_slot_o,
    input  wire logic                              op_ready_i
);
  logic started_q;
  assign op_valid_o = head_valid_o && (started_q || may_start_i[op_slot_o]);
  assign start_o    = op_valid_o && !started_q;

  fifo #(.Width(Width + millrace_pkg::SlotBits), .Depth(millrace_pkg::QueueDepth)) u_fifo (
      .clk_i, .rst_ni,
      .in_valid_i(push_valid_i), .in_ready_o(push_ready_o), .in_data_i({push_slot_i, push_data_i}),
      .out_valid_o(head_valid_o), .out_ready_i(op_valid_o && op_ready_i), .out_data_o({op_slot_o, op_data_o})
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) started_q <= 1'b0;
    else started_q <= op_valid_o && !op_ready_i;
  end
endmodule
`default_nettype wire
