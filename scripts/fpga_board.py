# SPDX-License-Identifier: Apache-2.0
"""What the FPGA flow knows: boards (fpga/boards/*/board.toml), families, tools and sources."""
import hashlib
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / os.environ.get("BUILD", "build")
BOARDS = ROOT / "fpga/boards"
VENV = pathlib.Path(os.environ.get("FPGA_TOOLS", BUILD / "fpga-tools"))

# Resources in the order of the report: name -> cells of nextpnr's (or, for Xilinx, Yosys's) report.
FAMILIES = {
    "ice40": {
        "synth": "synth_ice40 -abc2 -device {yosys_device} -top {top}",
        "resources": {"logic": ["ICESTORM_LC"], "DSP": ["ICESTORM_DSP"], "RAM": ["ICESTORM_RAM"],
                      "SPRAM": ["ICESTORM_SPRAM"]},
        "core_cells": ["fpga/ice40/mul_s8x2.sv"],
        "bitstream": "bin",
    },
    "ecp5": {
        # As synth_ecp5, but that abc9 works longer, and is told 1 ns for a wire rather than 0.3: depth is what costs time here.
        "synth": "synth_ecp5 -top {top} -run begin:map_luts; scratchpad -copy abc9.script.flow3 abc9.script; abc9 -W 1000; "
                 "clean; synth_ecp5 -top {top} -run map_cells:",
        "resources": {"logic": ["TRELLIS_COMB"], "DSP": ["MULT18X18D"], "RAM": ["DP16KD"]},
        "core_cells": [],
        "bitstream": "bit",
    },
    "gowin": {
        "synth": "synth_gowin -family gw2a -top {top}",
        "resources": {"logic": ["LUT4"], "DSP": ["MULT9X9", "MULT18X18", "MULTADDALU18X18"], "RAM": ["BSRAM"]},
        "bitstream": "fs",
    },
    "xilinx": {
        "synth": "synth_xilinx -family xc7 -flatten -top {top}",
        "resources": {"logic": [f"LUT{n}" for n in range(1, 7)], "DSP": ["DSP48E1"], "RAM": ["RAMB36E1"]},
        "bitstream": "bit",
    },
}


class Failure(Exception):
    """One line for the user; `status` 2: bad input or a missing tool, 1: a check failed."""

    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status


def board_names():
    return sorted(p.parent.name for p in BOARDS.glob("*/board.toml"))


def core_sources(config, cells):
    """The package first; cells of the family in place of those of the same name."""
    files = [ROOT / f"rtl/gen/{config}/millrace_pkg.sv"]
    names = {p.name for p in cells}
    for folder in ("rtl/lib", "rtl/dma", "rtl/core", "rtl/bus", "rtl"):
        files += [p for p in sorted((ROOT / folder).glob("*.sv")) if p.name not in names]
    return files + cells


class Board:
    """One board.toml; its fields become attributes."""

    def __init__(self, name):
        if name not in board_names():
            raise Failure(f"no board '{name}'; BOARD= one of {', '.join(board_names())}", 2)
        self.name = name
        self.folder = BOARDS / name
        self.out = BUILD / "fpga" / name
        self.seed = 1  # of the placement, unless board.toml knows a better one
        self.nextpnr = []  # more of its options
        fields = tomllib.loads((self.folder / "board.toml").read_text())
        self.__dict__.update(fields)
        self.family_info = FAMILIES[self.family]
        configs = tomllib.loads((ROOT / "rtl/spec/configs.toml").read_text())
        if self.config not in configs:
            raise Failure(f"{self.folder}/board.toml: no configuration '{self.config}'", 2)
        self.dim = configs[self.config]["dim"]

    @property
    def mhz(self):
        return self.clock_khz / 1000

    @property
    def bitstream(self):
        return self.out / f"{self.name}.{self.family_info['bitstream']}"

    def sources(self):
        cells = [ROOT / f for f in self.cells]
        shell = [p for folder in ("fpga/soc", "fpga/boards") for p in sorted((ROOT / folder).glob("*.sv"))]
        names = {p.name for p in cells}
        return core_sources(self.config, cells) + [p for p in shell if p.name not in names] + [self.folder / "top.sv"]

    def build_id(self):
        """Hash of the sources, as scripts/verilate.sh makes it for a simulation."""
        digest = hashlib.sha256()
        for file in self.sources():
            digest.update(file.read_bytes())
        return int(digest.hexdigest()[:8], 16)


def tool(name, hint=None):
    """A program of the path, or from the virtual environment of `make fpga-tools`."""
    pinned = VENV / "bin" / f"yowasp-{name}"
    for candidate in (pinned, VENV / "bin" / name):
        if hint is None and candidate.exists():
            return str(candidate)
    found = shutil.which(name)
    if not found:
        raise Failure(f"{name} is missing; {hint or 'make fpga-tools installs it'}", 2)
    return found


def debian_tool(name, package):
    return tool(name, f"apt-get install {package}")


def yosys(board):
    """Debian's Yosys where it is good enough, the pinned newer one for the families that need it."""
    return tool("yosys") if board.family in ("ecp5", "gowin") else debian_tool("yosys", "yosys")


def run(command, log, what):
    """Runs a tool with its output in a file; returns its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w") as out:
        status = subprocess.run([str(c) for c in command], stdout=out, stderr=subprocess.STDOUT, cwd=ROOT).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if status < 0:
        raise Failure(f"{what} was killed by signal {-status}; see {shown(log)}")
    if status:
        errors = re.findall(r"^(?:ERROR|%Error): (.*)", log.read_text(errors="replace"), re.M)
        raise Failure(f"{what} failed{': ' + errors[0] if errors else ''}; see {shown(log)}")
    return round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1)


def shown(path):
    """A path as the user would type it."""
    if "://" in str(path):
        return str(path)
    path = pathlib.Path(path)
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def last_number(pattern, text):
    found = re.findall(pattern, text)
    return float(found[-1]) if found else None


def main_of(function):
    """Runs a command line; Failure becomes one line and the exit status."""
    try:
        sys.exit(function())
    except Failure as failure:
        print(f"fpga: {failure}", file=sys.stderr)
        sys.exit(failure.status)
