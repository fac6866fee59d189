#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fit of configuration `nano` on an iCE40 UP5K: synthesises, places and routes, prints a Markdown table.

fit.py           the whole board (fpga/soc): machine, bridge, memory; logic cells by block, block RAM, DSP, SPRAM, fmax
fit.py --blocks  also every block by itself between flip-flops: its cells and fmax (about a minute each)
Fails if the whole does not fit or misses --min MHz in nextpnr or in icetime. Files are left in --work.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMITS = {"ICESTORM_LC": 5280, "ICESTORM_RAM": 30, "ICESTORM_DSP": 8, "ICESTORM_SPRAM": 4}
BLOCKS = ["fetch", "decode", "dispatch", "unit_queue", "segments", "csr", "dma", "matmul", "matmul_array", "vector", "sp_banks",
          "acc_banks", "bridge", "onchip_memory"]
PARAMS = {"soc": {"Single": 1}, "onchip_memory": {"Single": 1}}  # memory of SPRAM
PART = ["--up5k", "--package", "sg48"]


def sources(rtl, cells):
    """RTL of nano and the system around it, with iCE40 cells in place of the generic ones."""
    swapped = sorted(cells.glob("*.sv"))
    names = {p.name for p in swapped}
    files = [rtl / "gen/nano/millrace_pkg.sv"] + swapped
    for folder in [rtl / f for f in ("lib", "dma", "core", "bus", ".")] + [ROOT / "fpga/soc"]:
        files += [p for p in sorted(folder.glob("*.sv")) if p.name not in names]
    return files


def run(command, log):
    with open(log, "w") as out:
        return subprocess.run([str(c) for c in command], stdout=out, stderr=subprocess.STDOUT).returncode == 0


def synthesise(files, top, out):
    params = "".join(f" -chparam {n} {v}" for n, v in PARAMS.get(top, {}).items())
    script = (f"read_verilog -sv -defer {' '.join(map(str, files))}; hierarchy -top {top}{params}; "
              f"synth_ice40 -device u -abc2 -json {out}.json")
    if not run(["yosys", "-q", "-p", script], f"{out}.yosys.log"):
        sys.exit(f"fit: yosys failed, see {out}.yosys.log")


def pack(out):
    """Cells after packing: {type: count}, {instance path: logic cells}."""
    if not run(["nextpnr-ice40", *PART, "--pack-only", "--json", f"{out}.json", "--write", f"{out}.pack.json"],
               f"{out}.pack.log"):
        sys.exit(f"fit: packing failed, see {out}.pack.log")
    modules = json.loads(pathlib.Path(f"{out}.pack.json").read_text())["modules"]
    cells = max((m["cells"] for m in modules.values()), key=len)
    count, where = collections.Counter(), collections.Counter()
    for name, cell in cells.items():
        count[cell["type"]] += 1
        if cell["type"] == "ICESTORM_LC":
            # Yosys names a cell after the nearest net: instance.path.net_SB_...
            where[tuple(re.split(r"_SB_|\$", name)[0].split(".")[:-1])] += 1
    return count, where


def place(out, freq):
    """Fmax by nextpnr and by icetime, or None if it does not fit or route."""
    if not run(["nextpnr-ice40", *PART, "--freq", freq, "--json", f"{out}.json", "--asc", f"{out}.asc", "--report",
                f"{out}.report.json", "--timing-allow-fail"], f"{out}.nextpnr.log"):
        return None
    report = json.loads(pathlib.Path(f"{out}.report.json").read_text())
    by_nextpnr = min(f["achieved"] for f in report["fmax"].values())
    run(["icetime", "-d", "up5k", "-P", "sg48", "-t", "-r", f"{out}.rpt", f"{out}.asc"], f"{out}.icetime.log")
    found = re.search(r"\(([\d.]+) MHz\)", pathlib.Path(f"{out}.icetime.log").read_text())
    return by_nextpnr, float(found[1]) if found else 0.0


def harness(out, block):
    """A top that has every input of `block` behind a flip-flop of a chain and every output before one; three pins."""
    modules = json.loads(pathlib.Path(f"{out}.json").read_text())["modules"]
    ports = max(modules.values(), key=lambda m: len(m["cells"]))["ports"]
    params = ", ".join(f".{n}({v})" for n, v in PARAMS.get(block, {}).items())
    ins = [(n, len(p["bits"])) for n, p in ports.items() if p["direction"] == "input" and n != "clk_i"]
    outs = [(n, len(p["bits"])) for n, p in ports.items() if p["direction"] == "output"]
    n_in, n_out = sum(w for _, w in ins), sum(w for _, w in outs)
    connect, at = [".clk_i"], 0
    for name, width in ins:
        connect.append(f".{name}(in_q[{at}+:{width}])")
        at += width
    at = 0
    for name, width in outs:
        connect.append(f".{name}(result[{at}+:{width}])")
        at += width
    pathlib.Path(f"{out}.harness.sv").write_text(f"""
module harness (input wire clk_i, input wire load_i, input wire d_i, output wire q_o);
  reg [{n_in - 1}:0] in_q;
  reg [{n_out - 1}:0] out_q;
  wire [{n_out - 1}:0] result;
  assign q_o = out_q[0];
  {block} {f"#({params})" if params else ""} u_block ({', '.join(connect)});
  always @(posedge clk_i) begin
    in_q <= {{in_q, d_i}};
    out_q <= load_i ? result : out_q >> 1;
  end
endmodule
""")
    return n_in


def measure_block(files, block, work, freq):
    out = work / block
    synthesise(files, block, out)
    count, _ = pack(out)
    harness(out, block)
    top = work / f"{block}.top"
    synthesise(files + [f"{out}.harness.sv"], "harness", top)
    return count, place(top, freq)


def mhz(fmax):
    return " | ".join(f"{f:.1f}" for f in fmax) if fmax else "- | -"


def row(name, count, fmax):
    cells = [str(count[t]) for t in LIMITS]
    return f"| {name} | {' | '.join(cells)} | {mhz(fmax)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rtl", type=pathlib.Path, default=ROOT / "rtl", help="folder of the RTL")
    parser.add_argument("--cells", type=pathlib.Path, default=ROOT / "fpga/ice40", help="modules in place of those of rtl/lib")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/fit", help="folder for the tools' files")
    parser.add_argument("--freq", default="24", help="constraint in MHz")
    parser.add_argument("--min", type=float, default=12.0, help="least fmax of the whole in MHz")
    parser.add_argument("--blocks", nargs="*", metavar="BLOCK", help="measure blocks by themselves (all if none is named)")
    parser.add_argument("--pack-only", action="store_true", help="count cells, do not place the whole")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    files = sources(args.rtl, args.cells)

    print("| block | LC | EBR | DSP | SPRAM | fmax nextpnr | fmax icetime |\n|---|---|---|---|---|---|---|")
    if args.blocks is not None:
        for block in args.blocks or BLOCKS:
            print(row(f"`{block}` alone", *measure_block(files, block, args.work, args.freq)), flush=True)

    out = args.work / "soc"
    synthesise(files, "soc", out)
    count, where = pack(out)
    fmax = None if args.pack_only else place(out, args.freq)
    blocks = collections.Counter()
    for path, cells in where.items():
        blocks[".".join(path[:2] if path[:1] == ("u_core",) else path[:1]) or "top, carry chains"] += cells
    for name, cells in blocks.most_common():
        print(f"| in the whole: `{name}` | {cells} | | | | | |")
    print(row("**whole**", count, fmax))
    print(row("UP5K", LIMITS, None))
    over = [t for t, limit in LIMITS.items() if count[t] > limit]
    if over:
        sys.exit(f"fit: does not fit: {', '.join(f'{count[t]} of {LIMITS[t]} {t}' for t in over)}")
    if not args.pack_only and (fmax is None or min(fmax) < args.min):
        sys.exit(f"fit: {'not routed' if fmax is None else f'{min(fmax):.1f} MHz'}, wanted {args.min} MHz")


if __name__ == "__main__":
    main()
