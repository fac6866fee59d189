# SPDX-License-Identifier: Apache-2.0
"""Netlists as Verilog, for simulation: the core alone, a board's top as synthesised, a board's bitstream taken apart."""
import json
import pathlib
import re
import subprocess

from fpga_board import BUILD, FAMILIES, ROOT, Board, Failure, core_sources, debian_tool, run, shown, yosys

NETWORK = ROOT / "examples/digits/digits.tflite"
IMAGE = ROOT / "examples/digits/images/digit_3.pgm"
NETWORK_MEMORY = 17  # log2 of the bytes of memory it needs, its program in a quarter of it
ON_CHIP = 20  # and of what boards have on chip at most


def write_verilog(family, file):
    """Commands of Yosys. Initial values of block RAM, which nothing relies on, are left out: fpga/<family>/models.v has none."""
    initial = {"ecp5": "INITVAL", "gowin": "INIT_RAM"}.get(family)
    unset = [f"setparam {' '.join(f'-unset {initial}_{i:02X}' for i in range(64))} t:*"] if initial else []
    return ["splitnets", *unset, f"write_verilog -noattr {file}"]


def core(options):
    """The core as Debian's Yosys synthesises it for a family, in place of rtl/millrace.sv. Checked by tests/fpga."""
    family = FAMILIES[options.family]
    sources = core_sources(options.config, [ROOT / f for f in family["core_cells"]])
    synth = family["synth"].format(top="millrace", yosys_device="u")
    script = [f"read_verilog -sv -defer {' '.join(map(str, sources))}", "hierarchy -top millrace",
              synth, *write_verilog(options.family, options.out)]
    run([debian_tool("yosys", "yosys"), "-q", "-p", "; ".join(script)], options.out.with_suffix(".log"), "synthesis")


def bitstream_verilog(board, out):
    """What the packed bitstream of an iCE40 HX does. icebox_vlog knows no DSP, SPRAM or PLL: not for the UP5K."""
    asc = out.with_suffix(".asc")
    run([debian_tool("iceunpack", "fpga-icestorm"), board.bitstream, asc], out.with_suffix(".unpack.log"), "iceunpack")
    run([debian_tool("icebox_vlog", "fpga-icestorm"), "-s", "-l", "-p", board.folder / board.constraints, asc], out, "icebox_vlog")
    text = out.read_text()
    header = re.search(r"module chip \((.*?)\);", text)
    ports = set(re.findall(r"(\w+)(?:,|$)", header[1])) if header else set()
    if not {"clk", "rx", "tx"} <= ports:
        raise Failure(f"icebox_vlog found no pins clk, rx and tx; see {shown(out)}")

    registers = set()

    def without_ports(match):  # it declares the ports a second time, among the wires and registers
        names = re.split(r",\s*", match[2])
        kept = [name for name in names if name.split(" ")[0] not in ports]
        if match[1] == "reg":
            registers.update(ports.intersection(name.split(" ")[0] for name in names))
        return f"{match[1]} {', '.join(kept)};" if kept else ""

    text = re.sub(r"^(wire|reg) (.*?);", without_ports, text, flags=re.M)
    out.write_text(text.replace(header[1], re.sub(r"output (\w+)", lambda m: f"output {'reg ' * (m[1] in registers)}{m[1]}", header[1]), 1))
    return "chip", out


def synthesised_verilog(board, out):
    """The netlist that place and route took, with the cells' models of Yosys and those of fpga/<family>."""
    script = [f"read_json {shown(board.out / 'synth.json')}", *write_verilog(board.family, shown(out))]
    run([yosys(board), "-q", "-p", "; ".join(script)], out.with_suffix(".log"), "writing Verilog")
    return "top", out


def cell_models(family):
    """Arguments of Verilator: ours first, in place of black boxes."""
    share = pathlib.Path(debian_tool("yosys", "yosys")).resolve().parent.parent / "share/yosys"
    define = "NO_ICE40_DEFAULT_ASSIGNMENTS" if family == "ice40" else "NO_INCLUDES"
    return [*(ROOT / "fpga" / family).glob("models.v"), f"+define+{define}", share / family / "cells_sim.v"]


def simulated_board(board, built):
    """The program millrace_board around the netlist."""
    folder = board.out / "sim"
    folder.mkdir(exist_ok=True)
    whole = board.device == "hx8k"
    print(f"simulating {shown(board.bitstream) + ', taken apart' if whole else 'the netlist as synthesised, before place and route'}")
    program = folder / "millrace_board"
    if program.exists() and program.stat().st_mtime > (board.out / "report.json").stat().st_mtime:
        return program
    top, verilog = (bitstream_verilog if whole else synthesised_verilog)(board, folder / f"{board.name}.v")
    seconds = run([ROOT / "scripts/board_sim.sh", folder, top, str(board.clock_khz * 1000 / built["baud"]), "--x-assign", "0",
                   ROOT / "tests/fpga/netlist.vlt", *cell_models(board.family), verilog], folder / "verilate.log",
                  "building the simulation")
    print(f"built in {seconds:.0f} s of one core")
    return program


def sim(options):
    board = Board(options.board)
    report = board.out / "report.json"
    built = json.loads(report.read_text()) if report.exists() else {}
    if ("bitstream" if board.device == "hx8k" else "build_id") not in built or not (board.out / "synth.json").exists():
        raise Failure(f"{board.name} is not built; make fpga BOARD={board.name}", 2)
    if built["mem_log2"] > ON_CHIP:
        raise Failure(f"the SDRAM of {board.name} is not simulated; make fpga BOARD={board.name} MEM_LOG2=18 has block RAM", 2)
    if not options.millrace.exists():
        raise Failure(f"{shown(options.millrace)} is missing; make build", 2)
    process = subprocess.Popen([simulated_board(board, built), "--stats"], stdout=subprocess.PIPE, text=True)
    try:
        # A simulated line is slower than its baud rate says: millrace is told the lowest one, so that it waits.
        device = f"{process.stdout.readline().strip()}?baud=50"
        answer = call([options.millrace, "info", "--device", device])
        if f"build {built['build_id']}" not in answer:
            raise Failure(f"the simulated board does not answer as build {built['build_id']}")
        call([options.millrace, "gemm", "16", "16", "32", "--device", device, "--compare", "cycle"])
        if built["mem_log2"] >= NETWORK_MEMORY:
            call([options.millrace, "run", NETWORK, "--input", IMAGE, "--device", device, "--compare", "cycle"])
    finally:
        process.terminate()
        process.wait()


def call(command):
    """Output of millrace, which is printed too, and must succeed."""
    print(f"$ {' '.join(shown(c) for c in command)}", flush=True)
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="", flush=True)
    if done.returncode:
        raise Failure(f"millrace {command[1]} on the simulated board ends with status {done.returncode}", done.returncode)
    return done.stdout


def add_arguments(add):
    command = add("core", core)
    command.add_argument("--family", choices=["ice40", "ecp5"], required=True)
    command.add_argument("--config", required=True)
    command.add_argument("--out", type=pathlib.Path, required=True)
    command = add("sim", sim)
    command.add_argument("board")
    command.add_argument("--millrace", type=pathlib.Path, default=BUILD / "millrace")
