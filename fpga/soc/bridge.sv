// SPDX-License-Identifier: Apache-2.0
// The far end of the link (docs/reference/link.md): a UART in front of the registers and the memory. One request at a time, no buffer.
// Everything is done bit by bit, since the line is slow: one step a bit, received or sent, shifts the CRC, the data word and the
// rings of address and word count, which are counted up by one carry as they go around. CRCs are compared and sent by shifting
// the CRC register out; that leaves it all ones for the next part.
// An access starts between two words and is finished before the next bit is sent. While words are written it has until the byte
// after the next arrives (docs/developer/soc.md); a longer one loses that byte, which the CRC finds.
// The slave of the registers must not accept a second request in the cycle of a response: requests stay up until then.
`default_nettype none
module bridge #(
    parameter int          Divider  = 104,    // clock cycles a bit
    parameter int          AddrBits = 17,     // of an address of memory or registers in bytes, 13 to 31
    parameter logic [31:0] Info     = 32'd0   // register 0x1000
) (
    input  wire logic                clk_i, rst_ni,
    input  wire logic                rx_i,
    output logic                     tx_o,
    // Access to a word; for the memory: stays until h_done_i, whose cycle has the word read.
    output logic                     h_valid_o,
    output logic                     h_write_o,
    output logic      [AddrBits-1:2] addr_o,
    output logic              [31:0] wdata_o,
    input  wire logic                h_done_i,
    input  wire logic         [31:0] h_rdata_i,
    // Registers: AXI4-Lite master; address and data above, responses always accepted.
    output logic                     s_awvalid_o, s_wvalid_o, s_arvalid_o,
    input  wire logic                s_bvalid_i, s_rvalid_i,
    input  wire logic          [1:0] s_bresp_i, s_rresp_i,
    input  wire logic         [31:0] s_rdata_i
);
  if (AddrBits < 13 || AddrBits > 31) $error("bridge: addresses have 13 to 31 bits");
  localparam int AddrW = AddrBits - 2;
  localparam int First = 2, Count = 20;  // places of address and count among the 32 bits of a word

  // ---- State: which part of the request or answer the next bit belongs to.
  // Head: the bytes before the address.
  typedef enum logic [2:0] {Head, Address, HeadCrc, Data, DataCrc, Words, Answer, AnswerCrc} state_t;
  state_t state_q;
  logic [4:0] at_q;  // bit of a word
  logic req_q;       // an access waits to be done
  wire sending = state_q == Words || state_q == Answer || state_q == AnswerCrc;
  wire crc_part = state_q == HeadCrc || state_q == DataCrc || state_q == AnswerCrc;

  logic received, sent, tx_bit, rx_bit;
  logic [7:0] rx_byte;
  wire stray = state_q == Head && at_q == '0 && rx_byte[7:4] != 4'ha;  // not the first byte of a request
  wire ready = received && !sending && !req_q;
  wire take = ready && !stray;
  wire step = take || sent;
  wire part_end = step && at_q[2:0] == '1 && (at_q[4:3] == '1 || (state_q == Head && at_q[4]) || state_q == Answer);
  assign rx_bit = rx_byte[0];
  wire unused = &{1'b0, rx_byte[3:1], s_bresp_i[0], s_rresp_i[0]};

  uart #(.Divider(Divider)) u_uart (
      .clk_i, .rst_ni, .rx_i, .tx_o,
      .valid_o(received), .byte_o(rx_byte), .take_i(take), .clear_i(ready && (stray || at_q[2:0] == '1)),
      .send_mode_i(sending), .send_i(sending && !req_q), .bit_i(tx_bit), .sent_o(sent)
  );

  // ---- Check. A mismatch stays until the next header.
  logic [31:0] crc_q;
  logic bad_q;
  wire in_bit = sending ? tx_bit : rx_bit;
  wire feedback = !crc_part && (crc_q[0] ^ in_bit);
  wire good = !bad_q && rx_bit != crc_q[0];  // at the end of a CRC
  localparam logic [31:0] Poly = 32'hedb88320;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) crc_q <= '1;
    else if (step) crc_q <= {feedback || crc_part, crc_q[31:1] ^ (Poly[30:0] & {31{feedback}})};
    if (state_q == Head) bad_q <= 1'b0;
    else if (step && crc_part && rx_bit == crc_q[0]) bad_q <= 1'b1;
  end

  // ---- Header. The first two bytes pass through the upper nibble of the count to their places; the count is kept inverted.
  logic write_q, memory_q, flip_q, clear_q;
  logic [3:0] tag_q, high_q;
  logic [7:0] low_q;
  logic [AddrW-1:0] addr_q;
  logic carry_q;
  wire in_addr = at_q >= 5'(First) && at_q < 5'(First + AddrW);
  wire in_count = at_q[4:2] >= 3'(Count / 4);
  wire ring = in_count ? low_q[0] : addr_q[0];
  wire plus = ring ^ carry_q;
  wire last = ring && carry_q;  // at the end of a word: the count runs over
  wire addr_plus;
  if (First + AddrW > Count) begin : g_carry
    // The address reaches into the places of the count and needs a carry of its own.
    logic addr_carry_q;
    assign addr_plus = addr_q[0] ^ addr_carry_q;
    always_ff @(posedge clk_i) begin
      if (state_q == Head || state_q == Address) addr_carry_q <= 1'b0;
      else if (state_q == HeadCrc) addr_carry_q <= write_q;
      else if (step && at_q == '0) addr_carry_q <= !addr_carry_q;
      else if (step && in_addr) addr_carry_q <= addr_q[0] && addr_carry_q;
      else if (step && in_count) addr_carry_q <= 1'b0;
    end
  end else begin : g_shared
    assign addr_plus = plus;
  end
  always_ff @(posedge clk_i) begin
    if (step && state_q == Head && at_q[4:3] == 2'd0) {clear_q, flip_q, memory_q, write_q} <= {!high_q[0], clear_q, flip_q, memory_q};
    if (step && ((state_q == Head && at_q[4:3] == 2'd1) || state_q == Answer)) tag_q <= {!high_q[0], tag_q[3:1]};
    if (step && (state_q == Head ? !at_q[4] : in_count && !crc_part)) high_q <= {state_q == Head ? !rx_bit : plus, high_q[3:1]};
    if (step && (state_q == Head || (in_count && !crc_part))) low_q <= {state_q == Head ? !rx_bit : high_q[0], low_q[7:1]};
    if (step && in_addr && !crc_part) addr_q <= {state_q == Address ? rx_bit : addr_plus, addr_q[AddrW-1:1]};
    if (state_q == Head || state_q == Address) carry_q <= 1'b0;
    else if (state_q == HeadCrc) carry_q <= write_q;  // the first word of a write keeps its address
    else if (step) begin
      if (at_q == '0) carry_q <= !carry_q;
      else if (at_q == 5'(Count - 1)) carry_q <= 1'b1;
      else if (in_addr || in_count) carry_q <= last;
    end
  end

  // ---- Word. Between two words its bits are what selects the source of the next one: all 0 for memory, else all 1.
  logic [31:0] data_q;
  logic info_q;
  wire done = h_done_i || s_bvalid_i || s_rvalid_i;
  wire load = done && !write_q;
  wire [31:0] shifted = {state_q == Data ? rx_bit : !memory_q, data_q[31:1]};
  for (genvar i = 0; i < 32; i++) begin : g_data
    always_ff @(posedge clk_i) begin
      if (load || (step && !crc_part)) begin
        data_q[i] <= load ? (shifted[i] ? s_rdata_i[i] : h_rdata_i[i]) : shifted[i];
      end
    end
  end
  always_ff @(posedge clk_i) if (load) info_q <= !memory_q && addr_q[12-2];

  // ---- Accesses. A write to INFO reads instead and is an error.
  logic toggle_q, error_q, fresh_q;
  wire reg_write = write_q && !memory_q;
  wire refused = (s_bvalid_i && s_bresp_i[1]) || (s_rvalid_i && s_rresp_i[1]) || (s_rvalid_i && write_q);
  wire begins = part_end && state_q == HeadCrc && good;
  wire ask = part_end && (state_q == HeadCrc ? good && !write_q : state_q == Words ? !last : state_q == Data ? memory_q
      : state_q == DataCrc && reg_write && good && flip_q != toggle_q);
  assign h_valid_o   = req_q && memory_q;
  assign h_write_o   = write_q;
  assign addr_o      = addr_q;
  assign wdata_o     = data_q;
  assign s_awvalid_o = req_q && reg_write && !addr_q[12-2];
  assign s_wvalid_o  = s_awvalid_o;
  assign s_arvalid_o = req_q && !memory_q && !s_awvalid_o;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) {req_q, toggle_q, error_q} <= '0;
    else begin
      req_q <= ask || (req_q && !done);
      if (done && reg_write) toggle_q <= flip_q;
      // A repeated register write is answered as it was.
      if (begins && !reg_write) error_q <= 1'b0;
      else if (done) error_q <= refused || (error_q && !reg_write);
    end
    fresh_q <= !rst_ni || (fresh_q && !(begins && clear_q));
  end

  // ---- Answer.
  always_comb begin
    tx_bit = info_q ? Info[at_q] : data_q[0];
    if (state_q == Answer) begin
      unique case (at_q[2:0])
        3'd4: tx_bit = toggle_q;
        3'd5: tx_bit = fresh_q;
        3'd6: tx_bit = error_q;
        3'd7: tx_bit = bad_q;
        default: tx_bit = tag_q[0];
      endcase
    end
    if (crc_part) tx_bit = !crc_q[0];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Head;
      at_q    <= '0;
    end else begin
      if (step) at_q <= part_end ? '0 : at_q + 1'b1;
      if (part_end) begin
        unique case (state_q)
          Head:    state_q <= Address;
          Address: state_q <= HeadCrc;
          HeadCrc: state_q <= !good ? Head : write_q ? Data : Words;
          Data:    if (last) state_q <= DataCrc;
          DataCrc: state_q <= Answer;
          Words:   if (last) state_q <= Answer;
          Answer:  state_q <= AnswerCrc;
          default: state_q <= Head;
        endcase
      end
    end
  end

`ifdef FORMAL
  logic f_past_q = 1'b0;
  always_ff @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    if (rst_ni) begin
      assert (!(req_q && sent));  // no bit leaves before its word is there
      assert (32'(h_valid_o) + 32'(s_awvalid_o) + 32'(s_arvalid_o) == 32'(req_q));
    end
    if (f_past_q && rst_ni && $past(rst_ni && req_q && !done)) begin
      assert (req_q && $stable(h_valid_o) && $stable(write_q) && $stable(addr_o) && $stable(wdata_o));
    end
    cover (rst_ni && s_awvalid_o);
  end
`endif
endmodule
`default_nettype wire
