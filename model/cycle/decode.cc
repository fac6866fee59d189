// SPDX-License-Identifier: Apache-2.0
#include "model/cycle/decode.h"

namespace millrace::cycle {
namespace {

isa::Space space_of(isa::Source kind) {
  return kind == isa::Source::kAcc ? isa::Space::kAcc : isa::Space::kSp;
}

}  // namespace

Decoder::Decoder(const isa::Config& config) : config_(config) {
  for (const isa::InstructionInfo& info : isa::kInstructions) {
    Format& format = formats_.at(static_cast<size_t>(info.opcode));
    format.known = true;
    format.legal = info.legal[static_cast<size_t>(config.index)];
    for (const isa::Field& field : info.fields) {
      const uint32_t mask = (uint32_t{1} << (field.width & 31)) - 1;
      if (field.names.empty() || field.names.size() > mask) continue;
      format.enumerations.push_back({static_cast<uint32_t>(field.word),
                                     static_cast<uint32_t>(field.low), mask,
                                     static_cast<uint32_t>(field.names.size())});
    }
  }
}

bool Decoder::legal(const Format& format, const isa::Instruction& words) const {
  if (!format.known) return false;
  uint32_t extra = 0;
  for (size_t i = 0; i < words.size(); ++i) extra |= words[i] & ~format.legal[i];
  if (extra != 0) return false;
  for (const Enumeration& e : format.enumerations)
    if ((words[e.word] >> e.low & e.mask) >= e.values) return false;
  return true;
}

// Operand `word` of the instruction: base in bits 15:0, last bank in bits 19:16. Adds its banks;
// false if the range is empty, too large, or shares a bank with an operand before it.
bool Decoder::take(Decoded& d, isa::Space space, uint32_t word) const {
  const bool sp = space == isa::Space::kSp;
  const uint32_t low =
      (d.words[word] & 0xffff) >> (sp ? config_.sp_row_bits : config_.acc_row_bits);
  const uint32_t high = d.words[word] >> 16 & 0xf;
  const uint32_t banks = static_cast<uint32_t>(sp ? config_.sp_banks : config_.acc_banks);
  if (low > high || high >= banks) return false;
  const BankMask range = ((BankMask{2} << high) - 1) & ~((BankMask{1} << low) - 1);
  BankMask& mask = sp ? d.sp : d.acc;
  const bool free = (mask & range) == 0;
  mask |= range;
  return free;
}

void Decoder::take_operands(Decoded& d) const {
  bool ok = true;
  switch (d.opcode()) {
    case isa::Opcode::kLoad:
    case isa::Opcode::kStore:
      ok = take(d, static_cast<isa::Space>(d.words[0] >> 8 & 1), 1);
      break;
    case isa::Opcode::kMatmul:
      ok = take(d, isa::Space::kSp, 1) && take(d, isa::Space::kSp, 2) &&
           take(d, isa::Space::kAcc, 3);
      break;
    case isa::Opcode::kVector: {
      const isa::Vector op = isa::Vector::unpack(d.words);
      if (op.src1_kind != isa::Source::kScalar) ok = take(d, space_of(op.src1_kind), 1);
      if (ok && op.src2_kind != isa::Source::kScalar) ok = take(d, space_of(op.src2_kind), 2);
      ok = ok && take(d, op.dst_kind, 3) && (!op.channel || take(d, isa::Space::kSp, 4));
      break;
    }
    case isa::Opcode::kVset:
    case isa::Opcode::kSignal:
      break;
  }
  if (!ok) d.fault = isa::Fault::kOperand;
}

Decoded Decoder::decode(const isa::Instruction& words, bool bus_error) const {
  Decoded d;
  d.words = words;
  const uint32_t opcode = words[0] & 0xff;
  const bool dma = d.opcode() == isa::Opcode::kLoad || d.opcode() == isa::Opcode::kStore;
  if (bus_error) {
    d.fault = isa::Fault::kBus;
  } else if (opcode >= formats_.size() || !legal(formats_[opcode], words) ||
             (dma && words[0] >> 16 == 0)) {
    d.fault = isa::Fault::kIllegal;
  } else {
    take_operands(d);
  }
  d.signal = d.opcode() == isa::Opcode::kSignal;
  d.reads = d.opcode() == isa::Opcode::kLoad;
  d.writes = d.opcode() == isa::Opcode::kStore || d.signal;
  d.segment = words[0] >> 12 & ((uint32_t{1} << config_.seg_bits) - 1);
  d.unit = d.reads                              ? (config_.dma_shared ? kStore : kLoad)
           : d.writes                           ? kStore
           : d.opcode() == isa::Opcode::kMatmul ? kMatmul
                                                : kVector;
  return d;
}

}  // namespace millrace::cycle
