// SPDX-License-Identifier: Apache-2.0
// Assembles an instruction from eight words, checks it while they arrive, and derives its resources.
// One word a cycle; `valid_o` rises the cycle after the last word and holds until `ready_i`.
// Operand k is described by word k: base in bits 15:0, last bank of its range in bits 19:16; its bank mask and the checks
// (ILLEGAL before OPERAND before nothing) are done in the cycle the word arrives.
`default_nettype none
module decode (
    input  wire logic                              clk_i, rst_ni,
    input  wire logic                              word_valid_i, word_error_i,
    output logic                                   word_ready_o,
    input  wire logic [                      31:0] word_data_i,
    output logic                                   empty_o,
    output logic                                   valid_o,
    input  wire logic                              ready_i,
    output logic      [                     255:0] instr_o,
    output logic      [                       3:0] fault_o,  // FaultNone, FaultBus, FaultIllegal or FaultOperand
    output logic      [ millrace_pkg::SpBanks-1:0] sp_mask_o,
    output logic      [millrace_pkg::AccBanks-1:0] acc_mask_o
);
  localparam int SpBanks = millrace_pkg::SpBanks;
  localparam int AccBanks = millrace_pkg::AccBanks;
  localparam int MaxBanks = (SpBanks > AccBanks) ? SpBanks : AccBanks;

  logic [31:0] words_q [8];
  logic [2:0] idx_q;
  logic full_q, error_q, illegal_q, operand_q;
  logic [SpBanks-1:0] sp_q;
  logic [AccBanks-1:0] acc_q;

  wire take = word_valid_i && word_ready_o;
  wire first = idx_q == 3'd0;
  wire [31:0] header = first ? word_data_i : words_q[0];
  wire [7:0] opcode = first ? word_data_i[7:0] : 8'(words_q[0][2:0]);  // one with higher bits is illegal already
  wire unused_header = &{1'b0, header};
  wire dma_space = millrace_pkg::DmaAcc != 0 && header[8];
  wire [1:0] src1_kind = header[9:8];
  wire [1:0] src2_kind = header[11:10];
  wire dst_kind = millrace_pkg::VecAcc != 0 && header[12];
  wire channel = header[26];

  // Does the next word describe an operand, and of which memory? For the current one (use_*_q) that is known a cycle ahead.
  wire [2:0] idx_d = idx_q + 3'(take);
  logic use_sp, use_acc, use_sp_q, use_acc_q;
  always_ff @(posedge clk_i) {use_sp_q, use_acc_q} <= {use_sp, use_acc};
  always_comb begin
    {use_sp, use_acc} = '0;
    unique case (header[2:0])
      millrace_pkg::OpLoad[2:0], millrace_pkg::OpStore[2:0]: begin
        use_sp  = idx_d == 3'd1 && dma_space == millrace_pkg::SpaceSp;
        use_acc = idx_d == 3'd1 && dma_space == millrace_pkg::SpaceAcc;
      end
      millrace_pkg::OpMatmul[2:0]: begin
        use_sp  = idx_d == 3'd1 || idx_d == 3'd2;
        use_acc = idx_d == 3'd3;
      end
      millrace_pkg::OpVector[2:0]: begin
        unique case (idx_d)
          3'd1: begin
            use_sp  = src1_kind == millrace_pkg::SourceSp;
            use_acc = src1_kind == millrace_pkg::SourceAcc;
          end
          3'd2: begin
            use_sp  = src2_kind == millrace_pkg::SourceSp;
            use_acc = src2_kind == millrace_pkg::SourceAcc;
          end
          3'd3: begin
            use_sp  = dst_kind == millrace_pkg::SpaceSp;
            use_acc = dst_kind == millrace_pkg::SpaceAcc;
          end
          3'd4: use_sp = channel;
          default: ;
        endcase
      end
      default: ;
    endcase
  end

  wire [15:0] lo = use_acc_q ? 16'(word_data_i[15:millrace_pkg::AccRowBits])
                           : 16'(word_data_i[15:millrace_pkg::SpRowBits]);
  wire [3:0] hi = word_data_i[19:16];
  logic [MaxBanks-1:0] range;
  always_comb begin
    for (int b = 0; b < MaxBanks; b++) range[b] = lo <= 16'(b) && 4'(b) <= hi;
  end
  wire [SpBanks-1:0] sp_range = use_sp_q ? range[SpBanks-1:0] : '0;
  wire [AccBanks-1:0] acc_range = use_acc_q ? range[AccBanks-1:0] : '0;
  wire bad_range = (use_sp_q || use_acc_q) && (lo > 16'(hi)
      || (use_sp_q && 5'(hi) >= 5'(SpBanks)) || (use_acc_q && 5'(hi) >= 5'(AccBanks)));
  wire shared = (sp_range & sp_q) != '0 || (acc_range & acc_q) != '0;
  wire illegal = (word_data_i & ~millrace_pkg::legal_mask(opcode, idx_q)) != 32'd0
      || (first && !millrace_pkg::legal_word0(word_data_i));

  assign word_ready_o = !full_q;
  assign valid_o      = full_q;
  assign empty_o      = first && !full_q;
  assign sp_mask_o    = sp_q;
  assign acc_mask_o   = acc_q;
  assign fault_o      = error_q ? millrace_pkg::FaultBus : illegal_q ? millrace_pkg::FaultIllegal
                      : operand_q ? millrace_pkg::FaultOperand : millrace_pkg::FaultNone;
  for (genvar i = 0; i < 8; i++) begin : g_words
    assign instr_o[i*32+:32] = words_q[i];
  end

  always_ff @(posedge clk_i) begin
    if (take) words_q[idx_q] <= word_data_i;
    if (!rst_ni || (full_q && ready_i)) begin
      {idx_q, full_q, error_q, illegal_q, operand_q, sp_q, acc_q} <= '0;
    end else if (take) begin
      idx_q     <= idx_q + 1'b1;
      full_q    <= idx_q == 3'd7;
      error_q   <= error_q || word_error_i;
      illegal_q <= illegal_q || illegal;
      operand_q <= operand_q || bad_range || shared;
      sp_q      <= sp_q | sp_range;
      acc_q     <= acc_q | acc_range;
    end
  end
endmodule
`default_nettype wire
