#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Simulates a cell as synthesised for iCE40 against the source of rtl/lib: netlist.sh CELL PRIMITIVE COUNT WORKDIR [CHPARAM [BENCH]]
# What is synthesised is the cell of fpga/ice40 if there is one. The netlist must have COUNT instances of PRIMITIVE and nothing
# else but an inverter; the bench is tests/fpga/CELL_tb.sv, with the parameters BENCH (NAME=VALUE).
set -euo pipefail
cell=$1 primitive=$2 count=$3 parameters=${5:-} bench=${6:-}
work=$(mkdir -p "$4" && cd "$4" && pwd)
cd "$(dirname "$0")/../.."
source=fpga/ice40/$cell.sv
[ -f "$source" ] || source=rtl/lib/$cell.sv
yosys -q -l "$work/$cell.log" -p "
  read_verilog -sv $source${parameters:+
  chparam $parameters $cell}
  synth_ice40 -device u -top $cell
  select -assert-count $count t:$primitive
  select -assert-none t:SB_DFF*
  select -assert-max 1 t:SB_LUT4
  rename -top ${cell}_netlist
  write_verilog -noattr $work/$cell.v"
iverilog -g2012 ${bench:+"-P${cell}_tb.$bench"} -DNO_ICE40_DEFAULT_ASSIGNMENTS -s "${cell}_tb" -o "$work/$cell.vvp" \
  "$(dirname "$(command -v yosys)")/../share/yosys/ice40/cells_sim.v" "$work/$cell.v" "rtl/lib/$cell.sv" "tests/fpga/${cell}_tb.sv"
vvp -n "$work/$cell.vvp" | tee "$work/$cell.out"
grep -q "^$cell: ok" "$work/$cell.out"
