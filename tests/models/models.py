#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every model of a folder on targets and compares with its stored outputs.

  models.py [--models DIR] [--thimble PROGRAM] [--table FILE] [--only TEXT] TARGET...

TARGET is a target's name, `reference` for the evaluator, or `planned` for the evaluator inside the
planned memory. Each folder of DIR with a model file (of
MODELS below) and a meta.json is one model; meta.json names the cases and says in words how strictly
they compare:

  bit-exact               integers equal; `within 1` where it says so too
  float                   1e-5 absolute plus 1e-4 relative
  tolerance only          the stored outputs come from kernels with another arithmetic: the same
                          bounds, but eight steps of an integer for a whole network, where the
                          differences of one layer grow in the next
  ONNX                    where the manifest's cross check says that two independent evaluations of
                          the same file lie further apart, that distance (`max abs diff`), as for
                          quantized networks written as float operators between QuantizeLinear
  anything of neg_*       the model is refused with a message, no crash

Prints one line a model and target; exit 1 if any failed. --table writes the Markdown table.
"""
import argparse
import concurrent.futures
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

MODELS = ("model.tflite", "model.xml", "model.onnx")
FORMATS = {"tflite": "TFLite", "xml": "OpenVINO", "onnx": "ONNX"}
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLANNED_FOR = "cortex-m7"    # what `planned` compiles for before it runs inside the plan
FLOAT = "1e-5,1e-4"
# Kernels of another arithmetic (XNNPACK) than the contract: the one whole network among them, the
# uint8 MobileNet, equals its reference in every output when the evaluator rescales in float, half
# to even, so eight steps measure the rounding alone.
STEPS_NETWORK = "8"

# One step of the last QuantizeLinear of networks that end in a float softmax over [0, 1].
LAST_STEP = 0.004


def apart(meta):
    """How far the manifest's independent evaluations of the same file lie apart."""
    text = meta.get("cross_check") or ""
    found = re.findall(r"max abs diff ([0-9.]+(?:e[-+]?[0-9]+)?)", text)
    found += re.findall(r"\((\d+), \d+\)", text)
    return max([float(f) for f in found] or [0.0])


def tolerance_onnx(meta):
    text = meta["compare"]
    if "bit-exact with" in text or "carried in float" in text:
        return "0"
    if text.startswith("integers: "):
        return "%d" % max(1, apart(meta))
    least = LAST_STEP if "last QuantizeLinear" in text else 1e-5
    return "%g,1e-4" % max(least, apart(meta))


def tolerance(meta):
    text = meta["compare"]
    if meta["format"] == "onnx":
        return tolerance_onnx(meta)
    if "within 1" in text:
        return "1"
    if text.startswith("bit-exact"):
        return "0"
    if any(o["dtype"].startswith(("int", "uint", "bool")) for o in meta["outputs"]):
        return STEPS_NETWORK if meta["nops"] > 10 else "0"
    return FLOAT


def as_output(path, output, folder):
    """Whole numbers stored for an output of floats, as floats in a file of folder."""
    with open(path, "rb") as f:
        data = f.read()
    start = 10 + struct.unpack("<H", data[8:10])[0]
    header = data[10:start].decode("latin-1")
    if output["dtype"] != "float32" or "<i8" not in header:
        return path
    numbers = [v[0] for v in struct.iter_unpack("<q", data[start:])]
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }" % "".join(
        "%d, " % d for d in output["shape"])
    header += " " * (117 - len(header)) + "\n"
    made = os.path.join(os.path.dirname(folder), os.path.basename(path))
    with open(made, "wb") as f:
        f.write(b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header.encode() +
                struct.pack("<%df" % len(numbers), *numbers))
    return made


def command(args, name, meta, target, folder):
    model = os.path.join(args.models, name, meta["model"])
    here = os.path.dirname(model)
    verb = ["verify", model, "--target", target]
    if target == "reference":
        verb = ["run", model]
    elif target == "planned":
        verb = ["run", model, "--planned", "--target", PLANNED_FOR]
    cmd = [args.thimble] + verb + ["--tolerance", tolerance(meta)] + args.more
    for case in meta["cases"]:
        for f in case["inputs"]:
            cmd += ["--input", os.path.join(here, f)]
        for f, o in zip(case["ref_outputs"], meta["outputs"]):
            cmd += ["--expect", as_output(os.path.join(here, f), o, folder)]
    if meta.get("sequence"):
        cmd.append("--sequence")
    elif "state carried" not in meta["reference_mode"]:
        cmd.append("--reset")
    if target == "planned":
        cmd += ["-O", args.objective, "--io", args.io]
    elif target != "reference":
        cmd += ["-O", args.objective, "--io", args.io, "-o", folder, "--json"]
    return cmd


def run(cmd, seconds):
    try:
        p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds)
        return (p.returncode, p.stdout.decode("utf-8", "replace"),
                p.stderr.decode("utf-8", "replace"))
    except subprocess.TimeoutExpired:
        return -1, "", "no answer within %d seconds" % seconds


# The host's processor may lack what a target needs: that is no failure of the model.
HOST_FEATURES = {"x86-64-v3": "avx2", "x86-64-v4": "avx512f"}


def host_lacks(target):
    try:
        with open("/proc/cpuinfo") as f:
            flags = next((l for l in f if l.startswith("flags")), "").split()
    except OSError:
        return None
    need = HOST_FEATURES.get(target)
    return need if need and need not in flags else None


def first_error(err):
    lines = [l for l in err.splitlines() if "error:" in l] or err.splitlines()
    return lines[0].strip() if lines else ""


def refused(args, name, meta, target):
    model = os.path.join(args.models, name, meta["model"])
    status, _, err = run([args.thimble, "analyze", model], 60)
    ok = status in (1, 3) and "error:" in err
    return {"ok": ok, "why": first_error(err), "text": "refused" if ok else "NOT REFUSED"}


def one(args, name, target):
    with open(os.path.join(args.models, name, "meta.json")) as f:
        meta = json.load(f)
    if name.startswith("neg_") or name in args.refused.split(","):
        return refused(args, name, meta, target)
    with tempfile.TemporaryDirectory() as folder:
        cmd = command(args, name, meta, target, os.path.join(folder, "out"))
        status, out, err = run(cmd, args.timeout)
    result = {"ok": status == 0, "why": first_error(err) if status else "", "text": "ok"}
    if status == 6:
        result["text"] = "DIFFERS"
        result["why"] = result["why"] or next(
            (l for l in out.splitlines() if "DIFF" in l.upper()), "")
    elif status:
        result["text"] = "failed (%d)" % status
    elif target not in ("reference", "planned"):
        result["text"] = figures(out, meta)
    return result


def figures(out, meta):
    try:
        j = json.loads(out)
        # an emulator counts exactly; a clock is lengthened by whatever else the machine does
        which = "median" if j["unit"] == "ns" else "most"
        return "{:,} / {:,} B".format(j["count"][which], j["arena"]) + steps_off(j, meta)
    except (ValueError, KeyError, TypeError):
        return "ok"


def steps_off(j, meta):
    """How many integers of the worst case differ from what is stored, and by how many steps."""
    found = [o for o, m in zip(j["outputs"], meta["outputs"])
             if "int" in m["dtype"] and o["elements_unequal"]]
    return "".join("; %d of %d within %g" % (o["elements_unequal"], o["elements"],
                                             o["largest_difference"]) for o in found)


def has_pieces(args, name):
    """Whether the options make tile loops of the model."""
    model = next(m for m in MODELS if os.path.exists(os.path.join(args.models, name, m)))
    status, out, _ = run([args.thimble, "analyze", os.path.join(args.models, name, model), "--json",
                          "--target", PLANNED_FOR, "--sram", "16M", "--flash", "16M", "-O",
                          args.objective, "--io", args.io] + args.more, args.timeout)
    return status != 0 or any(o["op"] == "tile_loop" for o in json.loads(out)["operators"])


INTRODUCTION = """# %s models

Every %s model of the test set (a folder beside the sources, or where `TH_SHARED` says), compared
with the outputs of an independent interpreter. A cell gives instructions of the longest inference
(on the host the median of all in nanoseconds) and arena bytes; `refused` marks models that must be
refused, the reasons are below. Integers are equal, but for one step where two published references
disagree (tflm_seanet), eight steps in the one whole network whose stored outputs come from kernels
of another arithmetic (coral_mobilenet), and QDQ networks, which their interpreter evaluates in
floats: there as much as the independent evaluations recorded with the network lie apart, one step
at least (`tests/models/ties.py` traces all of it to single ties). Where integers differ, the cell
says how many of the worst case and by how many steps at most. Floats may differ by 1e-5 and 1e-4 of
their size; by the last step of 0.004 where integers end in floats; and by that distance where the
recorded evaluations lie further apart (onnx2c_mnist_cntk: 0.0034, emx_micro_kws_m_static_qdq:
0.012).
Objective `balanced`. Made by `make %s`.

"""


def write_table(args, names, results):
    targets = args.targets
    with open(args.table, "w") as f:
        what = " and ".join(FORMATS[f] for f in args.formats.split(","))
        f.write(INTRODUCTION % (what, what, args.made))
        f.write("| model | " + " | ".join(targets) + " |\n|" + "---|" * (len(targets) + 1) + "\n")
        for n in names:
            f.write("| %s | %s |\n" % (n, " | ".join(results[n, t]["text"] for t in targets)))
        f.write("\nRefused:\n\n")
        for n in names:
            r = results[n, targets[0]]
            if r["text"] == "refused":
                f.write("- %s: %s\n" % (n, r["why"].split("error: ", 1)[-1]))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--models", default=os.environ.get("TH_SHARED", TOP + "/../shared") + "/models")
    p.add_argument("--thimble", default="thimble")
    p.add_argument("--table")
    p.add_argument("--made", default="models-table", help="what makes the table")
    p.add_argument("--formats", default="tflite,xml,onnx", help="only models of these formats")
    p.add_argument("--only", default="")
    p.add_argument("--skip", default="", help="MODEL@TARGET,... not to run")
    p.add_argument("--refused", default="", help="models that must be refused, comma-separated")
    p.add_argument("--objective", default="balanced")
    p.add_argument("--io", default="model")
    p.add_argument("--pieces", action="store_true", help="only models in which tile loops are made")
    p.add_argument("--more", action="append", default=[], help="a further option of thimble")
    p.add_argument("--timeout", type=int, default=900)
    p.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    p.add_argument("targets", nargs="+")
    args = p.parse_args()
    if not os.path.isdir(args.models):
        print("SKIP: no folder '%s'" % args.models)
        return 77
    names = sorted(d for d in os.listdir(args.models) if args.only in d and
                   any(os.path.exists(os.path.join(args.models, d, m)) for m in MODELS
                       if m.split(".")[1] in args.formats.split(",")))
    names = [n for n in names if not args.pieces or not (n.startswith("neg_") or
                                                         n in args.refused.split(",")) and
             has_pieces(args, n)]
    skipped = 0
    for t in list(args.targets):
        if host_lacks(t):
            print("SKIP: %s: this processor has no %s" % (t, host_lacks(t)))
            skipped += 1
            args.targets.remove(t)
    jobs = [(n, t) for t in args.targets for n in names
            if "%s@%s" % (n, t) not in args.skip.split(",")]
    results = {(n, t): {"ok": True, "text": "-", "why": ""} for n in names for t in args.targets}
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for (n, t), r in zip(jobs, pool.map(lambda j: one(args, *j), jobs)):
            results[n, t] = r
            failed += not r["ok"]
            why = "" if r["ok"] else ": %s %s" % (r["text"], r["why"])
            print("%s: %s on %s%s" % ("PASS" if r["ok"] else "FAIL", n, t, why), flush=True)
    for t in args.targets:
        good = sum(r["ok"] for (n, u), r in results.items() if u == t)
        print("# %s: %d of %d" % (t, good, len(names)))
    print("# PASS: %d\n# SKIP: %d\n# FAIL: %d" % (len(jobs) - failed, skipped, failed))
    if args.table:
        write_table(args, names, results)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
