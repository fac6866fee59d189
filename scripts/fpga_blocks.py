# SPDX-License-Identifier: Apache-2.0
"""Logic cells of an iCE40 board by block, as a Markdown table: in the whole, and blocks by themselves between flip-flops."""
import collections
import json
import re

from fpga_board import Board, Failure, debian_tool, last_number, run, shown

TYPES = ["ICESTORM_LC", "ICESTORM_RAM", "ICESTORM_DSP", "ICESTORM_SPRAM"]
PARAMETERS = {"onchip_memory": {"Single": 1}}  # memory of SPRAM


def synthesise(board, sources, top, out):
    values = "".join(f" -chparam {name} {value}" for name, value in PARAMETERS.get(top, {}).items())
    script = (f"read_verilog -sv -defer {' '.join(map(str, sources))}; hierarchy -top {top}{values}; "
              f"{board.family_info['synth'].format(top=top, **vars(board))}; write_json {out}.json")
    run([debian_tool("yosys", "yosys"), "-q", "-p", script], out.with_suffix(".yosys.log"), f"synthesis of {top}")


def pack(board, netlist, out):
    """Cells after packing: {type: count}, {instance path: logic cells}."""
    run([debian_tool("nextpnr-ice40", "nextpnr-ice40"), f"--{board.device}", "--package", board.package, "--pack-only", "--json",
         netlist, "--write", f"{out}.pack.json"], out.with_suffix(".pack.log"), "packing")
    modules = json.loads(out.with_name(f"{out.name}.pack.json").read_text())["modules"]
    cells = max((m["cells"] for m in modules.values()), key=len)
    count, where = collections.Counter(), collections.Counter()
    for name, cell in cells.items():
        count[cell["type"]] += 1
        if cell["type"] == "ICESTORM_LC":
            # Yosys names a cell after the nearest net: instance.path.net_SB_...
            where[tuple(re.split(r"_SB_|\$", name)[0].split(".")[:-1])] += 1
    return count, where


def harness(netlist, block, out):
    """A top that has every input of `block` behind a flip-flop of a chain and every output before one; three pins."""
    modules = json.loads(netlist.read_text())["modules"]
    ports = max(modules.values(), key=lambda m: len(m["cells"]))["ports"]
    ins = [(n, len(p["bits"])) for n, p in ports.items() if p["direction"] == "input" and n != "clk_i"]
    outs = [(n, len(p["bits"])) for n, p in ports.items() if p["direction"] == "output"]
    values = ", ".join(f".{name}({value})" for name, value in PARAMETERS.get(block, {}).items())
    connect = [".clk_i"]
    for bus, pins in (("in_q", ins), ("result", outs)):
        at = 0
        for name, width in pins:
            connect.append(f".{name}({bus}[{at}+:{width}])")
            at += width
    n_in, n_out = sum(w for _, w in ins), sum(w for _, w in outs)
    out.write_text(f"""
module harness (input wire clk_i, input wire load_i, input wire d_i, output wire q_o);
  reg [{n_in - 1}:0] in_q;
  reg [{n_out - 1}:0] out_q;
  wire [{n_out - 1}:0] result;
  assign q_o = out_q[0];
  {block} {f"#({values})" if values else ""} u_block ({', '.join(connect)});
  always @(posedge clk_i) begin
    in_q <= {{in_q, d_i}};
    out_q <= load_i ? result : out_q >> 1;
  end
endmodule
""")


def alone(board, block, work):
    """Cells of one block, and its fmax by nextpnr and by icetime."""
    out = work / block
    synthesise(board, board.sources(), block, out)
    count, _ = pack(board, out.with_suffix(".json"), out)
    top = work / f"{block}_top"
    harness(out.with_suffix(".json"), block, top.with_suffix(".sv"))
    synthesise(board, [*board.sources(), top.with_suffix(".sv")], "harness", top)
    run([debian_tool("nextpnr-ice40", "nextpnr-ice40"), f"--{board.device}", "--package", board.package, "--freq", board.mhz, "--json",
         top.with_suffix(".json"), "--asc", top.with_suffix(".asc"), "--report", top.with_suffix(".report"), "--timing-allow-fail"],
        top.with_suffix(".log"), f"place and route of {block}")
    report = json.loads(top.with_suffix(".report").read_text())
    log = top.with_suffix(".icetime")
    run([debian_tool("icetime", "fpga-icestorm"), "-d", board.device, "-P", board.package, "-t", top.with_suffix(".asc")], log, "icetime")
    fmax = [min(f["achieved"] for f in report["fmax"].values()), last_number(r"\(([\d.]+) MHz\)", log.read_text()) or 0.0]
    return count, fmax


def blocks(options):
    board = Board(options.board)
    if board.family != "ice40":
        raise Failure(f"blocks are counted for iCE40 boards, not {board.name}", 2)
    netlist = board.out / "synth.json"
    if not netlist.exists():
        raise Failure(f"{board.name} is not built; make fpga BOARD={board.name}", 2)
    work = board.out / "blocks"
    work.mkdir(exist_ok=True)
    print("| block | LC | EBR | DSP | SPRAM | fmax nextpnr | fmax icetime |\n|---|---|---|---|---|---|---|")
    for block in options.blocks:
        count, fmax = alone(board, block, work)
        print(f"| `{block}` alone | {' | '.join(str(count[t]) for t in TYPES)} | {fmax[0]:.1f} | {fmax[1]:.1f} |", flush=True)
    count, where = pack(board, netlist, work / "whole")
    parts = collections.Counter()
    for path, cells in where.items():
        path = [p for p in path if p not in ("u_board", "u_soc")]
        parts[".".join(path[:2] if path[:1] == ["u_core"] else path[:1]) or "top, carry chains"] += cells
    for name, cells in parts.most_common():
        print(f"| in the whole: `{name}` | {cells} | | | | | |")
    print(f"| **whole** | {' | '.join(str(count[t]) for t in TYPES)} | | |")
    print(f"{shown(netlist)}")


def add_arguments(add):
    command = add("blocks", blocks)
    command.add_argument("board")
    command.add_argument("blocks", nargs="*", metavar="MODULE", help="modules to measure by themselves, too")
