// SPDX-License-Identifier: Apache-2.0
#include "sim/lockstep/lockstep_device.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "host/asm/text.h"
#include "sim/access.h"

namespace millrace::sim {
namespace {

std::string to_text(const cycle::Retirement& r) {
  return "instruction " + std::to_string(r.index) + " in unit " +
         std::string(isa::kUnitNames[r.unit]) + " in cycle " + std::to_string(r.cycle) +
         (r.fault == isa::Fault::kNone
              ? ""
              : ", fault " + std::string(isa::kFaultNames[static_cast<size_t>(r.fault)]));
}

}  // namespace

LockstepDevice::LockstepDevice(std::unique_ptr<RtlDevice> rtl, const CycleOptions& options)
    : rtl_(std::move(rtl)), model_(rtl_->config(), options) {
  rtl_->trace(&rtl_trace_);
  model_.machine().observe([this](const cycle::Passage& p) {
    passed_[p.index % passed_.size()] = p;
    model_trace_.push_back({p.done, p.unit, p.index & cycle::index_mask(config()), p.fault});
  });
}

Result<std::unique_ptr<LockstepDevice>> LockstepDevice::open(std::string_view config,
                                                             const SimOptions& options,
                                                             std::optional<cycle::Kernel> kernel) {
  Result<std::unique_ptr<RtlDevice>> rtl = open_rtl(config, options);
  if (!rtl) return rtl.error();
  return {std::unique_ptr<LockstepDevice>(
      new LockstepDevice(std::move(*rtl), {options.memory, options.slverr, kernel}))};
}

Status LockstepDevice::differ(const std::string& what, const std::string& rtl,
                              const std::string& model) {
  if (!difference_cycle_) difference_cycle_ = std::min(rtl_->cycle(), model_.cycle());
  if (!difference_)
    difference_ = failure("cycle model and RTL differ in " + what + ": RTL " + rtl +
                          ", cycle model " + model);
  return *difference_;
}

// An instruction that the cycle model has completed lately, and where its time is explained.
std::string LockstepDevice::instruction(uint32_t index) const {
  const cycle::Passage& passage = passed_[index % passed_.size()];
  if ((passage.index & cycle::index_mask(config())) != index || passage.done == 0)
    return "not complete in the cycle model";
  const std::string text = disassemble(passage.words, &config());
  std::string name = text.substr(0, text.find(' '));
  std::ranges::transform(name, name.begin(),
                         [](char c) { return static_cast<char>(std::toupper(c)); });
  return "`" + text + "` (docs/reference/timing.md, " + name + ")";
}

// The first completions that are not the same, on both sides; one side may have none yet.
Status LockstepDevice::differ_completion() {
  const auto text = [](const std::vector<cycle::Retirement>& trace) {
    return trace.empty() ? "none yet" : to_text(trace.front());
  };
  const std::vector<cycle::Retirement>& a = rtl_trace_;
  const std::vector<cycle::Retirement>& b = model_trace_;
  difference_cycle_ =
      std::min(a.empty() ? UINT64_MAX : a.front().cycle, b.empty() ? UINT64_MAX : b.front().cycle);
  const cycle::Retirement& first = a.empty() ? b.front() : a.front();
  return differ(
      "completion " + std::to_string(compared_), text(a),
      text(b) + "; instruction " + std::to_string(first.index) + " is " + instruction(first.index));
}

Status LockstepDevice::compare_completions() {
  const auto [a, b] = std::ranges::mismatch(rtl_trace_, model_trace_);
  compared_ += static_cast<uint64_t>(a - rtl_trace_.begin());
  rtl_trace_.erase(rtl_trace_.begin(), a);
  model_trace_.erase(model_trace_.begin(), b);
  if (rtl_trace_.empty() && model_trace_.empty()) return {};
  return differ_completion();
}

Status LockstepDevice::compare(std::string_view after) {
  if (difference_) return *difference_;
  if (Status ok = compare_completions(); !ok) return ok;
  if (rtl_->cycle() != model_.cycle())
    return differ("the cycle after " + std::string(after), std::to_string(rtl_->cycle()),
                  std::to_string(model_.cycle()));
  if (rtl_->irq() != model_.irq())
    return differ("the interrupt in cycle " + std::to_string(rtl_->cycle()),
                  std::to_string(rtl_->irq()), std::to_string(model_.irq()));
  return {};
}

// Both must succeed, or both fail.
Status LockstepDevice::settle(const Status& rtl, const Status& model) {
  if (difference_) return *difference_;
  const auto text = [](const Status& s) { return s ? "succeeds" : "fails: " + s.error().message; };
  if (static_cast<bool>(rtl) != static_cast<bool>(model))
    return differ("an access in cycle " + std::to_string(rtl_->cycle()), text(rtl), text(model));
  return rtl;
}

Result<uint32_t> LockstepDevice::read_reg(uint32_t offset) {
  const Result<uint32_t> rtl = rtl_->read_reg(offset);
  const Result<uint32_t> model = model_.read_reg(offset);
  const auto status = [](const Result<uint32_t>& r) { return r ? Status() : Status(r.error()); };
  if (Status ok = compare("a read of register " + hex(offset)); !ok) return ok.error();
  if (Status ok = settle(status(rtl), status(model)); !ok) return ok.error();
  if (offset != reg::kBuildId && *rtl != *model)
    return differ("register " + hex(offset) + " in cycle " + std::to_string(rtl_->cycle()),
                  hex(*rtl), hex(*model))
        .error();
  return *rtl;
}

Status LockstepDevice::write_reg(uint32_t offset, uint32_t value) {
  const Status rtl = rtl_->write_reg(offset, value);
  const Status model = model_.write_reg(offset, value);
  if (Status ok = compare("a write of register " + hex(offset)); !ok) return ok;
  return settle(rtl, model);
}

Status LockstepDevice::read_mem(uint64_t addr, std::span<uint8_t> out) {
  std::vector<uint8_t> other(out.size());
  const Status rtl = rtl_->read_mem(addr, out);
  const Status model = model_.read_mem(addr, other);
  if (Status ok = settle(rtl, model); !ok) return ok;
  const auto [a, b] = std::mismatch(out.begin(), out.end(), other.begin());
  if (a == out.end()) return {};
  return differ("memory byte " + hex(addr + static_cast<uint64_t>(a - out.begin())) + " in cycle " +
                    std::to_string(rtl_->cycle()),
                std::to_string(*a), std::to_string(*b));
}

Status LockstepDevice::write_mem(uint64_t addr, std::span<const uint8_t> data) {
  return settle(rtl_->write_mem(addr, data), model_.write_mem(addr, data));
}

Status LockstepDevice::advance(uint64_t cycles) {
  const Status rtl = rtl_->advance(cycles);
  const Status model = model_.advance(cycles);
  if (Status ok = settle(rtl, model); !ok) return ok;
  return compare("waiting");
}

Status LockstepDevice::run(uint64_t cycles) {
  const Status rtl = rtl_->run(cycles);
  const Status model = model_.run(cycles);
  if (Status ok = settle(rtl, model); !ok) return ok;
  return compare("running");
}

Status LockstepDevice::compare_memory() {
  constexpr uint64_t kPiece = 1 << 16;
  std::vector<uint8_t> piece(kPiece);
  for (uint64_t at = 0; at < mem_bytes(); at += kPiece)
    if (Status ok = read_mem(at, std::span(piece).first(std::min(kPiece, mem_bytes() - at))); !ok)
      return ok;
  return {};
}

}  // namespace millrace::sim
