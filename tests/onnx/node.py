#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs ONNX's own test cases: compiles each for the target c99, builds the C with the host's
compiler, runs it and compares with the case's outputs as the suite does.

  node.py [--thimble PROGRAM] [--table FILE] [--only TEXT] [--every N] [--suite DIR]

Outcomes: pass; refused (exit code 1 or 3 with a message); wrong (other numbers); crash (anything
else). Exit 1 if a case is wrong or crashed, or if one of --expect-pass does not pass.
--table writes the Markdown table. Without the suite: exit 77.
"""
import argparse
import collections
import concurrent.futures
import hashlib
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pb

SUITES = ("node", "pytorch-converted", "pytorch-operator", "simple")
RTOL, ATOL = 1e-3, 1e-7      # of the suite
NAME = "m"


class Case:
    def __init__(self, path):
        self.path = path
        self.suite = os.path.basename(os.path.dirname(path))
        self.name = re.sub("^test_", "", os.path.basename(path))
        self.bound = RTOL, ATOL
        with open(os.path.join(path, "model.onnx"), "rb") as f:
            self.model = pb.Model(f.read())
        self.scope = self.judge()

    def judge(self):
        """"": numeric tensors with static shapes; "half": with sixteen bits; else why outside."""
        half = False
        for v in self.model.inputs + self.model.outputs:
            if v.kind != "tensor":
                return "a %s" % v.kind
            if v.type not in pb.TYPES:
                return "elements of type %s" % pb.NAMES.get(v.type, v.type)
            if v.dims is None or None in v.dims:
                return "an open dimension"
            half |= v.type in pb.HALF
        return "half" if half else ""

    def tensors(self, folder, kind):
        found = []
        while True:
            p = os.path.join(folder, "%s_%d.pb" % (kind, len(found)))
            if not os.path.exists(p):
                return found
            with open(p, "rb") as f:
                found.append(pb.Tensor(f.read()))


def close(got, want, bound):
    if got == want:
        return True
    if isinstance(want, float):
        if math.isnan(want):
            return math.isnan(got)
        if math.isinf(want) or math.isinf(got) or math.isnan(got):
            return False
    return abs(got - want) <= bound[1] + bound[0] * abs(want)


def compare(data, want, i, bound):
    if len(data) != len(want.data):
        return "output %d has %d bytes, expected are %d" % (i, len(data), len(want.data))
    for k, (a, b) in enumerate(zip(pb.decode(want.type, data), want.values())):
        if not close(a, b, bound):
            return "output %d element %d is %r, expected is %r" % (i, k, a, b)
    return ""


def run(cmd, seconds=120, **more):
    try:
        p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds,
                           stdin=subprocess.DEVNULL, **more)
        return p.returncode, (p.stdout + p.stderr).decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        return -1, "no end within %d seconds" % seconds


def message(text):
    lines = [l for l in text.splitlines() if "error:" in l] or text.splitlines()
    line = lines[0] if lines else ""
    return re.sub(r"^.*?error: (model\.onnx: )?", "", line).strip()


def main_c(n_in, n_out):
    """A program that reads in<k>, runs the model once and writes out<k>."""
    up = NAME.upper()
    lines = ['#include <stdio.h>', '#include "%s.h"' % NAME]
    for kind, n in (("INPUT", n_in), ("OUTPUT", n_out)):
        for k in range(n):
            lines.append("static union { unsigned char b[%s_%s_%d_BYTES + 1]; double d; } %s%d;" %
                         (up, kind, k, kind.lower(), k))
    lines.append("static int file(const char *name, void *p, size_t n, int out)\n{\n"
                 "    FILE *f = fopen(name, out ? \"wb\" : \"rb\");\n"
                 "    size_t k = f ? out ? fwrite(p, 1, n, f) : fread(p, 1, n, f) : 0;\n"
                 "    return !f || k != n || (!out && fgetc(f) != EOF) || fclose(f);\n}")
    lines.append("int main(void)\n{\n    int e = 0;")
    for k in range(n_in):
        lines.append('    e |= file("in%d", &input%d, %s_INPUT_%d_BYTES, 0);' % (k, k, up, k))
    args = ["(void *)&input%d" % k for k in range(n_in)] + \
           ["(void *)&output%d" % k for k in range(n_out)]
    lines.append("    if (e)\n        return 2;\n    if (%s_run(%s))\n        return 3;" %
                 (NAME, ", ".join(args)))
    for k in range(n_out):
        lines.append('    e |= file("out%d", &output%d, %s_OUTPUT_%d_BYTES, 1);' % (k, k, up, k))
    return "\n".join(lines) + "\n    return e;\n}\n"


def build(args, case, folder):
    out = os.path.join(folder, "out")
    code, text = run([args.thimble, "compile", os.path.join(case.path, "model.onnx"), "--target",
                      "c99", "-n", NAME, "-o", out])
    if code in (1, 3) and "error:" in text:
        return "refused", message(text)
    if code != 0:
        return "crash", "exit code %d: %s" % (code, message(text))
    with open(os.path.join(out, "main.c"), "w") as f:
        f.write(main_c(len(case.model.inputs), len(case.model.outputs)))
    sources = sorted(f for f in os.listdir(out) if f.endswith(".c"))
    case.program = os.path.join(args.work, digest(out) + ".program")
    if os.path.exists(case.program):    # the same C was built for another case
        return "", ""
    code, text = run(args.cc.split() + ["-std=c99", "-o", "../model"] + sources + ["-lm"], cwd=out)
    if code != 0:
        return "crash", "the C does not build: " + message(text)
    os.replace(os.path.join(folder, "model"), case.program)
    return "", ""


def digest(folder):
    found = hashlib.sha256()
    for base, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            with open(os.path.join(base, name), "rb") as f:
                found.update(name.encode() + b"\0" + f.read() + b"\0")
    return found.hexdigest()


def declared_shape(folder, i):
    """The shape of an output as the emitted header says."""
    with open(os.path.join(folder, "out", NAME + ".h")) as f:
        text = f.read()
    dims, rank = [re.search("define %s_OUTPUT_%d_%s (.*)" % (NAME.upper(), i, what), text).group(1)
                  for what in ("SHAPE", "RANK")]
    return [int(d) for d in re.findall(r"\d+", dims)][:int(rank)]


def try_data(case, folder, data):
    inputs, wanted = case.tensors(data, "input"), case.tensors(data, "output")
    if len(inputs) < len(case.model.inputs):
        return "crash", "the case has %d inputs, the model %d" % (len(inputs),
                                                                  len(case.model.inputs))
    for i, v in enumerate(case.model.inputs):
        n = 1       # CastLike's cases give one number for an operand of which only the type is used
        if len(inputs[i].data) == pb.TYPES[v.type][2]:
            n = math.prod(v.dims)
        with open(os.path.join(folder, "in%d" % i), "wb") as f:
            f.write(inputs[i].data * n)
    code, text = run([case.program], cwd=folder)
    if code != 0:
        return "crash", "the program ends with %d %s" % (code, message(text))
    for i, want in enumerate(wanted):
        if (want.type, case.model.outputs[i].type) == (4, 16):
            want.type = 16      # the suite stores the bits
        with open(os.path.join(folder, "out%d" % i), "rb") as f:
            why = compare(f.read(), want, i, case.bound)
        shape = declared_shape(folder, i)
        if not why and shape != want.dims:
            why = "output %d has the shape %s, expected is %s" % (i, shape, want.dims)
        if why:
            return "wrong", why
    return "pass", ""


def one(args, case):
    folder = tempfile.mkdtemp(dir=args.work)
    try:
        if case.scope not in ("", "half"):
            code, text = run([args.thimble, "analyze", os.path.join(case.path, "model.onnx")])
            if code == 0:
                return "outside", "not refused, has %s" % case.scope
            ok = code in (1, 3) and "error:" in text
            return ("refused" if ok else "crash"), message(text)
        outcome, why = build(args, case, folder)
        if outcome:
            return outcome, why
        outcome, why = "pass", ""
        for d in sorted(os.listdir(case.path)):
            if d.startswith("test_data_set") and outcome == "pass":
                outcome, why = try_data(case, folder, os.path.join(case.path, d))
        return outcome, why
    finally:
        if args.keep:
            print("%s: %s" % (case.name, folder))
        else:
            shutil.rmtree(folder, ignore_errors=True)


def write_table(path, cases, results):
    inside = [c for c in cases if c.scope in ("", "half")]
    by_op = collections.OrderedDict()
    for c in sorted(inside, key=lambda c: (c.model.ops or [""])[0]):
        if c.suite == "node" and not c.name.endswith("_expanded"):
            by_op.setdefault((c.model.ops or ["-"])[0], collections.Counter())[results[c][0]] += 1
    with open(path, "w") as f:
        f.write("# ONNX test cases\n\nThe cases that come with ONNX (Debian's `libonnx-testdata`), "
                "compiled for the target `c99`, built with the host's\ncompiler and compared as "
                "the suite does (relative %g, absolute %g). Made by `make onnx-table`.\n\n" %
                (RTOL, ATOL))
        f.write("| cases | number | pass | refused | wrong | crash |\n|---|---|---|---|---|---|\n")
        for title, group in (("numeric tensors, static shapes", [c for c in cases if not c.scope]),
                             ("half precision", [c for c in cases if c.scope == "half"]),
                             ("both", inside),
                             ("outside: strings, sequences, open shapes",
                              [c for c in cases if c.scope not in ("", "half")])):
            n = collections.Counter(results[c][0] for c in group)
            f.write("| %s | %d | %d | %d | %d | %d |\n" %
                    (title, len(group), n["pass"] + n["outside"], n["refused"], n["wrong"],
                     n["crash"]))
        f.write("\nCases outside are read only: `pass` means read without a message.\n\n"
                "## By operator\n\nCases of the suite `node` that show one operator (first number: "
                "passed).\n\n")
        f.write(", ".join("%s %d/%d" % (op, n["pass"], sum(n.values()))
                          for op, n in by_op.items()) + "\n")
        for outcome in ("refused", "wrong", "crash"):
            group = [c for c in inside if results[c][0] == outcome]
            if group:
                f.write("\n## %s (%d)\n\n" % (outcome.capitalize(), len(group)))
            for c in group:
                f.write("- %s/%s: %s\n" % (c.suite, c.name, results[c][1]))
        f.write("\n## Passed\n\n")
        for s in SUITES:
            names = [c.name for c in inside if c.suite == s and results[c][0] == "pass"]
            if names:
                f.write("%s (%d): %s\n\n" % (s, len(names), ", ".join(names)))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--suite", default="/usr/share/libonnx-testdata/data")
    p.add_argument("--thimble", default="thimble")
    p.add_argument("--cc", default=os.environ.get("CC", "cc") + " -O0 -w")
    p.add_argument("--table")
    p.add_argument("--only", default="", help="regular expression that the case's name matches")
    p.add_argument("--every", type=int, default=1, help="only every N-th case")
    p.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    p.add_argument("--keep", action="store_true", help="leave what was built")
    p.add_argument("--least", type=int, default=0, help="fail if fewer cases pass")
    p.add_argument("-v", action="store_true", help="tell of refused cases, too")
    args = p.parse_args()
    args.thimble = os.path.abspath(args.thimble) if os.sep in args.thimble else args.thimble
    if not os.path.isdir(args.suite):
        print("SKIP: no test data in '%s' (Debian: libonnx-testdata)" % args.suite)
        return 77
    paths = [os.path.join(args.suite, s, d) for s in SUITES
             for d in sorted(os.listdir(os.path.join(args.suite, s)))]
    cases = [Case(d) for d in paths if os.path.exists(os.path.join(d, "model.onnx")) and
             re.search(args.only, os.path.basename(d))][::args.every]
    results = {}
    start = time.time()
    with tempfile.TemporaryDirectory() as args.work, \
            concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for c, r in zip(cases, pool.map(lambda c: one(args, c), cases)):
            results[c] = r
            if r[0] in ("wrong", "crash") or (args.v and r[0] == "refused"):
                print("%s: %s/%s: %s" % (r[0].upper(), c.suite, c.name, r[1]), flush=True)
    n = collections.Counter(results[c][0] for c in cases if c.scope in ("", "half"))
    outside = collections.Counter(results[c][0] for c in cases if c.scope not in ("", "half"))
    print("%d cases inside: %d pass, %d refused, %d wrong, %d crash; %d outside, %d crash (%d s)" %
          (sum(n.values()), n["pass"], n["refused"], n["wrong"], n["crash"], sum(outside.values()),
           outside["crash"], time.time() - start))
    if args.table:
        write_table(args.table, cases, results)
    bad = n["wrong"] + n["crash"] + outside["crash"]
    print("# PASS: %d\n# SKIP: 0\n# FAIL: %d" % (n["pass"], bad))
    if n["pass"] < args.least:
        print("FAIL: fewer than %d cases pass" % args.least)
    return 1 if bad or n["pass"] < args.least else 0


if __name__ == "__main__":
    sys.exit(main())
