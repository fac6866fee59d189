#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Simulates a cell as synthesised for iCE40 against the one of rtl/lib: netlist.sh SOURCE WORKDIR CHECKS [CHPARAM [BENCH]]
# CHECKS are arguments of Yosys's `select` about the netlist, separated by semicolons; the bench is tests/fpga/CELL_tb.sv, with the
# parameters BENCH (NAME=VALUE).
set -euo pipefail
source=$1 parameters=${4:-} bench=${5:-}
cell=$(basename "$source" .sv)
work=$(mkdir -p "$2" && cd "$2" && pwd)
cd "$(dirname "$0")/../.."
yosys -q -l "$work/$cell.log" -p "
  read_verilog -sv $source${parameters:+
  chparam $parameters $cell}
  synth_ice40 -device u -top $cell
  select ${3//;/
  select }
  rename -top ${cell}_netlist
  write_verilog -noattr $work/$cell.v"
iverilog -g2012 ${bench:+"-P${cell}_tb.$bench"} -DNO_ICE40_DEFAULT_ASSIGNMENTS -s "${cell}_tb" -o "$work/$cell.vvp" \
  "$(dirname "$(command -v yosys)")/../share/yosys/ice40/cells_sim.v" "$work/$cell.v" "rtl/lib/$cell.sv" "tests/fpga/${cell}_tb.sv"
vvp -n "$work/$cell.vvp" | tee "$work/$cell.out"
grep -q "^$cell: ok" "$work/$cell.out"
