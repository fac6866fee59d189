# SPDX-License-Identifier: Apache-2.0
"""Netlists as Verilog, for simulation: of the core alone, of a board's top as synthesised, of a bitstream."""
import pathlib

from fpga_board import FAMILIES, ROOT, core_sources, debian_tool, run, shown


def core(options):
    """The core as Debian's Yosys synthesises it for a family, in place of rtl/millrace.sv. Checked by tests/fpga."""
    family = FAMILIES[options.family]
    sources = core_sources(options.config, [ROOT / f for f in family["core_cells"]])
    synth = family["synth"].format(yosys_device="u")
    script = [f"read_verilog -sv -defer {' '.join(map(str, sources))}", "hierarchy -top millrace",
              f"{synth} -top millrace", "splitnets", f"write_verilog -noattr {options.out}", "stat"]
    log = options.out.with_suffix(".log")
    run([debian_tool("yosys", "yosys"), "-q", "-l", log, "-p", "; ".join(script)], options.out.with_suffix(".out"), "synthesis")


def add_arguments(add):
    command = add("core", core)
    command.add_argument("--family", choices=["ice40", "ecp5"], required=True)
    command.add_argument("--config", required=True)
    command.add_argument("--out", type=pathlib.Path, required=True)
