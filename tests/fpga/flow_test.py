#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The logic of scripts/fpga.py around the tools, with made-up tools on PATH: what it refuses, in which words and with which status."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD_ID = "0badcafe"
NEXTPNR = {"fmax": {"clk": {"achieved": 13.0, "constraint": 12.0}}, "critical_paths": [],
           "utilization": {"ICESTORM_LC": {"used": 10, "available": 7680}}}


class Flow(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.work = pathlib.Path(self.folder.name)
        self.path = self.work / "bin"
        self.path.mkdir()
        self.calls = self.work / "calls"

    def program(self, name, body="", where=None):
        """A made-up program that notes its arguments, then does `body` (Python)."""
        file = (where or self.path) / name
        file.write_text(f"#!{sys.executable}\nimport sys\n"
                        f"print('{name}', *sys.argv[1:], file=open('{self.calls}', 'a'))\n{body}\n")
        file.chmod(0o755)
        return file

    def run_flow(self, *arguments):
        environment = {**os.environ, "PATH": str(self.path), "BUILD": str(self.work / "build"), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run([sys.executable, ROOT / "scripts/fpga.py", *map(str, arguments)], env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def built(self, board, bitstream):
        folder = self.work / "build/fpga" / board
        folder.mkdir(parents=True)
        (folder / bitstream).write_bytes(b"bits")
        (folder / "report.json").write_text(json.dumps({"build_id": BUILD_ID, "baud": 9600, "bitstream": bitstream}))
        return folder / bitstream

    def flash(self, board, *arguments, build=BUILD_ID):
        millrace = self.program("millrace", f"print('device serial, configuration nano: ISA hash 01234567, build {build}')",
                                self.work)
        return self.run_flow("flash", board, "--millrace", millrace, "--port", "/dev/null", *arguments)

    def refused(self, done, status, *words):
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def called(self):
        return self.calls.read_text().splitlines() if self.calls.exists() else []

    # ---- flash
    def loader(self, idcode="0x41113043"):
        self.program("openFPGALoader", f"if '--detect' in sys.argv: print('index 0:\\n\\tidcode   {idcode}')")

    def test_writes_sram_and_asks_for_the_build(self):
        bits = self.built("ulx3s", "ulx3s.bit")
        self.loader()
        done = self.flash("ulx3s")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.called(), ["openFPGALoader -b ulx3s --detect", f"openFPGALoader -b ulx3s {bits}",
                                         "millrace info --device serial:///dev/null?baud=9600"])

    def test_writes_flash_when_told(self):
        bits = self.built("ulx3s", "ulx3s.bit")
        self.loader()
        self.assertEqual(self.flash("ulx3s", "--write", "flash").returncode, 0)
        self.assertIn(f"openFPGALoader -b ulx3s -f {bits}", self.called())

    def test_wrong_device_is_not_written(self):
        self.built("ulx3s", "ulx3s.bit")
        self.loader("0x41111043")
        self.refused(self.flash("ulx3s"), 1, "wrong device", "0x41113043", "0x41111043", "nothing was written")
        self.assertEqual(self.called(), ["openFPGALoader -b ulx3s --detect"])

    def test_no_device(self):
        self.built("ulx3s", "ulx3s.bit")
        self.program("openFPGALoader", "sys.exit('unable to open ftdi device')")
        self.refused(self.flash("ulx3s"), 1, "unable to open ftdi device")

    def test_another_build_answers(self):
        self.built("ulx3s", "ulx3s.bit")
        self.loader()
        self.refused(self.flash("ulx3s", build="11111111"), 1, "11111111", BUILD_ID)

    def test_missing_programmer(self):
        self.built("ulx3s", "ulx3s.bit")
        self.refused(self.flash("ulx3s"), 2, "apt-get install openfpgaloader")

    def test_way_that_the_board_has_not(self):
        self.built("icebreaker", "icebreaker.bin")
        self.program("iceprog")
        self.refused(self.flash("icebreaker", "--write", "sram"), 2, "WRITE=flash")
        self.assertEqual(self.flash("icebreaker").returncode, 0)

    def test_not_built(self):
        self.loader()
        self.refused(self.flash("ulx3s"), 2, "make fpga BOARD=ulx3s")

    def test_unknown_board(self):
        self.refused(self.run_flow("build", "nothing"), 2, "no board 'nothing'", "hx8k", "ulx3s")

    # ---- build
    def tools(self, nextpnr=13.0, icetime=12.5):
        write = "open(sys.argv[sys.argv.index('{0}') + 1], 'w').write({1!r})"
        self.program("yosys")
        timing = json.dumps({**NEXTPNR, "fmax": {"clk": {"achieved": nextpnr}}})
        self.program("nextpnr-ice40", write.format("--report", timing))
        self.program("icetime", f"print('Total path delay: 1.00 ns ({icetime} MHz)')")
        self.program("icepack", "open(sys.argv[2], 'w').write('bits')")

    def test_bitstream_when_both_meet_the_clock(self):
        self.tools()
        done = self.run_flow("build", "hx8k", "--seed", 7)
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads((self.work / "build/fpga/hx8k/report.json").read_text())
        self.assertEqual((report["seed"], report["fmax_mhz"]), (7, {"nextpnr": 13.0, "icetime": 12.5}))
        self.assertTrue((self.work / "build/fpga/hx8k/hx8k.bin").exists())
        self.assertIn("--freq 12.0 --seed 7", self.called()[1])
        table = self.run_flow("report").stdout
        self.assertIn("10 / 7,680", table)
        self.assertIn("0.38 GOPS", table)

    def test_missed_timing(self):
        for nextpnr, icetime, by in ((11.9, 12.5, "11.90 MHz by nextpnr"), (13.0, 11.5, "11.50 MHz by icetime")):
            self.tools()
            self.assertEqual(self.run_flow("build", "hx8k").returncode, 0)
            self.tools(nextpnr, icetime)
            self.refused(self.run_flow("build", "hx8k"), 1, "misses its clock of 12 MHz", by, "SEED=2")
            self.assertFalse((self.work / "build/fpga/hx8k/hx8k.bin").exists())

    def test_failing_tool(self):
        self.tools()
        self.program("nextpnr-ice40", "print('ERROR: Unable to place cell'); sys.exit(1)")
        self.refused(self.run_flow("build", "hx8k"), 1, "Unable to place cell", "nextpnr.log")

    def test_missing_tool(self):
        self.refused(self.run_flow("build", "hx8k"), 2, "apt-get install yosys")
        self.refused(self.run_flow("build", "ulx3s"), 2, "make fpga-tools")

    def test_nothing_built(self):
        self.refused(self.run_flow("report"), 1, "nothing was built")


if __name__ == "__main__":
    unittest.main()
