#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that what Markdown pages link to, and pages that any file names, exist."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\(([^)#\s]+)")
PAGE = re.compile(r"\bdocs/[\w/-]+\.md\b")


def main():
    problems = []
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.split("\n"):
        file = ROOT / name
        if not file.is_file() or b"\0" in file.read_bytes()[:4096]:
            continue
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            links = [file.parent / t for t in LINK.findall(line) if "://" not in t] if file.suffix == ".md" else []
            problems += [f"{name}:{number}: {target.resolve().relative_to(ROOT)} does not exist"
                         for target in links + [ROOT / page for page in PAGE.findall(line)] if not target.exists()]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
