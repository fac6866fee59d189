#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Simulates the synthesised iCE40 multiplier against rtl/lib/mul_s8x2: mul_netlist.sh WORKDIR
set -euo pipefail
work=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")/../.."
yosys -q -l "$work/mul_netlist.log" -p "
  read_verilog -sv fpga/ice40/mul_s8x2.sv
  synth_ice40 -device u -top mul_s8x2
  select -assert-count 1 t:SB_MAC16
  rename mul_s8x2 mul_s8x2_netlist
  write_verilog -noattr $work/mul_netlist.v"
iverilog -g2012 -DNO_ICE40_DEFAULT_ASSIGNMENTS -s mul_s8x2_tb -o "$work/mul_netlist.vvp" \
  "$(dirname "$(command -v yosys)")/../share/yosys/ice40/cells_sim.v" "$work/mul_netlist.v" rtl/lib/mul_s8x2.sv tests/fpga/mul_s8x2_tb.sv
vvp -n "$work/mul_netlist.vvp" | tee "$work/mul_netlist.out"
grep -q '^mul_s8x2: ok' "$work/mul_netlist.out"
