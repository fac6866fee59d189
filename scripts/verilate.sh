#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Turns SystemVerilog into a C++ library: verilate.sh OUTDIR PREFIX TOP [--build-id] VERILATOR_ARGS_AND_SOURCES...
# Leaves OUTDIR/PREFIX.h and OUTDIR/PREFIX__ALL.a. --build-id sets the parameter BuildId to a hash of the sources.
# Environment: CXX, OBJCACHE (ccache or empty).
set -euo pipefail
dir=$1 prefix=$2 top=$3
shift 3
args=(--cc -O3 --no-timing --Mdir "$dir" --prefix "$prefix" --top-module "$top" -Wall)
if [ "${1:-}" = --build-id ]; then
  shift
  sources=()
  for a in "$@"; do [[ $a == *.sv ]] && sources+=("$a"); done
  args+=("-GBuildId=32'h$(cat "${sources[@]}" | sha256sum | cut -c1-8)")
fi
mkdir -p "$dir"
verilator "${args[@]}" "$@"
# Only the per-cycle code is worth optimising; the rest runs once.
make -s -C "$dir" -f "$prefix.mk" -j2 CXX="${CXX:-g++}" OBJCACHE="${OBJCACHE:-}" OPT_FAST=-O2 OPT_SLOW=-O0 \
  "${prefix}__ALL.a" >/dev/null
touch "$dir/$prefix.h" "$dir/${prefix}__ALL.a"
