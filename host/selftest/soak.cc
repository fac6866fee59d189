// SPDX-License-Identifier: Apache-2.0
// The last step: the largest matrix product that fits memory and time, over and over. The first
// result is compared with the host's own product, all others with the first.
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

#include "host/cli/gemm_check.h"
#include "host/kernels/requant.h"
#include "host/selftest/clock.h"
#include "host/selftest/selftest.h"

namespace millrace::selftest {
namespace {

constexpr int kA = 1, kB = 2, kC = 3;
constexpr int kMostSize = 4096;
constexpr double kMostMacs = 1 << 27;  // the host multiplies them once too
constexpr uint64_t kMostRuns = 100'000;
constexpr double kDefaultSeconds = 2, kQuickSeconds = 0.3;

class SoakCheck {
 public:
  SoakCheck(Session& session, Runtime& runtime)
      : session_(session), runtime_(runtime), config_(runtime.config()) {
    const Options& o = session.options;
    seconds_ = o.soak_seconds > 0 ? o.soak_seconds : o.quick ? kQuickSeconds : kDefaultSeconds;
  }
  ~SoakCheck() { unload(); }
  SoakCheck(const SoakCheck&) = delete;
  SoakCheck& operator=(const SoakCheck&) = delete;

  Step run() {
    step_.name = "soak";
    if (choose_size() && repeat()) describe();
    return step_;
  }

 private:
  bool fail(const std::string& text) {
    step_.failure = text;
    return false;
  }
  static std::string size_text(const GemmShape& s) {
    return std::to_string(s.m) + " x " + std::to_string(s.n) + " x " + std::to_string(s.k);
  }
  static double macs(const GemmShape& s) { return double(s.m) * s.n * s.k; }

  void unload() {
    for (const Buffer& buffer : buffers_) (void)runtime_.release(buffer);
    buffers_.clear();
  }
  // Operands and program for a product of this size; false if it does not fit.
  bool load(const GemmShape& shape) {
    unload();
    task_ = {};
    task_.shape = shape;
    task_.epilogue.kind = Epilogue::Kind::kScalar;
    constexpr double kOperandDeviation = 73.9, kResultDeviation = 40;  // of a uniform int8; wanted
    const Multiplier m = quantize_multiplier(
        kResultDeviation / (kOperandDeviation * kOperandDeviation * std::sqrt(double(shape.k))));
    task_.epilogue.mult = m.mult;
    task_.epilogue.shift = m.shift;
    task_.layout = gemm_layout(config_, task_.shape, task_.epilogue.kind);
    Result<GemmProgram> program =
        gemm(config_, task_.shape, task_.epilogue, {kA, 0}, {kB, 0}, {kC, 0});
    // One doorbell, so that the host's delays do not count.
    if (!program || program->code.size() > runtime_.ring_size() / 2) return false;
    code_ = std::move(program->code);
    std::mt19937_64 random(session_.options.seed);
    task_.a.resize(task_.layout.a_bytes);
    task_.b.resize(task_.layout.b_bytes);
    for (uint8_t& value : task_.a) value = static_cast<uint8_t>(random());
    for (size_t n = 0; n < static_cast<size_t>(shape.n); ++n)
      for (size_t k = 0; k < static_cast<size_t>(shape.k); ++k)
        task_.b[n * task_.layout.b_pitch + k] = static_cast<uint8_t>(random());
    const std::vector<uint8_t> params = gemm_params(config_, task_.shape, task_.epilogue);
    std::ranges::copy(params, task_.b.begin() + static_cast<ptrdiff_t>(task_.layout.params));
    return place(kA, task_.a, Perms::kRead) && place(kB, task_.b, Perms::kRead) &&
           place(kC, std::vector<uint8_t>(task_.layout.c_bytes), Perms::kWrite);
  }
  bool place(int segment, std::span<const uint8_t> bytes, Perms perms) {
    const Result<Buffer> buffer = runtime_.allocate(bytes.size());
    if (!buffer) return false;
    buffers_.push_back(*buffer);
    return runtime_.bind(segment, *buffer, perms) && runtime_.write(*buffer, 0, bytes);
  }

  // One product and its checksum.
  bool once(uint32_t& sum) {
    const Result<Execution> execution = runtime_.execute(code_);
    if (!execution)
      return fail("the product of " + size_text(task_.shape) + ": " + execution.error().message);
    cycles_ = execution->counters.cycles;
    c_.resize(task_.layout.c_bytes);
    if (const Status status = runtime_.read(buffers_.back(), 0, c_); !status)
      return fail("reading the product: " + status.error().message);
    sum = static_cast<uint32_t>(crc32(0, c_.data(), static_cast<uInt>(c_.size())));
    return true;
  }

  // Doubles the sizes, then K alone, then M alone, while memory and ring have room and a run takes
  // no more than a quarter of the time. K is what keeps the array busy.
  bool choose_size() {
    GemmShape shape{2 * config_.dim, config_.dim, 2 * config_.dim};
    if (!load(shape)) return fail("no matrix product fits into the memory");
    for (const GemmShape& factor : {GemmShape{2, 2, 2}, {1, 1, 2}, {2, 1, 1}}) {
      while (true) {
        uint32_t ignored = 0;
        session_.progress("soak: trying " + size_text(shape));
        const Stopwatch watch;
        if (!once(ignored)) return false;
        const GemmShape next{shape.m * factor.m, shape.n * factor.n, shape.k * factor.k};
        const bool large = macs(next) > kMostMacs || std::max(next.m, next.k) > kMostSize;
        const double slower = macs(next) / macs(shape);
        if (large || slower * watch.seconds() > seconds_ / 4 || !load(next)) break;
        shape = next;
      }
      if (!load(shape))
        return fail("the product of " + size_text(shape) + " does not fit any more");
    }
    return true;
  }

  bool repeat() {
    const Stopwatch watch;
    double shown = 0;
    for (uint64_t i = 0; i < kMostRuns; ++i) {
      uint32_t sum = 0;
      if (!once(sum)) return false;
      if (i == 0) {
        cli::Report report;
        cli::check_product(task_, c_, report);
        if (*report.mismatches > 0)
          return fail("the product of " + size_text(task_.shape) + " is wrong in " +
                      std::to_string(*report.mismatches) + " of " +
                      std::to_string(*report.compared) + " elements, first " +
                      report.first_mismatch + ": look at unit matmul, the array");
        sum_ = sum;
        least_ = most_ = cycles_;
      }
      if (sum != sum_)
        return fail("run " + std::to_string(i) + " of the product of " + size_text(task_.shape) +
                    " gives checksum " + hex32(sum) + ", the first gave " + hex32(sum_) +
                    ": the machine is not reliable under load; look at clock, supply and cooling");
      least_ = std::min(least_, cycles_);
      most_ = std::max(most_, cycles_);
      runs_ = i + 1;
      if (watch.seconds() > shown + 0.5) {
        shown = watch.seconds();
        session_.progress("soak: " + std::to_string(runs_) + " runs of " + size_text(task_.shape));
      }
      if (watch.seconds() >= seconds_ && runs_ >= 3) break;
    }
    return true;
  }

  void describe() {
    step_.detail = std::to_string(runs_) + " products of " + size_text(task_.shape) +
                   ", all with checksum " + hex32(sum_);
    step_.figures.emplace_back("runs", static_cast<double>(runs_));
    step_.figures.emplace_back("macs", macs(task_.shape));
    if (most_ == 0) return;  // a device without time
    const double work = macs(task_.shape);
    const double share = work / (static_cast<double>(most_) * config_.dim * config_.dim);
    char text[96];
    std::snprintf(text, sizeof text, " cycles each, %.1f %% of the array", 100 * share);
    step_.detail += "; " + std::to_string(least_) +
                    (least_ == most_ ? "" : " to " + std::to_string(most_)) + text;
    step_.figures.emplace_back("cycles_least", static_cast<double>(least_));
    step_.figures.emplace_back("cycles_most", static_cast<double>(most_));
    if (const uint64_t clock = session_.device.clock_hz(); clock > 0) {
      const double rate = 2 * work * static_cast<double>(clock) / static_cast<double>(most_);
      std::snprintf(text, sizeof text, "; at %.6g MHz: ", static_cast<double>(clock) * 1e-6);
      step_.detail += text + per_second(rate, "OP");
      step_.figures.emplace_back("operations_per_second", rate);
    }
  }

  Session& session_;
  Runtime& runtime_;
  const isa::Config& config_;
  double seconds_;
  cli::GemmTask task_;
  std::vector<isa::Instruction> code_;
  std::vector<Buffer> buffers_;
  std::vector<uint8_t> c_;
  uint64_t cycles_ = 0, least_ = 0, most_ = 0, runs_ = 0;
  uint32_t sum_ = 0;
  Step step_;
};

}  // namespace

Step check_soak(Session& session, Runtime& device) { return SoakCheck(session, device).run(); }

}  // namespace millrace::selftest
