#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the conformance suite on devices and prints a table of devices and chapters (docs/developer/conformance.md).

conformance.py [options] DEVICE... [--gtest_...]
DEVICE: a kind of `millrace info`; tcp or serial, a simulated machine that `millrace serve` lends; board, the simulated board with its
serial line; the address of a machine outside; or all, which is every one of these but addresses. Far ends that it starts end with it.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile

ADDRESS = "://"
GREETING = "listening on "


class Failure(Exception):
    def __init__(self, text, status=1):
        super().__init__(text)
        self.status = status


def start(command, seconds):
    """A far end and its address. `timeout` ends it should this script be killed."""
    far = subprocess.Popen(["timeout", "-k", "5", str(seconds), *command], stdout=subprocess.PIPE, text=True)
    line = far.stdout.readline().strip().removeprefix(GREETING)
    if ADDRESS not in line:
        stop(far)
        raise Failure(f"{' '.join(command)}: it gives no address", 2 if far.returncode == 2 else 1)
    return far, line


def stop(far):
    far.send_signal(signal.SIGTERM)  # passed on by `timeout`
    try:
        far.wait(10)
    except subprocess.TimeoutExpired:
        os.kill(far.pid, signal.SIGKILL)
        far.wait()


def far_end(options, device):
    """The command of the far end that the device needs, if any."""
    serve = [f"{options.build}/millrace", "serve", "--device", options.far, "--config", options.config]
    if options.memory:
        serve += ["--memory", options.memory]
    return {
        "tcp": serve + ["--listen", "127.0.0.1:0"],
        "serial": serve + ["--listen", "pty"],
        "board": [f"{options.build}/millrace_board"],
    }.get(device)


def run(options, device, tests, report, output):
    """Exit status of the suite on one device."""
    command = [f"{options.build}/millrace_conformance", f"--gtest_output=json:{report}", *tests]
    far = None
    try:
        if far_command := far_end(options, device):
            far, address = start(far_command, options.seconds + 10)
            command += ["--device", address]
            if device != "board" and options.far == "ref":
                command += ["--no-time"]
        else:
            command += ["--device", device]
            if ADDRESS not in device:
                command += ["--config", options.config]
                command += ["--memory", options.memory] if options.memory else []
        return subprocess.run(command, stdout=output, stderr=output and subprocess.STDOUT, timeout=options.seconds).returncode
    except subprocess.TimeoutExpired:
        raise Failure(f"{device}: not done after {options.seconds} s")
    finally:
        if far:
            stop(far)


def cells(report):
    """Chapter -> what became of its tests."""
    with open(report) as file:
        suites = json.load(file)["testsuites"]
    table = {}
    for suite in suites:
        ran = [t for t in suite["testsuite"] if t["status"] == "RUN"]
        failed = sum("failures" in t for t in ran)
        skipped = sum(t["result"] == "SKIPPED" for t in ran)
        passed = len(ran) - failed - skipped
        table[suite["name"]] = f"FAIL {failed}" if failed else f"{passed}" + (f" ({skipped})" if skipped else "")
    return table


def kinds(options):
    command = [f"{options.build}/millrace_conformance", "--list-devices", "--config", options.config]
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout.split()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("devices", nargs="+", metavar="DEVICE")
    parser.add_argument("--build", default=os.environ.get("BUILD", "build"))
    parser.add_argument("--config", default="nano")
    parser.add_argument("--memory", default="", help="of simulated devices")
    parser.add_argument("--far", default="cycle", help="kind of device behind tcp and serial")
    parser.add_argument("--seconds", type=int, default=600, help="limit for each device")
    options, tests = parser.parse_known_args()
    if unknown := [t for t in tests if not t.startswith("--gtest_")]:
        parser.error(f"unknown option {unknown[0]}")
    devices = options.devices
    if devices == ["all"]:
        devices = kinds(options) + ["tcp", "serial"] + (["board"] if options.config == "nano" else [])
    alone = len(devices) == 1
    rows, status = {}, 0
    with tempfile.TemporaryDirectory() as folder:
        for device in devices:
            report, log = f"{folder}/report.json", f"{folder}/log"
            try:
                with open(log, "w") as file:
                    result = run(options, device, tests, report, None if alone else file)
                if result != 0 and not alone:
                    with open(log) as file:
                        print(f"--- {device}\n{file.read()}", end="")
                status = max(status, result if result in (0, 1, 2) else 1)
                rows[device] = cells(report) if result in (0, 1) else {}
            except Failure as failure:
                print(f"conformance: {failure}", file=sys.stderr)
                rows[device], status = {}, max(status, failure.status)
            if os.path.exists(report):
                os.remove(report)
    if not alone:
        chapters = list(dict.fromkeys(c for row in rows.values() for c in row))
        width = max(map(len, devices)) + 1
        print(f"\n{'':{width}}" + "".join(f"{c:>14}" for c in chapters))
        for device, row in rows.items():
            print(f"{device:{width}}" + "".join(f"{row.get(c, 'not run'):>14}" for c in chapters))
        print("tests passed (skipped)")
    return status


if __name__ == "__main__":
    sys.exit(main())
