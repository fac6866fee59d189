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
import re
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
GEMM = "gemm 512 512 512 --device rtl --config base --memory fixed:40:16"
LARGE_GEMM = "gemm 1024 1024 1024 --config base --memory"
TINY = """load space=sp seg=1 row_bytes=16 dst=0 dst_hi=0
matmul a=1024 a_hi=1 b=2048 b_hi=2 d=0 d_hi=0
vector src1_kind=acc src1=256 src1_hi=1 dst_kind=sp dst=3072 dst_hi=3
store space=sp seg=2 row_bytes=16 src=4096 src_hi=4
"""  # four units, disjoint banks


class Bench:
    def __init__(self, build):
        self.build, self.rows, self.skipped = build, [], []

    def add(self, name, value, unit, goal, command):
        """A row of the table and of bench.json, which is written anew with each."""
        self.rows.append({"name": name, "value": value, "unit": unit, "goal": goal, "command": command})
        print(f"  {name:<34} {value:>12} {unit:<14} {goal:<10} {command}", flush=True)
        (self.build / "bench.json").write_text(json.dumps(self.rows, indent=1) + "\n")

    def millrace(self, arguments):
        """Runs build/millrace with --json; returns its report, also of a comparison that failed."""
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "report.json"
            subprocess.run([self.build / "millrace", *arguments.split(), "--json", out], cwd=ROOT, stdout=subprocess.DEVNULL)
            if not out.exists():
                sys.exit(f"bench: build/millrace {arguments} failed")
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

    def fastest(self, arguments, runs=7):
        """Report of the run, of several, whose machine took the least processor time."""
        return min((self.millrace(arguments) for _ in range(runs)), key=lambda r: r["run_seconds"])

    def cycle_model(self):
        """GEMM 1024^3 with values on the cycle model, processor time from submission to completion."""
        info = subprocess.run([self.build / "millrace", "info"], check=True, stdout=subprocess.PIPE, text=True).stdout
        best = re.search(r"kernels ([\w ]+)", info)[1].split()[-1]  # of this host
        for kernel in dict.fromkeys(["portable", best]):
            arguments = f"{LARGE_GEMM} fixed:40:16 --device cycle --kernel {kernel}"
            report = self.fastest(arguments)
            goal = "<= 10" if kernel == "vnni" else ""
            self.add(f"gemm1024_cycle_{kernel}", round(1000 * report["run_seconds"], 2), "ms", goal,
                     f"build/millrace {arguments}")
        model = report
        for memory in ("ddr3-1600", "lpddr4-2400", "hbm2"):
            arguments = f"{LARGE_GEMM} {memory} --device cycle"
            report = self.fastest(arguments)
            self.add(f"gemm1024_cycle_{memory}", round(1000 * report["run_seconds"], 2), "ms", "<= 50",
                     f"build/millrace {arguments}")
            self.add(f"gemm1024_utilization_{memory}", round(100 * report["utilization"], 2), "%", "",
                     f"build/millrace {arguments}")
        arguments = f"{LARGE_GEMM} fixed:40:16 --device cycle"
        self.add("gemm1024_cycle_memory", self.peak_memory(arguments), "MiB", "", f"build/millrace {arguments}")
        arguments = f"{LARGE_GEMM} fixed:40:16 --device rtl"
        rtl = self.millrace(arguments)
        self.add("gemm1024_utilization", round(100 * rtl["utilization"], 2), "%", ">= 97", f"build/millrace {arguments}")
        self.add("gemm1024_cycle_error", abs(rtl["cycles"] - model["cycles"]), "cycles", "0", f"build/millrace {arguments}")
        self.add("gemm1024_rtl", round(rtl["run_seconds"], 2), "s", "", f"build/millrace {arguments}")
        self.add("rtl_over_cycle_model", round(rtl["run_seconds"] / model["run_seconds"]), "times", ">= 200",
                 f"build/millrace {LARGE_GEMM} fixed:40:16 --device rtl, then cycle")

    def peak_memory(self, arguments):
        """Largest resident set of the process, MiB."""
        child = subprocess.Popen([self.build / "millrace", *arguments.split()], cwd=ROOT, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        return round(usage.ru_maxrss / 1024)

    def platform(self):
        """GEMM 512^3 in SystemC, against the same on the plain cycle model; cycles a second of processor time."""
        plain = None
        for name, arguments in (("cycle", "--device cycle"), ("tlm_lt", "--device tlm --timing lt"),
                                ("tlm_at", "--device tlm --timing at"), ("tlm_rtl", "--device tlm-rtl")):
            arguments = f"gemm 512 512 512 --config base --memory fixed:40:16 {arguments}"
            report = self.fastest(arguments, 1 if name == "tlm_rtl" else 25)
            speed = report["cycles"] / report["run_seconds"] / 1e6
            plain = plain or speed
            self.add(f"platform_{name}", round(speed, 2 if speed < 10 else 0), "Mcycles/s", "", f"build/millrace {arguments}")
            if name == "tlm_lt":
                self.add("platform_lt_share", round(100 * speed / plain), "%", ">= 50", "--device tlm next to cycle, as above")

    def instructions(self):
        """Host time of an instruction in a program of 100,000 of the smallest."""
        with tempfile.TemporaryDirectory() as folder:
            text = pathlib.Path(folder) / "tiny.mrs"
            text.write_text(".config base\n.segment 1 size=4096 perms=r fill=7\n.segment 2 size=4096 perms=w\n"
                            + TINY * 25000)
            program = text.with_suffix(".mrp")
            subprocess.run([self.build / "millrace", "asm", text, "-o", program], check=True)
            report = self.fastest(f"run {program} --device cycle --memory fixed:40:16")
        self.add("cycle_model_instruction", round(report["run_seconds"] * 1e9 / 100_000), "ns", "<= 500",
                 "see instructions() in scripts/bench.py")

    def fuzz(self):
        """Random programs on RTL, cycle model and golden model; a sample of what `make fuzz` does at length."""
        count = 200
        run = subprocess.run([self.build / "millrace_fuzz", "--count", str(count), "--seed", "1", "--wave", ""], cwd=ROOT,
                             stdout=subprocess.PIPE, text=True)
        found = re.search(r"(\d+) divergences?, .*\s*$", run.stdout)
        self.add(f"divergences_of_{count}_programs", int(found[1]) if found else "failed", "programs", "0",
                 f"make fuzz N={count} SEED=1 JOBS=1")

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
            self.add(f"digits_{config}_mismatches", report["mismatches"], "values", "0", f"build/millrace {arguments}")
        vectors = pathlib.Path(os.environ.get("MILLRACE_VECTORS", ROOT.parent / "shared/vectors"))
        model = vectors / "models/mlctiny_ad01_int8.tflite"
        if not model.exists():
            self.skipped.append("ad01_* (no public test vectors; set MILLRACE_VECTORS)")
            return
        golden = vectors / "models/tflite_refs/mlctiny_ad01_int8_1_0"
        for config in ("small", "base"):
            arguments = (f"run {model} --device rtl --config {config} --memory fixed:40:16 "
                         f"--input {golden}.in.i8.bin --compare {golden}.out.i8.bin")
            command = "build/millrace " + arguments.replace(str(vectors), "$MILLRACE_VECTORS")
            report = self.millrace(arguments)
            self.add(f"ad01_{config}_cycles", report["cycles"], "cycles", "", command)
            self.add(f"ad01_{config}_utilization", round(100 * report["utilization"], 2), "%", "", command)
            self.add(f"ad01_{config}_mismatches", report["mismatches"], "values", "0", command)
            self.add(f"ad01_{config}_offload_macs", round(100 * report["offload_macs"], 1), "%", "100", command)

    def boards(self):
        """What `make fpga BOARD=...` left in BUILD/fpga, with the cycles that the machine takes there."""
        for folder in sorted((ROOT / "fpga/boards").glob("*/")):
            name = folder.name
            file = self.build / "fpga" / name / "report.json"
            report = json.loads(file.read_text()) if file.exists() else {}
            if not report.get("fmax_mhz"):
                self.skipped.append(f"fpga_{name}_* (make fpga BOARD={name})")
                continue
            command, clock, config = f"make fpga BOARD={name} SEED={report['seed']}", report["clock_mhz"], report["config"]
            for kind, (used, available) in report["cells"].items():
                if available:
                    self.add(f"fpga_{name}_{kind}", used, f"of {available}", "", command)
            for tool, fmax in report["fmax_mhz"].items():
                self.add(f"fpga_{name}_fmax_{tool}", round(fmax, 2), "MHz", f">= {clock:g}", command)
            used, available = report["cells"]["DSP"]
            if available:
                self.add(f"fpga_{name}_dsp_share", round(100 * used / available), "%", "", command)
            peak = 2 * report["macs_per_cycle"] * clock / 1000
            self.add(f"fpga_{name}_macs_per_cycle", report["macs_per_cycle"], "MACs", "", command)
            self.add(f"fpga_{name}_peak", round(peak, 3), "GOPS", "", command)
            arguments, share = self.on_chip_gemm(config, report["mem_log2"])
            self.add(f"fpga_{name}_gemm", round(peak * share, 3), "GOPS", "", f"build/millrace {arguments}, at {clock:g} MHz")

    def on_chip_gemm(self, config, mem_log2=18):
        """A product that a board has memory for, whose cycles are those of the model: (arguments, share of the array)."""
        shape = "256 256 256" if config == "small" else "32 32 1024" if mem_log2 > 16 else "16 16 128"
        arguments = f"gemm {shape} --device cycle --config {config} --memory onchip"
        return arguments, self.millrace(arguments)["utilization"]

    def large_tile(self):
        """Share of the array on large tiles, loads included."""
        source = ROOT / "examples/programs/tile.mrs"
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder) / "tile.mrp"
            subprocess.run([self.build / "millrace", "asm", source, "-o", program], check=True)
            cycles = self.millrace(f"run {program} --config nano --device rtl --memory onchip")["cycles"]
        macs = source.read_text().count("\nmatmul") * 256 * 8 * 4
        self.add("tile_nano_utilization", round(100 * macs / 16 / cycles, 1), "%", ">= 90", "examples/programs/tile.mrs")
        arguments, share = self.on_chip_gemm("small")
        self.add("tile_small_utilization", round(100 * share, 1), "%", ">= 90", f"build/millrace {arguments}")

    def link(self):
        """Payload of bursts against the line's rate, on the bridge's RTL."""
        test = self.build / "tests/bridge_test"
        only = "--gtest_filter=*RateOfTheLine*"
        run = subprocess.run([test, only], stdout=subprocess.PIPE, text=True)
        for way in ("write", "read"):
            found = [float(f) for f in re.findall(rf"{way} ([\d.]+) %", run.stdout)]
            self.add(f"uart_goodput_{way}", min(found) if found else "failed", "%", ">= 85",
                     f"build/tests/{test.name} '{only}'")

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
    for part in (bench.gemm, bench.cycle_model, bench.platform, bench.instructions, bench.fuzz, bench.networks,
                 bench.large_tile, bench.link, bench.boards, bench.rtl_lines, bench.build_time):
        part()
    for text in bench.skipped:
        print(f"  skipped: {text}")
    print(f"wrote {bench.build / 'bench.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
