// SPDX-License-Identifier: Apache-2.0
// Weighted choices of the program generator. An option bears the name of the coverage point that it
// leads to (coverage.h), so raising a point's weight makes its options more likely.
#pragma once

#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/cosim/prng.h"

namespace millrace::cosim {

class Weights {
 public:
  void set(const std::string& point, uint32_t weight) { raised_[point] = weight; }
  uint32_t of(const std::string& point) const {
    const auto it = raised_.find(point);
    return it == raised_.end() ? 1 : it->second;
  }
  const std::map<std::string, uint32_t>& raised() const { return raised_; }

 private:
  std::map<std::string, uint32_t> raised_;
};

// An option's name, appended to the choice's prefix, and its share while nothing is raised.
struct Option {
  std::string_view name;
  uint32_t share = 1;
};

class Chooser {
 public:
  // Without weights all are 1.
  Chooser(Prng& prng, const Weights* weights) : prng_(prng), weights_(weights) {}
  bool steered() const { return weights_ != nullptr && !weights_->raised().empty(); }

  uint32_t weight(const std::string& point) const { return weights_ ? weights_->of(point) : 1; }
  // The index of an option; at least one share is not 0.
  uint32_t pick(std::string_view prefix, std::span<const Option> options) {
    std::vector<uint32_t> shares;
    for (const Option& o : options)
      shares.push_back(o.share * (steered() ? weight(std::string(prefix).append(o.name)) : 1));
    return pick(shares);
  }
  uint32_t pick(std::string_view prefix, std::initializer_list<Option> options) {
    return pick(prefix, std::span(options.begin(), options.size()));
  }
  uint32_t pick(std::span<const uint32_t> shares) {
    uint32_t sum = 0;
    for (const uint32_t share : shares) sum += share;
    uint32_t at = prng_.below(sum), i = 0;
    while (at >= shares[i]) at -= shares[i++];
    return i;
  }

 private:
  Prng& prng_;
  const Weights* weights_;
};

}  // namespace millrace::cosim
