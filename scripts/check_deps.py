#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that includes go one way between the rooms of the repository.

Project headers are included in quotes and relative to the repository root; the generated header as "millrace/isa.h".
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Room -> prefixes its files may include in quotes. The longest matching room counts. None: everything.
ALLOWED = {
    "model/gen/": ("millrace/",),
    "model/ref/": ("millrace/", "model/ref/"),
    "model/cycle/": ("millrace/", "model/ref/", "model/memory/", "model/cycle/"),
    "model/memory/": ("model/memory/",),
    "host/": ("millrace/", "host/", "tflite_generated.h"),
    "sim/": None,
    "tests/": None,
    "examples/": None,
}
EXTENSIONS = {".cc", ".h", ".cpp", ".hpp", ".c"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')
PROJECT = ("model/", "host/", "sim/", "tests/", "fpga/", "rtl/", "millrace/")


def check(path, text):
    """Yields the violations of one file; `path` is relative to the root."""
    rooms = [room for room in ALLOWED if path.startswith(room)]
    if not rooms:
        yield f"{path}: C++ belongs in one of {', '.join(ALLOWED)}"
        return
    room = max(rooms, key=len)
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, target = match.groups()
        where = f"{path}:{number}: "
        if quote == "<":
            if target.startswith(PROJECT):
                yield where + f'include "{target}" in quotes'
        elif ALLOWED[room] is not None and not target.startswith(ALLOWED[room]):
            yield where + f'{room} may include only {", ".join(ALLOWED[room])}, not "{target}"'


def main():
    problems = []
    for folder in ("rtl", "model", "host", "sim", "fpga", "tests", "examples"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in EXTENSIONS and file.is_file():
                problems += check(file.relative_to(ROOT).as_posix(), file.read_text())
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
