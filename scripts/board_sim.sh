#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds millrace_board around a netlist or a decompiled bitstream:
#   board_sim.sh OUTDIR TOP CYCLES_PER_BIT [CLK=clk] [RX=rx] [TX=tx] [RESET=pin] VERILATOR_ARGS_AND_SOURCES...
# TOP is a module with pins clk, rx and tx, named otherwise with CLK=, RX= and TX=; with RESET= a low-active reset, too. CYCLES_PER_BIT are
# cycles of that clock. Leaves OUTDIR/millrace_board. Environment: CXX, OBJCACHE (ccache or empty).
set -euo pipefail
[ $# -ge 4 ] || { sed -n '3,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd) top=$2 bit=$3
shift 3
root=$(cd "$(dirname "$0")/.." && pwd)
clk=clk rx=rx tx=tx reset=
while :; do
  case ${1:-} in
    CLK=*) clk=${1#*=} ;;
    RX=*) rx=${1#*=} ;;
    TX=*) tx=${1#*=} ;;
    RESET=*) reset=${1#*=} ;;
    *) break ;;
  esac
  shift
done
prefix=Vboard
flags="-std=c++20 -I$root -DBOARD_MODEL=$prefix -DBOARD_CLK=$clk -DBOARD_RX=$rx -DBOARD_TX=$tx -DBOARD_CYCLES_PER_BIT=$bit"
[ -z "$reset" ] || flags+=" -DBOARD_RESET=$reset"
# What tools write is not checked for style.
verilator --cc --exe -O3 --no-timing -Wno-fatal -Wno-lint -Wno-style --x-assign unique --x-initial unique --Mdir "$dir" \
  --prefix $prefix --top-module "$top" --output-split 20000 -CFLAGS "$flags" -o millrace_board "$@" \
  "$root"/sim/board/{main,pseudo_terminal,verilated_board}.cc
make -s -C "$dir" -f $prefix.mk -j"${JOBS:-2}" CXX="${CXX:-g++}" OBJCACHE="${OBJCACHE:-}" OPT_FAST=-O2 OPT_SLOW=-O0 >/dev/null
