#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From RTL to a board: synthesis, place and route, bitstream, report; writing it to the board; netlists for simulation.

fpga.py build BOARD [--seed N] [--baud N] [--mem-log2 N] [--until synth]   bitstream and report.json in build/fpga/BOARD
fpga.py report                                              Markdown table of the boards that were built
fpga.py flash BOARD [--write sram|flash] [--port DEV]       writes it, asks the machine for its build
fpga.py sim BOARD                                           runs what was built, simulated, next to the cycle model
fpga.py blocks BOARD [MODULE...]                            logic cells by block (iCE40)
fpga.py core --family F --config C --out FILE               netlist of the core alone
Exit status: 0 done, 1 a check failed (timing, device, build), 2 bad input or a tool is missing.
"""
import argparse
import json
import pathlib
import re

import fpga_blocks
import fpga_flash
import fpga_netlist
from fpga_board import BUILD, Board, Failure, board_names, debian_tool, last_number, main_of, run, shown, tool, yosys


def parameters(board, options):
    """Of the board's top."""
    return {"ClockKhz": board.clock_khz, "Baud": options.baud or board.baud, "BoardId": board.id, "MemLog2": options.mem_log2 or board.mem_log2,
            "BuildId": f"32'h{board.build_id():08x}"}


def synthesise(board, options):
    """Netlist synth.json of the board's top. Returns CPU seconds."""
    synth = board.family_info["synth"].format(top="top", **vars(board))
    values = parameters(board, options)
    script = [f"read_verilog -sv -defer {' '.join(map(shown, board.sources()))}",
              f"hierarchy -top top {' '.join(f'-chparam {name} {value}' for name, value in values.items())}",
              synth, f"write_json {shown(board.out / 'synth.json')}", f"tee -q -o {shown(board.out / 'stat.txt')} stat"]
    return run([yosys(board), "-q", "-p", "; ".join(script)], board.out / "yosys.log", "synthesis")


def route_ice40(board, seed):
    """CPU seconds, and the fmax of a second tool where there is one."""
    out = board.out
    common = [f"--{board.device}", "--package", board.package, "--pcf", shown(board.folder / board.constraints)]
    seconds = run([debian_tool("nextpnr-ice40", "nextpnr-ice40"), *common, "--freq", board.mhz, "--seed", seed, "--json",
                   shown(out / "synth.json"), "--asc", shown(out / "top.asc"), "--report", shown(out / "nextpnr.json"),
                   "--timing-allow-fail"], out / "nextpnr.log", "place and route")
    seconds += run([debian_tool("icetime", "fpga-icestorm"), "-d", board.device, "-P", board.package, "-p",
                    board.folder / board.constraints, "-t", out / "top.asc"], out / "icetime.log", "icetime")
    icetime = last_number(r"\(([\d.]+) MHz\)", (out / "icetime.log").read_text())
    if icetime is None:
        raise Failure(f"icetime gives no figure; see {shown(out / 'icetime.log')}")
    return seconds, icetime


def pack_ice40(board):
    return run([debian_tool("icepack", "fpga-icestorm"), board.out / "top.asc", board.bitstream], board.out / "pack.log", "icepack")


def route_ecp5(board, seed):
    out = board.out
    return run([tool("nextpnr-ecp5"), f"--{board.device}", "--package", board.package, "--speed", board.speed, "--lpf",
                shown(board.folder / board.constraints), "--freq", board.mhz, "--seed", seed, "--json", shown(out / "synth.json"),
                "--textcfg", shown(out / "top.config"), "--report", shown(out / "nextpnr.json"), "--timing-allow-fail",
                *board.nextpnr], out / "nextpnr.log", "place and route"), None


def pack_ecp5(board):
    return run([tool("ecppack"), "--compress", shown(board.out / "top.config"), shown(board.bitstream)],
               board.out / "pack.log", "ecppack")


def route_gowin(board, seed):
    out = board.out
    return run([tool("nextpnr-himbaechel-gowin"), "--device", board.device, "--vopt", "family=GW2A-18C", "--vopt",
                f"cst={shown(board.folder / board.constraints)}", "--freq", board.mhz, "--seed", seed, "--json",
                shown(out / "synth.json"), "--write", shown(out / "routed.json"), "--report", shown(out / "nextpnr.json"),
                "--timing-allow-fail"], out / "nextpnr.log", "place and route"), None


def pack_gowin(board):
    return run([tool("gowin_pack"), "-d", "GW2A-18C", "-o", shown(board.bitstream), shown(board.out / "routed.json")],
               board.out / "pack.log", "gowin_pack")


def write_vivado(board, options):
    """What fpga/boards/<board>/build.tcl reads."""
    generics = " ".join(f"{name}={value}" for name, value in parameters(board, options).items())
    files = "\n".join(f"  {shown(f)}" for f in board.sources())
    (board.out / "sources.tcl").write_text(f"set part {board.device}\nset generics {{{generics}}}\nread_verilog -sv {{\n{files}\n}}\n"
                                           f"read_xdc {shown(board.folder / board.constraints)}\n")


ROUTE = {"ice40": (route_ice40, pack_ice40), "ecp5": (route_ecp5, pack_ecp5), "gowin": (route_gowin, pack_gowin)}


def used_cells(board):
    """{resource: [used, available]} by nextpnr, or by Yosys where nextpnr does not route the family."""
    groups = board.family_info["resources"]
    if board.family not in ROUTE:
        stat = (board.out / "stat.txt").read_text()
        count = {t: int(n) for n, t in re.findall(r"^ +(\d+) +(\w+)$", stat, re.M)} or \
                {t: int(n) for t, n in re.findall(r"^ +(\w+) +(\d+)$", stat, re.M)}
        return {name: [sum(count.get(t, 0) for t in types), board.available[name]] for name, types in groups.items()}
    cells = json.loads((board.out / "nextpnr.json").read_text())["utilization"]
    return {name: [sum(cells.get(t, {"used": 0})["used"] for t in types),
                   sum(cells.get(t, {"available": 0})["available"] for t in types)] for name, types in groups.items()}


def longest_path(board):
    """Source and sink of the slowest path by nextpnr."""
    paths = json.loads((board.out / "nextpnr.json").read_text()).get("critical_paths", [])
    inside = [p["path"] for p in paths if "async" not in p["from"] + p["to"]]
    if not inside:
        return ""
    path = max(inside, key=lambda p: sum(step["delay"] for step in p))
    return f"{path[0]['from']['cell']} -> {path[-1]['to']['cell']}"


def build(options):
    board = Board(options.board)
    board.out.mkdir(parents=True, exist_ok=True)
    for old in (board.bitstream, board.out / "report.json"):  # what a failed run leaves is not taken for this one's
        old.unlink(missing_ok=True)
    if board.family == "xilinx":
        write_vivado(board, options)
    result = {
        "board": board.name, "title": board.title, "config": board.config, "build_id": f"{board.build_id():08x}",
        "seed": options.seed or board.seed, "baud": options.baud or board.baud,
        "mem_log2": options.mem_log2 or board.mem_log2, "clock_mhz": board.mhz, "macs_per_cycle": board.dim**2,
        "cpu_seconds": {}, "fmax_mhz": {}, "cells": {}, "longest_path": "",
    }
    seconds, fmax = result["cpu_seconds"], result["fmax_mhz"]

    def save():
        (board.out / "report.json").write_text(json.dumps(result, indent=2) + "\n")

    seconds["synthesis"] = synthesise(board, options)
    save()
    if board.family not in ROUTE:
        result["cells"] = used_cells(board)
    elif options.until != "synth":
        route, pack = ROUTE[board.family]
        seconds["place and route"], fmax["icetime"] = route(board, result["seed"])
        timing = json.loads((board.out / "nextpnr.json").read_text())
        fmax["nextpnr"] = min(clock["achieved"] for clock in timing["fmax"].values())
        result |= {"cells": used_cells(board), "longest_path": longest_path(board)}
    result["fmax_mhz"] = fmax = {by: f for by, f in fmax.items() if f}
    slow = {by: f for by, f in fmax.items() if f < board.mhz}
    if fmax and not slow:
        seconds["bitstream"] = pack(board)
        result["bitstream"] = board.bitstream.name
    save()
    print_report(board, result)
    if slow:
        figures = ", ".join(f"{f:.2f} MHz by {by}" for by, f in slow.items())
        raise Failure(f"{board.name} misses its clock of {board.mhz:g} MHz: {figures}; no bitstream. Another seed may do: "
                      f"make fpga BOARD={board.name} SEED={result['seed'] + 1}")


def print_report(board, result):
    print(f"{board.title}: configuration {board.config}, build {result['build_id']}, seed {result['seed']}")
    for name, (used, available) in result["cells"].items():
        print(f"  {name:<6}{used:>7} of {available:>6}" + (f"  {100 * used / available:5.1f} %" if available else ""))
    for by, f in result["fmax_mhz"].items():
        print(f"  fmax  {f:7.2f} MHz by {by}, clock {board.mhz:g} MHz")
    if result["longest_path"]:
        print(f"  path  {result['longest_path']}")
    print("  time  " + ", ".join(f"{what} {s:.1f} s" for what, s in result["cpu_seconds"].items()) + " of one core")
    if "bitstream" in result:
        print(f"  {shown(board.bitstream)}")


def report(_):
    found = [json.loads(f.read_text()) for f in sorted((BUILD / "fpga").glob("*/report.json"))]
    if not found:
        raise Failure(f"nothing was built yet; make fpga BOARD= one of {', '.join(board_names())}")
    print("| board | configuration | logic | DSP | RAM | SPRAM | clock | fmax | MACs a cycle | peak | seed | build |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for r in found:
        cells = [f"{u:,} / {a:,} ({100 * u / a:.0f} %)" if a else "-" for u, a in
                 (r["cells"].get(name, (0, 0)) for name in ("logic", "DSP", "RAM", "SPRAM"))]
        fmax = ", ".join(f"{f:.1f} ({by})" for by, f in r["fmax_mhz"].items()) or "not routed"
        gops = 2 * r["macs_per_cycle"] * r["clock_mhz"] / 1000
        print(f"| {r['title']} | `{r['config']}` | {' | '.join(cells)} | {r['clock_mhz']:g} MHz | {fmax} | "
              f"{r['macs_per_cycle']} | {gops:.2f} GOPS | {r['seed']} | {r['build_id']} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name, function):
        command = commands.add_parser(name)
        command.set_defaults(function=function)
        return command

    command = add("build", build)
    command.add_argument("board")
    command.add_argument("--seed", type=int)
    command.add_argument("--baud", type=int)
    command.add_argument("--mem-log2", type=int)
    command.add_argument("--until", choices=["synth"])
    add("report", report)
    command = add("flash", fpga_flash.flash)
    command.add_argument("board")
    command.add_argument("--write", choices=["sram", "flash"])
    command.add_argument("--port")
    command.add_argument("--millrace", type=pathlib.Path, default=BUILD / "millrace")
    fpga_netlist.add_arguments(add)
    fpga_blocks.add_arguments(add)
    options = parser.parse_args()
    return options.function(options)


if __name__ == "__main__":
    main_of(main)
