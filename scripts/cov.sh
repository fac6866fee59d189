#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What random programs cover: cov.sh isa|rtl|all [CONFIG...].
#   isa  named points of the instruction set and of the machine's flow, on the cycle model; by default of all
#        configurations (tests/cosim/coverage.h)
#   rtl  lines and toggles of the Verilated machines, by default nano and small, in a build folder of its own (slow);
#        leaves annotated sources in $BUILD/cov/annotated and prints the share of lines with a point that was reached
# Environment: BUILD (build); MILLRACE_SEED and MILLRACE_PROGRAMS as in cosim_test.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}
what=${1:-isa}
shift || true

cover_isa() {
  cmake -G Ninja -S . -B "$build" >/dev/null
  cmake --build "$build" -j 2 --target millrace_cov | tail -n 1
  "$build/millrace_cov" --programs "${MILLRACE_PROGRAMS:-1000}" --seed "${MILLRACE_SEED:-1}" "$@"
}

cover_rtl() {
  local build=$build/cov configs=("$@")
  [ ${#configs[@]} -eq 0 ] && configs=(nano small)
  local list
  list=$(IFS=';'; echo "${configs[*]}")
  cmake -G Ninja -S . -B "$build" -DMILLRACE_COVERAGE=ON -DMILLRACE_CONFIGS="$list" >/dev/null
  cmake --build "$build" -j 2 --target cosim_test

  rm -rf "$build/data" "$build/annotated"
  mkdir -p "$build/data"
  local filter
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
}

case $what in
  isa) cover_isa "$@" ;;
  rtl) cover_rtl "$@" ;;
  all) cover_isa "$@"; cover_rtl "$@" ;;
  *) echo "cov: unknown coverage '$what': isa, rtl or all" >&2; exit 2 ;;
esac
