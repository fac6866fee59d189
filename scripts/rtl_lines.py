#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Code lines of the core per module against the budget of 3,000.

Not counted: comments, blank lines, the generated packages, `ifdef FORMAL blocks. Fails when over the budget.
"""
import argparse
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUDGET = 3000


def code_lines(text):
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)
    count, depth, formal = 0, 0, None  # `formal`: depth of the open FORMAL block, None outside
    for line in text.splitlines():
        line = line.split("//")[0].strip()
        if line.startswith(("`ifdef", "`ifndef")):
            depth += 1
            if formal is None and line.split()[1:] == ["FORMAL"] and line.startswith("`ifdef"):
                formal = depth
        elif line.startswith("`else") and formal == depth:
            formal = None
        elif line.startswith("`endif"):
            if formal == depth:
                formal = None
            depth -= 1
        elif line and formal is None:
            count += 1
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    files = [f for f in sorted((ROOT / "rtl").rglob("*.sv")) if "gen" not in f.relative_to(ROOT).parts]
    lines = {f.relative_to(ROOT).as_posix(): code_lines(f.read_text()) for f in files}
    total = sum(lines.values())
    if args.json:
        print(json.dumps({"modules": lines, "total": total, "budget": BUDGET}, indent=2))
    else:
        for name, count in lines.items():
            print(f"{count:6}  {name}")
        print(f"{total:6}  of {BUDGET}")
    return 0 if total <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())
