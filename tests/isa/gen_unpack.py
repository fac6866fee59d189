#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Names every field of every instruction once in SystemVerilog and once in C++, for unpack_test.cc.

Usage: gen_unpack.py FOLDER   writes unpack.sv (fields by the package's structs) and unpack_fields.h (by the C++ structs).
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import gen  # noqa: E402

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
SV_HEAD = SPDX + """// An instruction taken apart by the generated structs, and the legal bits of every word.
`default_nettype none
module unpack (
    input wire logic [255:0] word_i,
    input wire logic [7:0] opcode_i,
    output logic [31:0] legal_o [8]"""
CPP_HEAD = SPDX + """#pragma once
#include <cstdint>
#include <vector>

#include "millrace/isa.h"

namespace millrace::isa {

struct UnpackedFields {
  Opcode opcode;
  std::vector<int64_t> (*unpack)(const Instruction&);
  Instruction (*pack)(const std::vector<int64_t>&);
};

inline const std::vector<UnpackedFields> kUnpackedFields = {
"""


def systemverilog(instructions):
    ports = [f",\n    output logic [31:0] {i['name']}_o [{len(i['fields'])}]" for i in instructions]
    body = ["\n);\n  /* verilator lint_off UNUSEDSIGNAL */  // reserved bits\n"]
    body += [f"  millrace_pkg::{i['name']}_t {i['name']};\n" for i in instructions]
    body += ["  /* verilator lint_on UNUSEDSIGNAL */\n"]
    for i in instructions:
        body.append(f"  assign {i['name']} = word_i;\n")
        body += [f"  assign {i['name']}_o[{n}] = 32'({i['name']}.{f['name']});\n" for n, f in enumerate(i["fields"])]
    body.append("  for (genvar w = 0; w < 8; w++) begin : g_legal\n"
                "    assign legal_o[w] = millrace_pkg::legal_mask(opcode_i, 3'(w));\n  end\nendmodule\n`default_nettype wire\n")
    return SV_HEAD + "".join(ports + body)


def cpp(instructions):
    out = [CPP_HEAD]
    for i in instructions:
        name, fields = gen.camel(i["name"]), [f["name"] for f in i["fields"]]
        values = ", ".join(f"static_cast<int64_t>(f.{n})" for n in fields)
        sets = " ".join(f"f.{n} = static_cast<decltype(f.{n})>(v[{k}]);" for k, n in enumerate(fields))
        out.append(f"    {{Opcode::k{name},\n"
                   f"     [](const Instruction& w) {{ const {name} f = {name}::unpack(w);"
                   f" return std::vector<int64_t>{{{values}}}; }},\n"
                   f"     [](const std::vector<int64_t>& v) {{ {name} f; {sets} return f.pack(); }}}},\n")
    return "".join(out) + "};\n\n}  // namespace millrace::isa\n"


def main():
    folder = pathlib.Path(sys.argv[1])
    instructions = gen.load("isa")["instruction"]
    (folder / "unpack.sv").write_text(systemverilog(instructions))
    (folder / "unpack_fields.h").write_text(cpp(instructions))


if __name__ == "__main__":
    main()
