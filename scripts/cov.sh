#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Coverage of the RTL (lines and toggles) by random programs: cov.sh [CONFIG...], by default nano and small.
# Environment: BUILD (build/cov), MILLRACE_SEED and MILLRACE_PROGRAMS as in cosim_test. Leaves annotated sources in
# $BUILD/annotated and prints the share of lines with a point that was reached, module by module.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build/cov}
configs=("$@")
[ ${#configs[@]} -eq 0 ] && configs=(nano small)
list=$(IFS=';'; echo "${configs[*]}")
cmake -G Ninja -S . -B "$build" -DMILLRACE_COVERAGE=ON -DMILLRACE_CONFIGS="$list" >/dev/null
cmake --build "$build" -j 2 --target cosim_test

rm -rf "$build/data" "$build/annotated"
mkdir -p "$build/data"
filter=$(printf '*/%s_*:' "${configs[@]}")
MILLRACE_COVERAGE_DIR="$build/data" "$build/tests/cosim_test" --gtest_brief=1 --gtest_filter="$filter"

verilator_coverage --annotate "$build/annotated" --annotate-min 1 --write-info "$build/coverage.info" "$build"/data/*.dat
awk -F '[:,]' '
  $1 == "SF" { name = $2; sub(/.*rtl\//, "rtl/", name) }
  $1 == "DA" { all[name]++; total++; if ($3 > 0) { hit[name]++; reached++ } }
  END {
    for (n in all) printf "%6.1f %%  %s\n", 100 * hit[n] / all[n], n | "sort -n"
    close("sort -n")
    printf "%6.1f %%  all lines with a coverage point\n", 100 * reached / total
  }' "$build/coverage.info"
