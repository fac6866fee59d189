# SPDX-License-Identifier: Apache-2.0
"""Netlists as Verilog, for simulation: the core alone, a board's top as synthesised, a board's bitstream taken apart."""
import json
import os
import pathlib
import re
import subprocess

from fpga_board import BUILD, FAMILIES, ROOT, Board, Failure, core_sources, debian_tool, run, shown, yosys

NETWORK = ROOT / "examples/digits/digits.tflite"
IMAGE = ROOT / "examples/digits/images/digit_3.pgm"


def core(options):
    """The core as Debian's Yosys synthesises it for a family, in place of rtl/millrace.sv. Checked by tests/fpga."""
    family = FAMILIES[options.family]
    sources = core_sources(options.config, [ROOT / f for f in family["core_cells"]])
    synth = family["synth"].format(yosys_device="u")
    script = [f"read_verilog -sv -defer {' '.join(map(str, sources))}", "hierarchy -top millrace",
              f"{synth} -top millrace", "splitnets", f"write_verilog -noattr {options.out}"]
    run([debian_tool("yosys", "yosys"), "-q", "-p", "; ".join(script)], options.out.with_suffix(".log"), "synthesis")


def bitstream_verilog(board, out):
    """What the packed bitstream of an iCE40 HX does. icebox_vlog knows no DSP, SPRAM or PLL: not for the UP5K."""
    asc = out.with_suffix(".asc")
    run([debian_tool("iceunpack", "fpga-icestorm"), board.bitstream, asc], out.with_suffix(".unpack.log"), "iceunpack")
    run([debian_tool("icebox_vlog", "fpga-icestorm"), "-s", "-l", "-p", board.folder / board.constraints, asc], out, "icebox_vlog")
    text = out.read_text()
    # Pins come as inputs or outputs of module `chip`, by the names of the pcf; unused ones are dropped by Verilator itself.
    ports = re.search(r"module chip \((.*?)\);", text, re.S)
    if not ports or not {"clk", "rx", "tx"} <= set(re.findall(r"\w+", ports[1])):
        raise Failure(f"icebox_vlog found no pins clk, rx and tx; see {shown(out)}")
    return "chip", [out]


def synthesised_verilog(board, out):
    """The netlist that place and route took, with the cells' models of Yosys and those of fpga/<family>."""
    script = f"read_json {shown(board.out / 'synth.json')}; splitnets; write_verilog -noattr {shown(out)}"
    run([yosys(board), "-q", "-p", script], out.with_suffix(".log"), "writing Verilog")
    share = pathlib.Path(debian_tool("yosys", "yosys")).resolve().parent.parent / "share/yosys"
    own = sorted((ROOT / "fpga" / board.family).glob("models.v"))
    return "top", [*own, f"+define+{'NO_ICE40_DEFAULT_ASSIGNMENTS' if board.family == 'ice40' else 'NO_INCLUDES'}",
                   share / board.family / "cells_sim.v", out]


def simulated_board(board, built):
    """The program millrace_board around the netlist."""
    folder = board.out / "sim"
    folder.mkdir(exist_ok=True)
    whole = board.device in ("hx1k", "hx8k")
    top, sources = (bitstream_verilog if whole else synthesised_verilog)(board, folder / f"{board.name}.v")
    print(f"simulating {shown(board.bitstream) + ', taken apart' if whole else 'the netlist as synthesised, before place and route'}")
    seconds = run([ROOT / "scripts/board_sim.sh", folder, top, str(board.clock_khz * 1000 / built["baud"]), "--x-assign", "0",
                   ROOT / "tests/fpga/netlist.vlt", *sources], folder / "verilate.log", "building the simulation")
    print(f"  built in {seconds:.0f} s of one core")
    return folder / "millrace_board"


def call(command):
    print(f"$ {' '.join(shown(c) for c in command)}", flush=True)
    done = subprocess.run([str(c) for c in command], cwd=ROOT)
    if done.returncode:
        raise Failure(f"the simulated board fails: {' '.join(shown(c) for c in command[:3])} ended with status {done.returncode}")


def sim(options):
    board = Board(options.board)
    report = board.out / "report.json"
    built = json.loads(report.read_text()) if report.exists() else {}
    needs = "bitstream" if board.device == "hx8k" else "build_id"
    if needs not in built or not (board.out / "synth.json").exists():
        raise Failure(f"{board.name} is not built; make fpga BOARD={board.name}", 2)
    if not options.millrace.exists():
        raise Failure(f"{shown(options.millrace)} is missing; make build", 2)
    program = simulated_board(board, built)
    process = subprocess.Popen([program, "--once", "--stats"], stdout=subprocess.PIPE, text=True)
    try:
        device = process.stdout.readline().strip() + f"?baud={built['baud']}"
        answer = subprocess.run([options.millrace, "info", "--device", device], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        print(answer.stdout.strip().splitlines()[-1] if answer.stdout else "no answer")
        if f"build {built['build_id']}" not in answer.stdout:
            raise Failure(f"the simulated board does not answer as build {built['build_id']}")
    finally:
        process.terminate()
        process.wait()


def add_arguments(add):
    command = add("core", core)
    command.add_argument("--family", choices=["ice40", "ecp5"], required=True)
    command.add_argument("--config", required=True)
    command.add_argument("--out", type=pathlib.Path, required=True)
    command = add("sim", sim)
    command.add_argument("board")
    command.add_argument("--millrace", type=pathlib.Path, default=BUILD / "millrace")
