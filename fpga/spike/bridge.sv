// SPDX-License-Identifier: Apache-2.0
// UART to register and memory bridge, for area: 8N1, one command at a time.
// Command: byte 0 = {write, memory, 6'words - 1}, then three address bytes (little-endian), then the words of a write. A read is
// answered by its words, a write by one byte {7'0, error}. The memory or register side takes a word with `done_i`.
`default_nettype none
module bridge #(
    parameter int Divider = 104  // clock cycles a bit
) (
    input  wire logic        clk_i,
    input  wire logic        rst_ni,
    input  wire logic        rx_i,
    output logic             tx_o,
    output logic             valid_o,   // an access waits for done_i
    output logic             write_o,
    output logic             memory_o,
    output logic      [16:0] addr_o,
    output logic      [31:0] wdata_o,
    input  wire logic        done_i,
    input  wire logic        error_i,
    input  wire logic [31:0] rdata_i
);
  localparam int DivW = $clog2(Divider);

  // ---- Receiver and transmitter.
  logic [DivW-1:0] rx_div_q, tx_div_q;
  logic [3:0] rx_bit_q, tx_bit_q;
  logic [7:0] rx_q;
  logic [8:0] tx_q;
  logic [1:0] sync_q;
  logic rx_valid_q, tx_start;
  logic [7:0] tx_byte;
  wire rx_tick = rx_div_q == '0;
  wire tx_tick = tx_div_q == '0;
  wire tx_idle = tx_bit_q == '0;
  always_ff @(posedge clk_i) begin
    sync_q     <= {sync_q[0], rx_i};
    rx_valid_q <= 1'b0;
    if (!rst_ni) begin
      rx_bit_q <= '0;
      tx_bit_q <= '0;
      tx_q     <= '1;
    end else begin
      if (rx_bit_q == '0) begin
        rx_div_q <= DivW'(Divider / 2);
        if (!sync_q[1]) rx_bit_q <= 4'd10;
      end else if (rx_tick) begin
        rx_div_q   <= DivW'(Divider - 1);
        rx_bit_q   <= rx_bit_q - 1'b1;
        rx_valid_q <= rx_bit_q == 4'd1;
        if (rx_bit_q != 4'd1) rx_q <= {sync_q[1], rx_q[7:1]};
      end else rx_div_q <= rx_div_q - 1'b1;
      tx_div_q <= tx_tick || tx_idle ? DivW'(Divider - 1) : tx_div_q - 1'b1;
      if (tx_start) begin
        tx_q     <= {tx_byte, 1'b0};
        tx_bit_q <= 4'd10;
      end else if (tx_tick && !tx_idle) begin
        tx_q     <= {1'b1, tx_q[8:1]};
        tx_bit_q <= tx_bit_q - 1'b1;
      end
    end
  end
  assign tx_o = tx_q[0];

  // ---- Commands.
  typedef enum logic [2:0] {Command, Address, Data, Access, Answer} state_t;
  state_t state_q;
  logic [1:0] byte_q;
  logic [5:0] words_q;
  logic [31:0] data_q;
  logic [16:0] addr_q;
  logic write_q, memory_q, error_q, last_q;
  assign tx_byte  = write_q ? {7'd0, error_q} : data_q[7:0];
  assign tx_start = state_q == Answer && tx_idle;
  assign valid_o  = state_q == Access;
  assign write_o  = write_q;
  assign memory_o = memory_q;
  assign addr_o   = addr_q;
  assign wdata_o  = data_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) state_q <= Command;
    else begin
      unique case (state_q)
        Command: if (rx_valid_q) begin
          {write_q, memory_q, words_q} <= rx_q;
          byte_q  <= '0;
          error_q <= 1'b0;
          state_q <= Address;
        end
        Address: if (rx_valid_q) begin
          if (byte_q == 2'd0) addr_q <= {9'd0, rx_q};
          else if (byte_q == 2'd1) addr_q[15:8] <= rx_q;
          else addr_q[16] <= rx_q[0];
          byte_q <= byte_q == 2'd2 ? 2'd0 : byte_q + 1'b1;
          if (byte_q == 2'd2) state_q <= write_q ? Data : Access;
        end
        Data: if (rx_valid_q) begin
          data_q <= {rx_q, data_q[31:8]};
          byte_q <= byte_q + 1'b1;
          if (byte_q == 2'd3) state_q <= Access;
        end
        Access: if (done_i) begin
          if (!write_q) data_q <= rdata_i;
          error_q <= error_q || error_i;
          addr_q  <= addr_q + 17'd4;
          words_q <= words_q - 1'b1;
          last_q  <= words_q == '0;
          state_q <= write_q && words_q != '0 ? Data : Answer;
        end
        default: if (tx_start) begin
          data_q <= {8'd0, data_q[31:8]};
          byte_q <= byte_q + 1'b1;
          if (write_q) state_q <= Command;
          else if (byte_q == 2'd3) state_q <= last_q ? Command : Access;
        end
      endcase
    end
  end
endmodule
`default_nettype wire
