// SPDX-License-Identifier: Apache-2.0
// millrace_cov [--programs N] [--seed N] [--points] [CONFIG...]: what N random programs cover on
// the cycle model, group by group, for each configuration (all without arguments); the points that
// were not reached; and how steered and unsteered campaigns grow. --points lists all points with
// hits.
#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "tests/cosim/steer.h"

namespace millrace::cosim {
namespace {

struct Arguments {
  uint32_t programs = 1000;
  uint64_t seed = 1;
  bool points = false;
  std::vector<const isa::Config*> configs;
};

bool parse(int argc, char** argv, Arguments& out) {
  const auto number = [&](int& i, auto& value) {
    if (++i >= argc) return false;
    const std::string_view text = argv[i];
    return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
  };
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--programs") {
      if (!number(i, out.programs)) return false;
    } else if (arg == "--seed") {
      if (!number(i, out.seed)) return false;
    } else if (arg == "--points") {
      out.points = true;
    } else if (const isa::Config* config = isa::find_config(arg)) {
      out.configs.push_back(config);
    } else {
      return false;
    }
  }
  if (out.configs.empty())
    for (const isa::Config& config : isa::kConfigs) out.configs.push_back(&config);
  return true;
}

// Reached after 30, 100, 300, ... programs and at the end.
using Curve = std::vector<size_t>;
std::vector<uint32_t> marks(uint32_t programs) {
  std::vector<uint32_t> list;
  for (const uint32_t mark : {30u, 100u, 300u, 1000u, 3000u})
    if (mark < programs) list.push_back(mark);
  list.push_back(programs);
  return list;
}

bool run(Campaign& campaign, const std::vector<uint32_t>& at, Curve& curve) {
  for (const uint32_t mark : at) {
    while (campaign.programs() < mark)
      if (const Status ok = campaign.step(); !ok) {
        std::fprintf(stderr, "millrace_cov: %s\n", ok.error().message.c_str());
        return false;
      }
    curve.push_back(campaign.coverage().total().reached);
  }
  return true;
}

void print_curve(const char* name, const Curve& curve) {
  std::printf("  %-10s", name);
  for (const size_t reached : curve) std::printf(" %6zu", reached);
  std::printf("\n");
}

void print(const isa::Config& config, const Coverage& coverage, const Arguments& args) {
  std::printf("%s\n", std::string(config.name).c_str());
  for (const auto& [group, share] : coverage.groups())
    std::printf("  %-10s %4zu / %4zu\n", group.c_str(), share.reached, share.possible);
  const Coverage::Share total = coverage.total();
  std::printf("  %-10s %4zu / %4zu  %.1f %%\n", "all", total.reached, total.possible,
              100.0 * static_cast<double>(total.reached) / static_cast<double>(total.possible));
  for (const std::string& point : coverage.missing())
    std::printf("  not reached: %s\n", point.c_str());
  for (const std::string& point : coverage.unexpected())
    std::printf("  reached, but not in the list: %s\n", point.c_str());
  for (const std::string& point : coverage.points())
    if (args.points) std::printf("  %6u %s\n", coverage.hits(point), point.c_str());
}

int main(int argc, char** argv) {
  Arguments args;
  if (!parse(argc, argv, args)) {
    std::fprintf(stderr, "usage: millrace_cov [--programs N] [--seed N] [--points] [CONFIG...]\n");
    return 2;
  }
  const std::vector<uint32_t> at = marks(args.programs);
  for (const isa::Config* config : args.configs) {
    Campaign steered(*config, args.seed, true), even(*config, args.seed, false);
    Curve curve, even_curve;
    if (!run(steered, at, curve) || !run(even, at, even_curve)) return 1;
    print(*config, steered.coverage(), args);
    std::printf("  points after");
    for (const uint32_t mark : at) std::printf(" %u", mark);
    std::printf(" programs\n");
    print_curve("steered", curve);
    print_curve("even", even_curve);
  }
  return 0;
}

}  // namespace
}  // namespace millrace::cosim

int main(int argc, char** argv) { return millrace::cosim::main(argc, argv); }
