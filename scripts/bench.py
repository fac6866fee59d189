#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure every figure that the README quotes.

Writes rows {name, value, unit, goal, command} to BUILD/bench.json and prints them as a table. Times are CPU time of
one core. Rows that need the public test vectors are left out, by name, when those are not there.

Usage: bench.py BUILD
"""
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
GEMM = "gemm 512 512 512 --device rtl --config base --memory fixed:40:16"


class Bench:
    def __init__(self, build):
        self.build, self.rows, self.skipped = build, [], []

    def add(self, name, value, unit, goal, command):
        self.rows.append({"name": name, "value": value, "unit": unit, "goal": goal, "command": command})
        print(f"  {name:<34} {value:>12} {unit:<14} {goal:<10} {command}", flush=True)

    def millrace(self, arguments):
        """Runs build/millrace with --json; returns its report."""
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "report.json"
            subprocess.run([self.build / "millrace", *arguments.split(), "--json", out], check=True, cwd=ROOT,
                           stdout=subprocess.DEVNULL)
            return json.loads(out.read_text())

    def gemm(self):
        report = self.millrace(GEMM + " --check")
        command = f"build/millrace {GEMM} --check"
        self.add("gemm512_base_utilization", round(100 * report["utilization"], 2), "%", ">= 90", command)
        self.add("gemm512_base_cycles", report["cycles"], "cycles", "", command)
        self.add("gemm512_base_mismatches", report["mismatches"], "values", "0", command)
        report = self.millrace(GEMM)
        speed = report["cycles"] / report["host_seconds"] / 1000
        self.add("verilated_base_speed", round(speed), "kcycles/s", ">= 200", f"build/millrace {GEMM}")
        for config in ("nano", "small", "large"):
            size = {"nano": 64, "small": 128, "large": 256}[config]
            arguments = f"gemm {size} {size} {size} --device rtl --config {config} --memory fixed:40:{size // 16} --check"
            report = self.millrace(arguments)
            self.add(f"gemm{size}_{config}_utilization", round(100 * report["utilization"], 2), "%", "",
                     f"build/millrace {arguments}")

    def build_time(self):
        """CPU seconds to Verilate and compile the base machine, without the compiler cache."""
        sources = [ROOT / "rtl/gen/base/millrace_pkg.sv"]
        for folder in ("lib", "dma", "core", "bus"):
            sources += sorted((ROOT / "rtl" / folder).glob("*.sv"))
        sources.append(ROOT / "rtl/millrace.sv")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([ROOT / "scripts/verilate.sh", folder, "Vmillrace_base", "millrace", "--build-id", "--trace-fst",
                            *sources], check=True, env={**os.environ, "OBJCACHE": "", "CXX": "g++"}, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.add("verilator_build_base", round(seconds), "CPU seconds", "< 180", "scripts/verilate.sh (see scripts/bench.py)")

    def networks(self):
        model = "examples/digits/digits.tflite"
        for config in ("nano", "base"):
            arguments = f"run {model} --device rtl --config {config} --memory fixed:40:16 --compare ref"
            report = self.millrace(arguments)
            self.add(f"digits_{config}_cycles", report["cycles"], "cycles", "", f"build/millrace {arguments}")
        vectors = pathlib.Path(os.environ.get("MILLRACE_VECTORS", ROOT.parent / "shared/vectors"))
        model = vectors / "models/mlctiny_ad01_int8.tflite"
        if not model.exists():
            self.skipped.append("ad01_* (no public test vectors; set MILLRACE_VECTORS)")
            return
        for config in ("small", "base"):
            arguments = f"run {model} --device rtl --config {config} --memory fixed:40:16 --compare ref"
            command = f"build/millrace run $MILLRACE_VECTORS/models/{model.name} --device rtl --config {config} ..."
            report = self.millrace(arguments)
            self.add(f"ad01_{config}_cycles", report["cycles"], "cycles", "", command)
            self.add(f"ad01_{config}_utilization", round(100 * report["utilization"], 2), "%", "", command)
            self.add(f"ad01_{config}_mismatches", report["mismatches"], "values", "0", command)
            self.add(f"ad01_{config}_offload_macs", round(100 * report["offload_macs"], 1), "%", "100", command)

    def rtl_lines(self):
        report = json.loads(subprocess.run([ROOT / "scripts/rtl_lines.py", "--json"], check=False, cwd=ROOT,
                                           stdout=subprocess.PIPE, text=True).stdout)
        for module, lines in report["modules"].items():
            self.add(f"rtl_lines_{pathlib.Path(module).stem}", lines, "code lines", "", "scripts/rtl_lines.py")
        self.add("rtl_lines", report["total"], "code lines", "<= 3000", "scripts/rtl_lines.py")


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip().splitlines()[-1], file=sys.stderr)
        return 2
    bench = Bench(pathlib.Path(sys.argv[1]).resolve())
    print(f"  {'name':<34} {'value':>12} {'unit':<14} {'goal':<10} command")
    for part in (bench.gemm, bench.networks, bench.rtl_lines, bench.build_time):
        part()
    out = bench.build / "bench.json"
    out.write_text(json.dumps(bench.rows, indent=1) + "\n")
    for text in bench.skipped:
        print(f"  skipped: {text}")
    print(f"wrote {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
