# SPDX-License-Identifier: Apache-2.0
"""Writes a bitstream to its board and asks the machine on it for its build."""
import glob
import json
import os
import re
import subprocess

from fpga_board import Board, Failure, debian_tool, shown

PACKAGES = {"openFPGALoader": "openfpgaloader", "iceprog": "fpga-icestorm"}
PORTS = ("/dev/ttyUSB*", "/dev/ttyACM*")


def call(command, what):
    """Output of a program that must succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.strip() not in ("", "ABORT.")]  # iceprog's last word
        raise Failure(f"{what} failed: {lines[-1].strip() if lines else f'exit status {done.returncode}'}; "
                      f"command: {' '.join(map(str, command))}")
    return done.stdout


def check_device(board, program):
    """The device on the cable must be that of the board. iceprog knows only the flash: no `detect` there."""
    if "detect" not in board.program:
        return
    found = [int(i, 16) for i in re.findall(r"idcode\s+0x([0-9a-fA-F]+)", call([program, *board.program["detect"]], "detection"))]
    wanted = board.program["idcode"]
    if wanted not in found:
        raise Failure(f"wrong device: {board.name} has id {wanted:#010x}, found "
                      f"{', '.join(f'{i:#010x}' for i in found) or 'none'}; nothing was written")


def serial_port(board, given):
    if given:
        return given
    usual = board.program["port"]
    if os.path.exists(usual):
        return usual
    found = sorted(p for pattern in PORTS for p in glob.glob(pattern))
    if len(found) == 1:
        return found[0]
    raise Failure(f"written, but no {usual}; {'found ' + ', '.join(found) if found else 'no serial port found'}: "
                  f"say which with PORT=", 2)


def flash(options):
    board = Board(options.board)
    ways = [way for way in ("sram", "flash") if way in board.program]
    way = options.write or ways[0]
    if way not in ways:
        raise Failure(f"{board.name} cannot be written to {way}: WRITE={' or WRITE='.join(ways)}", 2)
    report = board.out / "report.json"
    built = json.loads(report.read_text()) if report.exists() else {}
    if "bitstream" not in built:
        raise Failure(f"no bitstream for {board.name}; make fpga BOARD={board.name}", 2)
    name = board.program["tool"]
    program = debian_tool(name, PACKAGES[name])
    check_device(board, program)
    print(f"writing {shown(board.bitstream)} to {way}, with {name}")
    call([program, *(a.format(bitstream=board.bitstream) for a in board.program[way])], "writing")
    port = serial_port(board, options.port)
    if not options.millrace.exists():
        raise Failure(f"written, but {shown(options.millrace)} is missing to ask the board; make build", 2)
    answer = call([str(options.millrace), "info", "--device", f"serial://{port}?baud={built['baud']}"], "written, but millrace info")
    build = re.search(r"build ([0-9a-f]{8})", answer)
    if not build or build[1] != built["build_id"]:
        raise Failure(f"the machine on {port} is build {build[1] if build else 'unknown'}, the bitstream is {built['build_id']}: "
                      "the old one still runs, or this is another board")
    print(f"{board.title} on {port} runs build {build[1]}")
