#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what is promised of emitted code.

  emitted.py [--thimble PROGRAM] [--all [--models DIR]] [TARGET...]

The two example models, for every core: built without a warning by every installed compiler that
the target's description names, no name from outside but memory and mathematical functions, no
external name without the model's prefix, no recursion, no array of variable length. On the host
several models and contexts run in one image under the address and undefined-behaviour sanitizers:
whole, in pieces (-O ram), on the caller's memory, fed with rows.
--all builds every model of the shared set instead, networks before single operators; TARGET "every"
means all cores.
"""
import argparse
import concurrent.futures
import filecmp
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
EXAMPLE = os.path.join(TOP, "examples", "vibration")
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wvla", "-Werror"]
ALL_TARGETS = ["c99", "x86-64-v3", "cortex-m4", "cortex-m55", "rv32imc", "rv32gcv"]

# What code without a library may still call: moving memory, mathematics, what compilers call for
# arithmetic that the processor lacks.
MEMORY = {"memcpy", "memmove", "memset", "memcmp"}
MATH = {f + s for s in ("", "f") for f in (
    "acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf exp exp2 expm1 fabs "
    "floor fma fmax fmin fmod hypot ldexp log log10 log1p log2 lrint lround modf nearbyint pow "
    "rint round sin sinh sqrt tan tanh trunc").split()}
HELPERS = re.compile(r"_GLOBAL_OFFSET_TABLE_|__aeabi_(u?[il]div(mod)?|l(asr|lsl|lsr|mul|cmp)|ulcmp|"
                     r"mem(cpy|move|set|clr)[48]?|[dfil]2\w+|u[il]2\w+|[cdf]\w+)|"
                     r"__gnu_thumb1_case_\w+|"
                     r"__(u?(div|mod|divmod)|mul|ash[lr]|lshr|neg)[sdt]i[234]|"
                     r"__(clz|ctz|popcount|bswap)[sdt]i2|"
                     r"__(add|sub|mul|div|neg|eq|ne|lt|le|gt|ge|unord|cmp)[sd]f[23]|"
                     r"__(fix|fixuns|float|floatun)[sd][if][sd][if]|__(extend|trunc)[sdh]f[sdh]f2")


class Checks:
    def __init__(self):
        self.done = self.failed = self.skipped = 0

    def result(self, name, problems):
        self.done += 1
        self.failed += bool(problems)
        for p in problems[:5]:
            print("FAIL: %s: %s" % (name, p), flush=True)

    def skip(self, text):
        self.skipped += 1
        print("SKIP: " + text, flush=True)


def run(cmd, **more):
    p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    return p.returncode, p.stdout.decode("utf-8", "replace")


def cores():
    """[(name, [(compiler, command, flags)])] of the descriptions that describe a core."""
    folder, found = os.path.join(TOP, "targets"), []
    for f in sorted(os.listdir(folder)):
        root = ET.parse(os.path.join(folder, f)).getroot() if f.endswith(".xml") else None
        if root is None or root.find("core") is None:
            continue
        compilers = [(c.get("name"), c.get("command"), (c.findtext("compile") or "").split())
                     for c in root.findall("compiler") if c.get("only-links") != "yes"]
        found.append((root.get("name"), compilers))
    return found


def emit(args, model, target, name, folder, *options):
    status, out = run([args.thimble, "compile", model, "--target", target, "-n", name, "-v0",
                       "-o", folder, *options])
    return status, out.strip().splitlines()[-1:] if status else []


def symbols(command, objects):
    own = [command[:-3] + "nm"] if command.endswith("-gcc") else []
    for tool in own + ["nm", "llvm-nm-16", "arm-none-eabi-nm", "riscv64-unknown-elf-nm"]:
        if not shutil.which(tool):
            continue
        status, out = run([tool, "-g"] + objects)
        if status == 0 and "no symbols" not in out and "not recognized" not in out:
            rows = [l.split() for l in out.splitlines()]
            return ({r[-1] for r in rows if len(r) > 2},
                    {r[-1] for r in rows if len(r) == 2 and r[0] == "U"})
    return None


def check_symbols(command, name, objects):
    found = symbols(command, objects)
    if not found or not found[0]:
        return ["no symbols can be read"]
    made, used = found
    problems = ["external name '%s'" % s for s in sorted(made) if not s.startswith(name + "_")]
    for s in sorted(used - made):
        if s not in MEMORY and s not in MATH and not HELPERS.fullmatch(s):
            problems.append("calls '%s'" % s)
    return problems


def circles(graph):
    """Functions that can reach themselves."""
    bad = []
    for start in graph:
        seen, todo = set(), list(graph[start])
        while todo:
            f = todo.pop()
            if f not in seen:
                seen.add(f)
                todo += graph.get(f, ())
        if start in seen:
            bad.append(start)
    return bad


def check_recursion(cmd, sources, folder):
    graph, called = {}, set()
    for s in sources:
        if s.endswith("_data.c"):        # constants alone
            continue
        o = os.path.join(folder, "callgraph.o")
        status, out = run(cmd + ["-O0", "-fcallgraph-info", "-c", s, "-o", o])
        if status:
            return ["call graph: " + out.strip().splitlines()[-1]]
        with open(o[:-2] + ".ci") as f:
            edges = re.findall(r'edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"', f.read())
        for a, b in edges:
            graph.setdefault(a, set()).add(b)
        # A call through a pointer may reach whatever is named without being called.
        text = run(cmd + ["-E", "-P", s])[1]
        named = set(re.findall(r"\b[A-Za-z_]\w*\b(?!\s*\()", text))
        called |= {f for f in graph if f.split(":")[-1] in named}
    if not graph:
        return ["the compiler wrote no call graph"]
    graph["__indirect_call"] = called
    return ["'%s' calls itself" % f.split(":")[-1] for f in circles(graph)]


def content(folder):
    """The C of a folder, without the comment that says which options made it."""
    text = {}
    for d, _, files in os.walk(folder):
        for f in files:
            if f.endswith((".c", ".h")):
                with open(os.path.join(d, f)) as c:
                    text[f] = re.sub(r"(?m)^ \* Options: .*$", "", c.read())
    return text


def build(folder, graph, command, flags, level):
    """Warnings, symbols and, if wanted, recursion of one emitted folder with one compiler."""
    name = os.path.basename(folder)
    sources = [os.path.join(folder, f) for f in sorted(os.listdir(folder)) if f.endswith(".c")]
    with tempfile.TemporaryDirectory() as work:
        objects = []
        for s in sources:
            o = os.path.join(work, os.path.basename(s)[:-2] + ".o")
            status, out = run([command] + flags + STRICT + [level, "-c", s, "-o", o])
            if status:
                first = [l for l in out.splitlines() if "error" in l] or out.splitlines()
                return [first[0] if first else "the compiler failed"]
            objects.append(o)
        problems = check_symbols(command, name, objects)
        if graph:
            problems += check_recursion([command] + flags + ["-std=c99"], sources, work)
    return problems


def matrix(args, checks, models, targets, work):
    """Every model (name, file, options), target and compiler. Returns target -> [builds, bad]."""
    jobs = []
    sums = {}
    missing = set()
    graphs = []
    for target, compilers in targets:
        made = []
        for name, model, *options in models:
            folder = os.path.join(work, target, "".join(options), name)
            os.makedirs(os.path.dirname(folder), exist_ok=True)
            status, why = emit(args, model, target, name, folder, *options)
            if status in (1, 3) and args.all:
                checks.skip("%s for %s: %s" % (name, target, "".join(why)))
                continue
            if status:
                checks.result("%s for %s" % (name, target), why or ["thimble failed"])
                continue
            text = content(folder)
            if text in made:
                continue
            made.append(text)
            for compiler, command, flags in compilers:
                if shutil.which(command):
                    # Who calls whom depends on the C alone.
                    graph = compiler == "gcc" and text not in graphs
                    graphs += [text] if graph else []
                    jobs.append((" ".join([name] + options + ["for", target, "with", command]),
                                 (folder, graph, command, flags, args.level), target))
                elif (target, command) not in missing:
                    missing.add((target, command))
                    checks.skip("%s: no %s" % (target, command))
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for (title, _, target), problems in zip(jobs, pool.map(lambda j: build(*j[1]), jobs)):
            checks.result(title, problems)
            one = sums.setdefault(target, [0, 0])
            one[0] += 1
            one[1] += bool(problems)
    return sums


# Kernels that the example takes for no objective, though a case of it fits.
FORCED = {"cortex-m4": [("conv2d", "thk_conv2d_s8_w16__armv7em")]}


def forced(args, checks, targets, work):
    model = os.path.join(EXAMPLE, "vibration.tflite")
    for target, compilers in targets:
        for i, (op, symbol) in enumerate(FORCED.get(target, ())):
            matrix(args, checks, [("forced%d" % i, model, "--force", "%s=%s" % (op, symbol))],
                   [(target, compilers)], work)


def raw(source, to):
    """The data of a .npy file."""
    with open(source, "rb") as f:
        b = f.read()
    wide = b[6] > 1
    at = (12 if wide else 10) + struct.unpack_from("<I" if wide else "<H", b, 8)[0]
    with open(to, "wb") as f:
        f.write(b[at:])


def sanitized(command, flags, work):
    """Do the compiler's sanitizers work here, and do they find anything?"""
    c = os.path.join(work, "bad.c")
    with open(c, "w") as f:
        f.write("int main(int n, char **v)\n{\n    volatile char a[4] = {0};\n    (void)v;\n"
                "    a[n + 4] = 1;\n    return 0;\n}\n")
    exe = os.path.join(work, "bad")
    status, _ = run([command] + flags + [c, "-o", exe])
    return status == 0 and run([exe])[0] != 0


def values(source):
    """The data of a .npy file as a C initialiser."""
    with open(source, "rb") as f:
        b = f.read()
    at = (12 if b[6] > 1 else 10) + struct.unpack_from("<I" if b[6] > 1 else "<H", b, 8)[0]
    real = b"'<f4'" in b[:at]
    count = (len(b) - at) // (4 if real else 1)
    data = struct.unpack("<%d%s" % (count, "f" if real else "b"), b[at:])
    return "{" + ", ".join(v.hex() + "f" if real else str(v) for v in data) + "}"


def write_cases(path):
    """The example's cases as constants of C."""
    def file(name):
        return values(os.path.join(EXAMPLE, name))
    n = len([f for f in os.listdir(EXAMPLE) if re.fullmatch(r"case\d+_in\.npy", f)])
    with open(path, "w") as h:
        h.write('#include "vib.h"\n#include "vibf.h"\n\n#define CASES %d\n\n'
                "/* the union aligns them as a caller would */\n" % n)
        for name, kind, size in (("in", "const", "VIB_INPUT_0_ELEMENTS"),
                                 ("out", "const", "VIB_OUTPUT_0_ELEMENTS")):
            h.write("static %s union {\n    int8_t s8[%s];\n    uint64_t align;\n} "
                    "union_%s[CASES] = {\n" % (kind, size, name))
            h.write(",\n".join("    {%s}" % file("case%d_%s.npy" % (i, name)) for i in range(n)))
            h.write("\n};\n#define case_%s(i) union_%s[i].s8\n\n" % (name, name))
        for name, size in (("in", "VIBF_INPUT_0_ELEMENTS"), ("out", "VIBF_OUTPUT_0_ELEMENTS")):
            h.write("static const float float_%s[%s] = %s;\n"
                    % (name, size, file("case_float_%s.npy" % name)))


def host_can(target):
    need = {"x86-64-v3": "avx2", "x86-64-v4": "avx512bw"}.get(target)
    with open("/proc/cpuinfo") as f:
        return need is None or need in f.read()


def tiled(folder):
    """Does the model run in pieces?"""
    with open(os.path.join(folder, os.path.basename(folder) + "_info.json")) as f:
        return '"tile_loop"' in f.read()


def images(args, checks, targets, work):
    """Several models and contexts in one image on the host; both compilers for plain C99."""
    side = os.path.join(work, "total.xml")
    shutil.copy(os.path.join(HERE, "total.xml"), side)
    with open(side + ".weights", "wb") as f:
        f.write(struct.pack("<f", 2))
    for f in os.listdir(EXAMPLE):
        if f.endswith(".npy"):
            raw(os.path.join(EXAMPLE, f), os.path.join(work, f[:-4] + ".raw"))
    models = (("vib", os.path.join(EXAMPLE, "vibration.tflite")), ("total", side),
              ("vibf", os.path.join(EXAMPLE, "vibration_float.tflite")))
    for target, compilers in targets:
        if target not in ("c99", "x86-64-v2", "x86-64-v3", "x86-64-v4"):
            continue
        if not host_can(target):
            checks.skip("%s: this processor lacks it" % target)
            continue
        for main, options in (("emitted_main.c", ["-O", "time"]),
                              ("emitted_main.c", ["-O", "ram"]),
                              ("emitted_caller.c", ["--io-buffers", "caller", "-O", "time"]),
                              ("emitted_fed.c", ["--feed", "rows", "-O", "ram"])):
            part = os.path.join(work, target, main[:-2] + options[-1])
            folders = [os.path.join(part, n) for n, _ in models]
            os.makedirs(part)
            for (name, model), folder in zip(models, folders):
                # the total has no rows to be pushed
                own = options[-2:] if name == "total" and "--feed" in options else options
                status, why = emit(args, model, target, name, folder, *own)
                if status == 0 and name != "total" and tiled(folder) != ("ram" in options):
                    status, why = 1, ["tile loops: %s" % tiled(folder)]
                if status:
                    checks.result(" ".join([name] + own + ["for", target]),
                                  why or ["thimble failed"])
                    return
            write_cases(os.path.join(work, "cases.h"))
            for compiler, command, flags in compilers:
                if shutil.which(command) and (compiler == "gcc" or target == "c99"):
                    image(checks, target, command, flags, folders, main, options[-1], work)


def image(checks, target, command, flags, folders, main, goal, work):
    flags = flags + ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    if not sanitized(command, flags, work):
        checks.skip("%s with %s: no sanitizers" % (target, command))
        return
    exe = os.path.join(work, "image")
    sources = [os.path.join(f, c) for f in folders for c in os.listdir(f) if c.endswith(".c")]
    status, out = run([command] + flags + STRICT + ["-I" + f for f in folders + [work]] +
                      sources + [os.path.join(HERE, main), "-lm", "-o", exe])
    if status == 0:
        status, out = run([exe, work] if main == "emitted_main.c" else [exe])
    checks.result("%s: models in one image (-O %s) for %s with %s" % (main, goal, target, command),
                  out.splitlines() or ["exit code %d" % status] if status else [])


def differences(a, b):
    names = {os.path.relpath(os.path.join(d, f), r) for r in (a, b)
             for d, _, fs in os.walk(r) for f in fs}
    return [f for f in sorted(names)
            if not (os.path.isfile(os.path.join(a, f)) and os.path.isfile(os.path.join(b, f)) and
                    filecmp.cmp(os.path.join(a, f), os.path.join(b, f), shallow=False))]


def same_bytes(args, checks, targets, work):
    model = os.path.join(EXAMPLE, "vibration.tflite")
    for target, _ in targets:
        a, b = os.path.join(work, target, "vib"), os.path.join(work, "elsewhere")
        problems = emit(args, model, target, "vib", b)[1]
        checks.result("compiling twice for " + target,
                      problems + ["'%s' differs" % f for f in differences(a, b)])


def cplusplus(checks, work, targets):
    """The headers serve C++ as well."""
    if not shutil.which("g++"):
        checks.skip("no g++")
        return
    target = targets[0][0]
    for name in ("vib", "vibf"):
        status, out = run(["g++", "-std=c++98", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                           "-x", "c++", os.path.join(work, target, name, name + ".h")])
        checks.result("%s.h as C++" % name, out.splitlines() if status else [])


def shared_models(folder, least):
    """[(name, file)] of models with that many operators: small networks, larger ones, operators."""
    found = []
    with open(os.path.join(folder, "MANIFEST.tsv")) as f:
        head = f.readline().rstrip("\n").split("\t")
        for line in f:
            row = dict(zip(head, line.rstrip("\n").split("\t")))
            path = os.path.join(folder, row["name"], row["file"])
            ops = int(row["ops"]) if row["ops"].isdigit() else 0
            if ops >= least and os.path.exists(path):
                found.append((ops < 5, int(row["bytes"]),
                              ("m_" + re.sub(r"\W", "_", row["name"]))[:40], path))
    return [row[2:] for row in sorted(found)]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--thimble", default="thimble")
    p.add_argument("--all", action="store_true")
    p.add_argument("--models", default=os.environ.get("TH_SHARED", TOP + "/../shared") + "/models")
    p.add_argument("--only", default="", help="of --all, models with this in their names")
    p.add_argument("--least-ops", type=int, default=0, help="of --all, models of so many operators")
    p.add_argument("--goals", default="balanced,time,ram", help="of --all: values of -O")
    p.add_argument("--level", default="-O2", help="optimisation of the C compilers")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("targets", nargs="*")
    args = p.parse_args()
    wanted = args.targets or (ALL_TARGETS if args.all else None)
    targets = [(n, c) for n, c in cores() if not wanted or n in wanted or "every" in wanted]
    checks = Checks()
    with tempfile.TemporaryDirectory() as work:
        if args.all:
            if not os.path.isdir(args.models):
                print("SKIP: no folder '%s'" % args.models)
                return 77
            sums = {}
            for name, model in shared_models(args.models, args.least_ops):
                if args.only not in name:
                    continue
                with tempfile.TemporaryDirectory(dir=work) as part:
                    for target, (n, bad) in matrix(
                            args, checks, [(name, model, "-O", g) for g in args.goals.split(",")],
                            targets, part).items():
                        one = sums.setdefault(target, [0, 0, 0])
                        sums[target] = [one[0] + 1, one[1] + n, one[2] + bad]
                print("%s: done" % name, flush=True)
            for target, (models, n, bad) in sorted(sums.items()):
                print("%-16s %3d models, %4d builds, %d with problems" % (target, models, n, bad))
        else:
            integer = os.path.join(EXAMPLE, "vibration.tflite")
            models = (("vib", integer), ("vib", integer, "-O", "time"),
                      ("vib", integer, "-O", "time", "--io-buffers", "caller"),
                      ("vib", integer, "-O", "time", "--contract", "tflite-single-rounding"),
                      ("vib", integer, "-O", "ram"),
                      ("vib", integer, "-O", "ram", "--feed", "rows"),
                      ("vibf", os.path.join(EXAMPLE, "vibration_float.tflite")))
            matrix(args, checks, models, targets, work)
            forced(args, checks, targets, work)
            images(args, checks, targets, work)
            same_bytes(args, checks, targets, work)
            cplusplus(checks, work, targets)
    print("# PASS: %d\n# SKIP: %d\n# FAIL: %d" % (checks.done - checks.failed, checks.skipped,
                                                 checks.failed))
    return 1 if checks.failed or not checks.done else 0


if __name__ == "__main__":
    sys.exit(main())
