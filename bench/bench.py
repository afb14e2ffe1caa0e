#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures whole networks on emulated cores and compares with other engines' numbers.

  bench.py [--thimble PROGRAM] [--models DIR] [--only TEXT] [--table FILE] [TARGET...]
  bench.py --check runs|arenas [...]

Every row is one `thimble verify -O time` whose outputs equalled the stored ones; instructions are
counted by the emulator, so they do not depend on the machine. Compile time and memory do.
With --check no table is made: every goal that is not met is told, and the program ends with 1 if
there is one. `arenas` compiles only.
"""
import argparse
import concurrent.futures
import csv
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)

MODELS = [("mlperf_kws_int8", "model"), ("mlperf_vww_int8", "model"), ("mlperf_ic_int8", "model"),
          ("mlperf_ad_int8", "model"), ("tinyengine_vww", "quantized"),
          ("tinyengine_mcunetv2_large", "quantized")]
# The largest share of the baseline's instructions that is wanted.
GOALS = {"cortex-m4": 0.6, "cortex-m7": 0.6, "cortex-m55": 0.75, "rv32imc": 0.75, "rv32gcv": 0.5}
TEXT_GOAL = 0.5
COMPILE_MODEL, COMPILE_SECONDS, COMPILE_KB = "tinyengine_mcunetv2_large", 1.0, 100 * 1000
ALLOWED = {"model": "0", "quantized": "1e-5,1e-4"}


def baselines():
    with open(os.path.join(HERE, "baselines.csv")) as f:
        return {(r["model"], r["target"], r["kernels"]): r for r in csv.DictReader(f)}


def text_of(cmd):
    p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return p.returncode, p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")


def measure(args, model, io, target):
    here = os.path.join(args.models, model)
    status, out, err = text_of([args.thimble, "verify", os.path.join(here, "model.tflite"),
                                "--target", target, "-O", "time", "--io", io, "--json",
                                "--input", os.path.join(here, "in0.npy"), "--expect",
                                os.path.join(here, "ref_out0.npy"), "--tolerance", ALLOWED[io]])
    if status:
        lines = [l for l in err.splitlines() if "error" in l] or ["outputs differ"]
        return {"why": "exit code %d: %s" % (status, lines[0])}
    return json.loads(out)


def compiled(args, model, io, target):
    """Only what the plan tells."""
    with tempfile.TemporaryDirectory() as folder:
        status, _, err = text_of([args.thimble, "compile",
                                  os.path.join(args.models, model, "model.tflite"), "--target",
                                  target, "-O", "time", "--io", io, "-n", "m", "-v0", "-o",
                                  folder])
        if status:
            return {"why": "exit code %d: %s" % (status, err)}
        with open(os.path.join(folder, "m_info.json")) as f:
            return {"arena": json.load(f)["memory"]["arena_bytes"]}


def macs(args, model):
    status, out, _ = text_of([args.thimble, "analyze", "--json",
                              os.path.join(args.models, model, "model.tflite")])
    return json.loads(out)["macs"] if status == 0 else None


def goals(model, target, got, base):
    """What is measured, its value, the baseline's or None, and the largest share of that."""
    b = base.get((model, target, "all types"))
    small = base.get((model, "cortex-m4", "int8-only")) if target == "cortex-m4" else None
    yield "arena", got["arena"], int(b["sram"]) if b else None, 1
    if "count" in got:
        yield ("instructions", got["count"]["most"], int(b["instructions"]) if b else None,
               GOALS[target])
        yield "text", got["linked"]["text"], int(small["text"]) if small else None, TEXT_GOAL


def against(value, limit, share):
    """What is wanted, and whether it is so."""
    if limit is None:
        return "-", "-"
    ratio = value / limit
    return "%.2f" % ratio, "%s (%s)" % ("met" if ratio <= share else "**not met**",
                                        "<= %g" % share)


def row(model, target, got, base, n):
    if "why" in got:
        return "| %s | %s | failed: %s |" % (model, target, got["why"]) + " |" * 10
    cells = {}
    for what, value, limit, share in goals(model, target, got, base):
        ratio, met = against(value, limit, share)
        cells[what] = ["{:,}".format(value), "{:,}".format(limit) if limit else "-", met]
        if what == "instructions":
            cells[what][1:1] = ["%.2f" % (value / n) if n else "-"]
            cells[what][3:3] = [ratio]
    return "| " + " | ".join([model, target] + cells["instructions"] + cells["arena"] +
                             cells["text"]) + " |"


def check(jobs, results, base):
    """Tells what fails or is not met. 1 if anything is, or nothing could be compared."""
    compared, missed = 0, 0
    for (model, _, target), got in zip(jobs, results):
        if "why" in got:
            print("FAIL: %s on %s: %s" % (model, target, got["why"]))
            missed += 1
            continue
        for what, value, limit, share in goals(model, target, got, base):
            if limit is None:
                continue
            compared += 1
            if value > share * limit:
                print("FAIL: %s on %s: %s %d, the goal is at most %g of the baseline's %d" % (
                    model, target, what, value, share, limit))
                missed += 1
    print("%d goals, %d missed" % (compared, missed))
    return 1 if missed or not compared else 0


def compile_once(args, folder):
    model = os.path.join(args.models, COMPILE_MODEL, "model.tflite")
    before = time.monotonic()
    pid = os.spawnvp(os.P_NOWAIT, args.thimble,
                     [args.thimble, "compile", model, "--target", "cortex-m4", "-O", "time",
                      "--io", "quantized", "-v0", "-o", os.path.join(folder, "out")])
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - before
    if status:
        raise SystemExit("error: compiling '%s' failed" % COMPILE_MODEL)
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def processor():
    try:
        with open("/proc/cpuinfo") as f:
            m = re.search(r"^model name\s*:\s*(.*)$", f.read(), re.M)
            return m.group(1).strip() if m else platform.machine()
    except OSError:
        return platform.machine()


def compiling(args):
    with tempfile.TemporaryDirectory() as folder:
        runs = [compile_once(args, folder) for _ in range(5)]
    wall, cpu, kb = min(r[0] for r in runs), min(r[1] for r in runs), max(r[2] for r in runs)
    # A loaded machine lengthens the wall time, so that it can only be too long.
    return ("| what | measured | wanted | |\n|---|---|---|---|\n"
            "| wall time, shortest of 5 | %.2f s | < %g s | %s |\n"
            "| processor time, shortest of 5 | %.2f s | | |\n"
            "| peak memory, largest of 5 | %.1f MB | < %g MB | %s |\n" % (
                wall, COMPILE_SECONDS, "met" if wall < COMPILE_SECONDS else "**not met**", cpu,
                kb * 1.024e-3, COMPILE_KB / 1000,
                "met" if kb * 1.024 < COMPILE_KB else "**not met**"))


def versions(commands):
    lines = []
    for c in sorted(commands):
        status, out, _ = text_of([c, "--version"])
        lines.append("- `%s` (%s): %s" % (c, ", ".join(sorted(commands[c])),
                                          out.splitlines()[0] if status == 0 and out else "?"))
    for q in ("qemu-system-arm", "qemu-system-riscv32"):
        status, out, _ = text_of([q, "--version"])
        lines.append("- `%s`: %s" % (q, out.splitlines()[0] if status == 0 else "?"))
    return "\n".join(lines)


HEAD = """# Benchmarks

Whole networks, compiled with `-O time`, on emulated cores. Made by `make bench`; every row is a run
whose outputs equal the stored ones of an independent interpreter.

- Instructions are those of one invocation, counted exactly by the emulator; they are not cycles.
  A vector instruction counts one, whatever its length.
- The baseline is another engine on the same model, core and emulator: TensorFlow Lite for
  Microcontrollers with CMSIS-NN (Cortex-M), with CMSIS-NN's portable C (rv32imc), with muRISCV-NN
  at 128-bit vectors (rv32gcv); kernels at -O2, the same versions of the compilers. Its numbers and
  versions are in `bench/baselines.csv`; `-` where there is none.
- Arena: all memory of the model but stack and constants. The baseline's is what its arena used.
- Text: the whole linked program with start-up and libraries (-O2, unused sections dropped), against
  the baseline built with int8 kernels only, on Cortex-M4.
- `tinyengine_*` are compiled with `--io quantized`; their baselines have no float ends either.
  muRISCV-NN's vector kernels give other bytes than the reference on `tinyengine_vww`.
- A goal is a largest share of the baseline's number; "met" says that this run is within it.
  `tests/bench/goals.test` fails when one is not met.

"""
COLUMNS = ["model", "core", "instructions", "per MAC", "baseline", "ratio", "goal", "arena",
           "baseline", "goal", "text", "baseline", "goal"]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--thimble", default="thimble")
    p.add_argument("--models", default=os.environ.get("TH_SHARED", TOP + "/../shared") + "/models")
    p.add_argument("--only", default="")
    p.add_argument("--table", help="the file to write; otherwise the table is printed")
    p.add_argument("--check", choices=["runs", "arenas"])
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("targets", nargs="*", default=list(GOALS))
    args = p.parse_args()
    if not os.path.isdir(args.models):
        print("SKIP: no folder '%s'" % args.models)
        return 77
    models = [m for m in MODELS if args.only in m[0]]
    jobs = [(m, io, t) for m, io in models for t in args.targets]
    base, rows, commands, failed = baselines(), [], {}, 0
    if args.check:
        how = compiled if args.check == "arenas" else measure
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            return check(jobs, pool.map(lambda j: how(args, *j), jobs), base)
    work = {m: macs(args, m) for m, _ in models}
    table = compiling(args)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for (m, _, t), got in zip(jobs, pool.map(lambda j: measure(args, *j), jobs)):
            rows.append(row(m, t, got, base, work[m]))
            failed += "why" in got
            if "compiler" in got:
                commands.setdefault(got["compiler"], set()).add(t)
            print(rows[-1], file=sys.stderr, flush=True)
    titles = "| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS) + "\n"
    text = (HEAD + titles + "\n".join(rows) + "\n\nOf these goals, %d are met and %d are not.\n" % (
                sum(r.count("| met (") for r in rows), sum(r.count("**not met**") for r in rows)) +
            "\n## Compiling\n\n`thimble compile %s.tflite --target cortex-m4 -O time "
            "--io quantized` on %s, %d processors, shared with other work:\n\n" % (
                COMPILE_MODEL, processor(), os.cpu_count() or 1) + table +
            "\n## Tools\n\n" + versions(commands) + "\n")
    if args.table:
        with open(args.table, "w") as f:
            f.write(text)
    else:
        print(text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
