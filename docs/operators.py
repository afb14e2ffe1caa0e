#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/operators.md from the records: operators.py THIMBLE SOURCE-FOLDER

Which frontend imports an operator is read from the frontends' sources, where its name stands.
"""
import json
import os
import re
import subprocess
import sys

PORTABLE = "c99"


def importers(source):
    """Names in quotes in each frontend's sources."""
    found = {}
    root = os.path.join(source, "frontends")
    for frontend in sorted(os.listdir(root)):
        folder = os.path.join(root, frontend)
        if frontend == "xml" or not os.path.isdir(folder):
            continue
        text = "".join(open(os.path.join(folder, f), encoding="utf-8").read()
                       for f in sorted(os.listdir(folder)) if f.endswith((".c", ".cc", ".def")))
        found[frontend] = set(re.findall(r'"([a-z][a-z0-9_]*)"', text))
    return found


def ports(list_):
    return ", ".join("%s%s%s %s" % (p["name"], "?" if p["optional"] else "",
                                    "..." if p["variadic"] else "",
                                    "\\|".join(p["dtypes"]) or "any") for p in list_)


def attribute(a):
    s = "`%s` (%s" % (a["name"], a["kind"])
    if a.get("values"):
        s += ": " + ", ".join(a["values"])
    if a["required"]:
        s += ", required"
    elif a.get("default") not in (None, ""):
        s += ", %s by default" % json.dumps(a["default"]).strip('"')
    return s + "): " + (a["doc"] or "")


def kernels(op):
    tuned = {}
    for k in op["kernels"]:
        if k["backend"] != PORTABLE:
            tuned.setdefault(k["backend"], []).append(k)
    rows = []
    for backend, list_ in sorted(tuned.items()):
        rows.append("%s: %s" % (backend, ", ".join("`%s`" % k["symbol"] for k in list_)))
    return "; ".join(rows)


def main():
    thimble, source = sys.argv[1:3]
    ops = json.loads(subprocess.run([thimble, "ops", "--json"], check=True,
                                    stdout=subprocess.PIPE).stdout)
    names = importers(source)
    out = ["# Operators", "",
           "Made from the records by `make operators-table`. Every operator has a portable "
           "kernel; the column *tuned* names backends with faster ones. *view* operators move "
           "nothing; *region* operators run bodies.", "",
           "| operator | what | imported from | contracts | tuned |", "|---|---|---|---|---|"]
    for op in ops:
        tuned = sorted({k["backend"] for k in op["kernels"]} - {PORTABLE})
        out.append("| [`%s`](#%s) | %s | %s | %s | %s |" % (
            op["name"], op["name"], op["summary"],
            ", ".join(f for f in names if op["name"] in names[f]),
            ", ".join(op["contracts"]) or "any", ", ".join(tuned)))
    for op in ops:
        out += ["", "## %s" % op["name"], "", op["doc"] or op["summary"], "",
                "- operands: %s" % ports(op["inputs"]), "- results: %s" % ports(op["outputs"])]
        out += ["- " + attribute(a) for a in op["attributes"]]
        if op["abilities"]:
            out.append("- passes may use: %s" % ", ".join(op["abilities"]))
        if kernels(op):
            out.append("- tuned kernels: %s" % kernels(op))
    with open(os.path.join(source, "docs", "operators.md"), "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")


main()
