#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Static checks: lint.sh [verilator|yosys|format|deps]... (all without arguments); `lint.sh format --fix` rewrites.
set -euo pipefail
cd "$(dirname "$0")/.."
read -ra configs <<<"${CONFIGS:-nano small base large}"
fix=0
checks=()
for a in "$@"; do
  case $a in
    --fix) fix=1 ;;
    verilator | yosys | format | deps) checks+=("$a") ;;
    *) echo "lint: unknown check '$a'" >&2; exit 2 ;;
  esac
done
[ ${#checks[@]} -eq 0 ] && checks=(deps format verilator yosys)

rtl=(rtl/lib/*.sv rtl/dma/*.sv rtl/core/*.sv rtl/bus/*.sv rtl/millrace.sv)
soc=(fpga/soc/*.sv)
declare -A log2=([Single=0]=17 [Single=1]=17 [Sdram=1]=25)  # of the bytes of memory

# Kinds of memory that a board of this configuration can have (fpga/soc/soc.sv).
memories() {
  case $1 in
    nano) echo Single=0 Single=1 ;;
    small) echo Single=0 Sdram=1 ;;
    *) echo Single=0 ;;
  esac
}

check_verilator() {
  for c in "${configs[@]}"; do
    echo "lint: verilator $c"
    verilator --lint-only -Wall --no-timing --top-module millrace "rtl/gen/$c/millrace_pkg.sv" "${rtl[@]}"
    for memory in $(memories "$c"); do
      verilator --lint-only -Wall --no-timing --top-module soc "-G${memory%=*}=1'b${memory#*=}" -GMemLog2=${log2[$memory]} "rtl/gen/$c/millrace_pkg.sv" "${rtl[@]}" "${soc[@]}"
    done
  done
}

# Yosys finds what Verilator's -Wall misses: combinational loops, several drivers, undriven wires.
check_yosys() {
  for c in "${configs[@]}"; do
    echo "lint: yosys $c"
    yosys -q -w 'Replacing memory' -p "read_verilog -sv -defer rtl/gen/$c/millrace_pkg.sv ${rtl[*]}; hierarchy -check -top millrace; proc; check -assert"
    for memory in $(memories "$c"); do
      yosys -q -w 'Replacing memory' -p "read_verilog -sv -defer rtl/gen/$c/millrace_pkg.sv ${rtl[*]} ${soc[*]}; hierarchy -check -top soc -chparam ${memory%=*} ${memory#*=} -chparam MemLog2 ${log2[$memory]}; proc; check -assert"
    done
  done
}

check_format() {
  local files
  mapfile -t files < <(git ls-files -co --exclude-standard '*.cc' '*.h' | grep -v '^model/gen/')
  if [ $fix = 1 ]; then
    clang-format -i "${files[@]}"
  else
    echo "lint: format"
    clang-format --dry-run -Werror "${files[@]}"
  fi
}

check_deps() {
  echo "lint: deps"
  python3 scripts/check_deps.py
  python3 scripts/check_links.py
}

for c in "${checks[@]}"; do "check_$c"; done
