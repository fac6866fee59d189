#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The bridge as synthesised for iCE40: netlist.sh OUT.v DIVIDER INFO (both decimal). Its module is bridge_netlist.
set -euo pipefail
out=$(realpath -m "$1")
cd "$(dirname "$0")/../.."
yosys -q -l "${out%.v}.log" -p "
  read_verilog -sv fpga/soc/uart.sv fpga/soc/bridge.sv
  chparam -set Divider $2 -set Info $3 bridge
  synth_ice40 -device u -abc2 -top bridge
  rename -top bridge_netlist
  write_verilog -noattr $out"
