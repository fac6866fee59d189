#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that are missing; does nothing when all are there.
set -euo pipefail
packages=(
  build-essential ccache cmake ninja-build git python3 clang-format  # build
  verilator yosys z3 zlib1g-dev                                      # simulation, synthesis checks, proofs
  nextpnr-ice40 fpga-icestorm fpga-icestorm-chipdb iverilog          # iCE40 fit and netlist checks
  libgtest-dev libcli11-dev nlohmann-json3-dev                       # C++ libraries
  flatbuffers-compiler libflatbuffers-dev libasio-dev libsystemc-dev
)
missing=()
installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^ii *//p' || true)
for p in "${packages[@]}"; do
  grep -qx "$p" <<<"$installed" || missing+=("$p")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "setup: install as root: apt-get install ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "setup: installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
