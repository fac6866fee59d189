// SPDX-License-Identifier: Apache-2.0
// millrace_cov [--programs N] [--seed N] [--points] [CONFIG...]: what N random programs cover on
// the cycle model, group by group, for each configuration (all without arguments); the points that
// were not reached; and how steered and unsteered campaigns grow. --points lists all points with
// hits.
#include <charconv>
#include <cstdio>
#include <set>
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

// A configuration's campaigns and how they grew.
struct Entry {
  const isa::Config& config;
  Coverage coverage;
  Curve steered, even;
};

std::string name_of(const Entry& entry) { return std::string(entry.config.name); }

void print_table(const std::vector<Entry>& entries) {
  std::printf("%-10s", "reached");
  std::set<std::string> groups;
  for (const Entry& e : entries) {
    std::printf(" %12s", name_of(e).c_str());
    for (const auto& [group, share] : e.coverage.groups()) groups.insert(group);
  }
  const auto cell = [](const Coverage::Share& share) {
    std::printf("    %4zu/%4zu", share.reached, share.possible);
  };
  for (const std::string& group : groups) {
    std::printf("\n%-10s", group.c_str());
    for (const Entry& e : entries) cell(e.coverage.groups()[group]);
  }
  std::printf("\n%-10s", "all");
  for (const Entry& e : entries) cell(e.coverage.total());
  std::printf("\n");
}

void print_points(const Entry& e, bool all) {
  const std::string name = name_of(e);
  for (const std::string& point : e.coverage.missing())
    std::printf("%s does not reach %s\n", name.c_str(), point.c_str());
  for (const std::string& point : e.coverage.unexpected())
    std::printf("%s reaches %s, which is not in its list\n", name.c_str(), point.c_str());
  for (const std::string& point : e.coverage.points())
    if (all) std::printf("%s %6u %s\n", name.c_str(), e.coverage.hits(point), point.c_str());
}

void print_curves(const std::vector<Entry>& entries, const std::vector<uint32_t>& at) {
  std::printf("\n%-14s", "programs");
  for (const uint32_t mark : at) std::printf(" %6u", mark);
  const auto line = [](const std::string& name, const Curve& curve) {
    std::printf("\n%-14s", name.c_str());
    for (const size_t reached : curve) std::printf(" %6zu", reached);
  };
  for (const Entry& e : entries) {
    line(name_of(e) + " steered", e.steered);
    line(name_of(e) + " even", e.even);
  }
  std::printf("\n");
}

int main(int argc, char** argv) {
  Arguments args;
  if (!parse(argc, argv, args)) {
    std::fprintf(stderr, "usage: millrace_cov [--programs N] [--seed N] [--points] [CONFIG...]\n");
    return 2;
  }
  const std::vector<uint32_t> at = marks(args.programs);
  std::vector<Entry> entries;
  for (const isa::Config* config : args.configs) {
    Campaign steered(*config, args.seed, true), even(*config, args.seed, false);
    Curve curve, even_curve;
    if (!run(steered, at, curve) || !run(even, at, even_curve)) return 1;
    entries.push_back({*config, steered.coverage(), curve, even_curve});
  }
  print_table(entries);
  for (const Entry& e : entries) print_points(e, args.points);
  print_curves(entries, at);
  return 0;
}

}  // namespace
}  // namespace millrace::cosim

int main(int argc, char** argv) { return millrace::cosim::main(argc, argv); }
