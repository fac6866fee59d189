// SPDX-License-Identifier: Apache-2.0
// Half-duplex UART for one byte at a time, 8N1, least significant bit first; bits go in and out one by one.
// Receiving (send_mode_i low): a start bit is looked for only when no frame is going on; every bit is sampled once in its middle.
// valid_o: byte_o holds a byte, whose bit 0 is next; take_i drops that bit, clear_i the byte. It must be gone before the first bit of
// the next byte is sampled, three bit times after its own last one.
// Sending: while send_i is high frames follow each other without a gap; sent_o takes bit_i and comes eight times a frame, at the
// beginning of each bit. A received byte that ends in a low stop bit is taken like any other: the link has its own check.
// Bits last Divider cycles, at least 4. The centre of a bit is missed by up to half a cycle and, in the last bit, by 8.5 times the
// error of the clocks, so with Divider = 4 the sender may be 5 % too fast and 2.8 % too slow; larger dividers have more room.
`default_nettype none
module uart #(
    parameter int Divider = 104
) (
    input  wire logic       clk_i, rst_ni,
    input  wire logic       rx_i,
    output logic            tx_o,
    output logic            valid_o,
    output logic      [7:0] byte_o,
    input  wire logic       take_i, clear_i,
    input  wire logic       send_mode_i, send_i, bit_i,
    output logic            sent_o
);
  localparam int DivW = $clog2(Divider);
  localparam logic [DivW-1:0] Half = DivW'(Divider - (Divider - 1) / 2);  // from here on: to the middle of a start bit
  localparam logic [3:0] Stop = 4'd0, Idle = 4'd1, Start = 4'd7;           // 8 to 15: data bits
  if (Divider < 4) $error("uart: the clock must be at least four times the baud rate");

  logic [1:0] sync_q;
  logic [DivW-1:0] div_q;
  logic [3:0] bit_q;
  logic [7:0] byte_q;
  logic receive_q, valid_q, tx_q;
  wire line = sync_q[1];
  wire tick = div_q == DivW'(Divider - 1);
  wire data = bit_q[3];
  wire last = bit_q == 4'd15;
  wire start_tx = send_i && (bit_q == Idle || (bit_q == Stop && tick));
  wire start_rx = !send_mode_i && bit_q == Idle && !line;
  wire glitch = receive_q && bit_q == Start && line;
  assign sent_o  = tick && !receive_q && (bit_q == Start || (data && !last));
  assign valid_o = valid_q;
  assign byte_o  = byte_q;
  assign tx_o    = tx_q;

  always_ff @(posedge clk_i) begin
    sync_q <= {sync_q[0], rx_i};
    if (bit_q == Idle && !send_mode_i) div_q <= Half;
    else if (bit_q == Idle || tick) div_q <= '0;
    else div_q <= div_q + 1'b1;
    if (bit_q == Idle || start_tx) receive_q <= !send_mode_i;
    if (take_i || (tick && receive_q && data)) byte_q <= {line, byte_q[7:1]};
    if (!rst_ni) begin
      bit_q   <= Idle;
      valid_q <= 1'b0;
      tx_q    <= 1'b1;
    end else begin
      if (start_tx || start_rx) bit_q <= Start;
      else if (bit_q != Idle && tick) bit_q <= glitch ? Idle : bit_q + 1'b1;
      valid_q <= (tick && receive_q && last) || (valid_q && !clear_i);
      tx_q    <= !start_tx && (tick ? !sent_o || bit_i : tx_q);
    end
  end
endmodule
`default_nettype wire
